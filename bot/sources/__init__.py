"""Where reflections come from: the protocol, the registry of formats, and what reads them.

A format is one small module with one entry in FORMATS. It is recognised by content, never by a
file's name. One bad record never stops the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from bot.model import BadRecord, Reflection, digest
from bot.sources import task_records

MAX_BYTES = 16 * 1024 * 1024
"""A larger file is refused rather than read into memory."""


class Format(Protocol):
    """A shape that records come in."""

    name: str

    def read(self, document: Any) -> Iterator[tuple[int, Fields | str]] | None:
        """Each record's position with its fields, or a sentence on why it is bad.

        None means that the document is of another format.
        """
        ...


Fields = task_records.Fields
FORMATS: tuple[Format, ...] = (task_records.FORMAT,)


@dataclass(frozen=True, slots=True)
class Document:
    """One file of reflections: the source's name, where it lies (for people), its bytes."""

    source: str
    where: str
    content: bytes


def read_document(document: Document) -> Iterator[Reflection | BadRecord]:
    """Every record of one file as a Reflection, and a BadRecord for each that cannot be read."""
    try:
        data = json.loads(document.content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        yield BadRecord(document.where, f"is not UTF-8 (byte {error.start})")
        return
    except json.JSONDecodeError as error:
        yield BadRecord(f"{document.where}:{error.lineno}", f"is not JSON: {error.msg}")
        return
    except ValueError as error:
        yield BadRecord(document.where, f"is not JSON that can be read: {error}")
        return
    except RecursionError:
        yield BadRecord(document.where, "is nested too deeply to be a list of reflections")
        return
    for form in FORMATS:
        records = form.read(data)
        if records is None:
            continue
        for position, fields in records:
            where = f"{document.where}[{position}]"
            if isinstance(fields, str):
                yield BadRecord(where, fields)
            else:
                yield _reflection(fields, document.source, where)
        return
    yield BadRecord(document.where, "holds none of the shapes of reflections that the bot reads")


def _reflection(fields: Fields, source: str, where: str) -> Reflection:
    return Reflection(
        id=fields.id or synthesised_id(fields),
        source=source,
        where=where,
        timestamp=fields.timestamp,
        task=fields.task,
        outcome=fields.outcome,
        text=fields.text,
    )


def synthesised_id(fields: Fields) -> str:
    """A stable id from the canonical content: the same record has the same id wherever it lies."""
    return "r-" + digest(fields.timestamp, fields.task, fields.outcome, fields.text)
