"""What the tests of the engine start from: one incident, and a server that deviates on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from bot.actions.registry import Registry
from bot.config import OpenAIConfig
from bot.context import excerpts
from bot.engines import Budget, Task
from bot.engines.openai import OpenAIEngine
from bot.model import Answer, Fingerprint, Incident, Place, Reflection
from tests.loopback_openai import Reply, Request, fails
from tests.loopback_openai.replies import error
from tests.scenarios.world import LLM
from tests.scratch import MemoryTree

TREE = MemoryTree({"llm.py": LLM, "src/other.py": "x = 1\n"})
PLACES = (Place("llm.py", "dummy_function"),)
TASK = Task(
    Incident(
        fingerprint=Fingerprint("v1-000000000000"),
        reflections=(
            Reflection(
                id="r-1",
                source="reflections",
                where="reflections.json[0]",
                timestamp="",
                task="Test bug in dummy_function",
                outcome="Function failed on edge case.",
                text="dummy_function in llm.py does not handle empty input.",
            ),
        ),
        places=PLACES,
    ),
    excerpts(PLACES, TREE),
    TREE,
)
PLENTY = Budget(tokens=1_000_000)
REPORT = {
    "filename": "llm.py",
    "function": "dummy_function",
    "summary": "it raises IndexError on empty input",
    "severity": "low",
}
EDIT = {
    "filename": "llm.py",
    "old": "    return words[0].upper()\n",
    "new": '    return words[0].upper() if words else ""\n',
}
PATCH = {"edits": [EDIT], "explanation": "Return nothing for nothing."}


def solve(config: OpenAIConfig | None = None, budget: Budget = PLENTY, task: Task = TASK) -> Answer:
    return OpenAIEngine(config or OpenAIConfig(), Registry()).solve(task, budget)


def completion(finish: str = "stop", usage: object = None, **message: Any) -> dict[str, Any]:
    """A completion as some server might send it, with whatever message is given."""
    body: dict[str, Any] = {
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
    }
    return body if usage is None else body | {"usage": usage}


def tool_call(name: str, arguments: object, **more: object) -> dict[str, Any]:
    """One tool call; arguments that are no text are made JSON."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"type": "function", "function": {"name": name, "arguments": text}} | more


def lacks(*parameters: str, then: Reply) -> Callable[[Request], Reply]:
    """A server that refuses requests with any of these parameters, naming the first it meets."""

    def answer(request: Request) -> Reply:
        for name in parameters:
            if name in set(_keys(request.body)):
                return fails(400, body=error(f"{name} is not supported here", status=400))
        return then

    return answer


def _keys(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def results(request: Request) -> list[str]:
    """What the tools answered in the conversation so far."""
    return [message["content"] for message in request.messages if message["role"] == "tool"]
