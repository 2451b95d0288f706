"""A missing part of a condition, made of what the condition is about: its attributes, bounds, type.

Conditions borrowed from elsewhere are in `conditions`; these are written nowhere yet.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from bot.engines.search.scope import plain_name
from bot.engines.search.templates.conditions import is_whole_test
from bot.engines.search.templates.site import Site, Template, Variant, remembered
from bot.engines.search.templates.writing import AND, ATOM, COMPARE, NOT, OR, SUM, joined, string

MOST_SUBJECTS = 5
MOST_ATTRIBUTES = 10
MOST_CLASSES = 6


class Part(NamedTuple):
    weight: float
    text: str
    level: int
    first: bool = False
    """Whether it protects the rest, and so must be asked before it."""


def made(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`t` as `t and not x.done`, `i < len(s) and t`, `t or isinstance(x, T)`, ..."""
    if not is_whole_test(node, site):
        return
    parts: dict[str, Part] = {}
    for part in (*_of_bounds(node, site), *_of_subjects(node, site), *_of_object(node, site)):
        if part.weight > parts.get(part.text, part).weight or part.text not in parts:
            parts[part.text] = part
    whole = site.text(node)
    for part in parts.values():
        if part.text in whole:
            continue
        said = f"test `{part.text}` too"
        right = joined(part.text, part.level, AND + 1)
        left = site.operand(node, AND + 1 if part.first else AND)
        new = f"{right} and {left}" if part.first else f"{left} and {right}"
        yield site.swap(node, new, part.weight, level=AND, said=said)
        if not part.first:
            new = f"{site.operand(node, OR)} or {joined(part.text, part.level, OR + 1)}"
            yield site.swap(node, new, part.weight * 0.5, level=OR, said=said)


def _subjects(node: ast.expr, site: Site) -> list[tuple[float, str]]:
    """What the condition is about, then what is used near it."""
    found: dict[str, float] = {}
    for inner in ast.walk(node):
        text = plain_name(inner) if isinstance(inner, ast.Name | ast.Attribute) else ""
        if text and not _is_function(inner, site):
            found.setdefault(text, 1.0 if isinstance(inner, ast.Name) else 0.9)
    visible = site.visible(node)
    for weight, name in site.names_near(node)[:MOST_SUBJECTS]:
        found.setdefault(name, 0.6 * weight)
    taken = [(w, t) for t, w in found.items() if visible.kinds.get(t) not in ("class", "module")]
    return sorted(taken, key=lambda pair: -pair[0])[:MOST_SUBJECTS]


def _is_function(node: ast.AST, site: Site) -> bool:
    parent = site.parent(node)
    return isinstance(parent, ast.Call) and parent.func is node


def _of_subjects(node: ast.expr, site: Site) -> Iterator[Part]:
    visible = site.visible(node)
    for weight, subject in _subjects(node, site):
        kind = visible.kinds.get(subject, "")
        if kind in ("int", "float", "bool", "function"):
            continue
        used = site.names.attributes_on.get(subject, Counter())
        for attribute, count in used.most_common(MOST_ATTRIBUTES):
            likely = weight * (0.5 + 0.08 * min(count, 5)) * site.mention(attribute)
            text = f"{subject}.{attribute}"
            if text in _called(site):
                if _called(site)[text]:
                    continue
                text += "()"
            yield Part(likely, text, ATOM)
            yield Part(likely, f"not {text}", NOT)
        if kind == "" and subject != visible.owner:
            for rank, name in enumerate(_classes(site)[:MOST_CLASSES]):
                yield Part(0.5 * weight * 0.85**rank, f"isinstance({subject}, {name})", ATOM)
                yield Part(0.4 * weight * 0.85**rank, f"not isinstance({subject}, {name})", NOT)


def _of_object(node: ast.expr, site: Site) -> Iterator[Part]:
    """What the object itself knows: its attributes, the nearest first."""
    visible = site.visible(node)
    if not visible.owner:
        return
    near = _lines_of_members(site, visible.owner)
    members = [(m, k) for m in visible.members if (k := visible.kinds.get(f".{m}")) != "function"]
    weighed = [(site.nearness(near.get(m, ()), node.lineno), m, k or "") for m, k in members]
    for weight, name, kind in sorted(weighed, key=lambda one: (-one[0], one[1]))[:MOST_ATTRIBUTES]:
        text = f"{visible.owner}.{name}"
        likely = 0.7 * weight * site.mention(name)
        yield Part(likely, text, ATOM)
        yield Part(likely, f"not {text}", NOT)
        if kind in ("int", "float"):
            yield Part(likely, f"{text} == 0", COMPARE)
            yield Part(likely, f"{text} > 0", COMPARE)


