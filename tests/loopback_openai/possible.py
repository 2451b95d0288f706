"""Whether the real API could have given a scripted answer to the request at hand.

A script that answers what no model could would let a scenario prove something false.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .replies import Call, Message
from .strict import mismatches


@dataclass(frozen=True)
class Request:
    """One parsed request body, as the client sent it."""

    body: dict[str, Any]
    prompt_tokens: int

    @property
    def messages(self) -> list[Any]:
        found = self.body.get("messages")
        return found if isinstance(found, list) else []

    @property
    def text(self) -> str:
        """All user text of the conversation, messages and parts joined by newlines."""
        contents = [_field(item, "content") for item in self.messages if _is(item, "user")]
        return "\n".join(text for content in contents for text in _texts(content))

    @property
    def turn(self) -> int:
        """How many times the model has spoken in this conversation already."""
        return sum(_is(item, "assistant") for item in self.messages)

    @property
    def tools(self) -> list[str]:
        """The names of the tools offered, in order."""
        return list(self.functions)

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        """The tools offered, by name; malformed ones are left out."""
        tools = self.body.get("tools")
        found = [_field(tool, "function") for tool in tools] if isinstance(tools, list) else []
        return {str(_field(function, "name")): function for function in found if function}


def _field(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _is(message: object, role: str) -> bool:
    return bool(_field(message, "role") == role)


def _texts(content: object) -> list[str]:
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [_field(part, "text") for part in parts]
    return [text for text in texts if isinstance(text, str)]


def impossible(reply: Message, request: Request, count: Callable[[str], int]) -> Iterator[str]:
    """Why the real API could not have answered this request so; nothing when it could."""
    choice = request.body.get("tool_choice", "auto")
    forced = choice["function"]["name"] if isinstance(choice, dict) else None
    if (forced or choice == "required") and not (reply.calls or reply.refusal or reply.cut):
        yield f"the answer calls no tool, but tool_choice is {choice!r}"
    if reply.calls and choice == "none":
        yield "the answer calls a tool, but tool_choice is 'none'"
    if len(reply.calls) > 1 and (forced or request.body.get("parallel_tool_calls") is False):
        yield "the answer makes several tool calls, but the request allows one"
    limit = request.body.get("max_completion_tokens") or request.body.get("max_tokens")
    if limit and not reply.cut and count(reply.text) > limit:
        yield f"the answer has {count(reply.text)} tokens, more than the {limit} requested"
    for call in reply.calls:
        if forced not in (None, call.name):
            yield f"the answer calls {call.name!r}, but tool_choice forces {forced!r}"
        yield from _impossible_call(call, request)
    yield from _impossible_text(reply, request)


def _impossible_call(call: Call, request: Request) -> Iterator[str]:
    function = request.functions.get(call.name)
    if function is None:
        yield f"the answer calls {call.name!r}, but the request offers {request.tools}"
    elif function.get("strict") and not isinstance(call.arguments, str):
        for problem in mismatches(json.loads(call.text), function["parameters"]):
            yield f"the arguments of {call.name!r} do not fit its schema: {problem}"


def _impossible_text(reply: Message, request: Request) -> Iterator[str]:
    wanted = request.body.get("response_format", {})
    spec = wanted.get("json_schema", {})
    if reply.content is None or reply.cut or wanted.get("type", "text") == "text":
        return
    try:
        value = json.loads(reply.content)
    except ValueError as error:
        yield f"the answer is not JSON, but response_format asks for it: {error}"
        return
    if spec.get("strict"):
        for problem in mismatches(value, spec["schema"]):
            yield f"the answer does not fit the response_format: {problem}"
