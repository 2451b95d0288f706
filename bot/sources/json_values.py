"""The JSON values of one file, one at a time, at flat memory, whatever the file holds.

Three layouts: an array of records; one object per line; and an object that keeps such an array
under one of ARRAY_KEYS, or else is itself a record. The first lines tell which.
"""

from __future__ import annotations

import codecs
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, BinaryIO

from bot.sources.json_text import CHUNK, MAX_RECORD, MAX_SKIPPED, TOO_LARGE, Flaw, Text, decode

ARRAY_KEYS = ("reflections", "records")
"""Where an object may keep an array of records."""
MAX_MEMBERS = 10_000
"""So many keys may an object have before that array."""
FIRST_LINES = 5
"""A file of one object per line is known by any of so many lines."""

_NO_RECORDS = (
    f"holds no array of records in its first {MAX_MEMBERS} keys or {MAX_SKIPPED // 1024**2} MiB"
)
_CUT = "it is cut off"
_BLANK = b" \t\n\r"
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value, and where in the file it stands: `[3]`, `:17` (a line), `:reflections[3]`."""

    where: str
    data: Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that cannot be read, and why. After a `final` one nothing more is."""

    where: str
    reason: str
    final: bool = False


class Layout(Enum):
    """How a file's values are arranged."""

    ARRAY = "array"
    LINES = "lines"
    OBJECT = "object"
    OTHER = "other"
    EMPTY = "empty"


def values(stream: BinaryIO) -> Iterator[Value | Unreadable]:
    """Every value of a file, from its start."""
    head = _head(stream)
    encoding = _other_encoding(head)
    if encoding:
        yield Unreadable("", f"is not UTF-8 (byte 0): it looks like {encoding}", final=True)
        return
    match _layout(head):
        case Layout.LINES:
            yield from _lines(stream)
        case Layout.ARRAY:
            yield from _array(Text(stream))
        case Layout.OBJECT:
            yield from _objects(Text(stream))
        case Layout.EMPTY:
            yield Unreadable("", "is empty", final=True)
        case Layout.OTHER:
            found = decode(head.strip(_BLANK).split(b"\n", 1)[0])
            if isinstance(found, Flaw):
                yield Unreadable(":1", found.reason, final=True)
            else:
                yield Value("", found)


def layout(stream: BinaryIO) -> Layout:
    """How a file's values are arranged, by its first lines."""
    return _layout(_head(stream))


def layout_of(content: bytes) -> Layout:
    """The same of a file's content, or of the start of it."""
    return _layout(content.removeprefix(codecs.BOM_UTF8))


def _head(stream: BinaryIO) -> bytes:
    """The first lines without a byte order mark, or what the longest record may take of them."""
    stream.seek(0)
    head = stream.read(CHUNK)
    while head.count(b"\n") < FIRST_LINES and len(head) <= MAX_RECORD:
        chunk = stream.read(CHUNK)
        if not chunk:
            break
        head += chunk
    return head.removeprefix(codecs.BOM_UTF8)


def _other_encoding(head: bytes) -> str:
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return name
    start = head[:2]
    return "UTF-16" if len(start) == 2 and start.count(0) == 1 else ""


def _layout(head: bytes) -> Layout:
    text = head.lstrip(_BLANK)
    if not text:
        return Layout.EMPTY
    if text.startswith(b"["):
        return Layout.ARRAY
    lines = [line.strip() for line in text.split(b"\n", 10 * FIRST_LINES) if line.strip()]
    inside = lines[0].endswith((b"{", b"[", b",", b":"))
    if len(lines) > 1 and not inside and any(_is_object(line) for line in lines[:FIRST_LINES]):
        return Layout.LINES
    return Layout.OBJECT if text.startswith(b"{") else Layout.OTHER


def _is_object(line: bytes) -> bool:
    return line.startswith(b"{") and isinstance(decode(line), dict)


def _lines(stream: BinaryIO) -> Iterator[Value | Unreadable]:
    stream.seek(0)
    start = len(codecs.BOM_UTF8) if stream.read(3) == codecs.BOM_UTF8 else 0
    stream.seek(start)
    number = 0
    while line := stream.readline(MAX_RECORD + 1):
        number += 1
        size = len(line)
        ended = line.endswith(b"\n")
        if size > MAX_RECORD and not ended:
            size += _rest_of_line(stream)
            yield Unreadable(f":{number}", TOO_LARGE)
        elif line.strip(_BLANK):
            found = decode(line, start)
            if isinstance(found, Flaw):
                cut = "" if ended else "; it is the last line and may be cut off"
                yield Unreadable(f":{number}", found.reason + cut)
            else:
                yield Value(f":{number}", found)
        start += size


