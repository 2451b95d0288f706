"""Recordings: each answer is given once, to the request it belongs to, and to no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.actions.registry import Registry
from bot.config import OpenAIConfig
from bot.engines.chat import Sent
from bot.engines.openai import HttpWire, OpenAIEngine
from bot.engines.recording import Recorder, Replay, Tape
from bot.errors import UserError
from tests.engines.talk import PLENTY, TASK, lacks
from tests.loopback_openai import ScriptedOpenAI, calls, fails
from tests.scenarios.world import GOOD_PATCH


class Parrot:
    """A server that says the request's number."""

    def __init__(self, *answers: Sent) -> None:
        self._answers = iter(answers)

    def send(self, body: str) -> Sent:
        del body
        return next(self._answers)

    def wait(self, seconds: float) -> None:
        raise AssertionError(seconds)


def record(file: Path, *requests: tuple[str, Sent]) -> Replay:
    recorder = Recorder(Parrot(*(sent for _, sent in requests)), file)
    for body, sent in requests:
        assert recorder.send(body) == sent
    return Replay(file)


def test_failures_and_detours_are_part_of_it(server: ScriptedOpenAI, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    server.answer(
        fails(503, {"retry-after-ms": "1"}),
        lacks("strict", then=GOOD_PATCH),
        calls(("read_file", {"path": "llm.py", "first": 1, "last": 4})),
        GOOD_PATCH,
    )
    config = OpenAIConfig()
    recorded = OpenAIEngine(config, Registry(), Tape(record=tape).on(HttpWire(config)))
    answer = recorded.solve(TASK, PLENTY)
    assert answer.patch is not None
    assert len(tape.read_text().splitlines()) == len(server.requests) == 4

    offline = OpenAIEngine(config, Registry(), Tape(replay=tape).on(HttpWire(config)))
    assert offline.solve(TASK, PLENTY) == answer
    assert len(server.requests) == 4


def test_the_key_is_in_no_recording(server: ScriptedOpenAI, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    server.default = fails(400, {"x-should-retry": "false"}, {"error": f"what is {server.key}?"})
    config = OpenAIConfig()
    OpenAIEngine(config, Registry(), Tape(record=tape).on(HttpWire(config))).solve(TASK, PLENTY)
    assert "what is [the key]?" in tape.read_text()
    assert server.key not in tape.read_text()


def test_answers_find_their_requests_in_any_order_and_once(tmp_path: Path) -> None:
    replay = record(
        tmp_path / "t", ('{"a": 1}', Sent(200, "one")), ('{"a": 2}', Sent(429, "two", wait_s=9.0))
    )
    assert replay.send('{"a":2}') == Sent(429, "two", wait_s=9.0)
    assert replay.send('{"a":1}') == Sent(200, "one")
    with pytest.raises(UserError, match="no answer to a further request"):
        replay.send('{"a":1}')


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ({"m": [{"c": "hallo"}], "n": 1}, r"m\[0\]\.c from character 2 was 'ello' and is 'allo'"),
        ({"m": [{"c": "hello"}], "n": 2}, "n was '1' and is '2'"),
        ({"m": [{"c": "hello"}, {}], "n": 1}, "m was 1 long and is 2 long"),
        ({"m": [{"c": "hello"}]}, "n was '1' and is 'null'"),
        ({"m": [{"c": "hello"}], "n": 1, "x": "y"}, "x was 'null' and is '\"y\"'"),
    ],
)
def test_another_request_is_told_where_it_differs(tmp_path: Path, now: object, says: str) -> None:
    replay = record(tmp_path / "t", ('{"m": [{"c": "hello"}], "n": 1}', Sent(200, "one")))
    with pytest.raises(UserError, match=says):
        replay.send(json.dumps(now))


@pytest.mark.parametrize("text", ["{", "[]", '{"request": {}}', '{"request": 1, "answer": {}}'])
def test_what_is_no_recording_is_refused_by_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "t"
    file.write_text(f"\n{text}\n")
    with pytest.raises(UserError, match="t:2 is no recorded request"):
        Replay(file)


def test_a_file_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written: Is a directory"):
        Recorder(Parrot(), tmp_path)
