"""How a request is put to one server, and what has been learned about that server.

Servers that say they speak OpenAI's chat completions lack one part or another. Each part is left
out once a server has objected to it by name, and stays left out for the rest of the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.actions.registry import Registry
from bot.config import OpenAIConfig
from bot.engines.chat import Call, Message, concerns

MESSAGE_OVERHEAD_TOKENS = 16
"""What a server adds per message for roles and separators, generously."""

_PARTS = ("max_completion_tokens", "tool_choice", "strict")
_WITHOUT = {
    "max_completion_tokens": "the server does not know max_completion_tokens; max_tokens is sent",
    "tool_choice": "the server does not know tool_choice; the model may answer without a tool",
    "strict": "the server has no strict mode; what the model calls may not fit",
}
_MAX_ARGUMENT_CHARS = 4000


@dataclass
class Dialect:
    """What one server understands; kept for a run, across its conversations."""

    config: OpenAIConfig
    registry: Registry
    lacks: set[str] = field(default_factory=set)

    def request(self, messages: Iterable[Message]) -> str:
        """The body of a request, JSON text."""
        body: dict[str, Any] = {
            "model": self.config.model,
            "messages": [_message(message) for message in messages],
            "tools": self._tools(),
        }
        if "tool_choice" not in self.lacks:
            body["tool_choice"] = "required"
        old = "max_completion_tokens" in self.lacks
        body["max_tokens" if old else "max_completion_tokens"] = self.config.max_completion_tokens
        if self.config.reasoning_effort:
            body["reasoning_effort"] = self.config.reasoning_effort
        return json.dumps(body, ensure_ascii=False)

    def learn(self, refusal: str) -> str:
        """Leave out what the body of a refusal objects to, and say so; "" if it names nothing."""
        named = concerns(refusal)
        for part in _PARTS:
            if part not in self.lacks and re.search(rf"(?i)(?<![a-z_]){part}(?![a-z_])", named):
                self.lacks.add(part)
                return _WITHOUT[part]
        return ""

    def _tools(self) -> list[dict[str, Any]]:
        tools = self.registry.tools()
        if "strict" in self.lacks:
            for tool in tools:
                del tool["function"]["strict"]
        return tools


def tokens_at_most(text: str, messages: int = 1) -> int:
    """At most how many tokens a text of so many messages is.

    A byte-level tokenizer makes at most one token of each byte and, of text and code, fewer than
    one of two; half the bytes is a safe estimate for what is sent here.
    """
    return len(text.encode("utf-8", "replace")) // 2 + MESSAGE_OVERHEAD_TOKENS * messages


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.answers, "content": message.text}
    data: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.calls:
        data["content"] = message.text or None
        data["tool_calls"] = [_call(call) for call in message.calls]
    return data


def _call(call: Call) -> dict[str, Any]:
    """A call of the model's, told back to it as any server can read it."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", call.name)[:64] or "unnamed"
    try:
        readable = isinstance(json.loads(call.arguments), dict)
    except (ValueError, RecursionError):
        readable = False
    kept = call.arguments[:_MAX_ARGUMENT_CHARS]
    arguments = call.arguments if readable else json.dumps({"not_json": kept}, ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": name, "arguments": arguments}}
