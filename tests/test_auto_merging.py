"""When the forge is left to merge by itself, and when that is taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.actions.append_ledger import AppendLedger
from bot.auto_merging import armed, disarmed
from bot.ledger import ArmedRecord, FailureRecord, SwitchedRecord
from bot.model import (
    HOLD_LABEL,
    Actor,
    BaseRules,
    Branch,
    Check,
    CheckState,
    Mergeable,
    Pull,
    PullState,
    Remark,
    RemarkKind,
    ReviewState,
    Sha,
)
from bot.plan import OpenPull
from bot.policy import decide
from bot.selection import Selection, select
from bot.snapshot import Snapshot
from bot.status import status
from tests.observed import (
    BASE,
    BRANCH,
    COMMIT,
    CONFIG,
    FORGE,
    HEAD,
    HEAD_RECORD,
    ME,
    NOW,
    PULL,
    TREE,
    snapshot,
)

AUTO = f'{CONFIG}\n[merge]\nvia = "auto-merge"\n'
ALLOWED = replace(FORGE, allows_auto_merge=True, rules=BaseRules(strict=False))
STRICT = replace(ALLOWED, rules=BaseRules(strict=True))
PENDING = (Check("test", CheckState.PENDING),)
WAITING = replace(PULL, checks=PENDING, mergeable=Mergeable.BLOCKED)
UNREVIEWED = replace(PULL, review=ReviewState.REQUIRED, mergeable=Mergeable.BLOCKED)
RECORD = ArmedRecord(at=NOW, number=1, branch=BRANCH, head=HEAD, base=BASE, tree=TREE)
OTHER = Sha("a" * 40)
OLD = (replace(COMMIT, parents=(OTHER,)),)


def on(pull: Pull) -> Pull:
    """As it is after the bot had the forge merge it."""
    return replace(pull, auto_merge=True, auto_merge_by=ME)


def seen(*pulls: Pull, **more: Any) -> Snapshot:
    facts: dict[str, Any] = {"config": AUTO, "forge": ALLOWED, "records": (HEAD_RECORD, RECORD)}
    return snapshot(*pulls, **facts | more)


def planned(at: Snapshot) -> list[str]:
    return [step.action for step in decide(at, Selection((), (), ()), ()).steps]


def written(at: Snapshot) -> set[str]:
    """The kinds of records that this tick adds to the ledger."""
    steps = decide(at, Selection((), (), ()), ()).steps
    return {
        one.kind for s in steps if isinstance(s.params, AppendLedger) for one in s.params.records
    }


@pytest.mark.parametrize("pull", [WAITING, UNREVIEWED, replace(WAITING, checks=())])
def test_what_lacks_only_what_the_forge_waits_for_is_left_to_it(pull: Pull) -> None:
    assert planned(seen(pull)) == ["enable_auto_merge"]
    assert planned(seen(on(pull))) == []


RULES = AUTO.replace('proof = "checks"', 'proof = "checks"\n{}')


@pytest.mark.parametrize(
    ("pull", "more"),
    [
        (WAITING, {"config": CONFIG}),
        (WAITING, {"config": f'mode = "propose"\n{AUTO}'}),
        (WAITING, {"forge": FORGE}),
        (WAITING, {"forge": replace(ALLOWED, required=())}),
        (WAITING, {"forge": replace(ALLOWED, required=None)}),
        (WAITING, {"config": f'{AUTO}required_checks = ["mine"]\n'}),
        (WAITING, {"forge": replace(ALLOWED, rules=BaseRules(queue=True))}),
        (WAITING, {"forge": replace(ALLOWED, rules=BaseRules(signatures=True))}),
        (WAITING, {"config": AUTO.replace("trust = true", "trust = false")}),
        (WAITING, {"config": RULES.format('hours = "00:00-24:00"')}),
        (WAITING, {"config": RULES.format('max_age = "1w"')}),
        (WAITING, {"config": RULES.format('min_age = "1w"')}),
        (WAITING, {"records": (HEAD_RECORD.model_copy(update={"evidence": None}), RECORD)}),
        (WAITING, {"commits": OLD}),
        (replace(WAITING, labels=(HOLD_LABEL,)), {}),
        (replace(WAITING, head=OTHER), {}),
        (replace(WAITING, base_branch="develop"), {}),
        (replace(WAITING, draft=True), {}),
        (replace(WAITING, review=ReviewState.CHANGES_REQUESTED), {}),
        (replace(WAITING, mergeable=Mergeable.CONFLICT), {}),
        (replace(WAITING, checks=(Check("test", CheckState.FAILED),)), {}),
    ],
)
def test_what_the_bot_would_not_merge_itself_is_never_left_to_the_forge(
    pull: Pull, more: dict[str, Any]
) -> None:
    assert "enable_auto_merge" not in planned(seen(pull, **more))
    assert "disable_auto_merge" in planned(seen(on(pull), **more))


@pytest.mark.parametrize(
    "pull", [replace(UNREVIEWED, checks=None), replace(UNREVIEWED, mergeable=Mergeable.UNKNOWN)]
)
def test_what_is_unknown_for_a_moment_changes_nothing(pull: Pull) -> None:
    assert planned(seen(pull)) == []
    assert planned(seen(on(pull))) == []


def test_where_the_forge_waits_for_the_newest_base_it_is_left_to_wait() -> None:
    assert "enable_auto_merge" not in planned(seen(UNREVIEWED, forge=STRICT, commits=OLD))
    assert "disable_auto_merge" not in planned(seen(on(UNREVIEWED), forge=STRICT, commits=OLD))


def test_what_is_whole_already_the_bot_merges_itself() -> None:
    assert planned(seen(PULL)) == ["merge_pull_request", "delete_branch"]
    assert planned(seen(on(PULL))) == ["merge_pull_request", "delete_branch"]


def test_a_wish_of_a_persons_is_neither_repeated_nor_taken_back() -> None:
    theirs = replace(WAITING, auto_merge=True, auto_merge_by=ME + 1)
    held = replace(theirs, labels=(HOLD_LABEL,))
    by_same_account = replace(on(WAITING), labels=(HOLD_LABEL,))
    assert planned(seen(theirs)) == []
    assert planned(seen(held)) == []
    assert planned(seen(by_same_account, records=(HEAD_RECORD,))) == []


def test_what_a_person_switched_off_stays_off_and_is_not_merged_by_the_bot_either() -> None:
    switched = SwitchedRecord(at=NOW, branch=BRANCH, head=HEAD, on=True)
    by_bot = switched.model_copy(update={"on": False})
    known = (HEAD_RECORD, RECORD, switched)
    assert planned(seen(on(WAITING), records=known)) == []
    assert planned(seen(WAITING, records=known)) == []
    assert planned(seen(PULL, records=known)) == []
    assert planned(seen(WAITING, records=(*known, by_bot))) == ["enable_auto_merge"]


def test_a_refusal_for_good_is_not_asked_for_again() -> None:
    said = FailureRecord(
        at=NOW, action="enable_auto_merge", branch=BRANCH, head=HEAD, reason="not allowed"
    )
    assert planned(seen(WAITING, records=(HEAD_RECORD, said))) == []


def test_where_the_forge_does_not_leave_off_no_engine_is_asked_for_a_new_head() -> None:
    alice = Actor("alice", 7, may_write=True)
    said = Remark(id="c1", author=alice, at=NOW, text="/bot retry", kind=RemarkKind.COMMENT)
    asked = replace(WAITING, remarks=(said,))
    kept = FailureRecord(
        at=NOW, action="disable_auto_merge", branch=BRANCH, head=HEAD, reason="it cannot"
    )
    records = (HEAD_RECORD, RECORD, kept)
    assert select(seen(on(asked), records=records[:2])).chosen
    assert not select(seen(on(asked), records=records)).chosen
    behind = on(replace(asked, remarks=(replace(said, text="/bot rebase"),)))
    assert select(seen(behind, records=records[:2], commits=OLD)).renew
    assert not select(seen(behind, records=records, commits=OLD)).renew


def test_while_the_bot_is_paused_it_is_said_what_the_forge_still_merges() -> None:
    paused = seen(on(WAITING), halted="the bot is paused")
    assert planned(paused) == []
    said = "#1: left to auto-merge, so the forge still merges it unless you disable that"
    assert status(paused).notices == (said,)
    assert decide(paused, Selection((), (), ()), ()).notices == (said,)
    assert status(seen(on(WAITING))).notices == ()


def second(pull: Pull) -> Pull:
    return replace(pull, number=2, branch=f"{BRANCH}0", head=OTHER)


def both(first: Pull, other: Pull, **more: Any) -> tuple[list[int], list[int]]:
    """The numbers of those that are armed, and of those that are disarmed."""
    branch = second(PULL).branch
    records = (
        HEAD_RECORD,
        HEAD_RECORD.model_copy(update={"branch": branch, "head": OTHER}),
        RECORD,
        RECORD.model_copy(update={"branch": branch, "head": OTHER, "number": 2}),
    )
    at = seen(
        first,
        other,
        records=records,
        commits=(COMMIT, replace(COMMIT, sha=OTHER)),
        branches=(Branch(BRANCH, HEAD), Branch(branch, OTHER)),
        **more,
    )
    steps = decide(at, Selection((), (), ()), ()).steps
    numbers = {
        name: [step.params.number for step in steps if step.action == name]  # type: ignore[attr-defined] # both have one
        for name in ("enable_auto_merge", "disable_auto_merge")
    }
    return numbers["enable_auto_merge"], numbers["disable_auto_merge"]


def test_one_at_a_time_where_the_forge_merges_what_is_not_up_to_date() -> None:
    assert both(WAITING, second(WAITING)) == ([1], [])
    assert both(on(WAITING), on(second(WAITING))) == ([], [2])
    assert both(WAITING, second(WAITING), forge=STRICT) == ([1, 2], [])


def test_a_merge_of_the_bots_own_comes_before_what_the_forge_would_merge_meanwhile() -> None:
    assert both(on(WAITING), second(PULL)) == ([], [1])
    assert both(on(WAITING), second(PULL), forge=STRICT) == ([], [])


def test_what_gets_a_new_head_is_taken_back_before_and_judged_anew() -> None:
    at = seen(on(WAITING))
    lines = [OpenPull(pull, decide(at, Selection((), (), ()), ()).pulls[0].standing)
             for pull in at.open_pulls]  # fmt: skip
    assert [step.action for step in disarmed(lines, at, {1}, None)] == ["disable_auto_merge"]
    assert list(armed(lines, seen(WAITING), {1}, None)) == []


def test_a_merge_by_the_forge_is_the_bots_and_its_files_are_held_against_the_tested_ones() -> None:
    merged = replace(
        PULL, state=PullState.MERGED, merged_by=ME, merged_as=OTHER, merged_tree=Sha("0" * 40)
    )
    gone: dict[str, Any] = {"branches": (), "commits": ()}
    assert seen(merged, **gone).is_bots_merge(merged)
    assert written(seen(merged, **gone)) == {"untested", "merge"}
    same = replace(merged, merged_tree=TREE)
    assert written(seen(same, **gone)) == {"merge"}
    theirs = replace(merged, merged_by=ME + 1)
    assert written(seen(theirs, **gone)) == set()
