"""A missing term or factor: `x` where `x + y`, `x - 1`, `x ** 2` or `ys + x` was meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search import kinds
from bot.engines.search.templates.effects import cancels
from bot.engines.search.templates.site import Site, Template, Variant, remembered
from bot.engines.search.templates.writing import COMPARE, NOT, POWER, SUM, TERM, joined

MOST_NAMES = 6


def _is_value(node: ast.expr, site: Site) -> bool:
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    parent = site.parent(node)
    if isinstance(parent, ast.Attribute | ast.FormattedValue | ast.Starred | ast.arg):
        return False
    if isinstance(parent, ast.Call | ast.Subscript):
        head = parent.func if isinstance(parent, ast.Call) else parent.value
        return head is not node
    return not isinstance(parent, ast.BoolOp | ast.If | ast.While | ast.AnnAssign | ast.Raise)


def number(node: ast.expr, site: Site) -> Iterator[Variant]:
    """One more number taken into account."""
    kind = site.kind(node)
    if kind not in ("int", "float", "") or not _is_value(node, site):
        return
    known = 1.0 if kind else 0.35
    text = site.operand(node, SUM)
    if not isinstance(node, ast.BinOp):
        cancelling = cancels(site.parent(node), node)
        for sign in "+-":
            if sign != cancelling:
                yield site.swap(node, f"{text} {sign} 1", 0.8 * known, level=SUM)
    for rank, (weight, name) in enumerate(_numbers(node, site)):
        if rank >= MOST_NAMES:
            break
        if name != text:
            yield site.swap(node, f"{text} - {name}", 0.7 * weight * known, level=SUM)
            yield site.swap(node, f"{text} + {name}", 0.7 * weight * known, level=SUM)
            factor = joined(text, SUM if isinstance(node, ast.BinOp) else 15, TERM)
            yield site.swap(node, f"{factor} * {name}", 0.3 * weight * known, level=TERM)
            yield site.swap(node, f"{factor} // {name}", 0.15 * weight * known, level=TERM)
            yield site.swap(node, f"{factor} % {name}", 0.2 * weight * known, level=TERM)
    operand = site.operand(node)
    yield site.swap(node, f"{operand} ** 2", 0.4 * known, level=POWER)
    for form in ("{} * 2", "{} // 2", "{} / 2", "{} * 100", "{} / 100"):
        yield site.swap(node, form.format(operand), 0.25 * known, level=TERM)


def _numbers(node: ast.expr, site: Site) -> Iterator[tuple[float, str]]:
    visible = site.visible(node)
    for weight, name in site.names_near(node, "int"):
        kind = visible.kinds.get(name, "")
        if name != visible.owner and kind in ("int", "float", ""):
            yield weight, name
            if kind == "":
                yield weight * 0.5, f"len({name})"
    for name in visible.members:
        if visible.kinds.get(f".{name}") in ("int", "float"):
            yield 0.5, f"{visible.owner}.{name}"


def sequence(node: ast.expr, site: Site) -> Iterator[Variant]:
    """More items, or more text, before or after."""
    kind = site.kind(node)
    if kind not in ("list", "str", "tuple", "") or not _is_value(node, site):
        return
    known = 1.0 if kind else 0.25
    text = site.operand(node, SUM)
    for weight, name in site.names_near(node, kind or "list")[:MOST_NAMES]:
        has = site.visible(node).kinds.get(name, "")
        if name != text and kinds.alike(kind, has) and name != site.visible(node).owner:
            likely = weight * known
            yield site.swap(node, f"{name} + {text}", 0.8 * likely, level=SUM)
            yield site.swap(node, f"{text} + {name}", 0.8 * likely, level=SUM)
            if kind == "list":
                yield site.swap(node, f"{text} + [{name}]", 0.5 * likely, level=SUM)
                yield site.swap(node, f"[{name}] + {text}", 0.5 * likely, level=SUM)


def cut(node: ast.Name | ast.Attribute, site: Site) -> Iterator[Variant]:
    """`x` as `x[k:]`, `x[:k]`, `x[k]`, with a number at hand; the rest where it is cut already."""
    kind = site.kind(node)
    if kind in ("int", "float", "bool", "function", "class", "module", "set"):
        return
    if not _is_value(node, site):
        return
    for rest in _rests(site, site.names.home_of(node)).get(site.text(node), ()):
        yield site.swap(node, f"{site.text(node)}[{rest}]", 1.0)
    visible = site.visible(node)
    for weight, name in site.names_near(node, "int")[:MOST_NAMES]:
        has = visible.kinds.get(name, "")
        if has in ("int", "") and name != site.text(node) and name != visible.owner:
            known = (1.0 if has else 0.3) * (1.0 if kind else 0.6)
            for form in ("{}[{}:]", "{}[:{}]", "{}[{}]"):
                new = form.format(site.text(node), name)
                yield site.swap(node, new, 0.6 * weight * known)


@remembered
def _rests(site: Site, home: ast.AST) -> dict[str, list[str]]:
    """What a function cuts, with what is left of it: `k:` where it takes `x[:k]`."""
    found: dict[str, list[str]] = {}
    for seen in site.pool().get(home, ()):
        if isinstance(seen.node, ast.Subscript) and isinstance(seen.node.slice, ast.Slice):
            part = seen.node.slice
            if part.step is None and (part.lower is None) != (part.upper is None):
                end = site.text(part.lower or part.upper or part)
                rest = f"{end}:" if part.lower is None else f":{end}"
                found.setdefault(site.text(seen.node.value), []).append(rest)
    return found


def returned_test(node: ast.Return, site: Site) -> Iterator[Variant]:
    """`return True` as `return x == 0`, `return not x`, ..."""
    if not isinstance(node.value, ast.Constant) or not isinstance(node.value.value, bool):
        return
    visible = site.visible(node)
    for weight, name in site.names_near(node)[:MOST_NAMES]:
        kind = visible.kinds.get(name, "")
        if name == visible.owner or kind in ("function", "class", "module"):
            continue
        if kind in ("int", "float", ""):
            yield site.swap(node.value, f"{name} == 0", weight, level=COMPARE)
            yield site.swap(node.value, f"{name} > 0", weight * 0.5, level=COMPARE)
        if kind not in ("int", "float"):
            yield site.swap(node.value, f"not {name}", weight * 0.9, level=NOT)
            yield site.swap(node.value, f"bool({name})", weight * 0.5)
            yield site.swap(node.value, f"{name} is not None", weight * 0.6, level=COMPARE)
            yield site.swap(node.value, f"{name} is None", weight * 0.5, level=COMPARE)
            yield site.swap(node.value, f"len({name}) == 0", weight * 0.4, level=COMPARE)


def kept_best(node: ast.Assign, site: Site) -> Iterator[Variant]:
    """`best = x` as `best = max(best, x)`."""
    target = node.targets[0]
    if len(node.targets) == 1 and isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        kind = site.kind(node.value)
        if kind in ("int", "float", ""):
            known = 1.0 if kind else 0.4
            for name in ("max", "min"):
                new = f"{name}({site.text(target)}, {site.text(node.value)})"
                yield site.swap(node.value, new, known)
            new = f"{site.text(target)} or {site.operand(node.value, 3)}"
            yield site.swap(node.value, new, 0.3, level=2)


def compared_otherwise(node: ast.Compare, site: Site) -> Iterator[Variant]:
    """Operator and small number changed together: `== 0` as `<= 1`."""
    right = node.comparators[0]
    if len(node.ops) != 1 or not isinstance(right, ast.Constant):
        return
    if not isinstance(right.value, int) or isinstance(right.value, bool):
        return
    start = site.source.outer_span(node.left)[1]
    end = site.source.outer_span(right)[1]
    for new in ("<= 1", "< 2", "> 1", ">= 1", "> 0", "== 1", "== 0", "< 1", "<= 0", "!= 1", "!= 0"):
        yield site.change(start, end, f" {new}", 0.7, f"compare with `{new}`")
    if right.value not in (0, 1):
        for new in (f"<= {right.value - 1}", f">= {right.value + 1}"):
            yield site.change(start, end, f" {new}", 0.3, f"compare with `{new}`")


def named(node: ast.expr, site: Site) -> Iterator[Variant]:
    """An expression where a variable that holds it, or something else, was meant."""
    parent = site.parent(node)
    called = isinstance(node, ast.Call) and isinstance(parent, ast.Attribute)
    if not (called or _is_value(node, site)) or isinstance(parent, ast.Expr | ast.Await):
        return
    kind = site.kind(node)
    visible = site.visible(node)
    holding = _held(site, site.names.home_of(node)).get(site.text(node), ())
    for weight, name in site.names_near(node, kind):
        if name != visible.owner and name in visible.local:
            yield site.swap(node, name, 1.0 if name in holding else weight)


@remembered
def _held(site: Site, home: ast.AST) -> dict[str, list[str]]:
    """The texts of values that a function gives to variables, with those variables."""
    found: dict[str, list[str]] = {}
    for statement in ast.walk(home):
        if isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            found.setdefault(site.text(statement.value), []).extend(names)
    return found


def target(node: ast.Subscript | ast.Attribute, site: Site) -> Iterator[Variant]:
    """Something else to assign to: what the function reads or writes elsewhere."""
    if not isinstance(node.ctx, ast.Store):
        return
    old = site.text(node)
    for weight, seen in site.borrowable(node, far=True):
        if isinstance(seen.node, ast.Subscript | ast.Attribute | ast.Name) and seen.text != old:
            same = 1.0 if type(seen.node) is type(node) else 0.5
            yield site.swap(node, seen.text, weight * same)


def method_or_assignment(node: ast.Expr, site: Site) -> Iterator[Variant]:
    """`x.update(y)`, `x.append(y)` as `x = y`, `x += y`; `x.sort()` as `x = sorted(x)`."""
    call = node.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return
    owner = site.text(call.func.value)
    if len(call.args) == 1 and not call.keywords:
        value = site.text(call.args[0])
        yield site.rewrite(node, f"{owner} = {value}", 0.8)
        yield site.rewrite(node, f"{owner} += {value}", 0.5)
        yield site.rewrite(node, f"{owner}[{value}] = True", 0.2)
    elif len(call.args) == 2 and call.func.attr in ("insert", "setdefault"):
        key, value = (site.text(arg) for arg in call.args)
        yield site.rewrite(node, f"{owner}[{key}] = {value}", 0.8)
    yield site.rewrite(node, f"{owner} = {site.text(call)}", 0.8)


def assignment_or_method(node: ast.Assign | ast.AugAssign, site: Site) -> Iterator[Variant]:
    """`x = y`, `x += y` as `x.append(y)`, `x.extend(y)`, `x.update(y)`."""
    goal = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
    kind = site.kind(goal)
    if kind in ("int", "float", "str", "bool") or isinstance(goal, ast.Tuple | ast.List):
        return
    left, right = site.text(goal), site.text(node.value)
    wanted = {"list": "append extend", "set": "add update", "dict": "update", "": "update append"}
    for method in wanted.get(kind, "").split():
        yield site.rewrite(node, f"{left}.{method}({right})", 0.8 if kind else 0.3)
    if isinstance(goal, ast.Subscript):
        owner, key = site.text(goal.value), site.text(goal.slice)
        yield site.rewrite(node, f"{owner}.setdefault({key}, {right})", 0.6)
        yield site.rewrite(node, f"{left}.append({right})", 0.3)
        if isinstance(node, ast.Assign):
            yield site.rewrite(node, f"{owner}.append({right})", 0.4)
        yield site.rewrite(node, f"{owner}.setdefault({key}, []).append({right})", 0.3)
    if isinstance(goal, ast.Attribute | ast.Subscript) and isinstance(node, ast.Assign):
        yield site.rewrite(node, f"{left} += {right}", 0.3)


_VALUES = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)
TEMPLATES = (
    Template("term-number", (*_VALUES, ast.BinOp), number),
    Template("term-sequence", (*_VALUES, ast.ListComp, ast.List, ast.BinOp), sequence),
    Template("term-slice", (ast.Name, ast.Attribute), cut),
    Template("return-test", (ast.Return,), returned_test),
    Template("kept-best", (ast.Assign,), kept_best),
    Template("comparison-number", (ast.Compare,), compared_otherwise),
    Template("expression-named", (ast.Call, ast.Attribute, ast.Subscript, ast.BinOp), named),
    Template("target", (ast.Subscript, ast.Attribute), target),
    Template("method-or-assignment", (ast.Expr,), method_or_assignment),
    Template("assignment-or-method", (ast.Assign, ast.AugAssign), assignment_or_method),
)
