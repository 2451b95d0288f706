"""Add one record to a file of reflections; what is in the file stays as it is, byte for byte.

Only the end of the file is written, however large it is. Cut off in the middle of that, the file
lacks its closing bracket, and all its records can still be read.
"""

from __future__ import annotations

import io
import json
import os
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bot.errors import UserError
from bot.sources import FORMATS
from bot.sources.json_text import CHUNK, MAX_RECORD
from bot.sources.json_values import Layout, Unreadable, Value, layout, values
from bot.sources.records import Fields

_LINES = (".jsonl", ".ndjson")
"""An empty file is given its layout by its name, for want of content."""


def append(content: bytes, fields: Fields, where: str) -> bytes:
    """The file's bytes with one more record at the end; an empty file becomes an array of one."""
    end, addition = _addition(io.BytesIO(content), fields, where)
    return content[:end] + addition


def append_to_file(file: Path, fields: Fields, where: str) -> None:
    """The same to a file, which is made if there is none."""
    if file.is_symlink():
        raise UserError(f"{where} is a link, so nothing was added to it; put a file there.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        with file.open("rb") as stream:
            end, addition = _addition(stream, fields, where)
            size = stream.seek(0, os.SEEK_END)
        with file.open("ab" if end == size else "r+b") as stream:  # "ab" yields to other writers
            stream.seek(end)
            stream.write(addition)
    except OSError as error:
        raise UserError(f"{where} cannot be written to: {error.strerror or error}.") from error


def stamp(moment: datetime) -> str:
    """A moment as these files write it: ISO 8601 to the second, with its offset."""
    return moment.isoformat(timespec="seconds")


def _addition(stream: BinaryIO, fields: Fields, where: str) -> tuple[int, bytes]:
    """From which byte on the file is written anew, and with what."""
    arranged = layout(stream)
    if arranged is Layout.EMPTY:
        arranged = Layout.LINES if where.endswith(_LINES) else Layout.EMPTY
    elif arranged is Layout.OBJECT and _is_record_on_one_line(stream):
        arranged = Layout.LINES
    size = stream.seek(0, os.SEEK_END)
    match arranged:
        case Layout.EMPTY:
            return size, b"[\n" + _block(fields) + b"\n]\n"
        case Layout.LINES:
            return size, _line_end(stream, size) + _json(fields, None) + b"\n"
        case Layout.ARRAY:
            comma = b"," if _has_elements(stream, where) else b""
            return _array_end(stream, size), comma + b"\n" + _block(fields) + b"\n]\n"
    raise UserError(
        f"{where} does not hold an array of records, so nothing was added to it; name another file."
    )


def _block(fields: Fields) -> bytes:
    return b"  " + _json(fields, 2).replace(b"\n", b"\n  ")


def _json(fields: Fields, indent: int | None) -> bytes:
    record = {
        "timestamp": fields.timestamp,
        "task_summary": fields.task,
        "outcome": fields.outcome,
        "reflection": fields.text,
    }
    try:
        return json.dumps(record, indent=indent, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can carry
        return json.dumps(record, indent=indent).encode()


def _is_record_on_one_line(stream: BinaryIO) -> bool:
    """Whether the file is one record, as a file of one object per line may begin."""
    stream.seek(0)
    line = stream.read(MAX_RECORD + 1).strip()
    if b"\n" in line or len(line) > MAX_RECORD:
        return False
    whole = values(stream)
    found, after = next(whole, None), next(whole, None)
    if isinstance(after, Unreadable):  # a line below it would hide what can be read now
        return False
    if not isinstance(found, Value) or not isinstance(found.data, dict):
        return False
    return any(form.recognises(found.data) for form in FORMATS)


def _has_elements(stream: BinaryIO, where: str) -> bool:
    """Whether an array has any; one that cannot be read to its end is no place to add to."""
    count = 0
    for found in values(stream):
        count += 1
        if isinstance(found, Unreadable) and found.final:
            raise UserError(f"{where}{found.where} {found.reason}, so nothing was added to it.")
    return count > 0


def _array_end(stream: BinaryIO, size: int) -> int:
    """Just after an array's last element, or after its opening bracket."""
    end = size
    bracket_seen = False
    while True:
        start = max(0, end - CHUNK)
        stream.seek(start)
        tail = stream.read(end - start).rstrip()
        if not bracket_seen and tail:
            bracket_seen = True
            tail = tail[:-1].rstrip()
        if tail or not start:
            return start + len(tail)
        end = start


def _line_end(stream: BinaryIO, size: int) -> bytes:
    """What has to stand between the file's end and a new line."""
    stream.seek(max(0, size - 1))
    return b"" if stream.read(1) in (b"", b"\n") else b"\n"
