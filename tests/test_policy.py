"""What a tick is to do with pull requests that are over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ledger import DoneRecord
from bot.model import HOLD_LABEL, Actor, Branch, Pull, PullState
from bot.policy import decide
from bot.selection import Selection
from tests.observed import BRANCH, HEAD, HEAD_RECORD, NOW, PULL, snapshot

MERGED = replace(PULL, state=PullState.MERGED)
HELD = replace(MERGED, labels=(HOLD_LABEL,))


REFUSED = replace(PULL, state=PullState.CLOSED, closed_by=Actor("alice", 7, may_write=True))
BACKPORT = replace(PULL, number=2, author_id=7, base_branch="release")
DELETED = DoneRecord(at=NOW, action="delete_branch", branch=BRANCH, head=HEAD)


@pytest.mark.parametrize(
    ("pulls", "records", "goes"),
    [
        ((MERGED,), (), True),
        ((REFUSED,), (), True),
        ((HELD,), (), False),
        ((MERGED,), (DELETED,), False),
        ((REFUSED,), (DELETED,), False),
        ((MERGED, BACKPORT), (), False),
        ((REFUSED, BACKPORT), (), False),
        ((MERGED, replace(BACKPORT, state=PullState.CLOSED)), (), True),
    ],
)
def test_the_branch_of_what_is_over_goes_once_and_only_where_nobody_needs_it(
    pulls: tuple[Pull, ...], records: tuple[DoneRecord, ...], goes: bool
) -> None:
    seen = snapshot(*pulls, records=(HEAD_RECORD, *records), branches=(Branch(BRANCH, HEAD),))
    steps = decide(seen, Selection((), (), ()), ()).steps
    assert any(step.action == "delete_branch" for step in steps) is goes


def test_a_merge_leaves_a_branch_that_another_pull_request_is_open_from() -> None:
    steps = decide(snapshot(PULL, BACKPORT), Selection((), (), ()), ()).steps
    assert [step.action for step in steps] == ["merge_pull_request"]
