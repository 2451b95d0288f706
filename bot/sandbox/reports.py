"""What a test run wrote about itself, read as what it is: text that a stranger may have written.

Two forms are known: the events of our own recorders, and JUnit XML, which most runners can write.
Neither may cost more than it is worth, so sizes and counts are bounded. Pure.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from bot.evidence import Lines, TestOutcome, TestResult
from bot.untrusted import visible

MAX_TESTS = 100_000
MAX_ID = 500
MAX_JUNIT_BYTES = 16 * 1024 * 1024

_MAX_EVENT_BYTES = 4096
_MAX_PATHS = 2_000
_MAX_PATH = 4_096
_MAX_LINE_NUMBERS = 100_000
_MAX_DEPTH = 50
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the recorders said of one run.

    `tests` is None where no recorder reported tests; one that started and never ended has failed.
    `complete` says that each recorder came to its end, ran all that it had collected, and that
    nobody else claimed to be one. `python` says that some Python process told what it imported:
    `imported`, absolute paths as the program saw them. `lines` are changed lines that ran, None
    where nothing was measured.
    """

    tests: tuple[TestResult, ...] | None = None
    complete: bool = False
    python: bool = False
    imported: tuple[str, ...] = ()
    lines: tuple[Lines, ...] | None = None


def parse_events(data: bytes, key: str) -> Recorded:
    """Read what came through the report pipe. Test results count only with the run's own key."""
    reading = _Events(key)
    for line in data.split(b"\n"):
        event = _event(line)
        if event is not None:
            reading.take(event)
    return reading.recorded()


def _event(line: bytes) -> dict[str, Any] | None:
    if not line.startswith(b"{") or len(line) > _MAX_EVENT_BYTES:
        return None
    try:
        event = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


