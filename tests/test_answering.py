"""What people are told on a pull request, and what is done at their word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.actions.close_pull_request import ClosePullRequest
from bot.feedback import CLOSED_AS_FAILED, commands
from bot.forges import hidden
from bot.gate import standing
from bot.ledger import DoneRecord, FailureRecord, Record
from bot.model import (
    HOLD_LABEL,
    Actor,
    Check,
    CheckState,
    Ending,
    Pull,
    PullState,
    Remark,
    RemarkKind,
    ReviewState,
    Sha,
)
from bot.plan import Plan
from bot.policy import decide
from bot.selection import Selection, select
from tests.observed import (
    BRANCH,
    FORGE,
    HEAD,
    HEAD_RECORD,
    ME,
    NOW,
    PULL,
    attempt,
    snapshot,
)

ALICE = Actor("alice", 7, may_write=True)
HOLD = Remark(id="c1", author=ALICE, at=NOW, text="/bot hold", kind=RemarkKind.COMMENT)
TOLD = replace(PULL, remarks=(HOLD,))
(ASKED,) = commands(TOLD)


def refused(action: str, marker: str = "") -> FailureRecord:
    return FailureRecord(
        at=NOW, action=action, branch=BRANCH, head=HEAD, reason="no", marker=marker
    )


def planned(pull: Pull, *records: Record) -> list[str]:
    seen = snapshot(pull, records=(HEAD_RECORD, *records))
    return [step.action for step in decide(seen, Selection((), (), ()), ()).steps]


@pytest.mark.parametrize(
    ("pull", "records", "steps", "goes_on"),
    [
        (TOLD, (), ["set_label", "comment"], False),
        (TOLD, (refused("set_label"),), ["comment"], False),
        (TOLD, (refused("set_label"), refused("comment")), [], False),
        (TOLD, (refused("comment"),), ["set_label", "comment"], False),
        (TOLD, (refused("comment", ASKED.marker),), ["merge_pull_request", "delete_branch"], True),
        (replace(TOLD, labels=(HOLD_LABEL,)), (), ["comment"], False),
        (replace(TOLD, labels=(HOLD_LABEL,)), (refused("comment", ASKED.marker),), [], False),
    ],
    ids=["new", "no label", "silent", "another refused", "taken off", "label set", "locked"],
)
def test_a_hold_that_was_asked_for_holds_whatever_the_forge_refuses(
    pull: Pull, records: tuple[Record, ...], steps: list[str], goes_on: bool
) -> None:
    assert planned(pull, *records) == steps
    assert standing(pull, snapshot(pull, records=(HEAD_RECORD, *records))).ready == goes_on


def test_a_locked_conversation_is_tried_once() -> None:
    theirs = replace(PULL, head=Sha("9" * 40))
    locked = refused("comment").model_copy(update={"head": theirs.head})
    assert planned(theirs) == ["comment"]
    assert planned(theirs, locked) == []
    merged = replace(PULL, state=PullState.MERGED, remarks=(replace(HOLD, text="/bot revert"),))
    (asked,) = commands(merged)
    answer = refused("comment", asked.marker)
    assert select(snapshot(merged)).reverts
    assert not select(snapshot(merged, records=(HEAD_RECORD, answer))).reverts


def test_a_close_that_was_lost_is_made_up_for_and_one_that_people_undid_is_not() -> None:
    said = replace(HOLD, author=Actor("bot", ME), text=hidden(CLOSED_AS_FAILED), is_bots=True)
    red = replace(PULL, checks=(Check("test", CheckState.FAILED),), remarks=(said,))
    base = replace(FORGE, base_checks=PULL.checks)

    def plan(*records: Record) -> Plan:
        spent = (HEAD_RECORD, attempt(Ending.FAILED, 3), *records)
        return decide(snapshot(red, records=spent, forge=base), Selection((), (), ()), ())

    def steps(*records: Record) -> list[str]:
        return [step.action for step in plan(*records).steps]

    def closes(*records: Record) -> list[ClosePullRequest]:
        found = (step.params for step in plan(*records).steps)
        return [params for params in found if isinstance(params, ClosePullRequest)]

    closed = DoneRecord(at=NOW, action="close_pull_request", branch=BRANCH, head=HEAD)
    assert steps() == ["close_pull_request"]
    assert steps(closed) == []
    red = replace(red, remarks=())
    assert [params.said for params in closes()] == [CLOSED_AS_FAILED]
    assert [params.said for params in closes(refused("comment"))] == [""]
    gone = replace(PULL, state=PullState.CLOSED, closed_by=Actor("bot", ME))
    assert planned(gone, closed) == []
    assert planned(gone) == ["comment"], "another program of that name may have closed it"


def test_nothing_moves_in_the_tick_that_hears_of_a_hold() -> None:
    objects = replace(HOLD, id="r1", text="No.", kind=RemarkKind.REVIEW)
    objects = replace(objects, verdict=ReviewState.CHANGES_REQUESTED)
    for said in ((objects,), (objects, HOLD)):
        pull = replace(PULL, remarks=said)
        assert bool(select(snapshot(pull)).chosen) == (HOLD not in said)
