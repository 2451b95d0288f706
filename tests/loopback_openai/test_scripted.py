"""Proves that the stand-in answers the real client, and refuses what the real API refuses."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import openai
import pytest

from . import Request, ScriptedOpenAI, calls, cut_off, fails, raw, refuses, says
from .replies import Reply
from .strict import strict_problems

REPORT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "file": {"type": "string"},
        "line": {"type": ["integer", "null"]},
        "severity": {"type": "string", "enum": ["low", "high"]},
    },
    "required": ["file", "line", "severity"],
    "additionalProperties": False,
}
GOOD = {"file": "llm.py", "line": None, "severity": "low"}


def tool(name: str = "report", schema: object = REPORT, **more: object) -> dict[str, Any]:
    function = {"name": name, "description": "d", "parameters": schema, "strict": True, **more}
    return {"type": "function", "function": function}


@pytest.fixture
def server() -> Iterator[ScriptedOpenAI]:
    with ScriptedOpenAI() as running:
        yield running


@cache
def connections() -> openai.DefaultHttpxClient:
    """One pool for all tests: to set up a client's TLS takes longer than a test here."""
    return openai.DefaultHttpxClient()


def client_of(server: ScriptedOpenAI, key: str | None = None) -> openai.OpenAI:
    return openai.OpenAI(
        api_key=key or server.key,
        base_url=server.base_url,
        max_retries=0,
        http_client=connections(),
    )


def ask(server: ScriptedOpenAI, text: str = "hello", **more: Any) -> Any:
    asked = {"model": "m", "messages": [{"role": "user", "content": text}], **more}
    return client_of(server).chat.completions.create(**asked)


def edited(**changes: object) -> dict[str, Any]:
    return {**copy.deepcopy(REPORT), **changes}


def with_property(schema: object) -> dict[str, Any]:
    """The good schema with one more property."""
    return edited(
        properties={**REPORT["properties"], "more": schema},
        required=[*REPORT["required"], "more"],
    )


def test_parallel_tool_calls_and_their_answers_make_a_conversation(server: ScriptedOpenAI) -> None:
    server.answer(calls(("report", GOOD), ("other", GOOD)), says("done"))
    tools = [tool(), tool("other")]
    first = ask(server, "fix it", tools=tools)
    made = first.choices[0].message.tool_calls
    assert first.choices[0].finish_reason == "tool_calls"
    assert [call.function.name for call in made] == ["report", "other"]
    assert json.loads(made[0].function.arguments) == GOOD
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "fix it"}]},
        first.choices[0].message,
        *({"role": "tool", "tool_call_id": call.id, "content": "ok"} for call in made),
    ]
    second = ask(server, messages=messages, tools=tools)
    assert second.choices[0].message.content == "done"
    assert second.choices[0].finish_reason == "stop"
    assert [(request.turn, request.text) for request in server.requests] == [
        (0, "fix it"),
        (1, "fix it"),
    ]
    assert server.requests[0].tools == ["report", "other"]
    assert server.violations == []


def test_rules_answer_in_any_order_and_at_once(server: ScriptedOpenAI) -> None:
    for number in range(20):
        server.on(f"incident {number};", says(str(number)))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: ask(server, f"incident {number};"), range(20)))
    said = [answer.choices[0].message.content for answer in answers]
    assert said == [str(number) for number in range(20)]
    assert server.violations == []


def test_a_rule_with_several_answers_is_spent_after_them(server: ScriptedOpenAI) -> None:
    server.on(lambda request: request.turn == 0, fails(429, {"retry-after": "7"}), says("rule"))
    server.default = says("default")
    with pytest.raises(openai.RateLimitError) as limited:
        ask(server)
    assert limited.value.response.headers["retry-after"] == "7"
    assert [ask(server).choices[0].message.content for _ in range(2)] == ["rule", "default"]
    assert server.violations == []


def test_a_function_can_be_the_script() -> None:
    def script(request: Request) -> Reply | None:
        return says(request.text.upper()) if request.text else None

    with ScriptedOpenAI(script, count=len) as server:
        answer = ask(server)
        assert answer.choices[0].message.content == "HELLO"
        assert answer.usage.completion_tokens == 5
        assert answer.usage.prompt_tokens == server.requests[0].prompt_tokens
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + 5


def test_a_list_can_be_the_script_and_runs_out() -> None:
    with ScriptedOpenAI([says("only")]) as server:
        assert ask(server).choices[0].message.content == "only"
        with pytest.raises(openai.InternalServerError, match="no answer"):
            ask(server)
        assert server.violations == ["500 The script has no answer to request 2."]


