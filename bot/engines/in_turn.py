"""Several engines as one: each is asked about what those before it had no patch for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.engines import Budget, Engine, Task
from bot.model import Answer


class InTurn:
    """Meets `bot.engines.Engine`. `unasked` says why others are not among them."""

    def __init__(self, engines: Sequence[Engine], unasked: str = "") -> None:
        self._engines = engines
        self._unasked = unasked
        self.name = _names(engines)

    def solve(self, task: Task, budget: Budget) -> Answer:
        """The first patch; without one the last engine's say, along with what the others said."""
        wanted = [one for one in self._engines if not task.engines or one.name in task.engines]
        asked: list[Engine] = []
        so_far: Answer | None = None
        for engine in wanted or self._engines:
            answer = engine.solve(task, budget)
            if so_far is not None and answer.out_of_budget:
                return _with_notes(so_far, f"{engine.name} was not asked, for want of budget")
            asked.append(engine)
            if so_far is not None:
                answer = replace(answer, usage=so_far.usage + answer.usage)
                answer = _with_notes(answer, *so_far.notes, *_said(asked[-2], so_far))
            so_far = replace(answer, engine=engine.name if answer.patch else _names(asked))
            if answer.patch:
                return so_far
        assert so_far is not None, "an order of engines is never empty"
        return _with_notes(so_far, self._unasked) if self._unasked else so_far


def _names(engines: Sequence[Engine]) -> str:
    return ", ".join(engine.name for engine in engines)


def _said(engine: Engine, answer: Answer) -> tuple[str, ...]:
    return (f"{engine.name}: {answer.reason}",) if answer.reason else ()


def _with_notes(answer: Answer, *notes: str) -> Answer:
    return replace(answer, notes=(*answer.notes, *notes))
