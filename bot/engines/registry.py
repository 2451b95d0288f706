"""Which engines exist. A new one is a module beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable

from bot.actions.registry import Registry
from bot.config import EngineConfig
from bot.engines import Engine
from bot.engines.openai import HttpWire, OpenAIEngine
from bot.engines.recording import Tape

ENGINES: dict[str, Callable[[EngineConfig, Registry, Tape], Engine]] = {
    "openai": lambda config, registry, tape: OpenAIEngine(
        config.openai, registry, tape.on(HttpWire(config.openai))
    ),
}


def make(config: EngineConfig, registry: Registry, tape: Tape | None = None) -> Engine:
    """The engine that the config names; `tape` records its conversations or answers in them."""
    return ENGINES[config.name](config, registry, tape or Tape())
