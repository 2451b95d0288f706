"""Missing guards for empty, None and zero: before a statement, around it, in an expression."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from heapq import nlargest
from itertools import islice

from bot.engines.search import kinds
from bot.engines.search.scope import free_names
from bot.engines.search.source import Function
from bot.engines.search.templates.site import Seen, Site, Template, Variant, remembered
from bot.engines.search.templates.writing import LAMBDA, OR, joined, short

_EMPTY = {
    "str": "''",
    "list": "[]",
    "dict": "{}",
    "int": "0",
    "float": "0.0",
    "tuple": "()",
    "bytes": "b''",
}
_ALSO_RETURNED = {**{kind: (text,) for kind, text in _EMPTY.items()}, "bool": ("False", "True")}
_RETURNED = (
    ("None", 0.6),
    ("[]", 0.4),
    ("0", 0.4),
    ("False", 0.4),
    ("True", 0.3),
    ("''", 0.25),
    ("1", 0.2),
    ("{}", 0.2),
)
"""What functions return early, where nothing tells."""
MOST_NAMES = 6
MOST_GUARDS = 100
LONGEST_SUBJECT = 40
MOST_FALLBACKS = 10
_PLAIN = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.For, ast.If, ast.While, ast.With)


def returns(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """`if not x: return …` before the statement; `continue` or `raise` where that fits."""
    if not isinstance(node, _PLAIN) or site.source.indent_of(node) is None:
        return
    near = 1.0 if is_first(node, site) else 0.5
    offered: list[tuple[float, str, str]] = []
    tests = list(_tests(node, site))
    for place, likely, leave in _exits(node, site):
        base = likely * (1.0 if place == "continue" else near)
        offered += [(weight * base, test, leave) for weight, test in tests]
    for weight, test, leave in nlargest(MOST_GUARDS, offered):
        if leave != f"return {test}":
            lines = [f"if {test}:", f"{site.source.step}{leave}"]
            made = site.insert_before(node, lines, weight, f"{leave} if `{short(test)}`")
            if made is not None:
                yield made


def is_first(node: ast.stmt, site: Site) -> bool:
    """Whether its block begins with it, but for a docstring."""
    block = site.block(node)
    at = block.index(node)
    return at == 0 or (at == 1 and isinstance(block[0], ast.Expr))


def _exits(node: ast.stmt, site: Site) -> Iterator[tuple[str, float, str]]:
    """How one could leave here: what the function returns elsewhere first."""
    function = site.source.function_of(node)
    if site.source.loop_of(node) is not None:
        yield "continue", 0.8, "continue"
        yield "break", 0.4, "break"
    if function is None:
        return
    for weight, value in return_values(site, function):
        yield "return", weight, f"return {value}".rstrip()
    for raised in raised_nearby(site, function):
        yield "raise", 0.3, site.text(raised)


@remembered
def return_values(site: Site, function: Function) -> list[tuple[float, str]]:
    """What the function could plausibly return early, likeliest first."""
    found = ((weight, text) for text, weight in _returned(function, site).items())
    return sorted(found, key=lambda pair: (-pair[0], pair[1]))


def _returned(function: Function, site: Site) -> dict[str, float]:
    returned = [
        n.value
        for n in ast.walk(function)
        if isinstance(n, ast.Return) and site.source.function_of(n) is function
    ]
    found: dict[str, float] = {}
    for value in returned:
        if value is None:
            found[""] = 0.9
        elif isinstance(value, ast.Constant | ast.List | ast.Dict | ast.Tuple):
            if len(site.text(value)) < 30:
                found[site.text(value)] = 0.9
        elif isinstance(value, ast.Name) and value.id not in site.visible(value).local:
            found[value.id] = 0.6
    seen = {kinds.of(v, site.visible(function.body[0]).kinds) for v in returned if v is not None}
    for kind in sorted(seen):
        for rank, text in enumerate(_ALSO_RETURNED.get(kind, ())):
            found.setdefault(text.replace("'", site.source.quote), 0.9 - 0.1 * rank)
    if not returned:
        return {"": 1.0}
    arguments = [arg.arg for arg in function.args.args[:4] if arg.arg not in ("self", "cls")]
    for text, weight in (*_RETURNED, *((name, 0.5) for name in arguments)):
        found.setdefault(text.replace("'", site.source.quote), weight)
    return found


@remembered
def raised_nearby(site: Site, function: Function) -> list[ast.Raise]:
    """The `raise` statements nearby whose names the function could use, three at most."""
    visible = site.visible(function.body[0])
    found: dict[str, ast.Raise] = {}
    for n in ast.walk(site.source.class_of(function) or function):
        is_one = isinstance(n, ast.Raise) and n.exc is not None and "\n" not in site.text(n)
        if isinstance(n, ast.Raise) and is_one and site.usable(free_names(n), visible):
            found.setdefault(site.text(n), n)
    return list(found.values())[:3]


def _tests(node: ast.stmt, site: Site) -> Iterator[tuple[float, str]]:
    """What could be wrong with what the statement uses, or with the parameters."""
    own = {n.id for n in header_of(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    attributes = {
        site.text(n) for n in header_of(node) if isinstance(n, ast.Attribute) and _is_plain(n)
    }
    visible = site.visible(node)
    ranked = [(w * (1.0 if n in own else 0.5), n) for w, n in site.names_near(node)]
    ranked += [(0.4, text) for text in sorted(attributes) if visible.owner]
    for weight, name in sorted(ranked, key=lambda pair: -pair[0])[:MOST_NAMES]:
        kind = visible.kinds.get(name, "")
        if kind in ("function", "class", "module") or name == visible.owner:
            continue
        yield from ((weight * likely, test) for likely, test in _faults(name, kind))


def header_of(node: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of the statement without those of its blocks."""
    for field, value in ast.iter_fields(node):
        if field in ("body", "orelse", "finalbody", "handlers"):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield from ast.walk(item)


