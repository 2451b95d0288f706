"""What a merge did to the base branch, what follows from it, and why nothing does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.actions.update_issue import UpdateIssue
from bot.after_merging import after_merging
from bot.aftermath import Aftermath
from bot.history import Fate, history
from bot.ledger import (
    AttemptRecord,
    CalledRecord,
    DoneRecord,
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
    Issue,
    Kind,
    Pull,
    PullState,
    Sha,
    WatchedMerge,
    fingerprint_of_revert,
)
from bot.plan import Step
from bot.selection import select
from bot.snapshot import Snapshot
from bot.watching import (
    MAX_WATCHED,
    Course,
    branches_to_ask,
    by_hand,
    by_sentence,
    recent,
    unrecorded,
    watched,
)
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
CLOSED = DoneRecord(at=NOW, action="close_pull_request", branch=REVERT_RECORD.branch, head=HEAD)
LATER = NOW + timedelta(days=3)
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
    REVERT_RECORD.model_copy(
        update={"incident": f"v1-{n}", "branch": f"bot/v1-{n}-1", "watched": True}
    )
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


def test_a_story_that_is_under_way_ends_after_the_window_too() -> None:
    asked = AGAIN.model_copy(update={"at": NOW + timedelta(hours=23)})
    late = NOW + timedelta(hours=25)
    (one,) = watched(seen(FAILED_AGAIN, records=(asked,), now=late))
    assert one.course is Course.REVERT
    assert watched(seen(FAILED_AGAIN, records=(asked,), now=late + timedelta(hours=4))) == ()


def test_only_what_did_run_again_is_said_to_have_failed_twice() -> None:
    later = NOW + timedelta(hours=1)
    (twice,) = watched(seen(FAILED_AGAIN, records=(AGAIN,)))
    (never,) = watched(seen(RUNS_AGAIN, records=(AGAIN,), now=later))
    assert (twice.course, never.course) == (Course.REVERT, Course.REVERT)
    assert "also when it was run again" in twice.reason
    assert "again" not in never.reason


def test_what_people_take_back_is_not_in_the_quota_and_beyond_that_a_person_is_called() -> None:
    asked = tuple(one.model_copy(update={"watched": False}) for one in TODAY)
    (one,) = watched(seen(RED, records=asked))
    assert one.course is Course.REVERT
    (left,) = watched(seen(RED, records=TODAY))
    assert (left.course, left.calls) == (Course.LEAVE, True)


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
    ("merged", "records", "since"),
    [
        (MERGED, (HEAD_RECORD,), [LATER]),
        (replace(MERGED, merged_at=LATER), (HEAD_RECORD,), [LATER]),
        (replace(MERGED, merged_at=NOW), (HEAD_RECORD,), [NOW]),
        (MERGED, (HEAD_RECORD, RECORD), []),
        (replace(MERGED, merged_by=7), (HEAD_RECORD,), []),
    ],
)
def test_a_merge_of_late_is_written_down_however_old_its_head_is(
    merged: Pull, records: tuple[Record, ...], since: list[datetime]
) -> None:
    observed = replace(snapshot(merged, records=records, branches=()), now=LATER)
    found = list(unrecorded(observed))
    assert [record.at for record in found] == since
    asked = branches_to_ask(observed.ledger, observed.config, LATER)
    assert (BRANCH in asked) is (RECORD not in records)


def test_of_what_was_stopped_twice_an_issue_tells_the_newest_and_then_rests() -> None:
    stops = [attempt(Ending.STOPPED).model_copy(update={"reason": word}) for word in ("a", "b")]
    called = CalledRecord(at=NOW, about=INCIDENT.fingerprint, issue=9)
    observed = snapshot(records=(HEAD_RECORD, *stops, called))

    def planned(body: str) -> list[Step]:
        title = f"{INCIDENT.fingerprint} goes back and forth, and waits for a person"
        known = Issue(number=9, url="", title=title, body=body)
        forge = replace(observed.forge, has_issues=True, issues=(known,))
        return list(after_merging(replace(observed, forge=forge)))

    (step,) = planned("The bot has stopped working on it: a.")
    assert isinstance(step.params, UpdateIssue)
    assert planned(step.params.body) == []


@pytest.mark.parametrize(("records", "closes"), [((), True), ((CLOSED,), False)])
def test_a_revert_gives_way_to_a_persons_once(records: tuple[Record, ...], closes: bool) -> None:
    known = (REVERT_RECORD, *records)
    observed = seen(RED, REVERT, THEIRS, records=known)
    steps = [step.action for step in after_merging(observed)]
    assert ("close_pull_request" in steps) is closes
    assert ("comment" in steps) is closes


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
