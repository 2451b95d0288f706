"""The model's loop over real HTTP: whatever a model or its server does has an end and a price."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from bot.actions.registry import Registry
from bot.config import OpenAIConfig
from bot.context import Excerpt
from bot.engines import Budget, Task
from bot.engines.conversation import LONGEST_WAIT_S, RETRIES
from bot.engines.openai import HttpWire, OpenAIEngine
from bot.errors import UserError
from bot.model import Answer, BugReport, Edit, Finding, NotActionable, Patch, Severity
from tests.engines.talk import (
    EDIT,
    PATCH,
    PLENTY,
    REPORT,
    TASK,
    TREE,
    completion,
    lacks,
    results,
    solve,
    tool_call,
)
from tests.loopback_openai import (
    Reply,
    Request,
    ScriptedOpenAI,
    calls,
    cut_off,
    fails,
    raw,
    refuses,
)
from tests.loopback_openai.replies import error
from tests.scenarios.world import GOOD_PATCH
from tests.scratch import MemoryTree

READ = ("read_file", {"path": "llm.py", "first": 1, "last": 3})
SEARCH = ("search_code", {"text": "words", "folder": ""})
TALK = raw(completion(role="assistant", content="I would rather talk."))
DIFF = """\
--- a/llm.py
+++ b/llm.py
@@ -5,4 +5,4 @@
     words = text.split()
