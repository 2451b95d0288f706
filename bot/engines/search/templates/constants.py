"""Wrong constants: initial values, numbers, True and False, None, empty containers."""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Iterator

from bot.engines.search.templates.effects import neutral
from bot.engines.search.templates.site import Site, Template, Variant, remembered
from bot.engines.search.templates.writing import ATOM, SIGN

_FAR = ("float('inf')", "float('-inf')")


OTHER_STEP = 0.15
"""How seldom, compared with other numbers, the step of a range is wrong."""


def number(node: ast.Constant, site: Site) -> Iterator[Variant]:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    offered = _near_number(value)
    for text, count in _numbers(site).items():
        offered.setdefault(text, min(0.7, 0.25 + count / 20))
    if isinstance(site.parent(node), ast.Assign):
        for text in _FAR:
            offered.setdefault(text.replace("'", site.source.quote), 0.4)
    for text in sorted(site.hints.literals):
        if text.lstrip("-").replace(".", "", 1).isdigit():
            offered[text] = max(1.0, offered.get(text, 0.0))
    none = neutral(site.parent(node), node)
    likely = OTHER_STEP if _is_step(node, site) else 1.0
    for text, weight in offered.items():
        if text == str(none):
            continue
        level = SIGN if text.startswith("-") else ATOM
        yield site.swap(node, text, weight * likely, level=level)


def _is_step(node: ast.Constant, site: Site) -> bool:
    """Whether it is by how much a range goes on, forwards or backwards."""
    parent = site.parent(node)
    given, call = (
        (parent, site.parent(parent)) if isinstance(parent, ast.UnaryOp) else (node, parent)
    )
    match call:
        case ast.Call(func=ast.Name(id="range"), args=[_, _, step]):
            return step is given
    return False


def _near_number(value: float) -> dict[str, float]:
    """What one writes instead of a number, however it came about."""
    offered: dict[str, float] = {}
    if isinstance(value, int):
        for new, weight in ((value + 1, 1.0), (value - 1, 1.0), (0, 0.8), (1, 0.8), (-1, 0.6)):
            offered.setdefault(str(new), weight)
        for new in (2, 10, 100, 1000, value * 10, value * 2, -value, value // 10, value + 2):
            offered.setdefault(str(new), 0.35)
        offered.setdefault(f"{value}.0", 0.3)
        offered.setdefault("None", 0.4)
    elif math.isfinite(value):
        for other in (0.0, 1.0, 0.5, value * 10, value / 10, -value, 1 - value):
            offered.setdefault(repr(other), 0.4)
        if value == int(value):
            offered.setdefault(str(int(value)), 0.7)
    return offered


@remembered
def _numbers(site: Site) -> Counter[str]:
    texts = (
        site.text(n)
        for n in site.source.nodes
        if isinstance(n, ast.Constant) and type(n.value) in (int, float)
    )
    return Counter(dict(Counter(texts).most_common(15)))


def truth(node: ast.Constant, site: Site) -> Iterator[Variant]:
    """True, False and None for one another, and for an empty container."""
    if not (node.value is None or isinstance(node.value, bool)):
        return
    for new in ("True", "False", "None"):
        likely = 1.0 if node.value is not None and new != "None" else 0.5
        yield site.swap(node, new, likely)
    if node.value is None and not isinstance(site.parent(node), ast.Compare):
        for new, weight in (("[]", 0.6), ("{}", 0.5), ("''", 0.6), ("0", 0.5), ("()", 0.4)):
            yield site.swap(node, new.replace("'", site.source.quote), weight)


def names_for(node: ast.Constant, site: Site) -> Iterator[Variant]:
    """A variable, attribute or expression where a constant stands."""
    if node.value is ... or isinstance(site.parent(node), ast.JoinedStr | ast.FormattedValue):
        return
    kind = site.kind(node)
    for weight, name in site.names_near(node, kind):
        yield site.swap(node, name, weight * site.mention(name))
    for weight, seen in site.borrowable(node):
        if isinstance(seen.node, ast.Attribute | ast.Call | ast.Subscript | ast.BinOp):
            fits = 1.0 if seen.kind == kind else 0.4
            yield site.swap(node, seen.text, weight * fits * 0.6, level=seen.level)


def constants_named(node: ast.expr, site: Site) -> Iterator[Variant]:
    """A variable where a constant was meant."""
    if not isinstance(getattr(node, "ctx", None), ast.Load):
        return
    parent = site.parent(node)
    if isinstance(parent, ast.Attribute) or getattr(parent, "func", None) is node:
        return
    kind = site.kind(node)
    if kind in ("function", "class", "module"):
        return
    for new, kinds_of in (
        ("0", ("int", "float", "")),
        ("1", ("int", "float", "")),
        ("None", ("",)),
        ("True", ("bool", "")),
        ("False", ("bool", "")),
    ):
        if kind in kinds_of:
            yield site.swap(node, new, 1.0 if kind else 0.5)


def emptied(node: ast.expr, site: Site) -> Iterator[Variant]:
    """Empty containers: another kind of container, or one that holds a first item."""
    parent = site.parent(node)
    empty = not getattr(node, "elts", None) and not getattr(node, "keys", None)
    if isinstance(node, ast.Call):
        of_what = node.func.id if isinstance(node.func, ast.Name) else ""
        empty = not node.args and of_what in ("list", "dict", "set", "tuple", "str")
    if not empty or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    for new, weight in (("[]", 0.7), ("{}", 0.7), ("set()", 0.8), ("()", 0.4), ("None", 0.4)):
        yield site.swap(node, new, weight)
    if isinstance(parent, ast.Assign | ast.Return) and isinstance(node, ast.List):
        for new, weight in (("[0]", 0.4), ("[1]", 0.3), ("[[]]", 0.8), ("['']", 0.2)):
            yield site.swap(node, new, weight)
    if isinstance(node, ast.List):
        for weight, name in site.names_near(node)[:6]:
            yield site.swap(node, f"[{name}]", weight * 0.5)
            kind = site.visible(node).kinds.get(name, "")
            if kind in ("list", "iterator", "tuple", "set", ""):
                yield site.swap(node, f"list({name})", weight * 0.4)


def initial(node: ast.Assign, site: Site) -> Iterator[Variant]:
    """Another initial value for a variable: from the names and expressions at hand."""
    if not isinstance(node.targets[0], ast.Name | ast.Attribute | ast.Tuple | ast.Subscript):
        return
    old, kind = site.text(node.value), site.kind(node.value)
    for weight, seen in site.borrowable(node):
        if seen.text != old and not isinstance(seen.node, ast.Constant):
            fits = 1.0 if not kind or not seen.kind or seen.kind == kind else 0.4
            yield site.swap(node.value, seen.text, weight * fits, level=seen.level)


TEMPLATES = (
    Template("number", (ast.Constant,), number),
    Template("truth", (ast.Constant,), truth),
    Template("name-for-constant", (ast.Constant,), names_for),
    Template("constant-for-name", (ast.Name, ast.Attribute), constants_named),
    Template("empty-value", (ast.List, ast.Dict, ast.Tuple, ast.Set, ast.Call), emptied),
    Template("initial-value", (ast.Assign,), initial),
)