@remembered
def _lines_of_members(site: Site, owner: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for n in site.source.nodes:
        if isinstance(n, ast.Attribute) and plain_name(n.value) == owner:
            found[n.attr].append(n.lineno)
    return found


@remembered
def _called(site: Site) -> dict[str, bool]:
    """The methods that the file calls, as `x.f`, and whether they need arguments."""
    found: dict[str, bool] = {}
    for n in site.source.nodes:
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute):
            name = plain_name(n.func)
            found[name] = found.get(name, False) or bool(n.args or n.keywords)
    return found


@remembered
def _classes(site: Site) -> list[str]:
    """What the file asks `isinstance` about, the most frequent first."""
    asked = Counter(
        site.text(n.args[1])
        for n in site.source.nodes
        if isinstance(n, ast.Call) and plain_name(n.func) == "isinstance" and len(n.args) == 2
    )
    names = [name for name, _ in asked.most_common() if "\n" not in name]
    return [*dict.fromkeys([*names, "str", "dict", "list"])]


def _of_bounds(node: ast.expr, site: Site) -> Iterator[Part]:
    """What must hold for the subscripts and attributes that the condition reads."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Subscript) and not isinstance(inner.slice, ast.Slice | ast.Tuple):
            yield from _of_subscript(inner, site)
        elif isinstance(inner, ast.Attribute) and plain_name(inner.value):
            owner = site.text(inner.value)
            if owner != site.visible(node).owner and not _is_function(inner, site):
                name = string(inner.attr, site.source.quote)
                yield Part(0.5, f"hasattr({owner}, {name})", ATOM, first=True)
            if isinstance(inner.value, ast.Attribute):
                yield Part(0.6, owner, ATOM, first=True)
        elif isinstance(inner, ast.Name) and not _is_function(inner, site):
            yield Part(0.6, inner.id, ATOM, first=True)
    yield from _of_loop(node, site)


def _of_loop(node: ast.expr, site: Site) -> Iterator[Part]:
    """Whether it is the first or the last turn of the loop around."""
    loop = site.source.loop_of(node)
    if not isinstance(loop, ast.For) or not isinstance(loop.iter, ast.Call) or not loop.iter.args:
        return
    target, over = loop.target, site.text(loop.iter.args[0])
    if plain_name(loop.iter.func) == "enumerate" and isinstance(target, ast.Tuple):
        name = plain_name(target.elts[0])
        if name:
            yield Part(0.7, f"{name} < len({over}) - 1", COMPARE)
            yield Part(0.6, f"{name} > 0", COMPARE)
            yield Part(0.4, f"{name} == 0", COMPARE)


def _of_subscript(node: ast.Subscript, site: Site) -> Iterator[Part]:
    if not plain_name(node.value):
        return
    owner, index = site.text(node.value), node.slice
    yield Part(1.0, owner, ATOM, first=True)
    if isinstance(index, ast.Constant) and isinstance(index.value, int):
        yield Part(0.9, f"len({owner}) > {index.value}", COMPARE, first=True)
    elif isinstance(index, ast.Constant | ast.Attribute):
        yield Part(0.9, f"{site.text(index)} in {owner}", COMPARE, first=True)
    elif not isinstance(index, ast.UnaryOp):
        text = joined(site.text(index), SUM if isinstance(index, ast.BinOp) else ATOM, SUM)
        yield Part(1.0, f"{text} < len({owner})", COMPARE, first=True)
        yield Part(0.8, f"{text} in {owner}", COMPARE, first=True)
        yield Part(0.6, f"{text} > 0", COMPARE, first=True)
        yield Part(0.4, f"{text} >= 0", COMPARE, first=True)


_TESTS = (ast.Name, ast.Attribute, ast.Call, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Subscript)
TEMPLATES = (Template("conjunct-made", _TESTS, made),)
