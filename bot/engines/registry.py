"""Which engines exist. A new one is a module beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable

from bot.actions.registry import Registry
from bot.config import EngineConfig
from bot.engines import Engine
from bot.engines.openai import OpenAIEngine

ENGINES: dict[str, Callable[[EngineConfig, Registry], Engine]] = {
    "openai": lambda config, registry: OpenAIEngine(config.openai, registry),
}


def make(config: EngineConfig, registry: Registry) -> Engine:
    """The engine that the config names."""
    return ENGINES[config.name](config, registry)
