"""`python -m unittest` with all its options, that reports each test as it starts and ends."""

from __future__ import annotations

import os
import re
import sys
import time
import unittest
from collections.abc import Iterator
from typing import Any

import amendbot_events
import amendbot_imports
import amendbot_lines

__unittest = True  # keeps this file out of the tracebacks that unittest prints

_RANKS = {"passed": 0, "skipped": 1, "failed": 2}
_FIXTURE = re.compile(r"(setUpClass|setUpModule|tearDownClass|tearDownModule) \((.*)\)\Z")


def name_of(test: Any) -> str:
    """The test's id. That of a module which could not be loaded is the module's name."""
    if type(test).__name__ == "_FailedTest":
        return amendbot_events.plain(str(test._testMethodName))
    return amendbot_events.plain(str(test.id()))


def tests_in(suite: Any) -> Iterator[Any]:
    try:
        members = iter(suite)
    except TypeError:
        yield suite
        return
    for member in members:
        yield from tests_in(member)


class _Result(unittest.TextTestResult):
    """Reports each test, and those that a failing or skipping class or module kept from running."""

    stamp: dict[str, str]
    waiting: dict[str, str]
    """Each test that was not run yet, and `module.Class` that it belongs to."""

    _outcome = "passed"
    _started: float | None = None

    def startTest(self, test: Any) -> None:
        self._started = time.perf_counter()
        self.tell("start", id=name_of(test))
        super().startTest(test)

    def stopTest(self, test: Any) -> None:
        super().stopTest(test)
        now, name = time.perf_counter(), name_of(test)
        seconds = round(now - (self._started or now), 4)
        self.waiting.pop(name, None)
        self.tell("test", id=name, outcome=self._outcome, s=seconds)
        # Not in startTest: Python 3.12.1 does not call that for a test it skips.
        self._outcome, self._started = "passed", None

    def addError(self, test: Any, err: Any) -> None:
        self._note(test, "failed")
        super().addError(test, err)

    def addFailure(self, test: Any, err: Any) -> None:
        self._note(test, "failed")
        super().addFailure(test, err)

    def addUnexpectedSuccess(self, test: Any) -> None:
        self._note(test, "failed")
        super().addUnexpectedSuccess(test)

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self._note(test, "skipped")
        super().addExpectedFailure(test, err)

    def addSkip(self, test: Any, reason: str) -> None:
        if not hasattr(test, "test_case"):  # a skipped subtest leaves the rest of its test
            self._note(test, "skipped")
        super().addSkip(test, reason)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self._note(test, "failed")
        super().addSubTest(test, subtest, err)

    def tell(self, event: str, **fields: Any) -> None:
        amendbot_events.emit(event, **self.stamp, **fields)

    def _note(self, test: Any, outcome: str) -> None:
        fixture = _FIXTURE.match(str(test.id()))
        if fixture is None or isinstance(test, unittest.TestCase):
            self._outcome = max(self._outcome, outcome, key=_RANKS.__getitem__)
            return
        if outcome == "failed":
            self.tell("test", id=amendbot_events.plain(fixture[0]), outcome=outcome, s=0.0)
        if fixture[1].startswith("setUp"):
            for name in self._kept_from_running(fixture[2]):
                del self.waiting[name]
                self.tell("test", id=name, outcome=outcome, s=0.0)

    def _kept_from_running(self, owner: str) -> list[str]:
        return [
            name
            for name, place in self.waiting.items()
            if place == owner or place.startswith(f"{owner}.")
        ]


class _Runner(unittest.TextTestRunner):
    resultclass = _Result  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        options["failfast"] = False  # one failure must not keep others from being compared
        super().__init__(*args, **options)

    def run(self, test: Any) -> Any:
        _Result.stamp = _stamp
        tests = list(tests_in(test))
        if _only is not None:
            tests = [each for each in tests if name_of(each) in _only]
            test = unittest.TestSuite(tests)
        _Result.waiting = {
            name_of(each): f"{type(each).__module__}.{type(each).__qualname__}" for each in tests
        }
        amendbot_events.emit("collected", **_stamp, n=len(tests))
        amendbot_imports.report()
        result = super().run(test)
        left, code = len(_Result.waiting), 0 if result.wasSuccessful() else 1
        amendbot_events.emit("done", **_stamp, exit=code, left=left)
        if _lines is not None:
            _lines.report()
        return result


if __name__ == "__main__":
    # Taken out of the environment, so that nothing the tests start reports as well.
    _stamp = {"key": amendbot_events.taken("AMENDBOT_KEY"), "run": os.urandom(4).hex()}
    _names = amendbot_events.names_in(amendbot_events.taken("AMENDBOT_ONLY"))
    _only = None if _names is None else frozenset(_names)
    _lines = amendbot_lines.ChangedLines() if amendbot_events.taken("AMENDBOT_LINES") else None
    amendbot_events.emit("begin", **_stamp)
    sys.argv[0] = "python -m unittest"
    unittest.main(module=None, testRunner=_Runner)
