"""Conversations on file: kept while they happen, and answered from later without a network.

One line of JSON is one request and how it ended. Keys and headers are not part of either.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.engines.chat import Sent, Wire
from bot.errors import UserError
from bot.untrusted import one_line


@dataclass(frozen=True, slots=True)
class Tape:
    """Where a run's conversations are recorded to, or answered from; at most one of the two."""

    record: Path | None = None
    replay: Path | None = None

    def on(self, wire: Wire) -> Wire:
        """The same wire, recorded; or the recording in its place."""
        if self.replay:
            return Replay(self.replay)
        return Recorder(wire, self.record) if self.record else wire


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    status: int
    body: Any
    perhaps_charged: bool = False
    wait_s: float | None = None
    again: bool | None = None


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    request: dict[str, Any]
    answer: _Answer


class Recorder:
    """Passes requests on, and keeps each with its answer; meets `bot.engines.chat.Wire`."""

    def __init__(self, wire: Wire, file: Path) -> None:
        self._wire = wire
        self._file = file
        try:
            file.write_bytes(b"")  # a file that cannot be written is said before money is spent
        except OSError as error:
            raise UserError(f"{file} cannot be written: {error.strerror}.") from error

    def send(self, body: str) -> Sent:
        sent = self._wire.send(body)
        line = {"request": json.loads(body), "answer": asdict(sent) | {"body": _data(sent.body)}}
        with self._file.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        return sent

    def wait(self, seconds: float) -> None:
        self._wire.wait(seconds)


class Replay:
    """Answers from a recording; meets `bot.engines.chat.Wire`.

    Each recorded answer is given once, to a request that is the recorded one to the letter. Any
    other request ends the run with a sentence that says where they differ.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._left = list(_lines(file))

    def send(self, body: str) -> Sent:
        request = json.loads(body)
        for number, line in enumerate(self._left):
            if line.request == request:
                del self._left[number]
                answer = line.answer
                text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                return Sent(
                    answer.status, text, answer.perhaps_charged, answer.wait_s, answer.again
                )
        if not self._left:
            raise UserError(f"{self._file} holds no answer to a further request; record it anew.")
        where, recorded, now = next(_differences(self._left[0].request, request))
        raise UserError(
            f"{self._file} has no answer to this request: {where} was {recorded} and is {now}; "
            f"replay it where it was recorded, or record it anew."
        )

    def wait(self, seconds: float) -> None:
        """A recording is in no hurry and makes nobody wait."""


def _data(body: str) -> Any:
    """An object as itself, for people to read; any other body as its text."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return data if isinstance(data, dict) else body


def _lines(file: Path) -> Iterator[_Line]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield _Line.model_validate_json(line)
            except ValidationError as error:
                what = error.errors(include_url=False)[0]["msg"]
                raise UserError(f"{file}:{number} is no recorded request: {what}.") from error


def _differences(recorded: Any, now: Any, where: str = "") -> Iterator[tuple[str, str, str]]:
    """Where two JSON values differ, each with what stands there on either side."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*recorded, *now)):
            place = f"{where}.{key}" if where else str(key)
            yield from _differences(recorded.get(key), now.get(key), place)
    elif isinstance(recorded, list) and isinstance(now, list):
        for index, (one, other) in enumerate(zip(recorded, now, strict=False)):
            yield from _differences(one, other, f"{where}[{index}]")
        if len(recorded) != len(now):
            yield where, f"{len(recorded)} long", f"{len(now)} long"
    elif isinstance(recorded, str) and isinstance(now, str) and recorded != now:
        pairs = enumerate(zip(recorded, now, strict=False))
        shorter = min(len(recorded), len(now))
        same = next((index for index, (one, other) in pairs if one != other), shorter)
        place = f"{where} from character {same + 1}"
        yield place, _short(recorded[same:]), _short(now[same:])
    elif recorded != now:
        yield where, _short(json.dumps(recorded)), _short(json.dumps(now))


def _short(text: str) -> str:
    return repr(one_line(text[:60], 60))
