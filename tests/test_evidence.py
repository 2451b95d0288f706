"""What a change is credited with and blamed for, test by test and by exit codes alone."""

from __future__ import annotations

from typing import Any

import pytest

from bot.comparing import compare, to_rerun
from bot.evidence import (
    Change,
    Ended,
    Evidence,
    Lines,
    TestOutcome,
    TestResult,
    TestRun,
    said,
)
from bot.model import Sha

BASE, HEAD = Sha("b" * 40), Sha("d" * 40)
CHANGE = Change(modules=("llm.py",), lines=(Lines("llm.py", (3, 4)),))
OUTCOMES = {"p": TestOutcome.PASSED, "f": TestOutcome.FAILED, "s": TestOutcome.SKIPPED}


def run(tests: str | None, commit: Sha = HEAD, **known: Any) -> TestRun:
    """A run in short: "a:p b:f" are two tests; None names none. The exit code fits unless given."""
    results = None
    if tests is not None:
        pairs = [word.rsplit(":", 1) for word in tests.split()]
        results = tuple(TestResult(id_, OUTCOMES[letter]) for id_, letter in pairs)
    failed = any(result.outcome is TestOutcome.FAILED for result in results or ())
    ordinary: dict[str, Any] = {
        "commit": commit,
        "ended": Ended.FINISHED,
        "exit_code": 1 if failed else 0,
        "seconds": 0.5,
        "tests": results,
        "imported": ("llm.py",),
        "elsewhere": (),
    }
    return TestRun(**ordinary | known)


def evidence(*, base: Any, head: Any, change: Change = CHANGE) -> Evidence:
    """Of the first run of each side and its reruns, given as texts or as runs."""
    before = [one if isinstance(one, TestRun) else run(one, BASE) for one in listed(base)]
    after = [one if isinstance(one, TestRun) else run(one) for one in listed(head)]
    return compare(before, after, change, command="pytest", isolation="bubblewrap")


def listed(runs: Any) -> list[Any]:
    return runs if isinstance(runs, list) else [runs]


@pytest.mark.parametrize(
    ("base", "head", "kind", "names"),
    [
        ("a:f b:p", "a:p b:p", "fixed", ("a",)),
        ("a:p b:p", "a:f b:p", "broken", ("a",)),
        ("a:p", "a:p new:f", "broken", ("new",)),
        ("a:s", "a:f", "broken", ("a",)),
        ("a:f b:p", "a:f b:p", "still_failing", ("a",)),
        ("a:p b:p", "b:p", "no_longer_run", ("a",)),
        ("a:f b:p", "a:s b:p", "no_longer_run", ("a",)),
        ("a:s b:p", "b:p", "no_longer_run", ("a",)),
        ("x[0x7f11aa22bb33]:p", "x[0x7f99aa22bb33]:p", "no_longer_run", ()),
        ("test_a.py:f", "test_a.py::one:p test_a.py::two:p", "fixed", ("test_a.py",)),
        ("test_a.py:f b:p", "test_a.py::one:f b:p", "broken", ("test_a.py::one",)),
        ("test_a:f", "test_a.T.one:p", "fixed", ("test_a",)),
    ],
)
def test_each_test_is_compared_with_itself(
    base: str, head: str, kind: str, names: tuple[str, ...]
) -> None:
    found = evidence(base=base, head=head)
    assert getattr(found, kind).first == names
    others = {"fixed", "broken", "still_failing", "no_longer_run", "flaky"} - {kind}
    assert not any(getattr(found, other) for other in others)


def test_a_fix_is_proven_only_if_nothing_breaks_or_vanishes() -> None:
    assert evidence(base="a:f b:p", head="a:p b:p").fail_to_pass
    assert not evidence(base="a:p b:p", head="a:p b:p").fail_to_pass
    assert not evidence(base="a:f b:p", head="a:p b:f").fail_to_pass
    assert not evidence(base="a:f b:p", head="a:p").fail_to_pass
    assert not evidence(base="a:f b:p", head="a:p b:s").fail_to_pass


def test_what_failed_before_is_not_blamed_on_the_change() -> None:
    found = evidence(base="a:f b:f", head="a:p b:f")
    assert found.fail_to_pass
    assert found.green
    assert not found.breaks
    assert not found.head_passed


def test_what_newly_fails_is_run_again_among_all_others() -> None:
    """A test that fails because of what another one leaves behind would pass alone."""
    assert to_rerun(run("a:f b:p c:p"), run("a:p b:f c:p")) == ()
    assert to_rerun(run("a:p"), run("a:p new:f")) == ()


def test_what_wobbles_only_here_is_no_proof_and_no_green() -> None:
    for again in ("c:p", "a:p b:p c:p"):
        found = evidence(base=["a:f b:p c:p", "a:f c:p"], head=["a:p b:p c:f", again])
        assert found.unsteady.first == ("c",)
        assert not found.breaks
        assert not found.fail_to_pass
        assert not found.keeps_all
        assert not found.green


def test_an_accident_of_the_machine_is_no_break() -> None:
    late = run("a:p", ended=Ended.TIMED_OUT, exit_code=None)
    once = evidence(base="a:f b:p", head=[late, "a:p b:p"])
    assert not once.breaks
    assert "one of two runs here went wrong" in once.problem
    assert evidence(base="a:f b:p", head=[late, late]).breaks


def test_a_red_command_with_green_tests_is_still_compared_test_by_test() -> None:
    base = run("a:p", BASE, exit_code=1)
    assert evidence(base=base, head=run("a:f", exit_code=1)).breaks


