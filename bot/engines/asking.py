"""One tiny question to a model's server, to know whether it answers and can call tools.

It is asked the way the engine asks, with one small tool in place of all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from bot.actions import Action, Effect, Params, ReadContext
from bot.actions.registry import Registry
from bot.config import OpenAIConfig
from bot.engines.chat import Message, Reply, Wire, complaint, read_reply
from bot.engines.dialect import Dialect

MAX_ANSWER_TOKENS = 1_000
"""A model that thinks before it answers needs some hundred."""
_REFUSED = (400, 404, 422)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of the question. `problem` says why there was no answer, in a clause.

    `lacks` are sentences about what the server does not know, and the bot does without.
    """

    model: str
    problem: str = ""
    called: bool = False
    lacks: tuple[str, ...] = ()
    tokens: int = 0


class _Ready(Params):
    word: Annotated[str, Field(max_length=20)]


def _execute(context: ReadContext, params: _Ready) -> str:
    del context
    return params.word


_TOOL = Action("say_ready", "Say that you are ready.", Effect.READ, _Ready, _execute)


def ask_once(config: OpenAIConfig, wire: Wire) -> Asked:
    """Ask; what a server refuses by name is left out and asked again, which costs nothing."""
    small = min(config.max_completion_tokens, MAX_ANSWER_TOKENS)
    registry = Registry((_TOOL,))
    dialect = Dialect(config.model_copy(update={"max_completion_tokens": small}), registry)
    messages = [Message("user", "Call the function say_ready with the word: ready")]
    lacks: list[str] = []
    while True:
        sent = wire.send(dialect.request(messages))
        if sent.status == 200:
            return _read(read_reply(sent.body), config.model, tuple(lacks))
        learned = dialect.learn(sent.body) if sent.status in _REFUSED else ""
        if learned:
            lacks.append(learned)
            continue
        said = f"{complaint(sent.body)}{f' ({sent.status})' if sent.status else ''}"
        return Asked(model=config.model, problem=said, lacks=tuple(lacks))


def _read(reply: Reply | str, model: str, lacks: tuple[str, ...]) -> Asked:
    if isinstance(reply, str):
        return Asked(model=model, problem=reply, lacks=lacks)
    return Asked(
        model=model,
        called=any(call.name == _TOOL.name for call in reply.calls),
        lacks=lacks,
        tokens=(reply.prompt_tokens or 0) + (reply.completion_tokens or 0),
    )
