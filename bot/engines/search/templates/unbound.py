"""Variables that only one way through a function sets: a value for them beforehand."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search.source import Function
from bot.engines.search.templates.site import Site, Template, Variant

_VALUES = (("None", 1.0), ("[]", 0.7), ("False", 0.6), ("0", 0.6), ("''", 0.5), ("{}", 0.5))
_EMPTY = {"str": "''", "list": "[]", "dict": "{}", "int": "0", "bool": "False", "tuple": "()"}
MOST_NAMES = 5


def initialised(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """`x = None` before a block in which `x` is set for the first time."""
    function = site.source.function_of(node)
    if function is None or site.source.indent_of(node) is None:
        return
    for name in _first_set_in(node, function)[:MOST_NAMES]:
        kind = site.visible(node).kinds.get(name, "")
        for value, weight in _VALUES:
            fits = 1.0 if not kind or _EMPTY.get(kind) in (value, None) else 0.5
            written = value.replace("'", site.source.quote)
            made = site.insert_before(node, [f"{name} = {written}"], weight * fits)
            if made is not None:
                yield made


def _first_set_in(node: ast.stmt, function: Function) -> list[str]:
    """Names set within the block and not before it, that are read after it or in its tests."""
    low, high = node.lineno, node.end_lineno or node.lineno
    before = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}
    inside: dict[str, int] = {}
    read: set[str] = set()
    for inner in ast.walk(function):
        if not isinstance(inner, ast.Name):
            continue
        if isinstance(inner.ctx, ast.Store):
            if inner.lineno < low:
                before.add(inner.id)
            elif inner.lineno <= high:
                inside.setdefault(inner.id, inner.lineno)
        elif inner.lineno >= low:
            read.add(inner.id)
    return [name for name in inside if name not in before and name in read]


TEMPLATES = (Template("value-unset", (ast.If, ast.For, ast.While, ast.Try, ast.With), initialised),)