def test_where_nothing_passes_nothing_is_proven() -> None:
    found = evidence(base="test_a.py:f", head=run("test_a.py:f", imported=()))
    assert "not one test passes" in found.problem
    assert not found.green


def test_a_test_that_changes_its_mind_proves_nothing() -> None:
    fixed_by_luck = evidence(base=["a:f b:p", "a:p b:p"], head=["a:p b:p", "a:p b:p"])
    assert fixed_by_luck.flaky.first == ("a",)
    assert not fixed_by_luck.fail_to_pass
    for_certain = evidence(base=["a:p", "a:p"], head=["a:f", "a:f"])
    assert for_certain.breaks


@pytest.mark.parametrize(
    ("base", "head", "proven", "breaks"),
    [(1, 0, True, False), (0, 1, False, True), (0, 0, False, False), (1, 1, False, False)],
)
def test_without_names_the_exit_codes_speak(
    base: int, head: int, proven: bool, breaks: bool
) -> None:
    found = evidence(base=run(None, BASE, exit_code=base), head=run(None, exit_code=head))
    assert (found.fail_to_pass, found.breaks) == (proven, breaks)
    assert not found.keeps_all


def test_without_names_a_flaky_command_proves_nothing() -> None:
    good, bad = run(None, exit_code=0), run(None, exit_code=1)
    found = evidence(base=[run(None, BASE, exit_code=1)] * 2, head=[good, bad])
    assert not found.fail_to_pass
    assert not found.breaks


@pytest.mark.parametrize(
    ("head", "mishap"),
    [
        (run("", exit_code=0, complete=False), "before the runner was done"),
        (run("a:p", ended=Ended.TIMED_OUT, exit_code=None, reason="it ran on"), "it ran on"),
        (run("a:p", ended=Ended.OUT_OF_MEMORY, exit_code=None), "used too much memory"),
        (run("a:p b:p", exit_code=3), "exit code 3 although no test failed"),
    ],
)
def test_a_run_that_goes_wrong_as_a_whole_is_the_changes_doing(head: TestRun, mishap: str) -> None:
    found = evidence(base="a:f b:p", head=head)
    assert found.breaks
    assert mishap in found.mishap
    assert not found.fail_to_pass
    assert not found.green


def test_a_mishap_that_the_base_has_too_is_not_blamed() -> None:
    low_coverage = run("a:p b:p", exit_code=2)
    assert evidence(base="a:f b:p", head=low_coverage).breaks
    assert not evidence(base=run("a:p b:p", BASE, exit_code=2), head=low_coverage).breaks


@pytest.mark.parametrize(
    ("base", "head", "problem"),
    [
        (run("a:f", BASE, ended=Ended.TIMED_OUT), run("a:p"), "at base the run timed out"),
        (run("", BASE, complete=False), run("a:p"), "at base the run ended before"),
        (run(None, BASE), run(None, ended=Ended.NOT_STARTED, reason="no python"), "no python"),
        (run("", BASE), run(""), "no test was collected"),
        (run("a:f", BASE), run("a:p", elsewhere=("/home/a/llm.py",)), "/home/a/llm.py"),
        (run("a:f", BASE), run("a:p", imported=None), "which files it loaded"),
    ],
)
def test_what_cannot_be_relied_on_says_nothing(base: TestRun, head: TestRun, problem: str) -> None:
    found = evidence(base=base, head=head)
    assert problem in found.problem
    assert not found.fail_to_pass
    assert not found.breaks
    assert not found.green


def test_a_module_that_no_test_loads_is_not_proven_but_can_be_broken() -> None:
    fixed = evidence(base="a:f", head=run("a:p", imported=()))
    assert fixed.unloaded.first == ("llm.py",)
    assert not fixed.fail_to_pass
    assert not fixed.keeps_all
    assert evidence(base="a:p", head=run("a:f", imported=())).breaks


def test_a_change_without_python_needs_no_import() -> None:
    found = evidence(base="a:f", head=run("a:p", imported=None), change=Change())
    assert found.fail_to_pass


def test_only_what_changed_is_run_again() -> None:
    assert to_rerun(run("a:f b:p c:p"), run("a:p b:p c:p")) == ("a",)
    assert to_rerun(run("a[0x7f11aa22bb33]:f"), run("a[0x7f99aa22bb33]:p")) is not None
    assert to_rerun(run("a:f b:p"), run("a:f b:p")) is None
    assert to_rerun(run(None, exit_code=1), run(None, exit_code=0)) == ()
    assert to_rerun(run(None, exit_code=0), run(None, exit_code=0)) is None


def test_the_changed_lines_that_ran_are_counted() -> None:
    head = run("a:p", ran_lines=(Lines("llm.py", (3, 9)), Lines("other.py", (4,))))
    found = evidence(base="a:f", head=head)
    assert (found.lines_run, found.lines_changed) == (1, 2)
    assert "1 of 2 changed lines ran." in [sentence for sentence, _ in said(found)]
    assert evidence(base="a:f", head="a:p").lines_run is None


def test_many_names_are_cut_and_counted() -> None:
    many = " ".join(f"t{n:03}:f" for n in range(60))
    found = evidence(base=many, head=many.replace(":f", ":p"))
    assert found.fixed.total == 60
    assert len(found.fixed.first) == 20
    assert found.sentence == "60 tests failed before and pass now; none broke."
