"""From what a server tells of the base's tests to their spectrum."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.engines.search.model import Outcome, Spectrum, TestRan
from bot.untrusted import visible

Call = Callable[[Mapping[str, Any], float], dict[str, Any]]
"""Sends a request to a server, and gives its answer within so many seconds."""

TRACED_TIMES = 20.0
"""Times as long as a test takes otherwise, it may take while it is traced, and a second more,"""
MAX_TRACED_S = 4.0
"""but no longer than this: where it has been by then tells enough."""
TO_TRACE_S = 1.0
"""What the passing tests take together, untraced, that are traced; that takes ten times as long."""
HANGING_S = 0.5
MAX_HANGING_TRACED = 3
"""So many of the tests that hang are traced, for so long; they tell where."""
_FIRST_SHARE = 0.1
"""Of what a test may take, the share that each gets before it is known whether any hang."""
_LONGER = 2
"""So many of the tests that take longer are let, to see whether they end."""
_SLACK = 30.0
_MAX_MESSAGE = 2_000
_MAX_LINES = 200_000
_MAX_FRAMES = 200
_OUTCOMES = {
    "p": Outcome.PASSED,
    "f": Outcome.FAILED,
    "t": Outcome.TIMED_OUT,
    "d": Outcome.DIED,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """The spectrum, and those failing tests that pass where no other test ran before them."""

    spectrum: Spectrum
    pass_alone: frozenset[str]


def spectrum(
    tests: Sequence[str], call: Call, *, seconds: float, first: Sequence[str], each: float
) -> Measured:
    """Run them all, then trace those that failed, then those that passed where the failing led.

    After those, the failing ones are traced once more: what a project does only at its first call
    has been done by then, and says nothing about them.
    """
    measuring = _Measuring(tests, call, time.monotonic() + seconds)
    measuring.run(each)
    measuring.trace_failing(frozenset(first))
    measuring.trace_passing()
    ran = measuring.ran
    found = Spectrum(tuple(ran[number] for number in sorted(ran)))
    return Measured(found, frozenset(measuring.alone))


class _Measuring:
    """What is known so far."""

    def __init__(self, tests: Sequence[str], call: Call, deadline: float) -> None:
        self.ran: dict[int, TestRan] = {}
        self.alone: set[str] = set()
        self._tests = tests
        self._call = call
        self._deadline = deadline

    def run(self, each: float) -> None:
        """Each test for a short while; those that do not end for longer, unless they hang."""
        self.ran.update(self._ask(range(len(self._tests)), each * _FIRST_SHARE))
        late = self._with(Outcome.TIMED_OUT)
        tried = self._ask(late[:_LONGER], each)
        self.ran.update(tried)
        if any(test.outcome is not Outcome.TIMED_OUT for test in tried.values()):
            self.ran.update(self._ask(late[_LONGER:], each))

    def trace_failing(self, named: frozenset[str]) -> None:
        failing = self._with(Outcome.FAILED)
        failing.sort(key=lambda number: (self._tests[number] not in named, number))
        for number, test in self._ask(failing, self._traced_s(failing), lines=[]).items():
            if test.outcome is Outcome.PASSED:
                self.alone.add(test.id)
            self.ran[number] = _traced(self.ran[number], test)
        hanging = [*self._with(Outcome.TIMED_OUT), *self._with(Outcome.DIED)]
        hanging.sort(key=lambda number: (self._tests[number] not in named, number))
        for number, test in self._ask(hanging[:MAX_HANGING_TRACED], HANGING_S, lines=[]).items():
            self.ran[number] = _traced(self.ran[number], test)

    def trace_passing(self) -> None:
        files = sorted(
            {
                path
                for test in self.ran.values()
                if test.outcome is not Outcome.PASSED
                for path in test.lines or ()
            }
        )
        failing = self._with(Outcome.FAILED)
        passing = self._some(self._with(Outcome.PASSED), failing)
        if files and time.monotonic() < self._deadline:
            numbers = [*passing, *failing]
            asked = self._ask(numbers, self._traced_s(numbers), lines=files)
            for number, test in asked.items():
                ran = self.ran[number]
                if ran.outcome is Outcome.PASSED:
                    self.ran[number] = _traced(ran, test)
                else:
                    self.ran[number] = replace(ran, again=test.lines)

    def _some(self, passing: Sequence[int], failing: Sequence[int]) -> list[int]:
        """As many as there is time to trace: of those beside the failing ones, then of the others,
        one in so many everywhere."""
        beside = {self._file(number) for number in failing}
        near = [number for number in passing if self._file(number) in beside]
        far = [number for number in passing if self._file(number) not in beside]
        chosen, left = self._thinned(near, TO_TRACE_S)
        return sorted([*chosen, *self._thinned(far, left)[0]])

    def _thinned(self, numbers: Sequence[int], seconds: float) -> tuple[Sequence[int], float]:
        """All of them, every second or every fourth, and so on; and the time that is left."""
        every = 1
        while every <= len(numbers):
            chosen = numbers[::every]
            took = sum(self.ran[number].seconds for number in chosen)
            if took <= seconds:
                return chosen, seconds - took
            every *= 2
        return (), seconds

    def _file(self, number: int) -> str:
        return self._tests[number].partition("::")[0]

    def _with(self, outcome: Outcome) -> list[int]:
        return [number for number in sorted(self.ran) if self.ran[number].outcome is outcome]

    def _traced_s(self, numbers: Sequence[int]) -> float:
        longest = max((self.ran[number].seconds for number in numbers), default=0.0)
        return min(1.0 + TRACED_TIMES * longest, MAX_TRACED_S)

    def _ask(
        self, numbers: Sequence[int], each: float, lines: list[str] | None = None
    ) -> dict[int, TestRan]:
        if not numbers:
            return {}
        left = max(1.0, self._deadline - time.monotonic())
        asked = {"do": "measure", "tests": list(numbers), "each": each, "seconds": left}
        answer = self._call({**asked, "lines": lines}, left + 6 * each + _SLACK)
        return dict(read(answer, self._tests, numbers))


def _traced(before: TestRan, now: TestRan) -> TestRan:
    """How it ended untraced, with what tracing found of it."""
    message = before.message or now.message
    frames = before.frames or now.frames
    is_stable = now.echo in (0, before.echo)  # else it says something else each time
    echo = before.echo if is_stable else 0
    origin = before.origin or now.origin
    return replace(
        before, lines=now.lines, message=message, origin=origin, frames=frames, echo=echo
    )


def read(
    answer: Mapping[str, Any], tests: Sequence[str], asked: Iterable[int]
) -> Iterator[tuple[int, TestRan]]:
    """Each test that ran, from a server's answer, in which anything may stand."""
    allowed = frozenset(asked)
    details = {
        detail["n"]: detail
        for detail in _list(answer.get("details"))
        if isinstance(detail, dict) and isinstance(detail.get("n"), int)
    }
    for result in _list(answer.get("results")):
        match result:
            case [int(number), str(kind), int() | float() as seconds, int(echo)] if (
                number in allowed and kind in _OUTCOMES
            ):
                detail = details.get(number, {})
                yield (
                    number,
                    TestRan(
                        id=tests[number],
                        outcome=_OUTCOMES[kind],
                        seconds=float(seconds),
                        lines=_lines(detail.get("lines")),
                        echo=echo,
                        message=visible(str(detail.get("message", "")))[:_MAX_MESSAGE],
                        origin=visible(str(detail.get("origin", "")))[:_MAX_MESSAGE],
                        frames=tuple(_frames(detail.get("frames"))),
                    ),
                )
            case _:
                pass


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _lines(found: object) -> dict[str, frozenset[int]] | None:
    if not isinstance(found, dict):
        return None
    return {
        str(path): frozenset(n for n in _list(numbers)[:_MAX_LINES] if type(n) is int and n > 0)
        for path, numbers in found.items()
    }


def _frames(found: object) -> Iterator[tuple[str, int]]:
    for frame in _list(found)[:_MAX_FRAMES]:
        match frame:
            case [str(path), int(line)]:
                yield path, line
            case _:
                pass
