"""Calls in calls: an argument given to the wrong one; both operands in need of one call."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search.source import Span
from bot.engines.search.templates.site import Edit, Site, Template, Variant
from bot.engines.search.templates.writing import short

_BOTH = ("list", "str", "tuple", "int", "float", "abs", "set", "len", "repr")


def _arguments(node: ast.Call, site: Site) -> list[Span]:
    """The spans of all arguments, in the order of the text, with their names and stars."""
    spans = [site.source.outer_span(arg) for arg in node.args]
    for keyword in node.keywords:
        spans.append((site.source.start(keyword), site.source.outer_span(keyword.value)[1]))
    return sorted(spans)


def moved(node: ast.Call, site: Site) -> Iterator[Variant]:
    """`f(g(a, b))` as `f(g(a), b)`, and back."""
    outer = _arguments(node, site)
    text = site.source.text
    for arg in node.args:
        if not isinstance(arg, ast.Call) or isinstance(arg.func, ast.Lambda):
            continue
        inner = _arguments(arg, site)
        end = site.source.end(arg)
        for at, (low, high) in enumerate(inner):
            if at:
                cut = Edit(inner[at - 1][1], high, "")
                said = f"give `{short(text[low:high])}` to the outer call"
                weight = 1.0 if at == len(inner) - 1 else 0.7
                yield Variant((cut, Edit(end, end, f", {text[low:high]}")), weight, said)
        for at, (low, high) in enumerate(outer):
            if low < end:
                continue
            cut = Edit(outer[at - 1][1], high, "")
            into = end - 1
            more = f", {text[low:high]}" if inner else text[low:high]
            last = inner[-1][1] if inner else into
            said = f"give `{short(text[low:high])}` to the inner call"
            yield Variant((Edit(last, last, more), cut), 0.8, said)


def both(node: ast.BinOp, site: Site) -> Iterator[Variant]:
    """`a + b` as `list(a) + list(b)`."""
    one, two = site.source.outer_span(node.left), site.source.outer_span(node.right)
    kinds = {site.kind(node.left), site.kind(node.right)}
    for rank, name in enumerate(_BOTH):
        if kinds == {name}:
            continue
        edits = (
            Edit(*one, f"{name}({site.text(node.left)})"),
            Edit(*two, f"{name}({site.text(node.right)})"),
        )
        yield Variant(edits, 0.9**rank, f"call `{name}` on both sides")


TEMPLATES = (
    Template("argument-moved", (ast.Call,), moved),
    Template("wrapper-both", (ast.BinOp,), both),
)