def test_refusal_cut_off_failure_and_raw(server: ScriptedOpenAI) -> None:
    long = calls(("report", GOOD))
    server.answer(refuses("no"), cut_off("half a"), cut_off(long), calls(("report", "{oops")))
    server.answer(raw({"unexpected": True}), fails(503, None, "down"))
    assert ask(server).choices[0].message.refusal == "no"
    cut = ask(server, max_completion_tokens=9)
    assert cut.choices[0].finish_reason == "length"
    assert cut.usage.completion_tokens == 9
    truncated = ask(server, tools=[tool()]).choices[0].message.tool_calls[0].function.arguments
    assert truncated == json.dumps(GOOD)[: len(json.dumps(GOOD)) // 2]
    broken = ask(server, tools=[tool()]).choices[0].message.tool_calls[0]
    assert broken.function.arguments == "{oops"
    assert ask(server).choices is None
    with pytest.raises(openai.InternalServerError, match="503"):
        ask(server)
    assert server.violations == []


def test_a_wrong_key_is_refused_as_openai_does(server: ScriptedOpenAI) -> None:
    client = client_of(server, "wrong")
    with pytest.raises(openai.AuthenticationError) as refused:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    assert refused.value.code == "invalid_api_key"
    assert (server.unauthorized, server.requests, server.violations) == (1, [], [])


def test_an_unknown_route_is_recorded(server: ScriptedOpenAI) -> None:
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{server.base_url}/models")
    with pytest.raises(openai.NotFoundError):
        client_of(server).responses.create(model="m", input="x")
    assert server.violations == [
        "404 Unknown route: GET /v1/models",
        "404 Unknown route: POST /v1/responses",
    ]


def test_a_script_that_raises_is_a_violation() -> None:
    with ScriptedOpenAI(lambda request: says(request.body["gone"])) as server:
        with pytest.raises(openai.APIConnectionError):
            ask(server)
        assert server.violations == [
            "The server or its script raised KeyError('gone')",
        ]


CALL = {"id": "c1", "type": "function", "function": {"name": "report", "arguments": "{}"}}
USER = {"role": "user", "content": "x"}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWERED = {"role": "tool", "tool_call_id": "c1", "content": "ok"}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"extra_body": {"surprise": 1}}, "Unknown parameter: 'surprise'"),
        ({"logprobs": True}, "not modelled"),
        ({"stream": True}, "does not stream"),
        ({"max_completion_tokens": 0}, "positive integer"),
        ({"max_completion_tokens": True}, "positive integer"),
        ({"max_completion_tokens": 1, "max_tokens": 1}, "either"),
        ({"temperature": 3}, "0 to 2"),
        ({"model": ""}, "model"),
        ({"model": "gpt-5", "max_tokens": 1}, "max_completion_tokens"),
        ({"model": "gpt-4.1", "reasoning_effort": "low"}, "Unrecognized"),
        ({"model": "gpt-5.4", "reasoning_effort": "low", "tools": [tool()]}, "/v1/responses"),
        ({"model": "gpt-5.6", "tools": [tool()]}, "/v1/responses"),
        ({"messages": []}, "empty array"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "Invalid role"),
        ({"messages": [{"role": "user", "content": None}]}, "Invalid type"),
        ({"messages": [{"role": "user", "content": []}]}, "empty array"),
        ({"messages": [{"role": "user"}]}, "Missing required"),
        ({"messages": [{**USER, "mood": "good"}]}, r"messages\[0\].mood"),
        ({"messages": [{"role": "assistant", "content": None}]}, "got null"),
        ({"messages": [USER, CALLED]}, "did not have response messages: c1"),
        ({"messages": [USER, CALLED, USER]}, "did not have response messages: c1"),
        ({"messages": [USER, ANSWERED]}, "must be a response"),
        ({"messages": [USER, CALLED, ANSWERED, ANSWERED]}, "must be a response"),
        ({"tools": []}, "1 to 128"),
        ({"tools": [tool("has space")]}, "expected a string matching"),
        ({"tools": [tool(), tool()]}, "Duplicate"),
        ({"tools": [tool(surprise=1)]}, "Unknown parameter"),
        ({"tools": [tool(schema={"type": "strin"}, strict=False)]}, "Invalid schema"),
        ({"tool_choice": "auto"}, "only allowed when"),
        ({"parallel_tool_calls": False}, "only allowed when"),
        ({"tools": [tool()], "tool_choice": "always"}, "tool_choice"),
        (
            {
                "tools": [tool()],
                "tool_choice": {"type": "function", "function": {"name": "nope"}},
            },
            "not found",
        ),
        ({"response_format": {"type": "json_object"}}, "the word 'json'"),
    ],
)
def test_a_bad_request_is_refused_and_recorded(
    server: ScriptedOpenAI, more: dict[str, Any], message: str
) -> None:
    server.default = says("fine")
    with pytest.raises(openai.BadRequestError, match=message) as refused:
        ask(server, **more)
    assert refused.value.type == "invalid_request_error"
    (violation,) = server.violations
    assert violation.startswith("400 ")


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = edited(properties={"in": schema}, required=["in"])
    return schema


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({key: REPORT[key] for key in REPORT if key != "additionalProperties"}, "additionalProp"),
        (edited(additionalProperties=True), "additionalProperties"),
        (edited(required=["file", "line"]), "Missing 'severity'"),
        (edited(required=[*REPORT["required"], "ghost"]), "Extra required key 'ghost'"),
        (with_property({"type": "string", "default": "x"}), "'default' is not permitted"),
        (with_property({"type": "string", "minLength": 1}), "'minLength' is not permitted"),
        (with_property({"oneOf": [{"type": "string"}]}), "'oneOf' is not permitted"),
        (with_property({"description": "anything"}), "must have a 'type' key"),
        (with_property({"type": "array"}), "missing items"),
        (with_property({"type": "string", "format": "uri"}), "not a valid format"),
        (with_property({"type": "string", "pattern": "(?=a)"}), "lookaround"),
        (with_property({"type": "array", "items": {"type": "object"}}), "'items'"),
        (with_property({"$ref": "#/$defs/gone"}), "does not point"),
        (with_property({"$ref": "#", "description": "x"}), "cannot have keywords"),
        (with_property({"type": "string", "enum": list(map(str, range(1001)))}), "enum values"),
        (edited(anyOf=[REPORT]), "root schema"),
        (edited(type=["object", "null"]), "root schema"),
        (edited(type="objekt"), "not valid under any"),
        (nested(11), "11 levels of nesting"),
        (None, "must be an object"),
    ],
)
def test_strict_schemas_follow_the_rules_of_structured_outputs(
    server: ScriptedOpenAI, schema: object, message: str
) -> None:
    assert any(message in problem for problem in strict_problems(schema))
    with pytest.raises(openai.BadRequestError, match="Invalid schema"):
        ask(server, tools=[tool(schema=schema)])
    assert len(server.violations) == 1


