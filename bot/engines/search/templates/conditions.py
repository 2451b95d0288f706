"""Conditions: negated, with a conjunct missing or too many, or another one from nearby."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

from bot.engines.search import kinds
from bot.engines.search.scope import plain_name
from bot.engines.search.templates.site import Edit, Site, Template, Variant
from bot.engines.search.templates.writing import AND, COMPARE, NOT, OR, joined, level_of, short

MOST_BORROWED = 60
MOST_NAMES = 14
MOST_ASKED = 7
"""Of the names near, those that more is asked about than whether they hold."""
_SIMPLE = ast.Name | ast.Attribute | ast.Subscript | ast.Call


def negated(node: ast.expr, site: Site) -> Iterator[Variant]:
    if not site.is_tested(node) or isinstance(node, ast.UnaryOp | ast.Compare):
        return
    if isinstance(node, ast.Constant):
        return
    said, parent = f"negate `{short(site.text(node))}`", site.parent(node)
    whole = parent if isinstance(parent, ast.UnaryOp) else node
    text, level = site.negation(whole)
    yield site.swap(whole, text, 1.0, level=level, said=said)


def conjunct_dropped(node: ast.BoolOp, site: Site) -> Iterator[Variant]:
    source = site.source
    spans = [source.outer_span(value) for value in node.values]
    for at, value in enumerate(node.values):
        start, end = spans[at]
        start, end = (spans[at - 1][1], end) if at else (start, spans[1][0])
        said = f"drop the condition `{short(site.text(value))}`"
        yield site.change(start, end, "", 1.0, said)


def conjunct_added(node: ast.expr, site: Site) -> Iterator[Variant]:
    """A further condition, borrowed from nearby or made of the names that are tested here."""
    if not is_whole_test(node, site):
        return
    parts = node.values if isinstance(node, ast.BoolOp) else [node]
    own = {site.text(part) for part in (node, *parts)}
    for base, text, level in further(node, site):
        if text in own:
            continue
        for operator, wanted, likely in (("and", AND, 1.0), ("or", OR, 0.6)):
            new = joined(text, level, wanted + 1)
            left = site.operand(node, wanted)
            said = f"test `{short(text)}` too"
            whole = f"{left} {operator} {new}"
            yield site.swap(node, whole, base * likely, level=wanted, said=said)
            if not text.startswith("not "):
                first = f"{new} {operator} {site.operand(node, wanted)}"
                yield site.swap(node, first, base * likely * 0.8, level=wanted, said=said)


def is_whole_test(node: ast.expr, site: Site) -> bool:
    if isinstance(node, ast.Constant):
        return False
    up = site.parent(node)
    if isinstance(up, ast.BoolOp):
        return False
    if isinstance(up, ast.Return | ast.Assign | ast.Lambda) and site.kind(node) in ("bool", ""):
        if isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
            return True
        return site.kind(node) == "bool" and isinstance(node, ast.Call)
    return site.is_tested(node)


def further(node: ast.expr, site: Site) -> Iterator[tuple[float, str, int]]:
    """Conditions that could be meant too, each with its weight and level, none twice."""
    texts: set[str] = set()
    for weight, text, level in (*_about_names(node, site), *_seen(node, site)):
        if text not in texts:
            texts.add(text)
            yield weight, text, level


def _seen(node: ast.expr, site: Site) -> Iterator[tuple[float, str, int]]:
    """Conditions tested elsewhere, in the same function, class or file, and their opposites."""
    count = 0
    for weight, seen in site.borrowable(node, far=True):
        if count >= MOST_BORROWED:
            return
        if not _is_condition(seen.node, site):
            continue
        count += 1
        yield weight, seen.text, seen.level
        if not isinstance(seen.node, ast.Compare | ast.BoolOp):
            yield weight * 0.8, *site.negation(seen.node)


def _is_condition(node: ast.expr, site: Site) -> bool:
    if isinstance(node, ast.Compare):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    if isinstance(node, ast.Constant):
        return False
    return site.is_tested(node) or kinds.of(node, {}) == "bool"


def _about_names(node: ast.expr, site: Site) -> Iterator[tuple[float, str, int]]:
    """`x`, `x is not None`, `len(x) > 0`, ... of what is used in the condition and near it."""
    inner = [n for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute)]
    own = {site.text(n): 0.9 for n in inner if not _is_part(n, site)}
    for weight, name in site.names_near(node)[:MOST_NAMES]:
        own.setdefault(name, 0.6 * weight)
    for rank, (text, weight) in enumerate(own.items()):
        kind = site.visible(node).kinds.get(text, "")
        if kind in ("function", "class", "module") or "\n" in text:
            continue
        for template, level, likely in islice(_questions(kind), 2 if rank > MOST_ASKED else None):
            yield weight * likely, template.format(text), level


def _is_part(node: ast.expr, site: Site) -> bool:
    """Whether it is only the object of an attribute, or the function of a call."""
    parent = site.parent(node)
    called = isinstance(parent, ast.Call) and parent.func is node
    return called or (isinstance(parent, ast.Attribute) and isinstance(node, ast.Attribute))


def _questions(kind: str) -> Iterator[tuple[str, int, float]]:
    yield "{}", 15, 1.0
    yield "not {}", NOT, 0.7
    if not kinds.is_number(kind) or kind == "":
        yield "{} is not None", COMPARE, 0.9
        yield "{} is None", COMPARE, 0.6
    if kind in ("int", "float"):
        yield from ((f"{{}} {op}", COMPARE, 0.5) for op in ("> 0", "!= 0", "== 0", ">= 0", "< 0"))
    if kind in ("list", "str", "dict", "tuple", "set", ""):
        yield "len({}) > 1", COMPARE, 0.3
    if kind == "":
        for name in ("str", "list", "dict", "int"):
            yield f"isinstance({{}}, {name})", 15, 0.25


def replaced(node: ast.expr, site: Site) -> Iterator[Variant]:
    """Another condition that the function, class or file tests."""
    if not site.is_tested(node) or isinstance(node, ast.Constant):
        return
    old = site.text(node)
    for weight, text, level in _seen(node, site):
        if text != old:
            yield site.swap(node, text, weight * 0.7, level=level)


def asked(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`if x` as `if x is not None` and the like; and back."""
    if isinstance(node, ast.Compare):
        yield from _asked_less(node, site)
        return
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and site.is_tested(node):
        if _never_none(node.operand, site):
            return
        text = site.operand(node.operand, COMPARE)
        for new, weight in (("is None", 1.0), ("is False", 0.6), ("== 0", 0.2)):
            yield site.swap(node, f"{text} {new}", weight, level=COMPARE)
        return
    if not site.is_tested(node) or not isinstance(node, _SIMPLE):
        return
    text, kind = site.text(node), site.kind(node)
    if not _never_none(node, site):
        yield site.swap(node, f"{text} is not None", 1.0, level=COMPARE)
        yield site.swap(node, f"{text} is None", 0.4, level=COMPARE)
    if kind in ("int", "float", ""):
        yield site.swap(node, f"{text} > 0", 0.3, level=COMPARE)
        yield site.swap(node, f"{text} != 0", 0.2, level=COMPARE)
    if kind not in ("int", "float", "bool"):
        yield site.swap(node, f"len({text}) > 1", 0.2, level=COMPARE)


