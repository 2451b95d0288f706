"""The original's format: an array of `{timestamp, task_summary, outcome, reflection}`.

All four are strings; any may be missing, but a record without `reflection` and `outcome` says
nothing. An `id` is taken if the record has one. Other keys are left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
    field_validator,
)

from bot.errors import UserError


@dataclass(frozen=True, slots=True)
class Fields:
    """What every format's records are brought to; `id` is empty where the record has none."""

    id: str
    timestamp: str
    task: str
    outcome: str
    text: str


class TaskRecord(BaseModel):
    """One record as the file has it."""

    model_config = ConfigDict(extra="ignore")

    id: StrictStr | StrictInt | None = None
    timestamp: StrictStr = ""
    task_summary: StrictStr = Field(default="", max_length=100_000)
    outcome: StrictStr = Field(default="", max_length=100_000)
    reflection: StrictStr = Field(default="", max_length=1_000_000)

    @field_validator("timestamp", "task_summary", "outcome", "reflection", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object) -> object:
        return "" if value is None else value

    @field_validator("id")
    @classmethod
    def _id_is_a_word(cls, value: str | int | None) -> str | int | None:
        """An id ends up in commit trailers and markers, so it has to be a plain word."""
        if value is not None and not re.fullmatch(r"[A-Za-z0-9._:/-]{1,128}", str(value)):
            raise ValueError("is not a plain word of at most 128 letters, digits and ._:/-")
        return value


class TaskRecords:
    """Meets `bot.sources.Format`."""

    name = "task records"

    def read(self, document: Any) -> Iterator[tuple[int, Fields | str]] | None:
        if not isinstance(document, list):
            return None
        return ((position, _fields(item)) for position, item in enumerate(document))


FORMAT = TaskRecords()


def _fields(item: object) -> Fields | str:
    if not isinstance(item, dict):
        return f"is {_json_name(item)}, not a record"
    try:
        record = TaskRecord.model_validate(item)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the record"
        return f"{key}: {first['msg'].removeprefix('Value error, ')}"
    if not record.reflection.strip() and not record.outcome.strip():
        return "has neither a reflection nor an outcome"
    return Fields(
        id="" if record.id is None else str(record.id),
        timestamp=record.timestamp,
        task=record.task_summary,
        outcome=record.outcome,
        text=record.reflection,
    )


def _json_name(item: object) -> str:
    names = {type(None): "null", bool: "a boolean", str: "a string", list: "an array"}
    return names.get(type(item), "a number")


def append(content: bytes, fields: Fields, where: str) -> bytes:
    """The file's bytes with one more record at the end; an empty file becomes an array of one."""
    records: Any = []
    if content.strip():
        try:
            records = json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise UserError(f"{where} is not JSON, so nothing was added to it: {error}.") from error
    if not isinstance(records, list):
        raise UserError(f"{where} does not hold an array of records, so nothing was added to it.")
    records.append(
        {
            "timestamp": fields.timestamp,
            "task_summary": fields.task,
            "outcome": fields.outcome,
            "reflection": fields.text,
        }
    )
    try:
        return (json.dumps(records, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can carry
        return (json.dumps(records, indent=2) + "\n").encode()


def stamp(moment: datetime) -> str:
    """A moment as these files write it: ISO 8601 to the second, with its offset."""
    return moment.isoformat(timespec="seconds")
