"""The same small change wherever a regular expression has the same piece."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.engines.search.templates.literals import Literal, edits
from bot.engines.search.templates.regex_parts import Kind, class_items, parts_of
from bot.engines.search.templates.regexes import (
    TEXT,
    Text,
    around_of,
    more_items,
    other_items,
    quietly_valid,
    regex_literals,
)
from bot.engines.search.templates.site import Site, Template, Variant


def everywhere(node: Text, site: Site) -> Iterator[Variant]:
    """The same small change wherever the pattern has the same piece."""
    for token in regex_literals(node, site):
        old = token.value
        yield from _classes_everywhere(token)
        for piece, news in (
            (r"\s", (r"\s+", r"\s*")),
            (r"\d", (r"\d+", r"\w")),
            (r"\w", (r"[\w-]", r"[\w.]", r"\S")),
            ("*", ("+", "*?")),
            ("+", ("*", "+?")),
            ("a-z", ("a-zA-Z", r"\w")),
            (".", (r"\.", r"[^\n]")),
            (" ", (r"\s+", r"\s*")),
        ):
            if old.count(piece) < 2:
                continue
            for new in news:
                places = [m.start() for m in re.finditer(re.escape(piece), old)]
                made = edits([token.edit(p, p + len(piece), new) for p in places])
                if made is not None and quietly_valid(old.replace(piece, new)):
                    said = f"match `{new}` instead of `{piece}` everywhere"
                    yield Variant(made, 1.0, said)


def _classes_everywhere(token: Literal) -> Iterator[Variant]:
    """The same item added to, or taken from, each class that looks like one."""
    parts = parts_of(token.value)
    classes = [(part, at) for at, part in enumerate(parts) if part.kind is Kind.CLASS]
    for text, count in Counter(part.text for part, _ in classes).items():
        first, at = next((part, at) for part, at in classes if part.text == text)
        places = [part.start - first.start for part, _ in classes if part.text == text]
        items = class_items(text)
        changes = [*other_items(first, items), *more_items(first, items, around_of(parts, at))]
        for change in changes if count > 1 else ():
            low, high = change.start - first.start, change.end - first.start
            new = text[:low] + change.new + text[high:]
            made = edits([token.edit(change.start + p, change.end + p, change.new) for p in places])
            if made is not None and quietly_valid(new):
                said = f"match `{new}` instead of `{text}` everywhere"
                yield Variant(made, 0.6 * change.weight, said)


TEMPLATES = (Template("regex-everywhere", TEXT, everywhere),)
