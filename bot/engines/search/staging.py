"""Which tests a candidate is tried with, one after the other, and how long they may take. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from bot.engines.search.breaking import Breakable
from bot.engines.search.model import Candidate, Outcome, Spectrum, TestRan

HANG = (Outcome.TIMED_OUT, Outcome.DIED)
MOST_AT_ONCE = 16
"""So many candidates are tried in one child at most, as far as their first tests."""
_SHORT_S = 0.1
"""What all of them should take together: where tests take long, a child is not what costs."""
_TIMES = 5.0
_LEAST_CPU_S = 0.15
_LEAST_AT_ONCE_S = 0.06
"""Of the processor; for one among several, which has nothing else to pay for than its tests."""
_LEAST_WALL_S = 1.5
_LONG_SUITE_S = 0.5
_NEAR_S = 2.0
Stage = dict[str, Any]
"""What a server is told: the numbers of the tests, None for all; the seconds of processor (`cpu`)
and wall time that they may take together; and how many failing ones have passed `before`."""


class Plan:
    """For one set of failing tests that a candidate should make pass.

    `tests` are all of them, in the suite's order. `alone` are failing tests that pass where no
    other ran before them; they are judged by the whole suite only. `moving` are functions whose
    tests are called otherwise each time they are collected.
    """

    def __init__(
        self,
        tests: Sequence[str],
        spectrum: Spectrum,
        wanted: Sequence[str],
        alone: frozenset[str],
        moving: Sequence[str] = (),
    ) -> None:
        self.moving = tuple(moving)
        self._number = {name: number for number, name in enumerate(tests)}
        ran = {test.id: test for test in spectrum.tests if test.id in self._number}
        must = [name for name in wanted or [t.id for t in spectrum.failing] if name in ran]
        self.wanted = len(must)
        ended = [test.seconds for test in ran.values() if test.outcome not in HANG]
        self._typical = statistics.median(ended or [0.01])
        first = [ran[name] for name in must if name not in alone]
        first.sort(key=lambda test: (test.outcome in HANG, self._cost(test)))
        self._mending = tuple(self._parts(first))
        self.ending = sum(test.outcome not in HANG for test in first)
        """So many of them end at the base; they come first."""
        self.files = sorted({path for test in first for path in test.lines or ()})
        """The files that the failing tests run."""
        self._run = {
            (path, line)
            for test in first
            for path, lines in (test.lines or {}).items()
            for line in lines
        }
        self.echoes = {self._number[test.id]: test.echo for test in first}
        """How the failing tests fail at the base, by their numbers."""
        passing = {t.id: t for t in ran.values() if t.outcome is Outcome.PASSED}
        self._passing = list(passing.values())
        self.passing = frozenset(self._number[name] for name in passing)
        """The numbers of the tests that pass at the base."""
        self._may_fail = [
            number
            for name, number in self._number.items()
            if name not in passing and name not in must
        ]
        hang = {t.id for t in ran.values() if t.outcome in HANG and t.id not in must}
        kept = [number for name, number in self._number.items() if name not in hang]
        self._whole = kept if hang else None
        self._whole_s = sum(self._cost(test) for test in ran.values() if test.id not in hang)
        self._near: dict[tuple[str, int], list[int]] = {}
        self.breakable = Breakable({self._number[name]: t.seconds for name, t in passing.items()})
        """What candidates break; those that come after meet it before the whole suite."""

    @property
    def longest(self) -> float:
        """Seconds of wall time that a stage may take at most."""
        return 2 * _TIMES * self._whole_s + _LEAST_WALL_S

    @property
    def at_once(self) -> int:
        """How many candidates are worth a child in common: the shorter their tests, the more."""
        if not self._mending or not self.files:
            return 1
        _, _, seconds = self._mending[0]
        return max(1, min(MOST_AT_ONCE, int(_SHORT_S / max(seconds, 0.001))))

    def is_run(self, candidate: Candidate) -> bool:
        """Whether the failing tests run the line that it changes."""
        return (candidate.path, candidate.line) in self._run

    def first(self) -> Stage:
        """The stage for candidates that are tried in one child."""
        start, numbers, seconds = self._mending[0]
        return _stage(numbers, seconds, 1.0, start, least=_LEAST_AT_ONCE_S)

    def stages(self, candidate: Candidate, times: float) -> list[Stage]:
        """All stages for a candidate that is tried alone, with so many times the usual time."""
        found = [_stage(numbers, took, times, start) for start, numbers, took in self._mending]
        if self._whole_s > _LONG_SUITE_S:
            near = sorted({*self._close_to(candidate), *self.breakable.chosen()})
            if near:
                found.append(_stage(near, _NEAR_S, times, self.wanted))
        whole = _stage(self._whole, self._whole_s, times, self.wanted)
        return [*found, {**whole, "may_fail": self._may_fail}]

    def alone(self, test: int) -> Stage:
        """The stage for a test that is run at the base, without those before it."""
        return _stage([test], _NEAR_S, 1.0, self.wanted)

    def broke(self, test: int) -> None:
        """A candidate has mended what it should, and broken this test of the suite."""
        if self._whole_s > _LONG_SUITE_S:
            self.breakable.broke(test)

    def _cost(self, test: TestRan) -> float:
        """Seconds it should take once it passes."""
        return 2 * self._typical if test.outcome in HANG else test.seconds

    def _parts(self, first: Sequence[TestRan]) -> Iterator[tuple[int, list[int], float]]:
        """The failing tests; first one alone where a candidate that hangs there would otherwise
        have the time of all."""
        alone = 1 if _TIMES * sum(map(self._cost, first)) > _LEAST_CPU_S else 0
        for start, part in ((0, first[:alone]), (alone, first[alone:])):
            if part:
                numbers = [self._number[test.id] for test in part]
                yield start, numbers, sum(map(self._cost, part))

    def _close_to(self, candidate: Candidate) -> list[int]:
        """Passing tests that run the changed line: the quick ones, in their own order."""
        key = (candidate.path, candidate.line)
        if key not in self._near:
            close = [t for t in self._passing if key[1] in (t.lines or {}).get(key[0], ())]
            close.sort(key=lambda test: test.seconds)
            chosen, total = [], 0.0
            for test in close:
                total += test.seconds
                if total > _NEAR_S / 2:
                    break
                chosen.append(self._number[test.id])
            self._near[key] = sorted(chosen)
        return self._near[key]


def _stage(
    tests: list[int] | None,
    seconds: float,
    times: float,
    before: int,
    least: float = _LEAST_CPU_S,
) -> Stage:
    """Tests that usually take so many seconds."""
    cpu = times * max(least, _TIMES * seconds)
    wall = times * max(_LEAST_WALL_S, 2 * _TIMES * seconds)
    return {"tests": tests, "cpu": round(cpu, 3), "wall": round(wall, 3), "before": before}
