"""Where a JSON value ends, by its brackets and quotes alone.

It finds the end of what no decoder accepts, and of what is too large to be held, a piece at a time.
"""

from __future__ import annotations

import re

MAX_DEPTH = 64
"""How deeply arrays and objects may be nested in one record."""

HOPELESS = 100_000
"""From so many levels on, the end is not looked for."""

_OUTSIDE = re.compile(r'["\[\]{},]')
_NESTED = re.compile(r'["\[\]{}]')
_IN_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_CLOSES = {"]": "[", "}": "{"}


class Brackets:
    """Follows one value through a text that comes in pieces."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self.deepest = 0
        self.mismatched = False

    def end(self, text: str, position: int, limit: int | None = None) -> int | None:
        """Where the value ends, None if not before `limit`; then go on with the next piece.

        A number or a word ends before the comma or bracket that follows it. Line ends within
        strings are let pass: a record that has them is bad, but not out of step.
        """
        limit = len(text) if limit is None else limit
        while True:
            if self._in_string:
                closed = self._string_end(text, position, limit)
                if closed is None or not self._depth:
                    return closed
                position = closed
            match = (_NESTED if self._depth else _OUTSIDE).search(text, position, limit)
            if match is None:
                return None
            position = match.end()
            token = match[0]
            if token == '"':
                self._in_string = True
            elif token in "[{":
                self._enter(token)
            elif not self._depth:
                return match.start()
            elif self._leave(token):
                return position

    def _string_end(self, text: str, position: int, limit: int) -> int | None:
        """Just after the quote that closes the string, None if that is not before `limit`."""
        if self._escaped and position < limit:
            self._escaped = False
            position += 1
        match = _IN_STRING.match(text, position, limit)
        position = match.end() if match else position
        if position < limit and text[position] == '"':
            self._in_string = False
            return position + 1
        self._escaped = position < limit  # by a backslash that is the last of this piece
        return None

    def _enter(self, token: str) -> None:
        self._depth += 1
        self.deepest = max(self.deepest, self._depth)
        if self._depth <= MAX_DEPTH:
            self._open.append(token)

    def _leave(self, token: str) -> bool:
        """Whether the value ends with this bracket: its own, or one that closes no open one."""
        if self._depth <= MAX_DEPTH and self._open.pop() != _CLOSES[token]:
            self.mismatched = True
        self._depth -= 1
        return self.mismatched or not self._depth


def too_deep(text: str, start: int, end: int) -> bool:
    """Whether a well-formed value is nested deeper than MAX_DEPTH."""
    if text.count("{", start, end) + text.count("[", start, end) <= MAX_DEPTH:
        return False
    brackets = Brackets()
    brackets.end(text, start, end)
    return brackets.deepest > MAX_DEPTH
