"""String literals, character by character: what a change of the value is as a change of the text.

A literal may have a prefix, escapes, triple quotes, or be several adjacent ones; whoever edits its
value should not have to know.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.engines.search.source import Source
from bot.engines.search.templates.site import Edit

_OPENING = re.compile(r"([A-Za-z]{0,2})(\"\"\"|'''|\"|')")
_ESCAPE = re.compile(
    r"\\(?:N\{[^}]*\}|U[0-9a-fA-F]{8}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[0-7]{1,3}|\r\n|[\s\S])"
)


@dataclass(frozen=True, slots=True)
class Literal:
    """One token: `value[i]` is written at `places[i]` to `places[i + 1]` of the file's text."""

    value: str
    places: tuple[int, ...]
    quote: str
    is_raw: bool
    is_formatted: bool = False
    fields: tuple[tuple[int, int], ...] = ()
    """Of an f-string, the spans of the value that are not text."""

    def edit(self, start: int, end: int, new: str) -> Edit | None:
        """The value's characters from `start` to `end` replaced; None if they cannot be."""
        written = self._written(new)
        if written is None or any(low < end and start < high for low, high in self.fields):
            return None
        return Edit(self.places[start], self.places[end], written)

    def _written(self, new: str) -> str | None:
        mark = self.quote[0]
        if self.is_raw:
            return None if mark in new and len(self.quote) == 1 else new
        text = new.replace("\\", "\\\\").replace("\t", "\\t").replace("\r", "\\r")
        if len(self.quote) == 1:
            text = text.replace("\n", "\\n").replace(mark, "\\" + mark)
        return text.replace("{", "{{").replace("}", "}}") if self.is_formatted else text


def literals_of(node: ast.expr, source: Source) -> list[Literal]:
    """The tokens that a string constant or an f-string is written with."""
    start, end = source.span(node)
    text = source.text[start:end]
    spans = [(0, len(text))] if _is_one(text) else list(_tokens(text))
    found = [_literal(source.text, start + low, start + high) for low, high in spans]
    return [literal for literal in found if literal is not None]


def _is_one(text: str) -> bool:
    opening = _OPENING.match(text)
    if opening is None:
        return False
    quote = opening.group(2)
    if len(quote) == 3:
        return text.count(quote) == 2
    inside = re.sub(r"\\.", "", text[opening.end() : -1])
    return text.endswith(quote) and quote not in inside


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the string tokens in a text that is nothing else."""
    lines = [0]
    for match in re.finditer("\n", text):
        lines.append(match.end())
    try:
        for token in tokenize.generate_tokens(io.StringIO(f"({text})", newline="").readline):
            if token.type == tokenize.STRING:
                (row, column), (last, until) = token.start, token.end
                low = lines[row - 1] + column - (1 if row == 1 else 0)
                yield low, lines[last - 1] + until - (1 if last == 1 else 0)
    except (tokenize.TokenError, SyntaxError, IndexError):
        return


def _literal(text: str, start: int, end: int) -> Literal | None:
    opening = _OPENING.match(text, start)
    if opening is None or opening.end() > end:
        return None
    prefix, quote = opening.group(1).lower(), opening.group(2)
    if "b" in prefix and not text[start:end].isascii():
        return None
    low, high = opening.end(), end - len(quote)
    is_formatted = "f" in prefix
    value, places = _characters(text, low, high, is_raw="r" in prefix)
    fields = tuple(_fields(value)) if is_formatted else ()
    return Literal(value, tuple(places), quote, "r" in prefix, is_formatted, fields)


def _characters(text: str, low: int, high: int, *, is_raw: bool) -> tuple[str, list[int]]:
    values: list[str] = []
    places: list[int] = []
    at = low
    while at < high:
        size, value = 1, text[at]
        if value == "\\" and not is_raw:
            match = _ESCAPE.match(text, at, high)
            size = len(match.group()) if match else 1
            value = _meaning(text[at : at + size])
        if value:
            values.append(value)
            places.append(at)
        at += size
    return "".join(values), [*places, high]


def _meaning(escape: str) -> str:
    if escape[1:2] in ("\n", "\r"):
        return ""
    try:
        value = ast.literal_eval(f"'{escape}'" if "'" not in escape else f'"{escape}"')
    except (SyntaxError, ValueError):
        return "?"
    return value if isinstance(value, str) and len(value) == 1 else "?"


def _fields(value: str) -> Iterator[tuple[int, int]]:
    """The spans of `{…}` in an f-string, nesting counted; doubled braces are text."""
    depth, start, at = 0, 0, 0
    while at < len(value):
        if not depth and value[at : at + 2] in ("{{", "}}"):
            yield at, at + 2
            at += 2
            continue
        if value[at] == "{":
            start = at if not depth else start
            depth += 1
        elif value[at] == "}" and depth:
            depth -= 1
            if not depth:
                yield start, at + 1
        at += 1


def edits(changes: Sequence[Edit | None]) -> tuple[Edit, ...] | None:
    """All of the edits, or None if one of them cannot be made."""
    made = [change for change in changes if change is not None]
    return tuple(made) if len(made) == len(changes) else None
