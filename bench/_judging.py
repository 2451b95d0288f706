"""What a proposed patch is worth: judged by the repaired tree and the hidden tests of its bug.

The engine that proposed it has seen neither. A patch is *plausible* when every test that the
repair makes pass passes, and nothing else broke. It is *right* when it is the repair (the same AST
in every changed file), when it passes the hidden tests, or, where none are hidden, when it behaves
as the repair does on inputs made from those of the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench._collections import Bug, changed_files, same_program
from bench._differential import alike
from bench._running import Ran, Runner
from bot.errors import UserError
from bot.tree_index import is_test

SECONDS = 300.0
PATIENCE = 3.0, 10.0
"""A buggy tree may take so much longer than the repaired one: times, plus seconds."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the tests of a bug do before anything is proposed.

    `goal` are the tests that the repair makes pass, in the suite's own order, of which those in
    `failed` were seen to fail and the others not to end; `kept` those that pass already. `seconds`
    is how long a run of the whole may take.
    """

    goal: tuple[str, ...]
    failed: frozenset[str]
    kept: frozenset[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a patch. `by` names what showed it right or wrong."""

    plausible: bool
    right: bool
    by: str


def baseline(bug: Bug, runner: Runner) -> Baseline:
    """Run the tests of both trees; a UserError says why the bug is none."""
    fixed = runner.run(bug.fixed, seconds=SECONDS)
    if not fixed.passed:
        raise UserError(f"{bug.name}: no test of its repaired tree passes. {_why(fixed)}")
    times, plus = PATIENCE
    seconds = times * fixed.seconds + plus
    src = runner.run(bug.src, seconds=seconds)
    mended = (test for test in fixed.tests if test in fixed.passed - src.passed)
    goal = tuple(test for test in mended if _was_there(test, src))
    if not goal:
        raise UserError(f"{bug.name}: no test fails that passes in its repaired tree.")
    return Baseline(goal, src.failed, src.passed & fixed.passed, seconds)


def _was_there(test: str, src: Ran) -> bool:
    """False for a test whose id is another in every run, as one that has the time in it."""
    uncollected = any(test.startswith(f"{name}::") for name in src.failed)
    return test in src.tests or uncollected or bool(src.trouble)


def judge(bug: Bug, files: Mapping[str, str], base: Baseline, runner: Runner) -> Verdict:
    """What these new texts of files are worth."""
    ran = runner.run(bug.src, files=files, seconds=base.seconds)
    if ran.trouble or not ran.passed >= {*base.goal, *base.kept}:
        missing = sorted({*base.goal, *base.kept} - ran.passed)
        return Verdict(False, False, ran.trouble or f"{missing[0]} does not pass")
    if same_as_repair(bug, files):
        return Verdict(True, True, "same AST")
    if bug.hidden is not None:
        return _by_hidden_tests(bug, files, base, runner)
    difference = alike(bug, files, runner)
    if difference is None:
        return Verdict(True, False, "differs from the repair, and nothing told them apart")
    return Verdict(True, not difference, difference or "behaves as the repair")


def same_as_repair(bug: Bug, files: Mapping[str, str]) -> bool:
    """Whether the trees are the same programs, file by file."""
    for path in {*files, *changed_files(bug)}:
        if path.endswith(".py"):
            old = bug.src / path
            ours = files.get(path, old.read_text() if old.is_file() else "")
            theirs = bug.fixed / path
            if not same_program(ours, theirs.read_text() if theirs.is_file() else ""):
                return False
    return True


def _by_hidden_tests(bug: Bug, files: Mapping[str, str], base: Baseline, runner: Runner) -> Verdict:
    assert bug.hidden is not None
    paths = [path.relative_to(bug.hidden).as_posix() for path in bug.hidden.rglob("*.py")]
    tests = tuple(sorted(path for path in paths if is_test(path) and _collected(path)))
    fixed = runner.run(bug.fixed, over=bug.hidden, arguments=tests, seconds=SECONDS)
    if not fixed.passed:
        raise UserError(f"{bug.name}: no hidden test passes in its repaired tree. {_why(fixed)}")
    times, plus = PATIENCE
    seconds = times * fixed.seconds + plus
    ran = runner.run(bug.src, over=bug.hidden, files=files, arguments=tests, seconds=seconds)
    missing = sorted(fixed.passed - ran.passed)
    if not missing:
        return Verdict(True, True, "hidden tests")
    return Verdict(True, False, ran.trouble or f"hidden: {missing[0]} does not pass")


def _collected(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return name.startswith("test") or name.endswith("_test.py")


def _why(ran: Ran) -> str:
    return ran.trouble or ran.output[-500:]
