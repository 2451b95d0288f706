"""Who is heard, for what, and when a further attempt is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.feedback import commands, feedback, is_exhausted, objections, wish
from bot.forges import marked
from bot.ledger import Record
from bot.model import (
    Actor,
    Check,
    CheckState,
    Ending,
    Pull,
    Remark,
    RemarkKind,
    ReviewState,
    Sha,
    Verb,
)
from tests.observed import FORGE, HEAD, HEAD_RECORD, ME, NOW, PULL, attempt, snapshot

ALICE = Actor("alice", 7, may_write=True)
MALLORY = Actor("mallory", 8)
RED = replace(PULL, checks=(Check("test", CheckState.FAILED),))
GREEN_BASE = replace(FORGE, base_checks=(Check("test", CheckState.PASSED),))


def remark(text: str, by: Actor = ALICE, **known: Any) -> Remark:
    ordinary: dict[str, Any] = {"kind": RemarkKind.COMMENT, "at": NOW + timedelta(minutes=1)}
    return Remark(id=text or "r", author=by, text=text, **ordinary | known)


def test_a_command_stands_at_the_start_of_a_line_and_comes_from_who_may_write() -> None:
    said = (
        remark("/bot retry with care"),
        remark("I wonder whether /bot retry would help"),
        remark("thanks\n  /bot hold"),
        remark("/bot dance"),
        remark("/bot retry", MALLORY),
    )
    found = commands(replace(PULL, remarks=said))
    assert {(one.verb, one.words) for one in found} == {
        (Verb.RETRY, "with care"),
        (Verb.HOLD, ""),
        (Verb.UNKNOWN, ""),
    }


def test_what_was_answered_or_tried_for_is_not_asked_for_again() -> None:
    pull = replace(PULL, remarks=(remark("/bot retry"),))
    (asked,) = commands(pull)
    assert feedback(pull, snapshot(pull)) is not None
    told = remark(marked("Attempt 2", asked.marker), Actor("bot", ME), is_bots=True)
    assert commands(replace(pull, remarks=(*pull.remarks, told))) == ()
    settled = HEAD_RECORD.model_copy(update={"answers": (asked.marker,)})
    assert feedback(pull, snapshot(pull, records=(settled,))) is None


def test_the_newest_verdict_of_a_person_counts() -> None:
    asked = remark("no", kind=RemarkKind.REVIEW, verdict=ReviewState.CHANGES_REQUESTED, head=HEAD)
    fine = replace(asked, id="2", text="yes", verdict=ReviewState.APPROVED)
    pull = replace(PULL, remarks=(asked,))
    assert "alice asked for changes" in getattr(feedback(pull, snapshot(pull)), "reason", "")
    assert wish(pull, snapshot(pull))
    pull = replace(PULL, remarks=(asked, fine))
    assert feedback(pull, snapshot(pull)) is None


THREAD = remark("wrong", kind=RemarkKind.THREAD, thread="t1", head=HEAD)
MOVED = Sha("9" * 40)


def made_for(pull: Pull) -> tuple[str, ...]:
    due = feedback(pull, snapshot(pull))
    assert due
    return due.answers


@pytest.mark.parametrize(
    ("after", "tries_again", "merges"),
    [
        ("nothing", True, False),
        ("a rebase", True, False),
        ("an attempt in vain", False, False),
        ("a newer attempt", False, True),
        ("the way back", False, False),
        ("other words", True, False),
        ("its end", False, True),
    ],
)
def test_a_thread_forbids_a_merge_until_an_attempt_meets_it(
    after: str, tries_again: bool, merges: bool
) -> None:
    pull = replace(PULL, remarks=(THREAD,))
    known = {"answers": made_for(pull)}
    newer = HEAD_RECORD.model_copy(update={"head": MOVED, "attempt": 2})
    records: dict[str, tuple[Record, ...]] = {
        "a rebase": (newer.model_copy(update={"attempt": 1}),),
        "an attempt in vain": (attempt(Ending.REJECTED, 2).model_copy(update=known),),
        "a newer attempt": (newer.model_copy(update=known),),
        "the way back": (newer.model_copy(update=known),),
        "other words": (newer.model_copy(update=known),),
    }
    said = {
        "other words": replace(THREAD, text="still wrong"),
        "its end": replace(THREAD, resolved=True),
    }
    pull = replace(pull, head=HEAD if after in ("an attempt in vain", "the way back") else MOVED)
    pull = replace(pull, remarks=(said.get(after, THREAD),))
    more = records.get(after, (HEAD_RECORD.model_copy(update={"head": MOVED}),))
    seen = snapshot(pull, records=(HEAD_RECORD, *more))
    assert (feedback(pull, seen) is not None) == tries_again
    assert (not wish(pull, seen) and not objections(pull, seen)) == merges


def test_what_stands_ends_with_its_authors_approval_of_this_head() -> None:
    yes = remark("yes", kind=RemarkKind.REVIEW, verdict=ReviewState.APPROVED, head=HEAD)
    spent = (HEAD_RECORD, attempt(Ending.FAILED, 3))

    def stands(*said: Remark) -> bool:
        pull = replace(PULL, remarks=said)
        return bool(objections(pull, snapshot(pull, records=spent)))

    later = replace(yes, at=NOW + timedelta(hours=1))
    assert stands(THREAD)
    assert stands(THREAD, replace(later, author=Actor("bob", 9, may_write=True)))
    assert stands(THREAD, replace(later, head=MOVED))
    assert not stands(THREAD, later)


def test_a_red_check_waits_longer_after_each_attempt_and_ends_at_the_limit() -> None:
    def due(minutes: int, *tries: int) -> bool:
        records: tuple[Record, ...] = (HEAD_RECORD, *(attempt(Ending.FAILED, n) for n in tries))
        later = NOW + timedelta(minutes=minutes)
        world = snapshot(RED, records=records, forge=GREEN_BASE, now=later)
        return feedback(RED, world) is not None

    assert [due(59), due(61), due(61, 2), due(121, 2)] == [False, True, False, True]
    spent = snapshot(RED, records=(HEAD_RECORD, attempt(Ending.FAILED, 3)), forge=GREEN_BASE)
    assert is_exhausted(RED, spent)
    assert not is_exhausted(RED, snapshot(RED, forge=GREEN_BASE))


def test_a_check_that_is_red_on_the_base_too_is_nobodys_fault() -> None:
    later = NOW + timedelta(days=1)
    assert feedback(RED, snapshot(RED, now=later)) is None
