"""Dictionary access: a default for a missing key, another key, a test for presence."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from bot.engines.search import kinds
from bot.engines.search.templates.site import Edit, Site, Template, Variant, remembered
from bot.engines.search.templates.writing import LAMBDA, SUM, short, string

_DEFAULTS = (
    ("", 1.0),
    ("0", 0.7),
    ("''", 0.6),
    ("[]", 0.6),
    ("{}", 0.5),
    ("False", 0.3),
    ("1", 0.2),
)


def default(node: ast.Subscript, site: Site) -> Iterator[Variant]:
    """`d[k]` as `d.get(k)`, `d.get(k, 0)`, `d.setdefault(k, [])`."""
    if isinstance(node.slice, ast.Slice) or not isinstance(node.ctx, ast.Load):
        return
    kind = site.kind(node.value)
    if kind in ("list", "str", "tuple", "bytes") or _is_annotation(node, site):
        return
    owner, key = site.operand(node.value), site.text(node.slice)
    known = 1.0 if kind == "dict" or site.kind(node.slice) == "str" else 0.4
    for value, weight in _DEFAULTS:
        given = f", {value}".replace("'", site.source.quote) if value else ""
        yield site.swap(node, f"{owner}.get({key}{given})", weight * known)
    for value, weight in (("[]", 0.5), ("{}", 0.4), ("set()", 0.2), ("0", 0.2)):
        yield site.swap(node, f"{owner}.setdefault({key}, {value})", weight * known)
    for weight, name in site.names_near(node)[:5]:
        yield site.swap(node, f"{owner}.get({key}, {name})", 0.6 * weight * known)
    if isinstance(site.parent(node), ast.Assign | ast.Return | ast.Call):
        new = f"{owner}[{key}] if {key} in {owner} else None"
        yield site.swap(node, new, 0.3 * known, level=LAMBDA)


def _is_annotation(node: ast.Subscript, site: Site) -> bool:
    up: ast.AST | None = node
    while isinstance(up, ast.expr):
        up = site.parent(up)
    return isinstance(up, ast.arg | ast.AnnAssign | ast.FunctionDef | ast.AsyncFunctionDef)


def demanded(node: ast.Call, site: Site) -> Iterator[Variant]:
    """`d.get(k)` as `d[k]`; `.pop(k)` and `getattr` with a default; another default."""
    func = node.func
    if not isinstance(func, ast.Attribute) or not node.args:
        return
    owner, key = site.operand(func.value), site.text(node.args[0])
    if func.attr in ("get", "pop", "setdefault"):
        yield site.swap(node, f"{owner}[{key}]", 0.8)
        given = site.text(node.args[1]) if len(node.args) > 1 else ""
        for empty in ("None", "''", "[]", "{}", "0", "False", "True"):
            value = empty.replace("'", site.source.quote)
            if value != given:
                yield site.swap(node, f"{owner}.{func.attr}({key}, {value})", 0.6)
        if func.attr == "get":
            new = f"{owner}.get({key}) or {given or '[]'}"
            yield site.swap(node, new, 0.5, level=2)


def read_safely(node: ast.Attribute, site: Site) -> Iterator[Variant]:
    """`x.y` as `getattr(x, 'y', None)`."""
    parent = site.parent(node)
    if not isinstance(node.ctx, ast.Load) or getattr(parent, "func", None) is node:
        return
    if isinstance(parent, ast.Attribute):
        return
    name = string(node.attr, site.source.quote)
    for empty, weight in (("None", 1.0), ("''", 0.4), ("False", 0.4)):
        value = empty.replace("'", site.source.quote)
        yield site.swap(node, f"getattr({site.text(node.value)}, {name}, {value})", weight)


def other_key(node: ast.Subscript, site: Site) -> Iterator[Variant]:
    """Another key or index: one the file uses on the same object, or a name at hand."""
    if isinstance(node.slice, ast.Slice):
        return
    old = site.text(node.slice)
    used = _keys(site).get(site.text(node.value), Counter())
    for text, count in used.items():
        if text != old and site.usable(_names_in(text), site.visible(node)):
            yield site.swap(node.slice, text, 0.5 + 0.1 * min(count, 5))
    kind = site.kind(node.slice)
    for weight, seen in site.borrowable(node):
        if seen.text != old and kinds.alike(kind, seen.kind) and len(seen.text) < 30:
            fits = 0.5 if isinstance(seen.node, ast.Name | ast.BinOp) else 0.25
            yield site.swap(node.slice, seen.text, weight * fits, level=seen.level)


def _names_in(text: str) -> list[str]:
    return [n.id for n in ast.walk(ast.parse(text.strip() or "0")) if isinstance(n, ast.Name)]


@remembered
def _keys(site: Site) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for n in site.source.nodes:
        if isinstance(n, ast.Subscript) and not isinstance(n.slice, ast.Slice | ast.Tuple):
            text = site.text(n.slice)
            if len(text) < 40 and "\n" not in text:
                found.setdefault(site.text(n.value), Counter())[text] += 1
    return found


def subscripted(node: ast.Name | ast.Attribute, site: Site) -> Iterator[Variant]:
    """`x` as `x[i]`, with the keys the file uses on it; and `x[i]` as `x`."""
    if not isinstance(node.ctx, ast.Load) or site.kind(node) in ("int", "float", "bool"):
        return
    parent = site.parent(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        yield site.swap(parent, site.text(node), 0.6)
        return
    if isinstance(parent, ast.Attribute) or getattr(parent, "func", None) is node:
        return
    for text, count in _keys(site).get(site.text(node), Counter()).most_common(10):
        if site.usable(_names_in(text), site.visible(node)):
            new = f"{site.text(node)}[{text}]"
            yield site.swap(node, new, 0.5 + 0.1 * min(count, 5))


def exchanged_levels(node: ast.Subscript, site: Site) -> Iterator[Variant]:
    """`m[i][j]` as `m[j][i]`."""
    if isinstance(node.value, ast.Subscript):
        one, two = site.source.span(node.value.slice), site.source.span(node.slice)
        text = site.source.text
        edits = (Edit(*one, text[slice(*two)]), Edit(*two, text[slice(*one)]))
        yield Variant(edits, 1.0, "exchange the two indices")


def contained(node: ast.Compare, site: Site) -> Iterator[Variant]:
    """`k in d` as `k in d.keys()`, `.values()`, `d.k`; membership of the whole and of a part."""
    if len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
        return
    right = node.comparators[0]
    for method in ("values()", "keys()", "split()", "lower()", "items()"):
        yield site.swap(right, f"{site.operand(right)}.{method}", 0.4)


def concatenated(node: ast.BinOp, site: Site) -> Iterator[Variant]:
    """`a + b` with a separator or one more item between."""
    if isinstance(node.op, ast.Add) and site.kind(node) in ("str", ""):
        for text in (" ", ", ", "/", "-", "_", "\n", ".", ":"):
            literal = string(text, site.source.quote)
            at = site.source.outer_span(node.right)[0]
            said = f"put {short(literal)} between"
            yield site.change(at, at, f"{literal} + ", 0.4, said)
    if isinstance(node.op, ast.Add | ast.Sub) and site.kind(node) in ("int", "float", ""):
        for weight, name in site.names_near(node, "int")[:6]:
            for sign in ("+", "-"):
                new = f"{site.text(node)} {sign} {name}"
                yield site.swap(node, new, 0.5 * weight, level=SUM)


TEMPLATES = (
    Template("key-default", (ast.Subscript,), default),
    Template("key-demanded", (ast.Call,), demanded),
    Template("attribute-default", (ast.Attribute,), read_safely),
    Template("key-other", (ast.Subscript,), other_key),
    Template("subscript", (ast.Name, ast.Attribute), subscripted),
    Template("subscript-order", (ast.Subscript,), exchanged_levels),
    Template("membership", (ast.Compare,), contained),
    Template("term-added", (ast.BinOp,), concatenated),
)