def _never_none(node: ast.expr, site: Site) -> bool:
    """Whether a call gives a truth or a number, whatever is the case."""
    return isinstance(node, ast.Call) and kinds.is_number(site.kind(node))


def _asked_less(node: ast.Compare, site: Site) -> Iterator[Variant]:
    if len(node.ops) != 1:
        return
    left, right = node.left, node.comparators[0]
    is_none = isinstance(right, ast.Constant) and right.value in (None, True, 0, "", False)
    operator = node.ops[0]
    if is_none and site.is_tested(node):
        positive = isinstance(operator, ast.IsNot | ast.NotEq | ast.Gt)
        text = site.text(left) if positive else f"not {site.operand(left, NOT)}"
        yield site.swap(node, text, 1.0, level=level_of(left) if positive else NOT)
    if isinstance(operator, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
        yield from _type_test(node, left, right, site)
    if isinstance(operator, ast.Eq | ast.In) and site.kind(right) in ("str", ""):
        if isinstance(right, ast.Constant | ast.Name) and isinstance(operator, ast.Eq):
            text = site.operand(left)
            other = site.text(right)
            for method in ("startswith", "endswith"):
                yield site.swap(node, f"{text}.{method}({other})", 0.3)
        elif isinstance(left, ast.Constant) and isinstance(left.value, str):
            for method in ("startswith", "endswith"):
                new = f"{site.operand(right)}.{method}({site.text(left)})"
                yield site.swap(node, new, 0.5)


def _type_test(node: ast.Compare, left: ast.expr, right: ast.expr, site: Site) -> Iterator[Variant]:
    """`type(x) == T` as `isinstance(x, T)`."""
    if isinstance(left, ast.Call) and plain_name(left.func) == "type" and len(left.args) == 1:
        test = f"isinstance({site.text(left.args[0])}, {site.text(right)})"
        positive = isinstance(node.ops[0], ast.Eq | ast.Is)
        yield site.swap(node, test if positive else f"not {test}", 1.0, level=NOT)


def fixed_value(node: ast.expr, site: Site) -> Iterator[Variant]:
    """A condition that always, or never, holds."""
    up = site.parent(node)
    if isinstance(up, ast.If | ast.While) and up.test is node and not _is_constant(node):
        yield site.swap(node, "True", 1.0)
        yield site.swap(node, "False", 0.6 if isinstance(up, ast.If) else 0.1)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def loop_condition(node: ast.While, site: Site) -> Iterator[Variant]:
    """`while True` with a condition from nearby."""
    if isinstance(node.test, ast.Constant):
        visible = site.visible(node)
        for weight, name in site.names_near(node)[:10]:
            yield site.swap(node.test, name, weight * site.mention(name))
        for weight, seen in site.borrowable(node):
            if isinstance(seen.node, ast.Compare) and site.usable(seen.names, visible):
                yield site.swap(node.test, seen.text, weight * 0.8)


def quantified(node: ast.If, site: Site) -> Iterator[Variant]:
    """The test of one value asked of another name: all its names replaced at once."""
    names = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
    visible = site.visible(node)
    for old in sorted(names & set(visible.local)):
        places = [n for n in ast.walk(node.test) if isinstance(n, ast.Name) and n.id == old]
        if len(places) < 2:
            continue
        kind = visible.kinds.get(old, "")
        for weight, new in site.names_near(node, kind)[:8]:
            if new != old:
                edits = tuple(Edit(*site.source.span(place), new) for place in places)
                said = f"test `{new}` instead of `{old}`"
                yield Variant(edits, weight * site.likeness(old, new), said)


_TESTS = (ast.Name, ast.Attribute, ast.Call, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Subscript)
TEMPLATES = (
    Template("condition-negated", (*_TESTS, ast.NamedExpr), negated),
    Template("conjunct-dropped", (ast.BoolOp,), conjunct_dropped),
    Template("conjunct-added", _TESTS, conjunct_added),
    Template("condition-replaced", _TESTS, replaced),
    Template("condition-asked", _TESTS, asked),
    Template("condition-fixed", _TESTS, fixed_value),
    Template("condition-loop", (ast.While,), loop_condition),
    Template("condition-renamed", (ast.If,), quantified),
)
