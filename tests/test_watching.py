"""What a merge did to the base branch, what follows from it, and why nothing does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.aftermath import Aftermath
from bot.history import Fate, history
from bot.ledger import (
    AttemptRecord,
    LeftRecord,
    MergeRecord,
    Record,
    RerunRecord,
    UntestedRecord,
)
from bot.model import (
    HOLD_LABEL,
    Check,
    CheckState,
    CommitChecks,
    Ending,
    Kind,
    Pull,
    PullState,
    Sha,
    WatchedMerge,
    fingerprint_of_revert,
)
from bot.selection import select
from bot.snapshot import Snapshot
from bot.watching import MAX_WATCHED, Course, by_hand, by_sentence, recent, unrecorded, watched
from tests.observed import (
    BRANCH,
    CONFIG,
    HEAD,
    HEAD_RECORD,
    INCIDENT,
    ME,
    NOW,
    PULL,
    attempt,
    snapshot,
)

MERGE, PARENT = Sha("c" * 40), Sha("b" * 40)
PASSED, FAILED, PENDING = CheckState.PASSED, CheckState.FAILED, CheckState.PENDING
MERGED = replace(PULL, state=PullState.MERGED, merged_as=MERGE, merged_by=ME)
RECORD = MergeRecord(at=NOW, number=1, branch=BRANCH, head=HEAD, merged_as=MERGE)
UNDOING = fingerprint_of_revert(MERGE)
REVERT_RECORD = HEAD_RECORD.model_copy(
    update={
        "incident": UNDOING,
        "branch": f"bot/{UNDOING}-1",
        "change": Kind.REVERT,
        "reflections": ("revert-of-r-1",),
    }
)
REVERT = replace(PULL, number=2, branch=REVERT_RECORD.branch)
THEIRS = replace(PULL, number=3, branch=by_hand(1, BRANCH), author_id=7)
AGAIN = RerunRecord(at=NOW, merged_as=MERGE, results=(11,))


def said(state: CheckState, *, id: int = 0, run: int = 0) -> Check:  # noqa: A002 # the field's name
    return Check("test", state, id=id, run=run)


def merge(after: tuple[Check, ...] | None, before: tuple[Check, ...] | None = ()) -> WatchedMerge:
    told = None if before is None else CommitChecks(PARENT, before)
    return WatchedMerge(number=1, after=CommitChecks(MERGE, after), before=told)


RED = merge((said(FAILED),), (said(PASSED),))
RUNS_AGAIN = merge((said(FAILED, id=11, run=5),), (said(PASSED),))
FAILED_AGAIN = merge((said(FAILED, id=12, run=5),), (said(PASSED),))


def seen(
    one: WatchedMerge,
    *pulls: Pull,
    records: tuple[Record, ...] = (),
    merged: Pull = MERGED,
    config: str = CONFIG,
    **more: object,
) -> Snapshot:
    known = (HEAD_RECORD, RECORD, *records)
    observed = snapshot(merged, *pulls, records=known, config=config, branches=())
    return replace(observed, watched=(one,), **more)  # type: ignore[arg-type] # any of its fields


@pytest.mark.parametrize(
    ("one", "aftermath", "words"),
    [
        (merge((said(PASSED),), ()), Aftermath.GREEN, "passed on ccccccccc"),
        (merge((said(PENDING),), ()), Aftermath.PENDING, "Waiting for “test”"),
        (merge(None), Aftermath.PENDING, "could not be read"),
        (RED, Aftermath.RED, "“test” passed on bbbbbbbbb and failed on ccccccccc"),
        (merge((said(FAILED),), (said(PENDING),)), Aftermath.PENDING, "no result on bbbbbbbbb"),
        (merge((said(FAILED),), (said(FAILED),)), Aftermath.RED_BEFORE, "as on bbbbbbbbb"),
        (merge((said(FAILED),), ()), Aftermath.RED_BEFORE, "had not run on bbbbbbbbb"),
        (merge((said(FAILED),), None), Aftermath.RED_BEFORE, "what was there before"),
        (merge((), (said(PASSED),)), Aftermath.PENDING, "Waiting"),
        (merge((), ()), Aftermath.UNWATCHED, "Nothing runs “test” on main"),
        (merge((Check("lint", FAILED),), ()), Aftermath.UNWATCHED, "Nothing runs “test”"),
    ],
)
def test_a_check_is_blamed_on_the_merge_that_it_failed_on_first(
    one: WatchedMerge, aftermath: Aftermath, words: str
) -> None:
    (found,) = watched(seen(one))
    assert found.aftermath is aftermath
    assert words in found.sentence


def test_of_several_checks_the_worst_counts_and_what_runs_nowhere_is_said() -> None:
    two = CONFIG + '[merge]\nrequired_checks = ["lint"]\n'
    both = merge((said(PASSED), Check("lint", FAILED)), (Check("lint", PASSED),))
    (found,) = watched(seen(both, config=two))
    assert found.aftermath is Aftermath.RED
    (found,) = watched(seen(merge((said(PASSED),)), config=two))
    assert found.aftermath is Aftermath.GREEN
    assert "“lint” did not run there" in found.sentence


def test_checks_that_never_begin_are_not_waited_for_for_ever() -> None:
    later = seen(merge((), (said(PASSED),)), now=NOW + timedelta(hours=2))
    (found,) = watched(later)
    assert found.aftermath is Aftermath.UNWATCHED
    assert "workflow's own token" in found.sentence


LEFT = LeftRecord(at=NOW, number=1, merged_as=MERGE, why="later commits", calls=True)
IN_VAIN = AttemptRecord.model_validate(
    attempt(Ending.REFUSED).model_dump() | {"incident": UNDOING, "reason": "rule says no"}
)
STOPPED = attempt(Ending.STOPPED, 2, NOW + timedelta(hours=1))
TODAY = tuple(
    REVERT_RECORD.model_copy(update={"incident": f"v1-{n}", "branch": f"bot/v1-{n}-1"})
    for n in range(2)
)


@pytest.mark.parametrize(
    ("found", "course", "words"),
    [
        (seen(RED), Course.REVERT, "it is taken back"),
        (seen(RUNS_AGAIN), Course.RERUN, "it is run once more"),
        (seen(RUNS_AGAIN, records=(AGAIN,)), Course.NOTHING, "is being run once more"),
        (seen(FAILED_AGAIN, records=(AGAIN,)), Course.REVERT, "it is taken back"),
        (
            seen(RUNS_AGAIN, records=(AGAIN,), now=NOW + timedelta(hours=1)),
            Course.REVERT, "it is taken back",
        ),
        (
            seen(RUNS_AGAIN, records=(AGAIN.model_copy(update={"refused": "too old"}),)),
            Course.REVERT, "it is taken back",
        ),
        (seen(replace(RED, taken_back_by=Sha("9" * 40))), Course.NOTHING, "999999999 takes it"),
        (seen(RED, REVERT, records=(REVERT_RECORD,)), Course.NOTHING, "#2 is to take it back"),
        (
            seen(RED, replace(REVERT, state=PullState.MERGED), records=(REVERT_RECORD,)),
            Course.NOTHING, "#2 took it back",
        ),
        (
            seen(RED, replace(REVERT, state=PullState.CLOSED), records=(REVERT_RECORD,)),
            Course.LEAVE, "#2, which was to take it back, was closed",
        ),
        (seen(RED, records=(REVERT_RECORD,)), Course.LEAVE, "is gone"),
        (seen(RED, THEIRS), Course.NOTHING, "#3 is to take it back"),
        (seen(RED, replace(THEIRS, state=PullState.CLOSED)), Course.LEAVE, "#3, which was"),
        (seen(RED, records=(LEFT,)), Course.LEAVE, "left as it is: later commits"),
        (seen(RED, records=(IN_VAIN,)), Course.LEAVE, "its revert was refused: rule says no"),
        (seen(RED, records=TODAY), Course.LEAVE, "watch.reverts_per_day is 2"),
        (seen(RED, merged=replace(MERGED, labels=(HOLD_LABEL,))), Course.NOTHING, "on hold"),
        (
            seen(RED, config=f"{CONFIG}[watch]\nreverts_per_day = 0\n"),
            Course.LEAVE, "watch.reverts_per_day is 0",
        ),
        (seen(merge((said(FAILED),), (said(FAILED),))), Course.LEAVE, "as on bbbbbbbbb"),
        (seen(merge((said(PASSED),))), Course.NOTHING, "passed"),
    ],
)  # fmt: skip
def test_what_is_done_about_it_and_why_not(found: Snapshot, course: Course, words: str) -> None:
    (one,) = watched(found)
    assert one.course is course
    assert words in one.sentence
    assert (course is Course.LEAVE) is bool(one.why)
    assert (course is Course.REVERT) is bool(one.reason)


def test_a_revert_that_breaks_the_base_is_for_a_person() -> None:
    record = HEAD_RECORD.model_copy(update={"change": Kind.REVERT})
    observed = replace(snapshot(MERGED, records=(record, RECORD)), watched=(RED,))
    (one,) = watched(observed)
    assert (one.course, one.calls) == (Course.LEAVE, True)


@pytest.mark.parametrize(
    "merged",
    [
        replace(MERGED, merged_by=7),
        replace(MERGED, merged_by=None),
        replace(MERGED, state=PullState.OPEN, merged_as=None),
        replace(MERGED, author_id=7),
    ],
)
def test_only_the_bots_own_merges_are_watched(merged: Pull) -> None:
    assert watched(seen(RED, merged=merged)) == ()


def test_the_window_ends_and_can_be_closed() -> None:
    assert watched(seen(RED, now=NOW + timedelta(hours=24))) == ()
    assert watched(seen(RED, config=f'{CONFIG}[watch]\nwindow = ""\n')) == ()
    longer = f'{CONFIG}[watch]\nwindow = "2d"\n'
    assert len(watched(seen(RED, now=NOW + timedelta(hours=24), config=longer))) == 1


def test_of_many_merges_the_untested_and_the_newest_are_watched() -> None:
    many = tuple(
        RECORD.model_copy(
            update={"number": n, "merged_as": Sha(f"{n:040x}"), "at": NOW + timedelta(minutes=n)}
        )
        for n in range(1, MAX_WATCHED + 5)
    )
    odd = UntestedRecord(at=NOW, number=1, head=HEAD, merged_as=Sha(f"{1:040x}"))
    observed = snapshot(records=(*many, odd))
    kept = recent(observed.ledger, observed.config, NOW + timedelta(hours=1))
    assert len(kept) == MAX_WATCHED
    assert kept[0].number == 1
    assert {record.number for record in kept[1:]} == set(range(6, MAX_WATCHED + 5))


@pytest.mark.parametrize(
    ("merged", "records", "now", "count"),
    [
        (MERGED, (HEAD_RECORD,), NOW, 1),
        (MERGED, (HEAD_RECORD, RECORD), NOW, 0),
        (replace(MERGED, merged_by=7), (HEAD_RECORD,), NOW, 0),
        (MERGED, (HEAD_RECORD,), NOW + timedelta(days=3), 0),
    ],
)
def test_a_merge_that_a_crash_left_unwritten_is_written_down(
    merged: Pull, records: tuple[Record, ...], now: datetime, count: int
) -> None:
    observed = replace(snapshot(merged, records=records, branches=()), now=now)
    assert len(list(unrecorded(observed))) == count


@pytest.mark.parametrize(
    ("limit", "tries", "fate", "words"),
    [
        (3, (), Fate.REVERTED, "taken back by #2"),
        (1, (), Fate.LEFT_TO_PEOPLE, "that was the last of 1 attempts, so a person decides"),
        (
            3,
            (attempt(Ending.STOPPED, 2, NOW + timedelta(hours=1)),),
            Fate.LEFT_TO_PEOPLE,
            "stopped",
        ),
    ],
)
def test_after_a_revert_the_incident_is_open_until_it_goes_back_and_forth_or_is_at_its_limit(
    limit: int, tries: tuple[Record, ...], fate: Fate, words: str
) -> None:
    why = REVERT_RECORD.model_copy(update={"explanation": "Undo it, because: it broke “test”"})
    config = f"{CONFIG}[limits]\nattempts_per_incident = {limit}\n"
    undone = replace(REVERT, state=PullState.MERGED)
    past = history(INCIDENT, seen(RED, undone, records=(why, *tries), config=config))
    assert past.fate is fate
    assert words in past.sentence
    assert ("it broke “test”" in past.because) is not bool(tries)


@pytest.mark.parametrize(
    ("by", "seen_of_it"),
    [
        ("#3", (replace(RED, taken_back_by=None), replace(THEIRS, state=PullState.MERGED))),
        ("ddddddddd", (replace(RED, taken_back_by=Sha("d" * 40)),)),
    ],
)
def test_a_change_that_a_person_took_back_is_told_as_reverted_and_never_proposed_again(
    by: str, seen_of_it: tuple[WatchedMerge, *tuple[Pull, ...]]
) -> None:
    past = history(INCIDENT, seen(*seen_of_it))
    assert (past.fate, past.status) == (Fate.LEFT_TO_PEOPLE, Fate.REVERTED)
    assert f"a person took it back with {by}" in past.sentence
    assert not select(seen(*seen_of_it)).chosen


def test_what_holds_for_several_merges_is_said_once() -> None:
    (one,) = watched(seen(merge(())))
    other = replace(one, pull=replace(one.pull, number=5))
    assert by_sentence((one, other)) == (("#1, #5", Aftermath.UNWATCHED, one.sentence),)
