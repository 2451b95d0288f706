"""The engine `openai`: any server with OpenAI's chat completions and tools.

What is said to a model is in `bot.engines.conversation`; here is the client that carries it.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING

from bot.actions.registry import Registry
from bot.config import OpenAIConfig
from bot.engines import Budget, Task
from bot.engines.chat import Sent, Wire
from bot.engines.conversation import Conversation
from bot.engines.dialect import Dialect
from bot.errors import UserError
from bot.model import Answer
from bot.untrusted import one_line

if TYPE_CHECKING:
    from openai import OpenAI

_GATEWAY_GAVE_UP = (408, 504, 524)
"""The model behind a gateway that answers so may have worked, and may be paid for."""


class OpenAIEngine:
    """Meets `bot.engines.Engine`. What it learns about its server it keeps for the whole run."""

    name = "openai"

    def __init__(self, config: OpenAIConfig, registry: Registry, wire: Wire | None = None) -> None:
        self._wire = wire or HttpWire(config)
        self._dialect = Dialect(config, registry)

    def solve(self, task: Task, budget: Budget) -> Answer:
        return Conversation(task, budget, self._dialect, self._wire).hold()


class HttpWire:
    """The real server; meets `bot.engines.chat.Wire`.

    The key is read from the environment at the first request, and taken out of whatever comes back.
    """

    def __init__(self, config: OpenAIConfig) -> None:
        self._config = config

    @cached_property
    def _key(self) -> str:
        key = os.environ.get("OPENAI_API_KEY", "")
        if not key:
            raise UserError(
                "The engine 'openai' needs OPENAI_API_KEY (and OPENAI_BASE_URL for another server)."
            )
        return key

    @cached_property
    def _client(self) -> OpenAI:
        from openai import OpenAI

        return OpenAI(
            api_key=self._key,
            base_url=os.environ.get("OPENAI_BASE_URL") or None,
            timeout=self._config.timeout_s,
            max_retries=0,  # each request is weighed against the budget before it is sent
        )

    def send(self, body: str) -> Sent:
        import openai

        try:
            raw = self._client.chat.completions.with_raw_response.create(**json.loads(body))
            return Sent(200, self._without_key(raw.text))
        except openai.APIStatusError as error:
            headers = error.response.headers
            again = {"true": True, "false": False}.get(headers.get("x-should-retry", ""))
            return Sent(
                error.status_code,
                self._without_key(error.response.text),
                perhaps_charged=error.status_code in _GATEWAY_GAVE_UP,
                wait_s=_wait_asked_for(headers),
                again=again,
            )
        except openai.APITimeoutError:
            why = f"nothing came within {self._config.timeout_s:g} s"
            return Sent(0, why, perhaps_charged=True)
        except openai.OpenAIError as error:
            cause = one_line(str(error.__cause__ or ""))
            return Sent(0, self._without_key(f"{error}{f' {cause}' if cause else ''}"))

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[the key]")


def _wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After, in any of its forms; None if there is none that can be read."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            return _until(value)
        return seconds if math.isfinite(seconds) else None
    return None


def _until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
