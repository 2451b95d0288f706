"""Mistakes in regular expressions, which many a one-line fix undoes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from bench._places import Change, Source

_SLIPS = (
    (r"(?<!\\)\*", "+"),
    (r"(?<![\\*+?({])\+", "*"),
    (r"(?<=[*+?}])\?", ""),
    (r"(?<=[\w)\]])\?", ""),
    (r"(?<![\[\\])\^", ""),
    (r"(?<!\\)\$", ""),
    (r"\\b", ""),
    (r"\\\.", "."),
    (r"\\d", r"\\w"),
    (r"\\w", r"\\S"),
    (r"\\s", " "),
    (r"\\S", r"\\w"),
    (r"\[\^", "["),
    (r"(?<=[a-z])-z(?=[^\]]*\])", "-y"),
    (r"(?<=[\[\w])(_|-|\.)(?=\])", ""),
    (r"\|[\w\\ ]+(?=[|)])", ""),
    (r"(?<=\()\?:", ""),
    (r"\(\?[=!][^()]*\)", ""),
    (r"\(\?<[=!][^()]*\)", ""),
    (r"\{(\d+),\}", r"{\1}"),
    (r"(?<=[{,])(\d)(?=\})", "1"),
)
_FUNCTIONS = {"compile", "match", "search", "sub", "split", "findall", "fullmatch", "finditer"}


def wrong_regex(source: Source) -> Iterator[Change | None]:
    """A quantifier, anchor, class, group or escape that is wrong or missing."""
    known = {id(pattern) for call in source.nodes(ast.Call) if (pattern := _pattern(call))}
    for node in source.nodes(ast.Constant):
        text = source.of(node) if isinstance(node.value, str) else ""
        raw = re.fullmatch(r"(?s)[rR](['\"]{1,3}).*\1", text)
        if not raw and id(node) not in known:
            continue
        slips = list(_SLIPS)
        source.drawn.shuffle(slips)
        for slip, new in slips:
            places = list(re.finditer(slip, text))
            if places:
                place = source.drawn.choice(places)
                inside = text[: place.start()] + place.expand(new) + text[place.end() :]
                yield source.replace(node, inside)
                break


def _pattern(call: ast.Call) -> ast.expr | None:
    named = isinstance(call.func, ast.Attribute) and call.func.attr in _FUNCTIONS
    return call.args[0] if named and call.args else None
