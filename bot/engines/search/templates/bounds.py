"""Off by one: in indices, slices, ranges, comparisons, counts."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search import kinds
from bot.engines.search.templates.effects import cancels
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.writing import SUM


def _by_one(site: Site, node: ast.expr, weight: float) -> Iterator[Variant]:
    """The expression plus one and minus one, written as one would."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            yield site.swap(node, str(node.value + 1), weight)
            level = 12 if node.value < 1 else 15
            yield site.swap(node, str(node.value - 1), weight, level=level)
        return
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant):
        value = node.right.value
        if isinstance(node.op, ast.Add | ast.Sub) and isinstance(value, int):
            if value == 1:
                yield site.swap(node, site.text(node.left), weight, level=SUM)
                turned = "-" if isinstance(node.op, ast.Add) else "+"
                new = f"{site.operand(node.left, SUM)} {turned} 1"
                yield site.swap(node, new, weight * 0.5, level=SUM)
            yield from _by_one(site, node.right, weight * 0.5)
            return
    text, cancelling = site.operand(node, SUM), cancels(site.parent(node), node)
    for sign in "+-":
        if sign != cancelling:
            yield site.swap(node, f"{text} {sign} 1", weight, level=SUM)


def index(node: ast.Subscript, site: Site) -> Iterator[Variant]:
    inner = node.slice
    if isinstance(inner, ast.Slice | ast.Tuple) or site.kind(inner) not in ("", "int"):
        return
    if isinstance(inner, ast.Constant) and inner.value in (0, 1):
        yield site.swap(inner, "-1", 0.9)
        if inner.value == 0:
            yield site.swap(inner, "1", 0.9)
            return
    if isinstance(inner, ast.UnaryOp) and isinstance(inner.operand, ast.Constant):
        yield site.swap(inner, "0", 0.9)
        if isinstance(inner.operand.value, int) and inner.operand.value > 0:
            yield site.swap(inner, f"-{inner.operand.value + 1}", 0.7)
        return
    likely = 1.0 if site.kind(inner) == "int" else 0.3
    if site.kind(node.value) != "dict":
        yield from _by_one(site, inner, likely)


def index_as_slice(node: ast.Subscript, site: Site) -> Iterator[Variant]:
    """`x[0]` as `x[:1]`, `x[i]` as `x[i:]`, and a slice as an index."""
    if not isinstance(node.ctx, ast.Load):
        return
    inner = node.slice
    if isinstance(inner, ast.Slice):
        only = [bound for bound in (inner.lower, inner.upper) if bound is not None]
        if len(only) == 1 and inner.step is None:
            start, end = site.source.span(inner)
            text = site.text(only[0])
            yield site.change(start, end, text, 0.6, f"take the item at `{text}` alone")
    elif not isinstance(inner, ast.Tuple) and site.kind(inner) in ("", "int"):
        text = site.text(inner)
        if text == "0":
            yield site.swap(inner, ":1", 0.5)
        parent = site.parent(node)
        if isinstance(parent, ast.List) and len(parent.elts) == 1:
            last = {"0": ":1", "-1": "-1:"}.get(text, f"{text}:{text} + 1")
            yield site.swap(parent, f"{site.operand(node.value)}[{last}]", 0.8)
        yield site.swap(inner, f"{text}:", 0.5)
        yield site.swap(inner, f":{text}", 0.4)


def slice_bound(node: ast.Slice, site: Site) -> Iterator[Variant]:
    """Bounds one off, dropped, added or moved to the other side."""
    start, end = site.source.span(node)
    parts = [site.text(part) if part else "" for part in (node.lower, node.upper)]
    step = f":{site.text(node.step)}" if node.step else ""
    for part in (node.lower, node.upper):
        if part is not None:
            yield from _by_one(site, part, 0.8)
    others: list[tuple[str, str, float]] = [(parts[1], parts[0], 0.5)]
    if parts[0]:
        others.append(("", parts[1], 0.5))
        others.append((f"-{parts[0]}", parts[1], 0.1))
    else:
        others.append(("1", parts[1], 0.7))
    if parts[1]:
        others.append((parts[0], "", 0.6))
    else:
        others.append((parts[0], "-1", 0.7))
    for low, high, weight in others:
        if low or high or step:
            new = f"{low}:{high}{step}"
            yield site.change(start, end, new, weight, f"take `[{new}]`")
    for step in ("::-1", "::2"):
        if not node.step and not any(parts):
            yield site.change(start, end, step, 0.4, f"take `[{step}]`")