def _rest_of_line(stream: BinaryIO) -> int:
    """Read to the end of the line, however far; how many bytes that was."""
    size = 0
    while rest := stream.readline(CHUNK):
        size += len(rest)
        if rest.endswith(b"\n"):
            break
    return size


def _array(text: Text) -> Iterator[Value | Unreadable]:
    text.peek()
    if (yield from _elements(text, "")) and text.peek():
        yield _not_json(text, "it goes on after its end")


def _objects(text: Text) -> Iterator[Value | Unreadable]:
    """One object, rarely several one after the other (the later ones are known by their line)."""
    where = ""
    while text.peek() == "{":
        if not (yield from _object(text, where)):
            return
        text.peek()
        where = f":{text.line}"
    if text.peek():
        yield _not_json(text, "it goes on after its end")


def _elements(text: Text, where: str) -> Generator[Value | Unreadable, None, bool]:
    """The values of the array at the cursor; whether the file can be read on after it."""
    text.step()
    index = 0
    following = text.peek()
    while following != "]" or index:
        if following in ("", "]"):
            yield _not_json(text, "a comma stands before the array's end" if following else _CUT)
            return False
        found = text.value()
        if isinstance(found, Flaw):
            yield Unreadable(f"{where}[{index}]", found.reason, found.final)
            if found.final:
                return False
        else:
            yield Value(f"{where}[{index}]", found)
        index += 1
        following = text.peek()
        if following == "]":
            break
        if following == ",":
            text.step()
            following = text.peek()
        elif following == "{":
            yield Unreadable(f":{text.line}", "is not JSON: a comma is missing between two records")
        elif following:
            yield _not_json(text, "neither a comma nor the array's end follows a value")
            return False
    text.step()
    return True


class _Members:
    """What an object holds beside an array of records, in case that it is itself a record."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._start = text.passed
        self._kept: dict[str, Any] = {}
        self._count = 0
        self.flaw: Flaw | None = None
        self.holds_records = False

    def take(self, key: str) -> None:
        """Read the value at the cursor, unless that is no use any more."""
        found = self._text.value()
        self._count += 1
        far = self._count > MAX_MEMBERS
        size = self._text.passed - self._start
        if isinstance(found, Flaw):
            if self.flaw is None or found.final:
                self.flaw = found
        elif (far or size > MAX_SKIPPED) and not self.holds_records:
            self.flaw = Flaw(_NO_RECORDS, final=True)
        elif self.flaw is None and key in self._kept:
            self.flaw = Flaw(
                f"is not JSON that can be read: the key {key[:60]!r} stands in it twice"
            )
        elif self.flaw is None and size > MAX_RECORD:
            self._kept.clear()
            self.flaw = Flaw(TOO_LARGE)
        elif self.flaw is None:
            self._kept[key] = found

    def told(self, where: str) -> Iterator[Value | Unreadable]:
        """The object as one value, unless it held an array of records."""
        if self.flaw is not None and (self.flaw.final or not self.holds_records):
            yield Unreadable(where, self.flaw.reason, self.flaw.final)
        elif not self.holds_records:
            yield Value(where, self._kept)


def _object(text: Text, where: str) -> Generator[Value | Unreadable, None, bool]:
    """The object at the cursor: its array of records, or itself; whether to read on after it."""
    members = _Members(text)
    text.step()
    following = text.peek()
    while following != "}":
        key = text.value() if following == '"' else None
        if not isinstance(key, str) or text.peek() != ":":
            yield _not_json(text, "a key or its colon is missing" if following else _CUT)
            return False
        text.step()
        if text.peek() == "[" and key in ARRAY_KEYS:
            members.holds_records = True
            if not (yield from _elements(text, f"{where}:{key}")):
                return False
        else:
            members.take(key)
            if members.flaw is not None and members.flaw.final:
                break
        following = text.peek()
        if following == ",":
            text.step()
            following = text.peek()
        elif following != "}":
            yield _not_json(text, "a comma is missing" if following else _CUT)
            return False
    yield from members.told(where)
    text.step()
    return members.flaw is None or not members.flaw.final


def _not_json(text: Text, what: str) -> Unreadable:
    return Unreadable(f":{text.line}", f"is not JSON: {what}; the rest is not read", final=True)
