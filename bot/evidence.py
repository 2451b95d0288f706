"""Evidence: what the tests of a base and of a proposal say of the change between them. Pure.

`bot.comparing` works it out from test runs; what a run is and what evidence is, and how it is told
to people, stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.model.names import Sha

MAX_NAMED = 20
"""So many test ids of a kind are kept; `Names.total` says how many there are."""
MAX_OUTPUT = 2_000
"""So many characters of a failing run's output are kept, its end."""
_ADDRESS = re.compile(r"0x[0-9a-f]{6,16}")


class TestOutcome(StrEnum):
    """How one test ended. An error in its set-up or collection is a failure."""

    __test__ = False  # nothing for pytest to collect

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Skipped, or failed as it was expected to."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test of one run. `id` is the runner's own name for it, `seconds` its wall time."""

    __test__ = False

    id: str
    outcome: TestOutcome
    seconds: float = 0.0


class Ended(StrEnum):
    """How a program in the sandbox ended."""

    FINISHED = "finished"
    """By itself, whatever its exit code."""
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "used too much memory"
    TOO_MANY_PROCESSES = "started too many processes"
    TOO_MUCH_OUTPUT = "printed too much"
    DISK_FULL = "wrote too much to disk"
    KILLED = "was killed"
    """By a signal that the sandbox did not send."""
    NOT_STARTED = "could not be started"


@dataclass(frozen=True, slots=True, order=True)
class Lines:
    """Line numbers, from 1, of one file of the tree."""

    path: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """What running the tests of one commit gave.

    `tests` is None where the command does not name its tests; then `exit_code` is all there is.
    `imported` are the changed files, as paths in the tree, that a Python process loaded from the
    clone, and `elsewhere` the files outside of it that answered in their stead; both None where no
    Python process said. `ran_lines` are the changed lines that ran, None where nothing measured it.
    `complete` is False where the runner never said that it was done. `output` is the end of what it
    printed, scrubbed; `reason` says what went wrong where `ended` is not FINISHED.
    """

    __test__ = False

    commit: Sha
    ended: Ended
    exit_code: int | None
    seconds: float
    tests: tuple[TestResult, ...] | None = None
    complete: bool = True
    imported: tuple[str, ...] | None = None
    elsewhere: tuple[str, ...] | None = None
    ran_lines: tuple[Lines, ...] | None = None
    output: str = ""
    reason: str = ""

    @property
    def passed(self) -> bool:
        """Whether the command ended well, all of its tests run and none failed."""
        well = self.ended is Ended.FINISHED and self.exit_code == 0
        failed = any(test.outcome is TestOutcome.FAILED for test in self.tests or ())
        return well and self.complete and not failed

    @property
    def mishap(self) -> str:
        """Why this run is no account of its tests, in a clause; empty where it is one."""
        if self.ended is not Ended.FINISHED:
            return self.reason or f"the run {self.ended}"
        if not self.complete and self.exit_code == 0 and any(self._failures()):
            return "the run ended with exit code 0 although tests failed"
        if not self.complete:
            return "the run ended before the runner was done"
        if self.exit_code and self.tests is not None and not any(self._failures()):
            return f"the run ended with exit code {self.exit_code} although no test failed"
        return ""

    def _failures(self) -> Iterator[bool]:
        return (test.outcome is TestOutcome.FAILED for test in self.tests or ())

    def outcomes(self) -> dict[str, TestOutcome]:
        """Each test's outcome; of one id that ran twice the worse. Addresses do not count."""
        found: dict[str, TestOutcome] = {}
        for test in self.tests or ():
            name = steady(test.id)
            found[name] = max(found.get(name, test.outcome), test.outcome, key=_BADNESS.index)
        return found


_BADNESS = (TestOutcome.SKIPPED, TestOutcome.PASSED, TestOutcome.FAILED)


def steady(id_: str) -> str:
    """A test's id without what differs in it from run to run."""
    return _ADDRESS.sub("0x…", id_)


@dataclass(frozen=True, slots=True)
class Names:
    """Test ids or paths of a kind: the first of them by name, and how many there are."""

    first: tuple[str, ...] = ()
    total: int = 0

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        found = sorted(set(names))
        return cls(tuple(found[:MAX_NAMED]), len(found))

    def __bool__(self) -> bool:
        return self.total > 0


