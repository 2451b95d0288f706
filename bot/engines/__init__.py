"""Engines: what turns an incident into a diagnosis and a patch.

An engine is an expensive read. It sees the base commit's files and nothing else, and what it
answers is a claim: vetting and policy decide what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.context import Excerpt
from bot.model import Answer, Edit, Finding, Incident, Patch, Tree

Review = Callable[[Patch], tuple[Finding, ...]]
"""Why a patch would be refused; empty if it would pass."""
DiffReader = Callable[[str], tuple[Edit, ...] | Finding]
"""The exact edits that a unified diff makes at the base commit, or why it makes none."""


def _passes(_: Patch) -> tuple[Finding, ...]:
    return ()


def _no_diffs(_: str) -> Finding:
    return Finding("diff", "", "diffs are not read here")


@dataclass(frozen=True, slots=True)
class Budget:
    """What one incident may still cost. `usd` is None where no limit in money is set."""

    tokens: int
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was proposed before for the same incident, as a diff, and what was said against it."""

    diff: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One incident to work on, with the code it names at the base commit.

    `review` says what the final weighing would say of a patch, so that an engine can do better
    before it answers; the weighing still happens and is the one that counts.
    """

    incident: Incident
    excerpts: tuple[Excerpt, ...]
    tree: Tree
    review: Review = _passes
    read_diff: DiffReader = _no_diffs
    earlier: Earlier | None = None
    engines: tuple[str, ...] = ()
    """Of several engines those to ask; empty asks all."""


class Engine(Protocol):
    @property
    def name(self) -> str:
        """What proposals and rules call it."""
        ...

    def solve(self, task: Task, budget: Budget) -> Answer: ...
