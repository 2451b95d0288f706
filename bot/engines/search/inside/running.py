"""Runs tests in a child, and tells how they end: the same for pytest and for unittest."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

from .echoing import Echo
from .tracing import Lines, Places, lines_for, message_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType
    from typing import Any, Protocol

    from .forking import Telling

    class Collected(Protocol):
        """The tests as a runner has collected them."""

        ids: list[str]
        """In the suite's own order. A file that cannot be collected counts as a test."""
        files: list[str]
        """The file of each."""
        within: str
        """What stands between the id of a file that counts as a test, and its tests' own."""

        def settle(self) -> None:
            """Get ready to run, with nobody to read what is printed."""

        def warm_up(self) -> None:
            """Do once what takes longer the first time, without running anything of the project."""

        def forget_output(self) -> None:
            """Drop what a child that was killed has left of its output."""

        def run(self, numbers: Sequence[int], told: Told) -> None:
            """Run these tests one after the other, or as many as `told` lets."""


class Told:
    """Tells of each test; asked by the runner whether to go on."""

    def __init__(
        self,
        telling: Telling,
        may_fail: Sequence[int] = (),
        measure: Measure | None = None,
        deadline: float = float("inf"),
    ) -> None:
        self._telling = telling
        self._may_fail = frozenset(may_fail)
        self._measure = measure
        self._deadline = deadline
        self._began = 0.0
        self.echo = Echo()
        """Of the test that is under way."""
        self._error: BaseException | None = None
        self.stopped = False
        self.has_escaped = False
        """Whether something was raised past the runner, which may have left it in disorder."""

    def start(self, number: int) -> None:
        self._telling.test("s", number)
        self.echo, self._error = Echo(), None
        self._began = time.perf_counter()
        if self._measure is not None:
            self._measure.start(number)

    def error(self, error: BaseException | None) -> None:
        """What a test failed with; the first of several counts."""
        if error is None:
            return
        if self._error is None:
            self._error = error
        if self._measure is not None:
            self._measure.error(error)

    def end(self, number: int, kind: str) -> None:
        seconds = time.perf_counter() - self._began
        if self._measure is not None:
            self._measure.end()
        if self._error is not None:  # which may say what takes code of the project to say
            self.echo.failed(self._error)
            self._error = None
        self._telling.ended(kind, number, seconds, self.echo.number)
        if self._measure is not None:
            self.stopped = time.monotonic() > self._deadline
        elif kind == "f" and number not in self._may_fail:
            self.stopped = True


class Measure:
    """In a child that measures the base: times, errors, and lines where they are asked for."""

    def __init__(
        self, telling: Telling, places: Places, each: float, only: list[str] | None
    ) -> None:
        self._telling = telling
        self._places = places
        self._each = each
        self._lines: Lines | None = None
        if only is not None:
            self._lines = lines_for(places, set(only) or None)
            self._lines.leave_out_explaining()
        self._number = -1
        self._error: BaseException | None = None
        signal.signal(signal.SIGPROF, self._time_is_up)

    def start(self, number: int) -> None:
        self._number = number
        self._error = None
        signal.setitimer(signal.ITIMER_PROF, self._each)
        if self._lines is not None:
            self._lines.start()

    def error(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error

    def end(self) -> None:
        lines = self._lines.stop() if self._lines is not None else None
        signal.setitimer(signal.ITIMER_PROF, 0)
        told: dict[str, Any] = {"n": self._number}
        if lines is not None:
            told["lines"] = lines
        if self._error is not None:
            told["frames"], origin = self._places.trace(self._error)
            told["message"] = message_of(self._error)
            if origin is not self._error:
                told["origin"] = message_of(origin)
        if len(told) > 1:
            self._telling.say("j" + json.dumps(told))
        self._error = None

    def _time_is_up(self, _: int, frame: FrameType | None) -> None:
        """Say where it is; the parent does the rest."""
        lines = self._lines.stop() if self._lines is not None else None
        told: dict[str, Any] = {"n": self._number, "frames": self._places.stack(frame)}
        if lines is not None:
            told["lines"] = lines
        self._telling.say("j" + json.dumps(told))
        self._telling.say(f"t{self._number}")
        self._telling.give_up()


class Untold(Told):
    """Where nobody asks how the tests end."""

    def __init__(self) -> None:
        self.stopped = self.has_escaped = False
        self.echo = Echo()

    def start(self, number: int) -> None:
        pass

    def error(self, error: BaseException | None) -> None:
        pass

    def end(self, number: int, kind: str) -> None:
        pass


class Renumbered(Told):
    """In a child that has collected anew: tells of tests by the numbers that they have elsewhere.

    A file that could not be collected counted as one test, and passes with the last of its tests.
    """

    def __init__(self, telling: Telling, tests: Collected, stage: dict[str, Any]) -> None:
        super().__init__(telling, stage.get("may_fail", ()))
        self.order: list[int] = []
        self._wanted: dict[int, int] = {}
        self._groups: dict[int, list[int]] = {}
        self._failed: dict[int, bool] = {}
        self._missing: list[int] = []
        here = {name: number for number, name in enumerate(tests.ids)}
        spots = stage.get("spots", {})
        for number, name in zip(stage["tests"], stage["ids"]):
            alone = here.get(name, _at(spots[name], here) if name in spots else None)
            own = _below(here, name + tests.within) if alone is None else [alone]
            if not own:
                self._missing.append(number)
            self._groups[number] = own
            self._failed[number] = False
            for each in own:
                self._wanted[each] = number
            self.order += own

    def run(self, tests: Collected) -> None:
        for number in self._missing:
            super().end(number, "f")
            if self.stopped:
                return
        tests.run(self.order, self)

    def start(self, number: int) -> None:
        super().start(self._wanted[number])

    def end(self, number: int, kind: str) -> None:
        whole = self._wanted[number]
        self._failed[whole] |= kind == "f"
        if self._groups[whole][-1] == number or kind == "f":
            super().end(whole, "f" if self._failed[whole] else kind)


def spots(names: Sequence[str], functions: Sequence[str]) -> dict[str, list[Any]]:
    """For the tests of these functions, by id: the function, which one it is, of how many."""
    of: dict[str, list[str]] = {function: [] for function in functions}
    for name in names:
        function, bracket, _ = name.partition("[")
        if bracket and function in of:
            of[function].append(name)
    return {
        name: [function, at, len(own)]
        for function, own in of.items()
        for at, name in enumerate(own)
    }


def _at(spot: list[Any], here: dict[str, int]) -> int | None:
    """The number here of a test that is called otherwise each time, if there are as many of it."""
    function, at, count = spot
    own = _below(here, f"{function}[")
    return own[at] if len(own) == count else None


def _below(here: dict[str, int], prefix: str) -> list[int]:
    return [number for name, number in here.items() if name.startswith(prefix)]


def no_longer_writing() -> None:
    sys.dont_write_bytecode = True


def remember_bytecode(folder: str) -> None:
    """Compile each module of the project once, and not again for each cold candidate."""
    os.makedirs(folder, exist_ok=True)
    sys.pycache_prefix = folder
    sys.dont_write_bytecode = False
