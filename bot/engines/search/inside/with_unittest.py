"""The tests as unittest finds and runs them, where the project has no pytest."""

from __future__ import annotations

import os
import sys
import unittest
from typing import Any

from .echoing import listen
from .forking import silence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .running import Told
    from .standing import Anew, Setting, Steps

_RANKS = {"k": 0, "p": 1, "f": 2}


def prepare(setting: Setting) -> None:
    """Nothing more to load."""
    sys.argv = ["python -m unittest", *setting.args]


def collect(setting: Setting, steps: Steps | Anew) -> str:
    """Let unittest find its tests. Returns why it came back."""
    run = steps.before_collecting()
    if run is not None:
        silence()
    loader = _Loader(run.files if run is not None else None)
    found: Any = _Program(
        module=None, argv=["python -m unittest", *setting.args], testLoader=loader
    )
    steps.collected(UnittestTests(found.test))
    return "unittest came back"


class _Program(unittest.TestProgram):
    def runTests(self) -> None:
        """Not yet."""


class _Loader(unittest.TestLoader):
    """Finds tests in some files only, where files are named."""

    def __init__(self, files: list[str] | None) -> None:
        super().__init__()
        self._files = None if files is None else set(map(os.path.realpath, files))

    def _match_path(self, path: str, full_path: str, pattern: str) -> bool:
        asked = self._files is None or os.path.realpath(full_path) in self._files
        return asked and bool(super()._match_path(path, full_path, pattern))


class UnittestTests:
    """The tests of one collection."""

    within = "."

    def __init__(self, suite: Any) -> None:
        from amendbot_unittest import name_of, tests_in

        self._tests = list(tests_in(suite))
        self.ids = [str(name_of(test)) for test in self._tests]
        self.files = [_file_of(test) for test in self._tests]
        self._told: Told | None = None

    def settle(self) -> None:
        silence()
        listen(lambda: self._told.echo if self._told else None)

    def warm_up(self) -> None:
        """Nothing that would take long the first time."""

    def forget_output(self) -> None:
        """Nobody keeps it."""

    def run(self, numbers: Sequence[int], told: Told) -> None:
        tests = [self._tests[number] for number in numbers]
        self._told = told
        result = _Result(told, dict(zip(map(id, tests), numbers)))
        unittest.TestSuite(tests).run(result)  # it knows of the fixtures of classes and modules
        for number in numbers:
            if number not in result.ended and not told.stopped:
                told.start(number)  # kept from running by a fixture
                told.end(number, "f" if result.fixture_failed else "k")


class _Result(unittest.TestResult):
    def __init__(self, told: Told, numbers: dict[int, int]) -> None:
        super().__init__()
        self._told = told
        self._numbers = numbers
        self._kind = "p"
        self.ended: dict[int, str] = {}
        self.fixture_failed = False

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self._kind = "p"
        self._told.start(self._numbers[id(test)])

    def stopTest(self, test: Any) -> None:
        super().stopTest(test)
        number = self._numbers[id(test)]
        self.ended[number] = self._kind
        self._told.end(number, self._kind)
        if self._told.stopped:
            self.stop()

    def addError(self, test: Any, err: Any) -> None:
        if id(test) not in self._numbers:
            self.fixture_failed = True
        self._note("f", err)

    def addFailure(self, test: Any, err: Any) -> None:
        self._note("f", err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self._note("f", err)

    def addSkip(self, test: Any, reason: str) -> None:
        if not hasattr(test, "test_case"):  # a skipped subtest leaves the rest of its test
            self._note("k")

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self._note("k")

    def addUnexpectedSuccess(self, test: Any) -> None:
        self._note("f")

    def _note(self, kind: str, err: Any = None) -> None:
        self._kind = kind if self._kind == "p" else max(self._kind, kind, key=_RANKS.__getitem__)
        if err is not None:
            self._told.error(err[1])


def _file_of(test: Any) -> str:
    module = sys.modules.get(type(test).__module__)
    return str(getattr(module, "__file__", None) or "")
