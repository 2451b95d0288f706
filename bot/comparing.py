"""Comparing test runs of a base and of a proposal: evidence of the change between them. Pure.

Two test runs are compared test by test where both name their tests, else by how they ended. What a
change is blamed for, and what it is credited with, is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.evidence import MAX_OUTPUT, Change, Ended, Evidence, Names, TestOutcome, TestRun, steady


def to_rerun(base: TestRun, head: TestRun) -> tuple[str, ...] | None:
    """The tests to run again on both sides, because their outcome changed between them.

    Empty means the whole command: where something fails that passed, for a test alone may pass that
    fails among the others. None means that nothing has changed.
    """
    if base.tests is None or head.tests is None:
        return None if base.passed == head.passed else ()
    before, after = base.outcomes(), head.outcomes()
    failed = TestOutcome.FAILED
    if any(outcome is failed and before.get(id_) is not failed for id_, outcome in after.items()):
        return ()
    fixed = {id_ for id_, outcome in before.items() if outcome is failed and id_ in after}
    fixed = {id_ for id_ in fixed if after[id_] is TestOutcome.PASSED}
    return tuple(dict.fromkeys(t.id for t in head.tests if steady(t.id) in fixed)) or None


def compare(
    base: Sequence[TestRun],
    head: Sequence[TestRun],
    change: Change,
    *,
    command: str,
    isolation: str,
    notes: tuple[str, ...] = (),
) -> Evidence:
    """What the runs at `base` and `head` say; the first of each is whole, further ones are reruns.

    A test that changed its outcome between two runs of one commit is flaky: it proves nothing.
    """
    first, last = base[0], head[0]
    by_test = first.tests is not None and last.tests is not None
    problem = _problem(first, head, change)
    mishap = "" if problem else _mishap(first, last)
    ran = _ran(change, last)
    return Evidence(
        base=first.commit,
        head=last.commit,
        command=command,
        isolation=isolation,
        by_test=by_test,
        base_passed=first.passed,
        head_passed=last.passed,
        collected=len(last.outcomes()),
        unloaded=Names.of(set(change.modules) - set(last.imported or ())),
        mishap=mishap,
        lines_changed=None if ran is None else sum(len(part.numbers) for part in change.lines),
        lines_run=ran,
        seconds_base=round(first.seconds, 2),
        seconds_head=round(last.seconds, 2),
        problem=problem,
        output="" if last.passed else last.output[-MAX_OUTPUT:],
        notes=notes,
        **(_compare_tests(base, head) if by_test else _compare_wholes(base, head)),
    )


def _mishap(base: TestRun, head: TestRun) -> str:
    """How the run at head went wrong as a whole, in a clause, where the one at base did not."""
    if base.tests is not None and head.tests is None and not head.mishap:
        return "the run no longer names its tests"  # so something else than the runner has run
    return "" if head.mishap == base.mishap else head.mishap


def _compare_tests(base: Sequence[TestRun], head: Sequence[TestRun]) -> dict[str, Names]:
    """Each kind of change with its tests. What a test did is what it did in every run."""
    passed, failed, skipped = TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.SKIPPED
    before, after = base[0].outcomes(), head[0].outcomes()
    was, now = _all_outcomes(base), _all_outcomes(head)
    kinds: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for id_, outcomes in now.items():
        then = was.get(id_, set())
        if {passed, failed} <= then:
            kinds["flaky"].append(id_)
        elif {passed, failed} <= outcomes:
            kinds["unsteady"].append(id_)
        elif failed in outcomes:
            kinds["still_failing" if failed in then else "broken"].append(id_)
        elif failed in then and passed in outcomes:
            kinds["fixed"].append(id_)
    for id_, outcome in before.items():
        inside = _inside(id_, after) if outcome is failed and id_ not in after else set()
        if inside and failed not in inside:
            kinds["fixed"].append(id_)  # a module that could not be collected, and now is
        elif not inside and _is_gone(outcome, after.get(id_), skipped):
            kinds["no_longer_run"].append(id_)
    return {kind: Names.of(ids) for kind, ids in kinds.items()}


_KINDS = ("fixed", "broken", "still_failing", "no_longer_run", "flaky", "unsteady")


def _is_gone(before: TestOutcome, after: TestOutcome | None, skipped: TestOutcome) -> bool:
    return after is None or (after is skipped and before is not skipped)


def _all_outcomes(runs: Sequence[TestRun]) -> dict[str, set[TestOutcome]]:
    found: dict[str, set[TestOutcome]] = {}
    for run in runs:
        for id_, outcome in run.outcomes().items():
            found.setdefault(id_, set()).add(outcome)
    return found


def _compare_wholes(base: Sequence[TestRun], head: Sequence[TestRun]) -> dict[str, Names]:
    """Without names all that can be said is whether the whole command wobbles."""
    whole = Names.of(["the whole command"])
    if len({run.passed for run in base}) > 1:
        return {"flaky": whole}
    return {"unsteady": whole} if len({run.passed for run in head}) > 1 else {}


def _inside(id_: str, after: dict[str, TestOutcome]) -> set[TestOutcome]:
    """The outcomes of the tests in a module that could not be collected before."""
    starts = (f"{id_}::", f"{id_}.")
    return {outcome for name, outcome in after.items() if name.startswith(starts)}


def _problem(base: TestRun, heads: Sequence[TestRun], change: Change) -> str:
    """Why these runs say nothing of the change at all, in a clause."""
    head = heads[0]
    if base.ended is not Ended.FINISHED or not base.complete:
        return f"at base {base.mishap}"
    if head.ended is Ended.NOT_STARTED:
        return head.mishap
    if head.mishap and any(not run.mishap for run in heads):
        return f"one of two runs here went wrong: {head.mishap}"
    if base.tests == () and head.tests == ():
        return "no test was collected"
    if _none_passes(base) and _none_passes(head):
        return "not one test passes, neither at base nor here"
    if head.elsewhere:
        loaded = ", ".join(head.elsewhere[:3])
        return f"another copy of the changed code was tested instead of the clone's: {loaded}"
    if change.modules and head.imported is None and not head.mishap:
        return "no Python process said which files it loaded"
    return ""


def _none_passes(run: TestRun) -> bool:
    return run.tests is not None and TestOutcome.PASSED not in run.outcomes().values()


def _ran(change: Change, head: TestRun) -> int | None:
    """How many of the changed lines ran; None where that was not measured."""
    if head.ran_lines is None:
        return None
    ran = {(part.path, number) for part in head.ran_lines for number in part.numbers}
    return sum((part.path, number) in ran for part in change.lines for number in part.numbers)