class _Events:
    """The state while events are read, one after the other."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._open: dict[str, set[str]] = {}
        """Each recorder's run that is under way, and the tests that it has started."""
        self._begun = False
        self._whole = True
        self._tests = _Tests()
        self._python = False
        self._imported: dict[str, None] = {}
        self._lines: dict[str, set[int]] = {}
        self._measured = False

    def take(self, event: dict[str, Any]) -> None:
        match event:
            case {"e": "python"}:
                self._python = True
            case {"e": "imported", "path": str(path)} if len(path) <= _MAX_PATH:
                if len(self._imported) < _MAX_PATHS:
                    self._imported[path] = None
            case {"e": "lines", "path": str(path), "ran": list(ran)} if len(path) <= _MAX_PATH:
                self._take_lines(path, ran)
            case {"e": "begin" | "start" | "test" | "done", "key": self._key, "run": str(run)}:
                self._take_of_tests(event, run)
            case {"e": "begin" | "start" | "test" | "done"}:
                self._whole = False  # somebody who is not the recorder wants to be taken for it
            case _:
                pass

    def _take_of_tests(self, event: dict[str, Any], run: str) -> None:
        match event:
            case {"e": "begin"}:
                self._begun = True
                self._open[run] = set()
            case {"e": "start", "id": str(name)} if run in self._open:
                self._open[run].add(shown_id(name))
            case {"e": "test", "id": str(name), "outcome": str(outcome), "s": seconds} if (
                run in self._open and outcome in tuple(TestOutcome)
            ):
                test = TestResult(shown_id(name), TestOutcome(outcome), _seconds(seconds))
                self._open[run].discard(test.id)
                self._whole &= self._tests.add(test)
            case {"e": "done", "left": int(left)} if run in self._open:
                self._whole &= left == 0 and not self._open[run]
                self._fail_unended(self._open.pop(run))
            case _:
                self._whole = False

    def _take_lines(self, path: str, ran: list[Any]) -> None:
        self._measured = True
        if path in self._lines or len(self._lines) < _MAX_PATHS:
            numbers = self._lines.setdefault(path, set())
            if len(numbers) < _MAX_LINE_NUMBERS:
                numbers.update(line for line in ran if type(line) is int and 0 < line < 10**7)

    def _fail_unended(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            self._tests.add(TestResult(name, TestOutcome.FAILED))

    def recorded(self) -> Recorded:
        complete = self._begun and self._whole and not self._open
        for names in self._open.values():
            self._fail_unended(names)
        self._open.clear()
        lines = (Lines(path, tuple(sorted(ran))) for path, ran in sorted(self._lines.items()))
        return Recorded(
            tests=self._tests.all() if self._begun else None,
            complete=complete,
            python=self._python,
            imported=tuple(self._imported),
            lines=tuple(lines) if self._measured else None,
        )


# -------------------------------------------------------------------------------------- JUnit XML


def parse_junit(data: bytes) -> tuple[tuple[TestResult, ...], str]:
    """The tests in a JUnit XML report, and why there are none where it cannot be read.

    A test's id is its class name and its name, joined by `::`.
    """
    if len(data) > MAX_JUNIT_BYTES:
        return (), f"The report is larger than {MAX_JUNIT_BYTES // 1024 // 1024} MiB."
    reading = _JUnit()
    try:
        reading.read(data)
    except _Refused as refused:
        return (), f"The report {refused}."
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter: its encoding
        return (), f"The report is not well-formed XML: {visible(str(error))}."
    return reading.tests.all(), ""


class _Refused(Exception):
    pass


_BAD = {"failure": TestOutcome.FAILED, "error": TestOutcome.FAILED, "skipped": TestOutcome.SKIPPED}
_NOT_RUN = frozenset({"notrun", "disabled", "skipped", "ignored", "suppressed"})


class _JUnit:
    """Reads a report front to back and keeps nothing of it but the tests."""

    def __init__(self) -> None:
        self.tests = _Tests()
        self._path: list[str] = []
        self._suites: list[str] = []
        self._case: TestResult | None = None
        self._case_depth = 0

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.Parse(data, True)
        if self._root not in ("testsuites", "testsuite", "testcase"):
            raise _Refused("is XML, but not of JUnit's kind")

    _root = ""

    def _refuse_doctype(self, *_: object) -> None:
        raise _Refused("has a DOCTYPE, which no test runner writes")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self._root = self._root or name
        self._path.append(name)
        if len(self._path) > _MAX_DEPTH:
            raise _Refused("is nested too deeply")
        if name == "testsuite":
            self._suites.append(attributes.get("name", ""))
        elif name == "testcase" and self._case is None:
            self._case, self._case_depth = self._test(attributes), len(self._path)
        elif name in _BAD and self._case and len(self._path) == self._case_depth + 1:
            self._case = _worse(self._case, TestResult(self._case.id, _BAD[name]))

    def _end(self, _tag: str) -> None:
        name = self._path.pop()
        if name == "testsuite":
            self._suites.pop()
        elif name == "testcase" and len(self._path) == self._case_depth - 1 and self._case:
            if not self.tests.add(self._case):
                raise _Refused(f"names more than {MAX_TESTS} tests")
            self._case = None

    def _test(self, attributes: dict[str, str]) -> TestResult:
        owner = attributes.get("classname") or (self._suites[-1] if self._suites else "")
        name = "::".join(part for part in (owner, attributes.get("name", "")) if part)
        states = (attributes.get("status", ""), attributes.get("result", ""))
        skipped = any(state.lower() in _NOT_RUN for state in states)
        outcome = TestOutcome.SKIPPED if skipped else TestOutcome.PASSED
        return TestResult(shown_id(name), outcome, _seconds(attributes.get("time")))


# ------------------------------------------------------------------------------------------- both

_RANKS = {TestOutcome.PASSED: 0, TestOutcome.SKIPPED: 1, TestOutcome.FAILED: 2}


class _Tests:
    """Tests by id; of one that ran twice the worse outcome and the time of both."""

    def __init__(self) -> None:
        self._by_id: dict[str, TestResult] = {}

    def add(self, test: TestResult) -> bool:
        """Whether there was room."""
        known = self._by_id.get(test.id)
        if known is None and len(self._by_id) >= MAX_TESTS:
            return False
        self._by_id[test.id] = test if known is None else _worse(known, test)
        return True

    def all(self) -> tuple[TestResult, ...]:
        return tuple(self._by_id.values())


def merged(tests: Iterable[TestResult]) -> tuple[TestResult, ...]:
    """Each test once, with its worst outcome."""
    found = _Tests()
    for test in tests:
        found.add(test)
    return found.all()


def _worse(one: TestResult, other: TestResult) -> TestResult:
    outcome = max(one.outcome, other.outcome, key=_RANKS.__getitem__)
    return TestResult(one.id, outcome, min(one.seconds + other.seconds, _DAY))


def shown_id(name: str) -> str:
    """A test's id as it may be shown: on one line, and short. Different ids stay different."""
    shown = "".join(_shown(name))
    if len(shown) <= MAX_ID:
        return shown or "?"
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{shown[: MAX_ID - 13]}~{digest}"


def _shown(name: str) -> Iterator[str]:
    for character in name:
        if character not in "\n\t" and visible(character) == character:
            yield character
        else:
            yield character.encode("unicode_escape").decode()


def _seconds(value: object) -> float:
    if isinstance(value, str):
        value = value.replace(",", "")  # some write 1,234.5
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), _DAY) if math.isfinite(seconds) else 0.0
