"""An expression replaced by another one from nearby: the same function first, then the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search import kinds
from bot.engines.search.spelling import similarity
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.writing import ATOM

MOST = 60


def instead(node: ast.expr, site: Site) -> Iterator[Variant]:
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    parent = site.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return
    old, kind = site.text(node), site.kind(node)
    if len(old) > 120:
        return
    count = 0
    for weight, seen in site.borrowable(node, far=True):
        if count >= MOST:
            return
        if seen.text == old or (isinstance(seen.node, ast.Constant) and weight < 0.5):
            continue
        if not kinds.alike(kind, seen.kind) or (old in seen.text and seen.node is parent):
            continue
        count += 1
        alike = 0.4 + 0.6 * similarity(old, seen.text)
        same_form = 1.0 if type(seen.node) is type(node) else 0.7
        yield site.swap(node, seen.text, weight * alike * same_form, level=seen.level)


def longer(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as one of the longer expressions about `x` that the file has: `f(x)`, `x.y[0]`."""
    if not isinstance(getattr(node, "ctx", None), ast.Load):
        return
    parent = site.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return
    old = site.text(node)
    count = 0
    for weight, seen in site.borrowable(node, far=True):
        inside = seen.text != old and old in seen.text and seen.level == ATOM
        if inside and isinstance(seen.node, ast.Call | ast.Attribute | ast.Subscript):
            count += 1
            if count > 15:
                return
            yield site.swap(node, seen.text, 0.3 + 0.7 * weight)


TEMPLATES = (
    Template("expression-borrowed", (ast.Attribute, ast.Call, ast.Subscript, ast.BinOp), instead),
    Template("expression-longer", (ast.Name, ast.Attribute), longer),
)
