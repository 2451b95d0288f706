"""An engine whose cost is seen while it works, by whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable

from bot.engines import Budget, Engine, Task
from bot.model import Answer, Usage


class Counted:
    """Meets `bot.engines.Engine`. `spent` hears what all answers together have cost so far."""

    def __init__(self, engine: Engine, spent: Callable[[Usage], None]) -> None:
        self._engine = engine
        self._spent = spent
        self._total = Usage()
        self.name = engine.name

    def solve(self, task: Task, budget: Budget) -> Answer:
        answer = self._engine.solve(task, budget)
        self._total += answer.usage
        self._spent(self._total)
        return answer
