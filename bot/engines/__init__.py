"""Engines: what turns an incident into a diagnosis and a patch.

An engine is an expensive read. It sees the base commit's files and nothing else, and what it
answers is a claim: vetting and policy decide what becomes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.context import Excerpt
from bot.model import Answer, Incident, Tree


@dataclass(frozen=True, slots=True)
class Budget:
    """What one incident may still cost. `usd` is None where no limit in money is set."""

    tokens: int
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One incident to work on, with the code it names at the base commit."""

    incident: Incident
    excerpts: tuple[Excerpt, ...]
    tree: Tree


class Engine(Protocol):
    @property
    def name(self) -> str:
        """What proposals and rules call it."""
        ...

    def solve(self, task: Task, budget: Budget) -> Answer: ...