-    return words[0].upper()
+    return words[0].upper() if words else ""
"""


class Hurried(HttpWire):
    """The real client, which only writes down how long it should wait."""

    def __init__(self, config: OpenAIConfig) -> None:
        super().__init__(config)
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


def hurried(config: OpenAIConfig | None = None) -> tuple[Answer, list[float]]:
    """The answer, and the waits on the way to it."""
    wire = Hurried(config or OpenAIConfig())
    engine = OpenAIEngine(config or OpenAIConfig(), Registry(), wire)
    return engine.solve(TASK, PLENTY), wire.waits


# ----------------------------------------------------------------------------- what models do


def test_parallel_calls_are_all_answered(server: ScriptedOpenAI) -> None:
    server.answer(calls(READ, SEARCH, ("read_file", {"path": "other.py", "first": 1, "last": 9})))
    server.default = GOOD_PATCH
    assert solve().patch is not None
    read, found, missing = results(server.requests[-1])
    assert read.startswith("llm.py, lines 1-3 of 11:\n")
    assert "llm.py:6:" in found
    assert missing == (
        "Not done: other.py is not a text file of the base commit. There is src/other.py."
    )


def test_more_calls_than_are_sensible_are_answered_with_a_no(server: ScriptedOpenAI) -> None:
    server.answer(calls(*[SEARCH] * 40))
    server.default = GOOD_PATCH
    assert solve().patch is not None
    answers = results(server.requests[-1])
    assert sum(answer.startswith("Not done: only the first 16") for answer in answers) == 24


@pytest.mark.parametrize(
    ("name", "arguments", "says_why"),
    [
        ("read_file", "{not json", "Not done: read_file: Invalid JSON"),
        ("read_file", "[" * 100_000, "Not done: read_file: Invalid JSON"),
        ("read_file", '{"path": "llm.py", "first": 9, "last": 2}', "Line 2 comes before line 9"),
        ("read_file", '{"path": "llm.py", "first": 99, "last": 120}', "has only 11 lines"),
        ("read_file", '{"path": "../../etc/passwd", "first": 1, "last": 2}', "not a text file"),
        ("rm -rf /", "{}", "There is no action named 'rm -rf /'"),
        ("merge_pull_request", "{}", "Not done: "),
        ("", "", "There is no action named ''"),
    ],
)
def test_calls_that_cannot_be_carried_out_are_answered_in_words(
    server: ScriptedOpenAI, name: str, arguments: str, says_why: str
) -> None:
    call = tool_call(name, arguments, id="call_1")
    server.answer(raw(completion("tool_calls", role="assistant", tool_calls=[call])))
    server.default = GOOD_PATCH
    assert solve().patch is not None
    (result,) = results(server.requests[-1])
    assert says_why in result
    echoed = server.requests[-1].messages[2]["tool_calls"][0]["function"]
    assert isinstance(json.loads(echoed["arguments"]), dict), "any server can read it back"


def test_a_file_of_endless_lines_is_read_in_part(server: ScriptedOpenAI) -> None:
    tree = MemoryTree({"data.py": "a = 1\n" + "x" * 23_000 + "\n" + "y" * 30_000 + "\n"})
    server.answer(
        calls(
            ("read_file", {"path": "data.py", "first": 1, "last": 3}),
            ("read_file", {"path": "./data.py", "first": 3, "last": 3}),
        )
    )
    server.default = GOOD_PATCH
    solve(task=Task(TASK.incident, (), tree))
    read, refused = results(server.requests[1])
    assert read.startswith("data.py, lines 1-2 of 3:\n")
    assert refused == "Not done: Line 3 of data.py is longer than 24000 characters."


def test_calls_without_ids_and_with_objects_for_arguments_are_understood(
    server: ScriptedOpenAI,
) -> None:
    made = [{"function": {"name": READ[0], "arguments": READ[1]}}, tool_call(*SEARCH)]
    server.answer(raw(completion("stop", content=[{"type": "text", "text": ""}], tool_calls=made)))
    server.default = GOOD_PATCH
    assert solve().patch is not None
    assert len(results(server.requests[-1])) == 2


def test_one_call_at_a_time_is_enough(server: ScriptedOpenAI) -> None:
    server.answer(calls(("propose_code_patch", PATCH)), calls(("log_bug_report", REPORT)))
    answer = solve()
    assert isinstance(answer.diagnosis, BugReport)
    assert answer.patch is not None
    assert answer.usage.requests == 2


def test_an_answer_in_words_is_asked_for_again_once(server: ScriptedOpenAI) -> None:
    server.answer(TALK, GOOD_PATCH)
    assert solve().patch is not None
    assert server.requests[-1].messages[-1]["content"] == "Answer by calling the tools."

    server.answer(TALK, TALK)
    answer = solve()
    assert answer.failed
    assert answer.reason == "the model called no tool and said: I would rather talk."
    assert answer.usage.requests == 2


@pytest.mark.parametrize("content", [None, "", []])
def test_an_empty_answer_is_one_too(server: ScriptedOpenAI, content: object) -> None:
    server.default = raw(completion(content=content))
    answer = solve()
    assert answer.reason == "the model called no tool and said: nothing"
    assert answer.usage.requests == 2


ENDS: list[tuple[Reply, str, int]] = [
    (refuses("I can't help."), "the model refused, called no tool and said: I can't help.", 1),
    (cut_off("Let me"), "was cut off; engine.openai.max_completion_tokens is 4000", 1),
    (cut_off(GOOD_PATCH), "was cut off", 1),
    (raw(completion("content_filter", content=None)), "withheld the answer (content_filter)", 1),
    (raw({"choices": []}), "the model's answer has no choices", 1),
    (raw({"error": {"message": "Upstream is down", "code": 502}}), "error: Upstream is down", 1),
    (raw("<html>Sign in</html>"), "answered with something else: <html>Sign in</html>", 1),
    (raw({"choices": [{"message": "hello"}]}), "answered with something else", 1),
    (fails(400, body=error("bad request", status=400)), "bad request (HTTP 400)", 0),
    (fails(418, body="I am a teapot"), "I am a teapot (HTTP 418)", 0),
    (fails(403, body=error("Your input was flagged", status=403)), "was flagged", 0),
    (fails(500, {"x-should-retry": "false"}), "answered 500. (HTTP 500)", 0),
]


@pytest.mark.parametrize(("reply", "says_why", "charged"), ENDS)
def test_every_bad_end_has_a_reason_and_a_price(
    server: ScriptedOpenAI, reply: Reply, says_why: str, charged: int
) -> None:
    server.default = reply
    priced = OpenAIConfig(usd_per_million_prompt_tokens=1, usd_per_million_completion_tokens=1)
    answer = solve(priced)
    assert answer.failed
    assert answer.diagnosis is None
    assert answer.patch is None
    assert says_why in answer.reason
    assert len(server.requests) == 1
    assert answer.usage.requests == charged
    assert bool(answer.usage.tokens) == bool(charged)
    assert bool(answer.usage.usd) == bool(charged)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": None},
        {"prompt_tokens": -5, "completion_tokens": "many"},
        "none of your business",
    ],
)
def test_tokens_the_server_does_not_count_are_estimated_and_said(
    server: ScriptedOpenAI, usage: object
) -> None:
    made = [tool_call("report_no_bug", {"reason": "Callers check this."}, id="call_1")]
    server.default = raw(completion("tool_calls", usage, content=None, tool_calls=made))
    answer = solve()
    assert answer.diagnosis == NotActionable("Callers check this.")
    assert answer.usage.prompt_tokens >= server.requests[0].prompt_tokens
    assert answer.usage.completion_tokens > 0
    assert answer.notes == ("the server did not count the tokens; they are counted by estimate",)


# ---------------------------------------------------------------------------- what servers do


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_a_server_out_of_breath_is_asked_again_and_not_for_ever(
    server: ScriptedOpenAI, status: int
) -> None:
    server.answer(fails(status), fails(status), GOOD_PATCH)
    answer, waits = hurried()
    assert answer.patch is not None
    assert waits == [0.5, 1.0]

    server.default = fails(status)
    before = len(server.requests)
    answer, _ = hurried()
    assert answer.failed
    assert f"HTTP {status}" in answer.reason
    assert len(server.requests) - before == 1 + RETRIES


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "soon"}, 0.5),
        ({"retry-after": "nan"}, 0.5),
        ({"retry-after": "Mon, 05 Jan 2026 09:00:00 GMT"}, 0.0),
    ],
)
def test_the_wait_a_server_asks_for_is_kept(
    server: ScriptedOpenAI, headers: dict[str, str], waited: float
) -> None:
    server.answer(fails(429, headers), GOOD_PATCH)
    answer, waits = hurried()
    assert answer.patch is not None
    assert waits == [waited]


@pytest.mark.parametrize("asks", ["3600", "21", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_long_wait_ends_the_attempt(server: ScriptedOpenAI, asks: str) -> None:
    server.default = fails(429, {"retry-after": asks})
    answer, waits = hurried()
    assert answer.failed
    assert "it asks to wait" in answer.reason
    assert waits == []
    assert len(server.requests) == 1
    assert LONGEST_WAIT_S == 20


def test_a_server_that_never_answers_is_left_alone_and_counted(server: ScriptedOpenAI) -> None:
    def sleepy(_: Request) -> Reply:
        time.sleep(0.3)
        return GOOD_PATCH

    server.default = sleepy
    answer, waits = hurried(OpenAIConfig(timeout_s=0.05))
    assert answer.failed
    assert answer.reason.endswith("nothing came within 0.05 s")
    assert answer.usage.requests == 1 + RETRIES
    assert answer.usage.tokens > 0, "the server may have worked on it"
    assert answer.notes == ("a request without an answer is counted by estimate",)
    assert len(waits) == RETRIES
    time.sleep(0.4)  # until the server has noticed


def test_a_server_that_is_not_there_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    answer, waits = hurried()
    assert answer.failed
    assert "gave no answer: Connection error." in answer.reason
    assert answer.usage.requests == 0
    assert len(waits) == RETRIES


@pytest.mark.parametrize(
    "parameters",
    [
        ("strict",),
        ("tool_choice",),
        ("max_completion_tokens",),
        ("max_completion_tokens", "strict", "tool_choice"),
    ],
)
def test_what_a_server_lacks_is_left_out_from_then_on(
    server: ScriptedOpenAI, parameters: tuple[str, ...]
) -> None:
    server.default = lacks(*parameters, then=GOOD_PATCH)
    engine = OpenAIEngine(OpenAIConfig(model="local"), Registry())
    first = engine.solve(TASK, PLENTY)
    assert first.patch is not None
    assert len(first.notes) == len(parameters)
    assert first.usage.requests == 1
    assert len(server.requests) == 1 + len(parameters)

    assert engine.solve(TASK, PLENTY).notes == ()
    last = server.requests[-1].body
    assert len(server.requests) == 2 + len(parameters)
    assert ("max_tokens" in last) == ("max_completion_tokens" in parameters)
    assert ("tool_choice" in last) == ("tool_choice" not in parameters)


def test_a_server_that_goes_on_objecting_is_not_asked_for_ever(server: ScriptedOpenAI) -> None:
    server.default = fails(422, body={"error": "strict, tool_choice and max_completion_tokens?!"})
    answer = solve(OpenAIConfig(model="local"))
    assert answer.failed
    assert len(server.requests) == 4


WINDOW = (
    fails(400, body=error("maximum context length is 4096 tokens", status=400)),
    fails(400, body=error("too big", status=400, code="context_length_exceeded")),
    fails(413, body="Request too large"),
    fails(400, body={"object": "error", "message": "prompt is too long: 9 tokens > 8 maximum"}),
)


@pytest.mark.parametrize("too_long", WINDOW)
def test_a_full_context_window_is_tried_once_with_less(
    server: ScriptedOpenAI, too_long: Reply
) -> None:
    task = Task(
        TASK.incident,
        (*TASK.excerpts, Excerpt("src/other.py", 1, 400, 400, "number = 1\n" * 400)),
        TREE,
    )
    server.answer(too_long, GOOD_PATCH)
    answer = solve(task=task)
    assert answer.patch is not None
    assert "number = 1" not in server.requests[-1].text
    assert "def dummy_function(text):" in server.requests[-1].text
    assert '<file path="src/other.py" lines="1-400 of 400">(left out:' in server.requests[-1].text
    assert answer.notes == (
        "the prompt did not fit the model's context window; less code was shown",
    )

    server.answer(too_long, too_long)
    answer = solve(task=task)
    assert answer.failed
    assert "does not fit the model's context window" in answer.reason


def test_a_window_too_small_for_nothing_is_said_at_once(server: ScriptedOpenAI) -> None:
    server.default = WINDOW[0]
    assert "does not fit" in solve(task=replace(TASK, excerpts=())).reason
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "says_why"),
    [
        (fails(401, body=error("Key revoked", status=401)), "refused the key: Key revoked"),
        (fails(403, body=error("Not for you", status=403)), "refused the key: Not for you"),
        (fails(404, body=error("No such model", status=404)), "does not know 'gpt-5-mini'"),
        (
            fails(429, body=error("No credit", status=429, code="insufficient_quota")),
            "no quota left for this key: No credit",
        ),
    ],
)
def test_what_a_person_must_mend_is_said_but_no_cost_forgotten(
    server: ScriptedOpenAI, reply: Reply, says_why: str
) -> None:
    server.default = reply
    with pytest.raises(UserError, match=says_why):
        solve()
    assert len(server.requests) == 1

    server.answer(calls(SEARCH))
    answer = solve()
    assert answer.failed
    assert answer.usage.requests == 1
    assert answer.usage.tokens > 0


def test_a_server_that_repeats_the_key_is_not_repeated(server: ScriptedOpenAI) -> None:
    server.default = fails(400, body=error(f"bad {server.key}", status=400))
    answer = solve()
    assert server.key not in answer.reason
    assert "bad [the key]" in answer.reason


# ---------------------------------------------------------------------------------- revisions


def never(*_: Patch) -> tuple[Finding, ...]:
    return (Finding("syntax", "llm.py", "llm.py does not parse"),)


def upper_only(patch: Patch) -> tuple[Finding, ...]:
    """A review that has one wish."""
    wished = all(".upper() if words" in edit.new for edit in patch.edits)
    return () if wished else (Finding("x", "llm.py", "the capitals are gone"),)


LOWER = calls(
    ("log_bug_report", REPORT),
    ("propose_code_patch", PATCH | {"edits": [EDIT | {"new": "    return ''\n"}]}),
)


def test_a_patch_that_is_refused_goes_back_with_the_reasons(server: ScriptedOpenAI) -> None:
    server.answer(LOWER, calls(("propose_code_patch", PATCH)))
    answer = solve(task=replace(TASK, review=upper_only))
    assert answer.patch is not None
    assert answer.patch.edits[0].new == EDIT["new"]
    assert answer.usage.requests == 2
    last = server.requests[-1].messages[-1]
    assert last["role"] == "tool"
    assert "The patch is refused:\n- the capitals are gone\n" in last["content"]


@pytest.mark.parametrize(("revisions", "asked"), [(0, 1), (1, 2), (2, 3), (9, 4)])
def test_it_goes_back_so_many_times_and_no_more(
    server: ScriptedOpenAI, revisions: int, asked: int
) -> None:
    server.default = LOWER
    answer = solve(OpenAIConfig(revisions=revisions), task=replace(TASK, review=never))
    assert len(server.requests) == asked
    assert answer.usage.requests == asked
    assert not answer.failed
    assert answer.patch is not None, "the last word is vetting's, on the last patch"


def test_after_a_refusal_a_model_may_think_better_of_it(server: ScriptedOpenAI) -> None:
    server.answer(LOWER, calls(("report_no_bug", {"reason": "It is as documented."})))
    answer = solve(task=replace(TASK, review=never))
    assert answer.diagnosis == NotActionable("It is as documented.")
    assert answer.patch is None


def test_without_money_for_a_revision_the_refused_patch_is_the_answer(
    server: ScriptedOpenAI,
) -> None:
    server.default = LOWER
    answer = solve(
        OpenAIConfig(max_completion_tokens=100), Budget(2800), replace(TASK, review=never)
    )
    assert answer.usage.requests == 1
    assert answer.patch is not None
    assert "could cost more than the limits leave" in answer.notes[0]


def test_when_the_server_fails_in_a_revision_another_tick_may_try(server: ScriptedOpenAI) -> None:
    server.answer(LOWER, fails(500, {"x-should-retry": "false"}))
    answer = solve(task=replace(TASK, review=never))
    assert answer.failed
    assert answer.patch is None
    assert answer.usage.requests == 1


# -------------------------------------------------------------------------------------- diffs


def reads_diffs(diff: str) -> tuple[Edit, ...] | Finding:
    if "words[0].upper() if words" in diff:
        return (Edit("llm.py", TREE.blob("llm.py"), EDIT["old"], EDIT["new"]),)
    return Finding("diff", "", "the diff does not apply: corrupt patch at line 4")


WORDS = "The list may be empty. I guard against that."


@pytest.mark.parametrize(
    "text",
    [
        f"{WORDS}\n\n```diff\n{DIFF}```\n",
        f"{WORDS}\n```\n{DIFF}```",
        f"{WORDS}\r\n```patch\r\n{DIFF}```".replace("\n", "\r\n"),
        f"{WORDS}\n\ndiff --git a/llm.py b/llm.py\nindex 1..2 100644\n{DIFF}",
        f"```python\nprint()\n```\n{WORDS}\n```diff\n{DIFF}```",
    ],
)
def test_a_diff_in_words_is_a_patch(server: ScriptedOpenAI, text: str) -> None:
    server.default = raw(completion(content=text))
    answer = solve(task=replace(TASK, read_diff=reads_diffs))
    assert answer.patch == Patch(
        (Edit("llm.py", TREE.blob("llm.py"), EDIT["old"], EDIT["new"]),), WORDS
    )
    assert answer.diagnosis == BugReport(
        path="llm.py",
        symbol="dummy_function",
        summary="The list may be empty.",
        severity=Severity.HIGH,
    )
    assert len(server.requests) == 1


def test_a_diff_without_words_says_so(server: ScriptedOpenAI) -> None:
    server.default = raw(completion(content=DIFF))
    answer = solve(task=replace(TASK, read_diff=reads_diffs))
    assert answer.patch is not None
    assert answer.patch.explanation == "The model gave this change without words."


def test_a_diff_that_makes_no_edits_goes_back(server: ScriptedOpenAI) -> None:
    server.answer(raw(completion(content=DIFF.replace("upper", "lower"))), GOOD_PATCH)
    assert solve(task=replace(TASK, read_diff=reads_diffs)).patch is not None
    assert "corrupt patch at line 4" in server.requests[-1].messages[-1]["content"]

    server.default = raw(completion(content=DIFF.replace("upper", "lower")))
    answer = solve(OpenAIConfig(revisions=1), task=replace(TASK, read_diff=reads_diffs))
    assert answer.failed
    assert "corrupt patch at line 4" in answer.reason
    assert answer.usage.requests == 2


# ------------------------------------------------------------------------------------- limits


def test_tokens_are_held_against_the_budget_before_every_request(server: ScriptedOpenAI) -> None:
    server.default = calls(SEARCH)
    answer = solve(OpenAIConfig(max_completion_tokens=500, turns=20), Budget(tokens=12_000))
    assert answer.failed
    assert "more than the limits leave" in answer.reason
    assert 1 < answer.usage.requests < 20
    assert answer.usage.tokens <= 12_000


def test_so_is_money(server: ScriptedOpenAI) -> None:
    server.default = calls(SEARCH)
    config = OpenAIConfig(
        max_completion_tokens=500,
        turns=20,
        usd_per_million_prompt_tokens=1.0,
        usd_per_million_completion_tokens=10.0,
    )
    answer = solve(config, Budget(tokens=1_000_000, usd=0.02))
    assert 1 < answer.usage.requests < 20
    assert answer.usage.usd is not None
    assert answer.usage.usd <= 0.02


def test_a_retry_is_a_request_like_any_other(server: ScriptedOpenAI) -> None:
    server.default = fails(504, {"retry-after-ms": "1"})
    answer = solve(OpenAIConfig(max_completion_tokens=100), Budget(tokens=5000))
    assert "more than the limits leave" in answer.reason
    assert len(server.requests) < 1 + RETRIES


def test_secrets_in_files_do_not_reach_the_model(server: ScriptedOpenAI) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
    files = {"llm.py": f"TOKEN = '{token[:40]}'\n"}
    tree = MemoryTree(files)
    server.answer(calls(READ), calls(READ))
    server.default = calls(("report_no_bug", {"reason": "Nothing to do."}))
    solve(task=Task(TASK.incident, (Excerpt("llm.py", 1, 1, 1, files["llm.py"]),), tree))
    assert len(server.requests) == 3
    assert token[:40] not in json.dumps([request.body for request in server.requests])
