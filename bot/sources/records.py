"""What every format is made of: how a record is recognised, what it may hold, what it comes to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
    field_validator,
)

BY_THE_BOT = "by the bot"
"""The status of a record that the bot itself wrote."""

_NAMED_BY_THE_BOT = "amendbot"
_SAYS_BY_THE_BOT = re.compile(r"^[^\w\n]{0,20}written by amendbot\b", re.IGNORECASE | re.MULTILINE)
_MILLISECONDS_FROM = 1e11
"""A greater epoch time is in milliseconds: as seconds it would be after the year 5100."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What every format's records are brought to; `id` is empty where the record has none.

    The last four mean what they mean in `bot.model.Reflection`.
    """

    id: str
    timestamp: str
    task: str
    outcome: str
    text: str
    failed: bool | None = None
    status: str = ""
    error_type: str = ""
    places: tuple[str, ...] = ()


def _time(value: object) -> object:
    """Text stays as it is; seconds (or milliseconds) since 1970 become ISO 8601 in UTC."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
        try:
            return datetime.fromtimestamp(seconds, UTC).isoformat()
        except (ValueError, OverflowError, OSError) as error:
            raise ValueError("is no moment between the years 1 and 9999") from error
    return value


def _words(value: object) -> object:
    """Text, or what amounts to it: a list as lines, an object as `key: value` lines."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(f"- {_words(item)}" for item in value)
    if isinstance(value, dict):
        return labelled((key, str(_words(item))) for key, item in value.items())
    return value if isinstance(value, str) else str(value)


Text = Annotated[StrictStr, BeforeValidator(lambda value: "" if value is None else value)]
"""Text, or null for none."""
Time = Annotated[StrictStr, BeforeValidator(_time)]
"""A moment: any text, or a number of seconds since 1970."""
Words = Annotated[StrictStr, BeforeValidator(_words)]
"""Text, or a list or object that is read as lines of text."""


class Record(BaseModel):
    """One record as a file has it; each format adds its own keys. Other keys are left alone."""

    model_config = ConfigDict(extra="ignore")

    id: StrictStr | StrictInt | None = None
    timestamp: Time = ""
    status: object = None
    resolved: object = None
    written_by: object = None

    @field_validator("id")
    @classmethod
    def _id_is_a_word(cls, value: str | int | None) -> str | int | None:
        """An id ends up in commit trailers and markers, so it has to be a plain word."""
        if value is not None and not re.fullmatch(r"[A-Za-z0-9._:/-]{1,128}", str(value)):
            raise ValueError("is not a plain word of at most 128 letters, digits and ._:/-")
        return value

    def fields(self) -> Fields | str:
        """What it comes to, or a sentence on why it says nothing."""
        raise NotImplementedError

    def told(
        self,
        *,
        task: str,
        outcome: str,
        text: str,
        failed: bool | None = None,
        error_type: str = "",
        places: tuple[str, ...] = (),
    ) -> Fields:
        """The fields, with those that every format has in common."""
        return Fields(
            id="" if self.id is None else str(self.id),
            timestamp=self.timestamp,
            task=task,
            outcome=outcome,
            text=text,
            failed=failed,
            status=self._status(text),
            error_type=error_type,
            places=places,
        )

    def _status(self, text: str) -> str:
        by = self.written_by
        if isinstance(by, str) and by.strip().casefold() == _NAMED_BY_THE_BOT:
            return BY_THE_BOT
        if _SAYS_BY_THE_BOT.search(text):
            return BY_THE_BOT
        if self.resolved is True:
            return "resolved"
        status = self.status if isinstance(self.status, str) else ""
        return status if re.fullmatch(r"[^\W\d_][\w -]{0,39}", status) else ""


@dataclass(frozen=True, slots=True)
class Format:
    """A shape that records come in, recognised by the keys they have."""

    name: str
    recognises: Callable[[Mapping[str, object]], bool]
    record: type[Record]

    def read(self, raw: Mapping[str, object]) -> Fields | str:
        """The record's fields, or a sentence on why it is bad."""
        try:
            fields = self.record.model_validate(raw).fields()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            key = ".".join(str(part) for part in first["loc"]) or "the record"
            return f"{key}: {first['msg'].removeprefix('Value error, ')}"
        return fields if isinstance(fields, str) else _half_pair(fields) or fields


def _half_pair(fields: Fields) -> str:
    """What to say of half a surrogate pair, which an escape can carry, but UTF-8 cannot."""
    try:
        for text in (fields.timestamp, fields.task, fields.outcome, fields.text, fields.error_type):
            text.encode()
    except UnicodeEncodeError:
        return "has half a surrogate pair in its text, which is no character"
    return ""


def labelled(parts: Iterable[tuple[str, str]]) -> str:
    """The parts that say something, one paragraph each: `Label: text`, or the text alone."""
    return "\n".join(
        f"{label}:{chr(10) if text.startswith('- ') else ' '}{text}" if label else text
        for label, text in parts
        if text.strip()
    )


Long = Annotated[Text, Field(max_length=1_000_000)]
Short = Annotated[Text, Field(max_length=100_000)]
