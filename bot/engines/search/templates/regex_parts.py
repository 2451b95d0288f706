"""A regular expression in pieces: enough structure to edit one, with no claim to be an engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    CHARACTER = "character"
    ESCAPE = "escape"
    DOT = "dot"
    CLASS = "class"
    ANCHOR = "anchor"
    OPEN = "open"
    CLOSE = "close"
    BAR = "bar"
    QUANTIFIER = "quantifier"


@dataclass(frozen=True, slots=True)
class Part:
    kind: Kind
    start: int
    end: int
    text: str
    other: int = -1
    """Of a parenthesis, the index of its partner."""

    @property
    def is_atom(self) -> bool:
        return self.kind in (Kind.CHARACTER, Kind.ESCAPE, Kind.DOT, Kind.CLASS)


_PART = re.compile(
    r"""
    (?P<class>\[\^?\]?(?:\\.|\[:[a-z]+:\]|[^\]\\])*\])
    | (?P<open>\((?:\?(?:P<\w+>|P=\w+|<?[=!]|[aiLmsux-]*:|[aiLmsux]+|>|\#[^)]*))?)
    | (?P<close>\))
    | (?P<bar>\|)
    | (?P<quantifier>(?:[*+?]|\{\d*,?\d*\})[?+]?)
    | (?P<anchor>[\^$]|\\[bBAZ])
    | (?P<escape>\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|\d{1,2}|.))
    | (?P<dot>\.)
    | (?P<character>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_LOOKS_LIKE = re.compile(
    r"\\[dDwWsSbBAZ.()\[\]{}+*?|/-]|\(\?|\.[*+?]|\[[^\]]+\]|\)[*+?]|^\^|\$$|\w[*+]\)?"
)


def parts_of(pattern: str) -> list[Part]:
    """The pieces in order; a `{` that is no quantifier is a character."""
    found: list[Part] = []
    opened: list[int] = []
    for match in _PART.finditer(pattern):
        kind, text = Kind(match.lastgroup or "character"), match.group()
        if kind is Kind.QUANTIFIER and text.startswith("{") and not any(map(str.isdigit, text)):
            kind = Kind.CHARACTER
        part = Part(kind, match.start(), match.end(), text)
        if kind is Kind.OPEN:
            opened.append(len(found))
        elif kind is Kind.CLOSE and opened:
            at = opened.pop()
            first = found[at]
            found[at] = Part(first.kind, first.start, first.end, first.text, len(found))
            part = Part(kind, part.start, part.end, text, at)
        found.append(part)
    return found


def looks_like_regex(text: str) -> bool:
    return bool(_LOOKS_LIKE.search(text))


def is_valid(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def class_items(text: str) -> list[tuple[int, int]]:
    """The spans of the items within `[…]`: characters, escapes and ranges."""
    at = 2 if text.startswith("[^") else 1
    items: list[tuple[int, int]] = []
    item = re.compile(r"(?:\\.|[^\\])-(?:\\.|[^\\\]])|\\.|.", re.DOTALL)
    while at < len(text) - 1:
        match = item.match(text, at, len(text) - 1)
        if match is None:
            break
        items.append(match.span())
        at = match.end()
    return items
