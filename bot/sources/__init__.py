"""Where reflections come from: the registry of formats, and what brings their records to one form.

A format is one small module with one entry in FORMATS. It is recognised by content, never by a
file's name. One bad record never stops the others.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from bot.model import BadRecord, Reflection, digest
from bot.sources import (
    audit_records,
    corrections,
    error_reports,
    iterations,
    lessons,
    step_failures,
    task_records,
    thoughts,
)
from bot.sources.json_values import Unreadable, Value, values
from bot.sources.records import Fields, Format
from bot.untrusted import visible

FORMATS: tuple[Format, ...] = (
    audit_records.FORMAT,
    error_reports.FORMAT,
    step_failures.FORMAT,
    corrections.FORMAT,
    iterations.FORMAT,
    thoughts.FORMAT,
    lessons.FORMAT,
    task_records.FORMAT,
)
"""The first that recognises a record reads it."""

MAX_REPORTED = 20
"""So many bad records of one file are named; the others are counted."""
MAX_BAD = 100_000
"""After so many bad records the rest of a file is not read."""
MAX_STRANGE = 1000
"""A file that begins with so many values, none of a known shape, holds no reflections."""

_STRANGE = "holds none of the shapes of reflections that the bot reads"


@dataclass(frozen=True, slots=True)
class Document:
    """One file of reflections: the source's name, where it lies (for people), its bytes."""

    source: str
    where: str
    content: bytes


def read_document(document: Document) -> Iterator[Reflection | BadRecord]:
    """Every record of one file as a Reflection, and a BadRecord for each that cannot be read."""
    yield from read_stream(io.BytesIO(document.content), document.source, document.where)


def read_stream(stream: BinaryIO, source: str, where: str) -> Iterator[Reflection | BadRecord]:
    """The same for a file that is read as it goes; never much more of it than one record is held.

    At most MAX_REPORTED bad records are named. A file none of whose values has a known shape is
    one BadRecord.
    """
    bad = 0
    for found in _records(stream, source, where):
        if isinstance(found, BadRecord):
            bad += 1
            if bad > MAX_BAD:
                yield BadRecord(where, f"has more than {MAX_BAD} bad records; the rest is not read")
                return
            if bad > MAX_REPORTED:
                continue
        yield found
    if bad > MAX_REPORTED:
        yield BadRecord(where, f"has {bad - MAX_REPORTED} more records that cannot be read")


def _records(stream: BinaryIO, source: str, where: str) -> Iterator[Reflection | BadRecord]:
    waiting: list[BadRecord] = []  # of no known shape, until one is seen
    strange = 0
    known = False
    for found in values(stream):
        if isinstance(found, Unreadable):
            yield BadRecord(where + found.where, found.reason)
            continue
        form = _format(found)
        if form is not None:
            known = True
            yield from waiting
            waiting.clear()
            yield _reflection(form, found, source, where)
            continue
        bad = BadRecord(where + found.where, _no_shape(found.data))
        strange += 1
        if known:
            yield bad
        elif strange >= MAX_STRANGE:
            yield BadRecord(where, f"{_STRANGE}; it was read up to {bad.where}")
            return
        else:
            waiting.append(bad)
    if waiting:
        yield BadRecord(where, _STRANGE)


def _format(value: Value) -> Format | None:
    if not isinstance(value.data, dict):
        return None
    for form in FORMATS:
        if form.recognises(value.data):
            return form
    return None


def _no_shape(data: Any) -> str:
    names = {type(None): "null", bool: "a boolean", str: "a string", list: "an array"}
    if isinstance(data, dict):
        return "has none of the shapes of reflections that the bot reads"
    return f"is {names.get(type(data), 'a number')}, not a record"


def _reflection(form: Format, value: Value, source: str, where: str) -> Reflection | BadRecord:
    place = visible(where + value.where)  # a folder may have any bytes for a name
    fields = form.read(value.data)
    if isinstance(fields, str):
        return BadRecord(place, fields)
    return Reflection(
        id=fields.id or synthesised_id(fields),
        source=source,
        where=place,
        timestamp=fields.timestamp,
        task=fields.task,
        outcome=fields.outcome,
        text=fields.text,
        failed=fields.failed,
        status=fields.status,
        error_type=fields.error_type,
        places=fields.places,
    )


def synthesised_id(fields: Fields) -> str:
    """A stable id from the canonical content: the same record has the same id wherever it lies."""
    own = [fields.error_type, *fields.places] if fields.error_type or fields.places else []
    return "r-" + digest(fields.timestamp, fields.task, fields.outcome, fields.text, *own)