def whole_slice(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `x[1:]`, `x[:-1]`, `x[::-1]`, `x[0]`, `x[-1]`."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    parent = site.parent(node)
    if isinstance(parent, ast.Attribute | ast.Subscript) or getattr(parent, "func", None) is node:
        return
    kind = site.kind(node)
    if kind in ("int", "float", "bool", "function", "class", "module", "set", "dict"):
        return
    known = 1.0 if kinds.is_sized(kind) else 0.4
    loops = isinstance(parent, ast.For | ast.comprehension) and parent.iter is node
    for new, weight in (
        ("[1:]", 0.7),
        ("[:-1]", 0.6),
        ("[0]", 0.6),
        ("[-1]", 0.6),
        ("[::-1]", 0.5),
    ):
        fits = known * (0.2 if loops and ":" not in new else 1.0)
        yield site.swap(node, site.operand(node) + new, weight * fits)


def ranges(node: ast.Call, site: Site) -> Iterator[Variant]:
    """`range` bounds one off, started later, run backwards."""
    if not isinstance(node.func, ast.Name) or node.func.id != "range" or node.keywords:
        return
    if len(node.args) == 1:
        only = site.text(node.args[0])
        yield from _by_one(site, node.args[0], 1.0)
        low = site.source.start(node.args[0])
        yield site.change(low, low, "1, ", 0.9, "start at 1")
        up = f"1, {only} + 1"
        yield site.swap(node.args[0], up, 0.9, said="count from 1 to the end")
        back = f"{only} - 1, -1, -1"
        yield site.swap(node.args[0], back, 0.3, said="count backwards")
        return
    for arg in node.args[:2]:
        yield from _by_one(site, arg, 1.0)
    if len(node.args) == 3:
        yield from _by_one(site, node.args[2], 0.3)
    elif len(node.args) == 2:
        end = site.source.outer_span(node.args[1])[1]
        yield site.change(end, end, ", -1", 0.3, "count backwards")
        start = site.source.outer_span(node.args[0])[0]
        first = site.source.outer_span(node.args[1])[0]
        yield site.change(start, first, "", 0.3, "start at 0")


def compared(node: ast.Compare, site: Site) -> Iterator[Variant]:
    """`a < b` as `a < b + 1`, `a + 1 < b`; constants one off."""
    if not all(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.Eq) for op in node.ops):
        return
    for operand in (node.left, *node.comparators):
        is_none = isinstance(operand, ast.Constant) and operand.value is None
        if site.kind(operand) in ("", "int", "float") and not is_none:
            yield from _by_one(site, operand, 0.8 if site.kind(operand) == "int" else 0.3)


def counted(node: ast.expr, site: Site) -> Iterator[Variant]:
    """A number that is returned, assigned, or passed on, one off."""
    parent = site.parent(node)
    if getattr(parent, "func", None) is node or isinstance(parent, ast.Compare | ast.Slice):
        return
    if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        return
    places = ast.Return | ast.Assign | ast.BinOp | ast.Call | ast.Tuple | ast.AugAssign
    if site.kind(node) in ("int", "float") and isinstance(parent, places):
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
            if isinstance(node, ast.Constant) or not isinstance(parent.right, ast.Constant):
                yield from _by_one(site, node, 0.5)
            return
        yield from _by_one(site, node, 1.0)


TEMPLATES = (
    Template("bound-index", (ast.Subscript,), index),
    Template("bound-index-or-slice", (ast.Subscript,), index_as_slice),
    Template("bound-slice", (ast.Slice,), slice_bound),
    Template("bound-whole", (ast.Name, ast.Attribute, ast.Call), whole_slice),
    Template("bound-range", (ast.Call,), ranges),
    Template("bound-comparison", (ast.Compare,), compared),
    Template("bound-number", (ast.Name, ast.Attribute, ast.Call, ast.BinOp), counted),
)
