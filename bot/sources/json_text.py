"""A JSON file as text that is read a piece at a time, and one value of it at a time.

Why no streaming parser from a package: those looked at end the file at the first bad token, and
yajl's quietly turns half a surrogate pair into "?", and so changes a record's id. Here every value
goes through the standard library's decoder, and what that refuses is stepped over by its brackets,
so that the values after it are read.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

from bot.sources.brackets import HOPELESS, MAX_DEPTH, Brackets, too_deep

MAX_RECORD = 1024**2
"""The longest record: so many characters in an array or object, so many bytes as a line."""
MAX_SKIPPED = 16 * 1024**2
"""After so many characters in records that are too large, the rest of the file is left unread."""
CHUNK = 128 * 1024
"""What is read at a time, in bytes."""
TOO_LARGE = f"is larger than {MAX_RECORD // 1024**2} MiB"

_TOO_DEEP = f"is nested too deeply: more than {MAX_DEPTH} levels"
_SPACE = re.compile(r"[ \t\n\r]*")
_FOREIGN = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a value cannot be read. After a `final` one the rest of the file cannot be either."""

    reason: str
    final: bool = False


class Text:
    """A file as text: a buffer, and a cursor `at` in it that only moves on."""

    def __init__(self, stream: BinaryIO) -> None:
        stream.seek(0)
        self._stream = stream
        # Bytes that are not UTF-8 come through as surrogates, to be named where they stand.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._bytes_before = 0
        self._lines_before = 1
        self._passed_before = 0
        self._skipped = 0
        self._clean = True
        self._ended = False
        self._buffer = ""
        self._at = 0
        self._more()
        if self._buffer.startswith("\ufeff"):
            self._at = 1

    @property
    def line(self) -> int:
        """The cursor's line, from 1."""
        return self._lines_before + self._buffer.count("\n", 0, self._at)

    @property
    def passed(self) -> int:
        """How many characters lie before the cursor."""
        return self._passed_before + self._at

    def peek(self) -> str:
        """The next character that is not blank, "" at the end; the cursor moves to it."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._ended:
                return ""
            self._more()

    def step(self) -> None:
        """Past the character that `peek` saw."""
        self._at += 1

    def value(self) -> Any:
        """The value at the cursor, or a Flaw; the cursor moves past it unless that is final."""
        try:
            data, end = DECODER.raw_decode(self._buffer, self._at)
        except (ValueError, RecursionError):
            return self._late_value()
        if end == len(self._buffer) and not isinstance(data, (dict, list, str)):
            return self._late_value()  # more digits may follow
        return self._judged(data, end)

    def _late_value(self) -> Any:
        """A value that is bad, or one that the buffer does not hold to its end yet."""
        brackets = Brackets()
        too_large = False
        position = self._at
        while (end := brackets.end(self._buffer, position)) is None:
            if brackets.deepest > (MAX_DEPTH if self._ended else HOPELESS):
                return Flaw(f"{_TOO_DEEP}; the rest is not read", final=True)
            if self._ended:
                return Flaw("is cut off: the file ends inside it", final=True)
            held = len(self._buffer) - self._at
            if too_large or held > MAX_RECORD:
                too_large = True
                self._skipped += held
                self._at += held
                held = 0
            if self._skipped > MAX_SKIPPED:
                return Flaw(f"{TOO_LARGE}, as were others; the rest is not read", final=True)
            self._more()
            position = held
        if brackets.mismatched:
            return Flaw("has brackets that do not match; the rest is not read", final=True)
        if too_large or brackets.deepest > MAX_DEPTH:
            self._at = end
            return Flaw(TOO_LARGE if too_large else _TOO_DEEP)
        return self._whole_value(end)

    def _whole_value(self, end: int) -> Any:
        """A value that the buffer holds, up to `end`."""
        try:
            data, stop = DECODER.raw_decode(self._buffer[:end], self._at)
        except (ValueError, RecursionError) as error:
            flaw = self._foreign(end) or Flaw(said(error))
            self._at = end
            return flaw
        return self._judged(data, stop)

    def _judged(self, data: Any, end: int) -> Any:
        """The data, unless it is too large, too deep or not UTF-8."""
        flaw = None
        if end - self._at > MAX_RECORD:
            flaw = Flaw(TOO_LARGE)
        elif too_deep(self._buffer, self._at, end):
            flaw = Flaw(_TOO_DEEP)
        elif not self._clean:
            flaw = self._foreign(end)
        self._at = end
        return data if flaw is None else flaw

    def _foreign(self, end: int) -> Flaw | None:
        match = _FOREIGN.search(self._buffer, self._at, end)
        return match and Flaw(f"is not UTF-8 (byte {self._byte_offset(match.start())})")

    def _byte_offset(self, position: int) -> int:
        before = self._buffer[:position].encode("utf-8", "surrogateescape")
        return self._bytes_before + len(before)

    def _more(self) -> None:
        """Forget what lies before the cursor, and read on."""
        self._bytes_before = self._byte_offset(self._at)
        self._lines_before = self.line
        self._passed_before = self.passed
        chunk = self._stream.read(CHUNK)
        self._ended = not chunk
        text = self._decoder.decode(chunk, final=self._ended)
        self._clean = self._clean and (text.isascii() or not _FOREIGN.search(text))
        self._buffer = self._buffer[self._at :] + text
        self._at = 0


def decode(line: bytes, start: int = 0) -> Any:
    """What these bytes hold, or a Flaw; `start` is their place in the file."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return Flaw(f"is not UTF-8 (byte {start + error.start})")
    try:
        data = DECODER.decode(text)
    except RecursionError:
        return Flaw(_TOO_DEEP)
    except ValueError as error:
        return Flaw(said(error))
    return Flaw(_TOO_DEEP) if too_deep(text, 0, len(text)) else data


def said(error: ValueError | RecursionError) -> str:
    """What a decoder's complaint says to a person."""
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg}"
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    return f"is not JSON that can be read: {error}"


def _each_key_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of a record that has a key twice may see different records."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:60]!r} stands in it twice")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


def _whole_number(digits: str) -> int:
    if len(digits) > 1000:
        raise ValueError("a number in it has more than 1000 digits")
    return int(digits)


DECODER = json.JSONDecoder(
    object_pairs_hook=_each_key_once, parse_constant=_no_number, parse_int=_whole_number
)
