"""Mark records as resolved in the text of their file, and take that back. Pure.

Only the characters of one value are replaced, or one member is added in the style of the last one;
everything else in the file stays as it is, and the result is read again to see that it does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.sources import FORMATS, synthesised_id
from bot.sources.json_text import DECODER
from bot.sources.json_values import ARRAY_KEYS, Layout, layout_of
from bot.sources.records import BY_THE_BOT, Fields
from bot.triage import is_settled

RESOLVED = "resolved"
"""The status that a record is given; triage takes it for settled."""
MAX_CHARS = 1_000_000
"""A longer file is more than vetting would judge, and is left alone."""

_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Marked:
    """A file's text with these records marked in it; `problem` says why there is none."""

    text: str
    ids: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Record:
    """One record, where its text starts and ends, and what it comes to."""

    start: int
    end: int
    data: dict[str, Any]
    fields: Fields
    id: str


@dataclass(frozen=True, slots=True)
class _Member:
    """One member of an object: where its key starts, and its value starts and ends."""

    key: str
    start: int
    value: int
    end: int
    data: Any


@lru_cache(maxsize=32)
def marked(text: str, ids: tuple[str, ...]) -> Marked:
    """The text with every record of these ids marked that is not settled by what it says itself."""
    if len(text) > MAX_CHARS:
        return Marked(text, (), f"is longer than {MAX_CHARS:,} characters")
    wanted = frozenset(ids)
    found = [one for one in _records(text) if one.id in wanted and _is_unsettled(one)]
    parts, at = [], 0
    for one in found:
        parts += [text[at : one.start], _resolved(text, one)]
        at = one.end
    after = "".join([*parts, text[at:]])
    if not _is_all_that_changed(text, after, found):
        return Marked(text, (), "cannot be marked without changing more of it")
    return Marked(after, tuple(dict.fromkeys(one.id for one in found)))


def unmarked(text: str, before: str, ids: Collection[str]) -> str:
    """The text with the records of these ids as they stood in `before`, where they were marked.

    A record that was changed otherwise since stays as it is.
    """
    earlier = {one.id: one for one in _records(before) if one.id in ids}
    parts, at = [], 0
    for one in _records(text):
        old = earlier.get(one.id)
        if old and _resolved(before, old) == text[one.start : one.end]:
            parts += [text[at : one.start], before[old.start : old.end]]
            at = one.end
    return "".join([*parts, text[at:]])


def _is_unsettled(one: _Record) -> bool:
    return one.fields.status != BY_THE_BOT and not is_settled(one.fields.status)


def _is_all_that_changed(before: str, after: str, marks: Collection[_Record]) -> bool:
    """Whether the same records can be read as before, and those that were marked are settled."""
    old, new = list(_records(before)), list(_records(after))
    touched = {one.start for one in marks}
    return len(old) == len(new) and all(
        _is_marked(a, b) if a.start in touched else a.data == b.data
        for a, b in zip(old, new, strict=True)
    )


def _is_marked(before: _Record, after: _Record) -> bool:
    """Whether the second is the first, settled, and the same in all else."""
    said = ("status", "resolved")
    rest = [{k: v for k, v in one.data.items() if k not in said} for one in (before, after)]
    return is_settled(after.fields.status) and before.id == after.id and rest[0] == rest[1]


# --------------------------------------------------------------------------------- one record


def _resolved(text: str, one: _Record) -> str:
    """The record's text, saying that it is resolved by the means that it has."""
    members = list(_members(text, one.start))
    named = {member.key: member for member in members}
    flag, status = named.get("resolved"), named.get("status")
    if flag and isinstance(flag.data, bool):
        return _put(text, one, flag, "true")
    if status:
        return _put(text, one, status, json.dumps(RESOLVED))
    last = members[-1]
    _, key_end = DECODER.raw_decode(text, last.start)
    middle = text[key_end : last.value]
    lead = _lead(text, one, members, middle)
    added = f",{lead}{json.dumps('status')}{middle}{json.dumps(RESOLVED)}"
    return f"{text[one.start : last.end]}{added}{text[last.end : one.end]}"


def _put(text: str, one: _Record, member: _Member, value: str) -> str:
    return f"{text[one.start : member.value]}{value}{text[member.end : one.end]}"


def _lead(text: str, one: _Record, members: list[_Member], middle: str) -> str:
    """What stands between a comma and the key after it; `middle` is what the last colon has."""
    if len(members) == 1:
        blank = text[one.start + 1 : members[0].start]
        return blank if "\n" in blank else middle.partition(":")[2]
    between = text[members[-2].end : members[-1].start]
    return between.partition(",")[2]


def _key_text(text: str, member: _Member) -> str:
    _, end = DECODER.raw_decode(text, member.start)
    return text[member.start : end]


# ---------------------------------------------------------------------------- where they stand


def _records(text: str) -> Iterator[_Record]:
    """Every record of a file that is known by its shape, up to what is not JSON any more."""
    try:
        for start, end, data in _objects(text):
            form = next((form for form in FORMATS if form.recognises(data)), None)
            fields = form.read(data) if form else ""
            if isinstance(fields, Fields):
                yield _Record(start, end, data, fields, fields.id or synthesised_id(fields))
    except (ValueError, RecursionError, IndexError):
        return


def _objects(text: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    start = 1 if text.startswith("\ufeff") else 0
    match layout_of(text.encode()):
        case Layout.LINES:
            for line in text[start:].split("\n"):
                found = _at(text, start)
                if line.strip() and found and not text[found[1] : start + len(line)].strip():
                    yield found
                start += len(line) + 1
        case Layout.ARRAY:
            yield from _elements(text, _skip(text, start))
        case Layout.OBJECT:
            at = _skip(text, start)
            arrays = [m for m in _members(text, at) if _holds_records(m)]
            for member in arrays:
                yield from _elements(text, member.value)
            if not arrays and (whole := _at(text, at)):
                yield whole
        case _:
            return


def _holds_records(member: _Member) -> bool:
    return member.key in ARRAY_KEYS and isinstance(member.data, list)


def _at(text: str, start: int) -> tuple[int, int, dict[str, Any]] | None:
    """The object that starts here, None where something else does."""
    start = _skip(text, start)
    try:
        data, end = DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return (start, end, data) if isinstance(data, dict) else None


def _elements(text: str, start: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """The objects in the array that starts here."""
    at = _skip(text, start + 1)
    while text[at] != "]":
        data, end = DECODER.raw_decode(text, at)
        if isinstance(data, dict):
            yield at, end, data
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _members(text: str, start: int) -> Iterator[_Member]:
    """The members of the object that starts here, in their order."""
    at = _skip(text, start + 1)
    while text[at] != "}":
        key, end = DECODER.raw_decode(text, at)
        value = _skip(text, _skip(text, end) + 1)
        data, after = DECODER.raw_decode(text, value)
        yield _Member(key, at, value, after, data)
        at = _skip(text, after)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
