"""The search's own nouns: what is tried, where, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Replacement:
    """New text for one span of a file. `start` and `end` count characters of the file's text."""

    path: str
    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One change to try: replacements that belong together, none overlapping another.

    `template` names the kind of change (`comparison`, `regex-quantifier`); `score` is how likely it
    was before anything was tried, the higher the likelier. `symbol` is the dotted name of the
    innermost function or class around the change, empty at module level.
    """

    replacements: tuple[Replacement, ...]
    template: str
    score: float
    symbol: str = ""
    line: int = 0
    """The first changed line, counted from 1."""
    said: str = ""
    """What it does, as a clause: “compare with < instead of <=”."""

    @property
    def path(self) -> str:
        return self.replacements[0].path


class Outcome(StrEnum):
    """How one test, or one candidate, ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    DIED = "died"
    """The process that ran it ended without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRan:
    """One test at the base: how it ended, how long it took, and which lines it executed.

    `lines` maps paths of the tree to line numbers; None where it was not traced. `frames` are the
    places of the traceback inside the tree, outermost first, each a path and a line.
    """

    __test__ = False  # nothing for pytest to collect

    id: str
    outcome: Outcome
    seconds: float
    lines: Mapping[str, frozenset[int]] | None = None
    message: str = ""
    """The error's type and message; cut short."""
    origin: str = ""
    """The same of the error that this one was raised for, if it was for one."""
    again: Mapping[str, frozenset[int]] | None = None
    """The lines where other tests have run before, without what a project does once; None if that
    was not found out."""
    frames: tuple[tuple[str, int], ...] = ()
    echo: int = 0
    """A number for what it failed with, alike for the same error and values; 0 for none."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """What the tests of the base did, in the suite's own order."""

    tests: tuple[TestRan, ...]

    @property
    def failing(self) -> tuple[TestRan, ...]:
        return tuple(test for test in self.tests if test.outcome is not Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A line of a file and how likely the defect is on it, from 0 to 1."""

    path: str
    line: int
    suspicion: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of one candidate. It is plausible when every test passed that it should pass."""

    candidate: Candidate
    plausible: bool
    fixed: int
    """How many of the failing tests passed before the first that did not."""
    broke: str = ""
    """The first test that passed at the base and does not any more; empty if none."""
    outcome: Outcome = Outcome.PASSED
    seconds: float = 0.0
    is_same: bool | None = None
    """Whether it failed just as the base does, and mended no test; None if that is not known."""
    is_again: bool = False
    """Whether it has been judged before, by a process where failing may only mislead."""