def _is_plain(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load)


def _faults(name: str, kind: str) -> Iterator[tuple[float, str]]:
    if kind in ("int", "float"):
        yield 1.0, f"{name} == 0"
        yield 0.8, f"{name} <= 0"
        yield 0.6, f"{name} < 0"
        yield 0.5, f"{name} is None"
        yield 0.4, f"not {name}"
        yield 0.4, f"{name} == 1"
        return
    yield 1.0, f"not {name}"
    yield 0.9, f"{name} is None"
    if kind == "bool":
        yield 0.9, name
        return
    yield 0.25, name
    if kind == "":
        yield 0.3, f"{name} == 0"
        yield 0.15, f"{name} < 0"
        for one in ("str", "bytes", "list", "dict"):
            yield 0.12, f"isinstance({name}, {one})"
    if kind in ("list", "str", "tuple", ""):
        yield 0.2, f"len({name}) == 1"
        yield 0.15, f"len({name}) < 2"


def borrowed_test(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """A condition from nearby, before the statement, with an early exit."""
    if not isinstance(node, _PLAIN) or site.source.indent_of(node) is None:
        return
    exits = list(_exits(node, site))[:5]
    is_last = node is site.block(node)[-1] and not isinstance(node, ast.Return)
    for weight, test in _conditions(node, site):
        for _, likely, leave in exits:
            lines = [f"if {test}:", f"{site.source.step}{leave}"]
            said = f"{short(leave)} if `{short(test)}`"
            made = site.insert_before(node, lines, weight * likely, said)
            if made is not None:
                yield made
            if is_last:
                made = site.insert_after(node, lines, weight * likely * 0.7, said)
                if made is not None:
                    yield made


def _conditions(node: ast.stmt, site: Site) -> Iterator[tuple[float, str]]:
    count = 0
    for weight, seen in site.borrowable(node, far=True):
        is_test = isinstance(seen.node, ast.Compare) or site.is_tested(seen.node)
        if is_test and not isinstance(seen.node, ast.Name | ast.Constant):
            count += 1
            yield weight, seen.text
            if not isinstance(seen.node, ast.Compare):
                yield weight * 0.7, site.negation(seen.node)[0]
        if count >= 20:
            return


def wrapped(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """The statement only `if …`."""
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Raise | ast.Return):
        return
    indent = site.source.indent_of(node)
    if indent is None or isinstance(getattr(node, "value", None), ast.Yield):
        return
    text = site.shifted(site.text(node), site.source.step)
    newline = site.source.newline
    tests = [(weight, name, kind) for weight, name, kind in _subjects(node, site)]
    offered: list[tuple[float, str]] = []
    for weight, name, kind in tests:
        offered += [(weight * likely, test) for likely, test in _holds(name, kind)]
    offered += [(weight * 0.6, test) for weight, test in _conditions(node, site)]
    for weight, test in offered:
        new = f"if {test}:{newline}{indent}{site.source.step}{text}"
        yield site.rewrite(node, new, weight, f"do it only if `{short(test)}`")


def _subjects(node: ast.stmt, site: Site) -> Iterator[tuple[float, str, str]]:
    visible = site.visible(node)
    own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for weight, name in site.names_near(node)[: MOST_NAMES + 2]:
        kind = visible.kinds.get(name, "")
        if name != visible.owner and kind not in ("function", "class", "module"):
            yield weight * (1.0 if name in own else 0.5), name, kind
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and _is_plain(inner):
            called = getattr(site.parent(inner), "func", None) is inner
            if not called:
                yield 0.6, site.text(inner), ""
        elif isinstance(inner, ast.Subscript) and _is_receiver(inner, site):
            yield 0.6, site.text(inner), ""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Attribute):
        yield 0.6, site.text(node.targets[0]), ""


