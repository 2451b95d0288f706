"""The code an engine is shown for an incident: whole definitions, exactly as the base has them."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.grounding import definitions, parse
from bot.model import Place, Tree

WHOLE_FILE_LINES = 80
"""A file up to this long is shown whole; of a longer one, what the incident names."""
WINDOW_LINES = 30
"""Where only a line is known, so many lines on either side of it."""
BUDGET_CHARS = 24_000
"""What all excerpts together may hold; what did not fit is named."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of one file, 1-based and inclusive; `note` says what of it is not shown and why."""

    path: str
    first: int
    last: int
    total: int
    text: str
    note: str = ""


def excerpts(places: Iterable[Place], tree: Tree) -> tuple[Excerpt, ...]:
    """The code at these places, each line at most once, the first-named places first."""
    shown: list[Excerpt] = []
    room = BUDGET_CHARS
    for path, first, last in _once(_wanted(places, tree)):
        lines = lines_of(tree.read(path) or "")
        text = "".join(lines[first - 1 : last])
        if len(text) > room:
            note = f"lines {first}-{last} are too long to show here"
            shown.append(Excerpt(path, first, last, len(lines), "", note))
            continue
        room -= len(text)
        shown.append(Excerpt(path, first, last, len(lines), text))
    return tuple(shown)


def _once(spans: Iterable[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """The spans without the lines that earlier ones hold; what is left may be several pieces."""
    taken: set[tuple[str, int]] = set()
    for path, first, last in spans:
        start = first
        for line in range(first, last + 2):
            if line > last or (path, line) in taken:
                if start < line:
                    yield path, start, line - 1
                start = line + 1
        taken.update((path, line) for line in range(first, last + 1))


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends, counted as Python's parser and editors count them."""
    return list(io.StringIO(text, newline=""))


def _wanted(places: Iterable[Place], tree: Tree) -> Iterator[tuple[str, int, int]]:
    for place in places:
        source = tree.read(place.path)
        if source is None:
            continue
        total = len(lines_of(source))
        if total <= WHOLE_FILE_LINES:
            yield place.path, 1, total
            continue
        spans = definitions(source).get(place.symbol, []) if place.symbol else []
        if spans:
            yield from _imports(place.path, source)
        for first, last in spans:
            yield place.path, first, last
        if not spans:
            middle = min(place.line or 1, total)
            yield place.path, max(1, middle - WINDOW_LINES), min(total, middle + WINDOW_LINES)


def _imports(path: str, source: str) -> Iterator[tuple[str, int, int]]:
    """The module's first block of imports, so that names in a definition can be read."""
    module = parse(source)
    body = module.body if module else []
    nodes = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    if nodes:
        last = nodes[-1].end_lineno or nodes[-1].lineno
        if last - nodes[0].lineno < WINDOW_LINES:
            yield path, nodes[0].lineno, last
