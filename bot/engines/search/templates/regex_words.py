"""Regular expressions that miss a word or an edge which the failing tests' strings show."""

from __future__ import annotations

from collections.abc import Iterator

from bot.engines.search.templates.elements import words_like
from bot.engines.search.templates.regex_parts import Kind, parts_of
from bot.engines.search.templates.regexes import (
    TEXT,
    Change,
    Text,
    alternations,
    regex_literals,
    variant_of,
)
from bot.engines.search.templates.site import Site, Template, Variant

_AHEAD = (r"(?!\d)", r"(?!\w)", r"(?=\s|$)", r"(?!\s)", r"\b")
_BEHIND = (r"(?<!\w)", r"(?<!\S)", r"(?<!\\)", r"\b")


def words(node: Text, site: Site) -> Iterator[Variant]:
    """`(IF|FOR)` as `(IF|FOR|CASE)`, with the words of the tests."""
    for token in regex_literals(node, site):
        pattern = token.value
        for start, end, bars in alternations(pattern, parts_of(pattern)):
            edges = [start, *(place for bar in bars for place in (bar, bar + 1)), end]
            known = [pattern[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
            if not any(one.replace("_", "").isalpha() for one in known):
                continue
            plain: list[object] = [one for one in known if one.replace("_", "").isalpha()]
            for word in words_like(plain, site):
                made = variant_of(token, Change(end, end, f"|{word}", 1.0), checked=False)
                if made is not None:
                    yield made


def edges(node: Text, site: Site) -> Iterator[Variant]:
    """What must not follow, or come before, a piece of the pattern."""
    for token in regex_literals(node, site):
        pattern = token.value
        parts = parts_of(pattern)
        for at, part in enumerate(parts):
            if part.kind in (Kind.OPEN, Kind.BAR, Kind.ANCHOR):
                continue
            following = parts[at + 1] if at + 1 < len(parts) else None
            if following is not None and following.kind is Kind.QUANTIFIER:
                continue
            inner = 0.3 if part.kind is Kind.CHARACTER and part.text.isalnum() else 1.0
            for rank, new in enumerate(_AHEAD):
                change = Change(part.end, part.end, new, 0.8 * 0.85**rank * inner)
                made = variant_of(token, change, checked=False)
                if made is not None:
                    yield made
            if part.kind is Kind.QUANTIFIER or (following is not None and following.is_atom):
                for rank, new in enumerate(_BEHIND):
                    change = Change(part.end, part.end, new, 0.6 * 0.85**rank * inner)
                    made = variant_of(token, change, checked=False)
                    if made is not None:
                        yield made


TEMPLATES = (
    Template("regex-word", TEXT, words),
    Template("regex-edge", TEXT, edges),
)
