"""The engine `openai`: any server with OpenAI's chat completions and tools.

One conversation per incident. The first request carries the reflection and the code it names, so
most incidents take one request; a model that wants to read more gets a bounded number of turns.
Before each request the whole cost it could have is held against the budget.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.actions import ActionError, Effect, ProposeContext, ReadContext
from bot.actions.registry import Registry
from bot.config import OpenAIConfig
from bot.engines import Budget, Task
from bot.engines.prompt import SYSTEM, user_message
from bot.errors import UserError
from bot.model import Answer, NotActionable, Usage
from bot.untrusted import one_line

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion, ChatCompletionMessage

MESSAGE_OVERHEAD_TOKENS = 16
"""What a server adds per message for roles and separators, generously."""


@dataclass
class _Spent:
    """The running account of one conversation."""

    config: OpenAIConfig
    usage: Usage = field(default_factory=Usage)

    def add(self, completion: ChatCompletion) -> None:
        prompt = completion.usage.prompt_tokens if completion.usage else 0
        answered = completion.usage.completion_tokens if completion.usage else 0
        self.usage += Usage(
            requests=1,
            prompt_tokens=prompt,
            completion_tokens=answered,
            usd=self.price(prompt, answered),
        )

    def price(self, prompt: int, answered: int) -> float | None:
        per_prompt = self.config.usd_per_million_prompt_tokens
        per_answer = self.config.usd_per_million_completion_tokens
        if per_prompt is None or per_answer is None:
            return None
        return (prompt * per_prompt + answered * per_answer) / 1_000_000

    def would_exceed(self, prompt: int, budget: Budget) -> bool:
        """Whether one more request with so long a prompt could cost more than what is left."""
        most = self.config.max_completion_tokens
        if self.usage.tokens + prompt + most > budget.tokens:
            return True
        usd = self.price(prompt, most)
        return (
            budget.usd is not None
            and usd is not None
            and (self.usage.usd or 0.0) + usd > budget.usd
        )


class OpenAIEngine:
    """Meets `bot.engines.Engine`. The key is read from the environment at the first request."""

    name = "openai"

    def __init__(self, config: OpenAIConfig, registry: Registry) -> None:
        self._config = config
        self._registry = registry

    @cached_property
    def _client(self) -> OpenAI:
        from openai import OpenAI

        key = os.environ.get("OPENAI_API_KEY", "")
        if not key:
            raise UserError(
                "The engine 'openai' needs OPENAI_API_KEY (and OPENAI_BASE_URL for another server)."
            )
        return OpenAI(
            api_key=key,
            base_url=os.environ.get("OPENAI_BASE_URL") or None,
            timeout=self._config.timeout_s,
            max_retries=2,
        )

    def solve(self, task: Task, budget: Budget) -> Answer:
        notes = ProposeContext(task.tree)
        spent = _Spent(self._config)
        messages: list[dict[str, Any]] = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": user_message(task)},
        ]
        for _ in range(self._config.turns):
            if spent.would_exceed(self._estimate(messages), budget):
                return self._out_of_budget(spent)
            asked = self._ask(messages)
            if isinstance(asked, str):
                return _failed(asked, spent.usage)
            spent.add(asked)
            reply = asked.choices[0] if asked.choices else None
            if reply is None:
                return _failed("the model's answer has no choices", spent.usage)
            if reply.finish_reason == "length":
                limit = self._config.max_completion_tokens
                return _failed(f"the answer was cut off at {limit} tokens", spent.usage)
            if not reply.message.tool_calls:
                said = reply.message.refusal or reply.message.content or "nothing"
                return _failed(f"the model called no tool and said: {one_line(said)}", spent.usage)
            messages.extend(self._carry_out(reply.message, notes))
            if notes.no_bug:
                reason = one_line(notes.no_bug, 500)
                return Answer(
                    diagnosis=NotActionable(reason), patch=None, usage=spent.usage, reason=reason
                )
            if notes.report and notes.patch:
                return Answer(diagnosis=notes.report, patch=notes.patch, usage=spent.usage)
        return _failed(f"no conclusion after {self._config.turns} turns", spent.usage)

    def _ask(self, messages: list[dict[str, Any]]) -> ChatCompletion | str:
        """One request; a sentence when the server gave no completion."""
        import openai

        request: dict[str, Any] = {
            "model": self._config.model,
            "messages": messages,
            "tools": self._registry.tools(),
            "tool_choice": "required",
            "max_completion_tokens": self._config.max_completion_tokens,
        }
        if self._config.reasoning_effort:
            request["reasoning_effort"] = self._config.reasoning_effort
        try:
            completion: ChatCompletion = self._client.chat.completions.create(**request)
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise UserError(
                f"The model's server refused the key: {one_line(error.message)}; check "
                f"OPENAI_API_KEY and OPENAI_BASE_URL."
            ) from error
        except openai.NotFoundError as error:
            raise UserError(
                f"The model's server does not know {self._config.model!r}: "
                f"{one_line(error.message)}; set engine.openai.model."
            ) from error
        except openai.OpenAIError as error:
            return f"the model's server gave no answer: {one_line(str(error))}"
        return completion

    def _carry_out(
        self, message: ChatCompletionMessage, notes: ProposeContext
    ) -> list[dict[str, Any]]:
        """Run the calls of one answer; return it and the results, for the next turn."""
        kept: dict[str, Any] = {"role": "assistant", "content": message.content, "tool_calls": []}
        results = []
        for call in message.tool_calls or ():
            if call.type != "function":
                continue
            kept["tool_calls"].append(
                {
                    "id": call.id,
                    "type": "function",
                    "function": {
                        "name": call.function.name,
                        "arguments": call.function.arguments,
                    },
                }
            )
            result = self._execute(call.function.name, call.function.arguments, notes)
            results.append({"role": "tool", "tool_call_id": call.id, "content": result})
        return [kept, *results]

    def _execute(self, name: str, arguments: str, notes: ProposeContext) -> str:
        try:
            action, params = self._registry.parse(name, arguments)
            if action.effect is Effect.WRITE:
                raise ActionError(f"There is no action named {name!r}.")
            context = ReadContext(notes.tree) if action.effect is Effect.READ else notes
            return str(action.execute(context, params))
        except ActionError as error:
            return f"Not done: {error}"

    def _estimate(self, messages: list[dict[str, Any]]) -> int:
        """At most how many tokens these messages and the tools are.

        A byte-level tokenizer makes at most one token of each byte and, of text and code, fewer
        than one of two; half the bytes is a safe estimate for what is sent here.
        """
        sent = sum(len(str(message).encode()) for message in messages)
        sent += len(str(self._registry.tools()).encode())
        return sent // 2 + MESSAGE_OVERHEAD_TOKENS * len(messages)

    def _out_of_budget(self, spent: _Spent) -> Answer:
        reason = "one more request could cost more than the limits leave"
        asked = spent.usage.requests > 0
        return Answer(
            diagnosis=None,
            patch=None,
            usage=spent.usage,
            reason=reason,
            failed=asked,
            out_of_budget=not asked,
        )


def _failed(reason: str, usage: Usage) -> Answer:
    return Answer(diagnosis=None, patch=None, usage=usage, reason=reason, failed=True)