@pytest.mark.parametrize(
    "schema",
    [
        REPORT,
        nested(10),
        with_property({"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]})
        | {"$defs": {"node": edited(properties={"default": {"$ref": "#"}}, required=["default"])}},
        edited(properties={}, required=[]),
    ],
)
def test_good_strict_schemas_pass(schema: object) -> None:
    assert list(strict_problems(schema)) == []


@pytest.mark.parametrize(
    ("reply", "more", "message"),
    [
        (calls(("report", {"file": "x"})), {}, "do not fit its schema"),
        (calls(("report", {**GOOD, "severity": "dire"})), {}, "do not fit its schema"),
        (calls(("unknown", {})), {}, "the request offers"),
        (calls(("report", GOOD), ("report", GOOD)), {"parallel_tool_calls": False}, "one"),
        (calls(("report", GOOD)), {"tool_choice": "none"}, "'none'"),
        (says("hm"), {"tool_choice": "required"}, "calls no tool"),
        (says("far too long for this"), {"max_completion_tokens": 2}, "tokens"),
        (says("prose"), {"response_format": {"type": "json_object"}}, "not JSON"),
    ],
)
def test_an_answer_the_real_api_could_not_give_is_a_violation(
    server: ScriptedOpenAI, reply: Reply, more: dict[str, Any], message: str
) -> None:
    server.answer(reply)
    with pytest.raises(openai.InternalServerError, match="could not answer so"):
        ask(server, "as json", tools=[tool()], **more)
    (violation,) = server.violations
    assert message in violation


def test_shutdown_is_prompt_even_with_an_open_client() -> None:
    with ScriptedOpenAI(default=says("x")) as server:
        client = client_of(server)
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
        began = time.monotonic()
    assert time.monotonic() - began < 0.5
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(RuntimeError, match="not running"):
        server.base_url  # noqa: B018
