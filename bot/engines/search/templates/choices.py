"""`value` as `value if test else other`, with a test of something else than the value itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search.scope import plain_name
from bot.engines.search.templates.guards import return_values
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.writing import LAMBDA, OR

MOST_TESTS = 8
_PLACES = ast.Assign | ast.Return | ast.keyword | ast.Call | ast.AugAssign | ast.ListComp


def chosen(node: ast.expr, site: Site) -> Iterator[Variant]:
    """The value only if a name at hand, or the presence of a key, says so."""
    parent = site.parent(node)
    if not isinstance(parent, _PLACES) or getattr(parent, "func", None) is node:
        return
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or "\n" in site.text(node):
        return
    text = site.operand(node, OR)
    others = _others(node, parent, site)
    for weight, test in _tests(node, site):
        for likely, other in others:
            if other != text and test != other:
                new = f"{text} if {test} else {other}"
                yield site.swap(node, new, weight * likely, level=LAMBDA)


def _tests(node: ast.expr, site: Site) -> Iterator[tuple[float, str]]:
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Subscript) or not plain_name(inner.value):
            continue
        if not isinstance(inner.slice, ast.Slice | ast.Tuple):
            key, owner = site.text(inner.slice), site.text(inner.value)
            yield 0.8, f"{key} in {owner}"
            if site.kind(inner.slice) in ("int", ""):
                yield 0.4, f"{key} < len({owner})"
    own = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    visible = site.visible(node)
    count = 0
    for weight, name in site.names_near(node, "bool"):
        if name in own or name == visible.owner or name not in visible.local:
            continue
        count += 1
        if count > MOST_TESTS:
            break
        yield weight, name
        if visible.kinds.get(name, "") != "bool":
            yield weight * 0.7, f"{name} is not None"
        yield weight * 0.5, f"not {name}"


def _others(node: ast.expr, parent: ast.AST, site: Site) -> list[tuple[float, str]]:
    """What could stand instead, likeliest first."""
    empty = {"str": site.source.quote * 2, "list": "[]", "dict": "{}", "int": "0", "tuple": "()"}
    kind = site.kind(node)
    found = [(1.0, empty[kind])] if kind in empty else []
    found.append((0.9, "None"))
    function = site.source.function_of(node)
    if isinstance(parent, ast.Return) and function is not None:
        found += [(weight * 0.8, text or "None") for weight, text in return_values(site, function)]
    near = [(w, n) for w, n in site.names_near(node, kind) if n not in ("self", "cls")]
    found += [(0.6 * weight, name) for weight, name in near[:3]]
    first: dict[str, float] = {}
    for weight, text in found:
        first.setdefault(text, weight)
    return [(weight, text) for text, weight in first.items()][:6]


TEMPLATES = (Template("value-chosen", (ast.Name, ast.Attribute, ast.Call, ast.Subscript), chosen),)