NO_NAMES = Names()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the tests say of one commit against its base.

    `by_test` says whether single tests could be compared; without it the names stay empty and only
    `base_passed` and `head_passed` speak. `problem` is why none of it counts, empty where it does.
    `lines_run` of `lines_changed` changed lines were run by the tests; None where not measured.
    """

    base: Sha
    head: Sha
    command: str
    isolation: str
    by_test: bool
    base_passed: bool
    head_passed: bool
    collected: int = 0
    """Tests that ran or were skipped at head."""
    fixed: Names = NO_NAMES
    """Failed at base and pass at head."""
    broken: Names = NO_NAMES
    """Passed at base and fail at head, or are new and fail."""
    still_failing: Names = NO_NAMES
    """Failed at base and fail at head; the change is not blamed for them."""
    no_longer_run: Names = NO_NAMES
    """Were collected at base and are gone at head, or ran there and are skipped here."""
    flaky: Names = NO_NAMES
    """Changed their outcome at base when it was run again; nothing follows from them."""
    unsteady: Names = NO_NAMES
    """Changed their outcome here when it was run again, and did not at base."""
    unloaded: Names = NO_NAMES
    """Changed Python files that no test loaded from the clone."""
    mishap: str = ""
    """How the run at head went wrong as a whole, where the one at base did not."""
    lines_changed: int | None = None
    lines_run: int | None = None
    seconds_base: float = 0.0
    seconds_head: float = 0.0
    problem: str = ""
    output: str = ""
    """The end of what the run at head printed, where it did not pass."""
    notes: tuple[str, ...] = ()
    """What else is to be said: hooks that could not run, and why."""

    @property
    def breaks(self) -> bool:
        """Whether it shows that the change breaks what worked."""
        if self.problem:
            return False
        if self.by_test or self.mishap:
            return bool(self.broken or self.mishap)
        wobbles = self.flaky or self.unsteady
        return self.base_passed and not self.head_passed and not wobbles

    @property
    def harmless(self) -> bool:
        """Whether nothing speaks against the change: nothing broke, vanished or wobbles."""
        if self.problem or self.breaks:
            return False
        return not self.no_longer_run and not self.unsteady

    @property
    def fail_to_pass(self) -> bool:
        """Whether it proves that something failed at base and passes now, and nothing broke."""
        if not self.harmless or self.unloaded:
            return False
        if self.by_test:
            return bool(self.fixed)
        return self.head_passed and not self.base_passed and not self.flaky

    @property
    def keeps_all(self) -> bool:
        """Whether every test collected at base still runs, and none that passed fails."""
        return self.by_test and self.harmless and not self.unloaded

    @property
    def green(self) -> bool:
        """Whether a check would pass: all is well, or no worse than at base test by test."""
        return self.harmless and (self.head_passed or self.keeps_all)

    @property
    def sentence(self) -> str:
        """The most important of it in one sentence without names."""
        if self.problem:
            return f"The tests prove nothing: {self.problem}."
        if self.mishap:
            return f"It breaks the tests: {self.mishap}."
        if self.broken:
            return f"It breaks {_count(self.broken.total, 'test')}."
        if self.breaks:
            return "It breaks the tests: they passed before and fail now."
        if self.no_longer_run:
            runs = "runs" if self.no_longer_run.total == 1 else "run"
            return f"{_count(self.no_longer_run.total, 'test')} of the base no longer {runs}."
        if self.unsteady:
            said = _count(self.unsteady.total, "test")
            return f"{said} came out differently when run again here, and did not at base."
        if self.fail_to_pass and self.fixed:
            now = "passes" if self.fixed.total == 1 else "pass"
            return f"{_count(self.fixed.total, 'test')} failed before and {now} now; none broke."
        if self.fail_to_pass:
            return "The tests failed before and pass now."
        if self.by_test:
            return f"No test changed its outcome; {_count(self.collected, 'test')} ran."
        return f"The tests {'pass' if self.head_passed else 'fail'} as before."


@dataclass(frozen=True, slots=True)
class Checked:
    """Evidence for the head of a branch that is open already."""

    branch: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a proposal changes, as far as tests can tell: its Python files and their lines."""

    modules: tuple[str, ...] = ()
    """Changed Python files, as paths in the tree."""
    lines: tuple[Lines, ...] = ()
    """The lines among the changed ones that can run."""


def said(evidence: Evidence) -> Iterator[tuple[str, Names]]:
    """All of it for people, weightiest first: a sentence each, and the names it is about."""
    first = evidence.fixed if evidence.fail_to_pass else NO_NAMES
    yield evidence.sentence, first
    kinds = (
        ("Failed before and pass now", NO_NAMES if first else evidence.fixed),
        ("Broken", evidence.broken),
        ("No longer run", evidence.no_longer_run),
        ("Failed before too, and still do", evidence.still_failing),
        ("Flaky at base, so they prove nothing", evidence.flaky),
        ("Came out differently when run again here", evidence.unsteady),
        ("Changed, but no test loads it", evidence.unloaded),
    )
    yield from ((what, names) for what, names in kinds if names)
    if evidence.lines_run is not None and evidence.lines_changed:
        lines = _count(evidence.lines_changed, "changed line")
        yield f"{evidence.lines_run} of {lines} ran.", NO_NAMES
    yield from ((note, NO_NAMES) for note in evidence.notes)
    where = f"in {evidence.isolation}" if evidence.isolation else "without isolation"
    yield f"Run with “{evidence.command}” {where}.", NO_NAMES


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
