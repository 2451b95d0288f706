"""Candidates that the project has to be imported for, until it is worth their time. Pure.

The place of the right one among many is about as likely between the 10th and the 100th as between
the 100th and the 1,000th, so a candidate is the likelier the earlier it came. One that takes twenty
times as long as the others has its turn when twenty times as many have had theirs.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
SUPPOSED_TIMES = 20.0
"""As many times as others an import takes, until one has been measured."""
MOST_TIMES = 200.0
DOUBTED_TIMES = 10.0
"""So many times less likely is one that failed in the live process, where that only may mislead."""


@dataclass(slots=True)
class _Spent:
    seconds: float = 0.0
    candidates: int = 0

    @property
    def each(self) -> float:
        return self.seconds / self.candidates if self.candidates else 0.0


@dataclass(slots=True)
class Aside(Generic[T]):
    _waiting: list[tuple[float, int, T]] = field(default_factory=list)
    _count: int = 0
    _quick: _Spent = field(default_factory=_Spent)
    _anew: _Spent = field(default_factory=_Spent)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, item: T, place: int, *, is_doubted: bool) -> None:
        """`place` is the one it had among all candidates."""
        self._count += 1
        weight = (place + 1) * (DOUBTED_TIMES if is_doubted else 1.0)
        heapq.heappush(self._waiting, (weight, self._count, item))

    @property
    def first(self) -> T | None:
        return self._waiting[0][2] if self._waiting else None

    def is_due(self, place: int) -> bool:
        """Whether the first of them comes before the candidate that has this place."""
        return bool(self._waiting) and self._waiting[0][0] * self._times <= place

    def take(self) -> T:
        return heapq.heappop(self._waiting)[2]

    def took(self, seconds: float, candidates: int, *, is_anew: bool) -> None:
        """Learn how long imports take, and how long the others."""
        spent = self._anew if is_anew else self._quick
        spent.seconds += seconds
        spent.candidates += candidates

    @property
    def _times(self) -> float:
        if not self._anew.candidates or not self._quick.seconds:
            return SUPPOSED_TIMES
        return max(1.0, min(MOST_TIMES, self._anew.each / self._quick.each))
