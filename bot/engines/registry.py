"""Which engines exist. A new one is a module beside this and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.actions.registry import Registry
from bot.config import EngineConfig
from bot.engines import Engine
from bot.engines.in_turn import InTurn
from bot.engines.recording import Tape

if TYPE_CHECKING:
    from bot.engines.search.laboratory import Laboratory
    from bot.verifying import Verifier


@dataclass(frozen=True, slots=True)
class Means:
    """What engines are made with. `tape` records their conversations, or answers in them."""

    config: EngineConfig
    registry: Registry
    verifier: Verifier | None
    tape: Tape
    progress: Callable[[str], None]


def _openai(means: Means) -> Engine:
    from bot.engines.openai import HttpWire, OpenAIEngine

    wire = means.tape.on(HttpWire(means.config.openai))
    return OpenAIEngine(means.config.openai, means.registry, wire)


def _search(means: Means) -> Engine:
    from bot.engines.search.engine import SearchEngine

    def open_laboratory() -> Laboratory | str:
        return means.verifier.laboratory() if means.verifier else "no test is run in this run"

    return SearchEngine(means.config.search, open_laboratory, means.progress)


ENGINES: dict[str, Callable[[Means], Engine]] = {
    "search": _search,
    "openai": _openai,
}


def available(config: EngineConfig, environ: Mapping[str, str], tape: Tape) -> tuple[str, ...]:
    """The engines of the configured order that can be asked now.

    A model alone is always among them: that its key is missing is said when it is asked.
    """
    keyed = bool(environ.get("OPENAI_API_KEY")) or tape.replay is not None
    return tuple(name for name in config.order if name != "openai" or keyed) or config.order


def make(names: tuple[str, ...], means: Means) -> Engine:
    """These engines as one; `names` are what `available` found."""
    left_out = ", ".join(name for name in means.config.order if name not in names)
    unasked = f"{left_out} was not asked: OPENAI_API_KEY is not set" if left_out else ""
    return InTurn([ENGINES[name](means) for name in names], unasked)