def _is_receiver(node: ast.Subscript, site: Site) -> bool:
    is_short = len(site.text(node)) <= LONGEST_SUBJECT
    return is_short and isinstance(site.parent(node), ast.Attribute)


def _holds(name: str, kind: str) -> Iterator[tuple[float, str]]:
    yield 1.0, name
    yield 0.9, f"{name} is not None"
    yield 0.5, f"not {name}"
    yield 0.4, f"{name} is None"
    if kind in ("int", "float"):
        yield 0.5, f"{name} > 0"


def initialised(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """`if x is None: x = …` before the first statement, for the function's own parameters."""
    function = site.source.function_of(node)
    if function is None or node not in function.body or not is_first(node, site):
        return
    visible = site.visible(node)
    step = site.source.step
    for name in visible.parameters:
        if name in ("self", "cls"):
            continue
        kind = visible.kinds.get(name, "")
        values = [_EMPTY[kind]] if kind in _EMPTY else ["[]", "{}", "''", "0"]
        for rank, empty in enumerate(values):
            value = empty.replace("'", site.source.quote)
            weight = 0.8 * 0.7**rank * site.mention(name)
            lines = [f"if {name} is None:", f"{step}{name} = {value}"]
            for made in (
                site.insert_before(node, lines, weight),
                site.insert_before(node, [f"{name} = {name} or {value}"], weight * 0.5),
            ):
                if made is not None:
                    yield made
        for call in ("list", "str", "abs", "int"):
            made = site.insert_before(node, [f"{name} = {call}({name})"], 0.3)
            if made is not None:
                yield made


def fallback(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `x or []`, `(x if x else …)`."""
    if not _is_value(node, site):
        return
    text = site.operand(node, OR)
    parent = site.parent(node)
    kind = site.kind(node)
    if kind in ("int", "float", "bool", "function", "class", "module") or text == "self":
        return
    iterated = isinstance(parent, ast.For | ast.comprehension) and parent.iter is node
    receiver = isinstance(parent, ast.Attribute)
    for empty in ("[]", "''", "{}", "()", "0"):
        likely = {"[]": 1.0 if iterated else 0.5, "''": 0.8 if receiver else 0.5}.get(empty, 0.3)
        if kind and _EMPTY.get(kind) != empty:
            likely *= 0.3
        value = empty.replace("'", site.source.quote)
        yield site.swap(node, f"{text} or {value}", likely, level=OR)
    for weight, name in site.names_near(node)[:8]:
        if name != text and isinstance(parent, ast.Assign | ast.Return | ast.Call | ast.keyword):
            yield site.swap(node, f"{text} or {name}", 0.4 * weight, level=OR)
    if isinstance(parent, ast.Assign | ast.Return):
        for weight, seen in islice(_fallbacks(node, kind, site), MOST_FALLBACKS):
            new = f"{text} or {joined(seen.text, seen.level, OR)}"
            yield site.swap(node, new, 0.4 * weight, level=OR)


def _fallbacks(node: ast.expr, kind: str, site: Site) -> Iterator[tuple[float, Seen]]:
    """What is asked or looked up elsewhere, and has nothing of the value in it, nor it of that."""
    text = site.text(node)
    for weight, seen in site.borrowable(node, far=True):
        is_asked = isinstance(seen.node, ast.Call | ast.Subscript | ast.Attribute)
        is_apart = text not in seen.text and seen.text not in text
        if is_asked and is_apart and kinds.alike(kind, seen.kind) and seen.kind != "function":
            yield weight, seen


def _is_value(node: ast.expr, site: Site) -> bool:
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    parent = site.parent(node)
    if isinstance(parent, ast.Call | ast.Subscript | ast.Attribute):
        head = getattr(parent, "func", None) or getattr(parent, "value", None)
        if isinstance(parent, ast.Call) and parent.func is node:
            return False
        return not (head is node and isinstance(node, ast.Name) and node.id in ("self", "cls"))
    return not isinstance(parent, ast.If | ast.While | ast.BoolOp | ast.UnaryOp | ast.Compare)


def conditional(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`value` as `value if test else other`."""
    parent = site.parent(node)
    values = (ast.Assign, ast.Return, ast.keyword, ast.Call, ast.AugAssign, ast.BinOp, ast.ListComp)
    if not isinstance(parent, values) or getattr(parent, "func", None) is node:
        return
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or "\n" in site.text(node):
        return
    if isinstance(parent, ast.ListComp) and parent.elt is not node:
        return
    text = site.operand(node, OR)
    others = _others(node, parent, site)
    for weight, _name, test in _guarding(node, site):
        for likely, other in others:
            if other not in (text, ""):
                new = f"{text} if {test} else {other}"
                yield site.swap(node, new, weight * likely, level=LAMBDA)


def _guarding(node: ast.expr, site: Site) -> Iterator[tuple[float, str, str]]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name | ast.Attribute) and isinstance(inner.ctx, ast.Load):
            text = site.text(inner)
            kind = site.kind(inner)
            if kind in ("function", "class", "module") or text in ("self", "cls"):
                continue
            up = site.parent(inner)
            if isinstance(up, ast.Call) and up.func is inner:
                continue
            yield 0.8, text, text
            yield 0.7, text, f"{text} is not None"


def _others(node: ast.expr, parent: ast.AST, site: Site) -> list[tuple[float, str]]:
    kind = site.kind(node)
    found = [(1.0, "None"), (0.4, "0"), (0.4, site.source.quote * 2), (0.4, "[]")]
    if kind in _EMPTY:
        own = _EMPTY[kind].replace("'", site.source.quote)
        others = [(0.2, value) for _, value in found if value not in (own, "None")]
        found = [(1.0, own), (0.9, "None"), *others]
    function = site.source.function_of(node)
    if isinstance(parent, ast.Return) and function is not None:
        found = return_values(site, function)[:5] + found
    return found[:5] + _of_same_form(node, site)


def _of_same_form(node: ast.expr, site: Site) -> list[tuple[float, str]]:
    """`len(y)` where `len(x[0])` is: the same call about another name."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
        return []
    own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    near = [(w, n) for w, n in site.names_near(node) if n not in own and n != "self"]
    return [(0.7 * weight, f"{node.func.id}({name})") for weight, name in near[:5]]


_EXPRESSIONS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)
TEMPLATES = (
    Template("guard", _PLAIN, returns),
    Template("guard-borrowed", _PLAIN, borrowed_test),
    Template("guard-around", (ast.Assign, ast.AugAssign, ast.Expr, ast.Raise, ast.Return), wrapped),
    Template("guard-parameter", _PLAIN, initialised),
    Template("fallback", _EXPRESSIONS, fallback),
    Template("conditional-value", (*_EXPRESSIONS, ast.BinOp), conditional),
)
