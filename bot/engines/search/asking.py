"""What a server is asked for, and what waits for its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.engines.search.model import Candidate
from bot.engines.search.server import Server
from bot.engines.search.staging import Plan, Stage


@dataclass(slots=True)
class Trial:
    """One candidate on its way. `place` is its place in the order of submission."""

    place: int
    candidate: Candidate
    times: float = 1.0
    is_anew: bool = False
    """Whether the project is imported anew for it."""
    is_again: bool = False
    """Whether it has failed before in the live process."""
    stages: Sequence[Stage] = ()
    """What it was last tried with."""


@dataclass(slots=True)
class Asked:
    """A request under way: for one candidate, for several at once, or, where there is none, for one
    test of the base. `sent` is when the server could begin with it, by `time.monotonic`."""

    trials: list[Trial]
    sent: float
    test: int = -1

    @property
    def is_for_several(self) -> bool:
        return len(self.trials) > 1


@dataclass(slots=True)
class Bench:
    """One server with what it was asked, by the requests' numbers."""

    server: Server
    asked: dict[int, Asked] = field(default_factory=dict)
    deaths: int = 0


def request(asked: Asked, plan: Plan) -> dict[str, Any]:
    """What a server is sent for it."""
    if not asked.trials:
        stages = [plan.alone(asked.test)]
        return {"do": "try", "edits": {}, "stages": stages, "anew": False}
    edits = [_edits(trial.candidate) for trial in asked.trials]
    if asked.is_for_several:
        files, stage = plan.files, plan.first()
        for trial in asked.trials:
            trial.stages = [stage]
        return {"do": "batch", "candidates": edits, "stage": stage, "files": files}
    trial = asked.trials[0]
    trial.stages = plan.stages(trial.candidate, trial.times)
    asks = {"do": "try", "edits": edits[0], "stages": trial.stages, "anew": trial.is_anew}
    return {**asks, "moving": plan.moving} if trial.is_anew else asks


def _edits(candidate: Candidate) -> dict[str, list[list[Any]]]:
    edits: dict[str, list[list[Any]]] = {}
    for each in candidate.replacements:
        edits.setdefault(each.path, []).append([each.start, each.end, each.new])
    return edits


def number_in(found: object) -> int:
    """-1 for what is no whole number: answers come from where candidates run."""
    return found if type(found) is int else -1


def seconds_in(found: object) -> float:
    return float(found) if isinstance(found, int | float) else 0.0
