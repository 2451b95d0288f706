"""What became of an incident, and whether it deserves work: derived, never remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.config import parse_config
from bot.forges import marked
from bot.history import Fate, history
from bot.ledger import AttemptRecord, FailureRecord, Record, SpendRecord
from bot.model import (
    Actor,
    Branch,
    Ending,
    Fingerprint,
    Incident,
    Pull,
    PullState,
    Remark,
    RemarkKind,
    Sha,
)
from bot.selection import select
from bot.snapshot import Snapshot
from tests.observed import (
    BASE,
    BRANCH,
    CONFIG,
    HEAD,
    HEAD_RECORD,
    INCIDENT,
    ME,
    NOW,
    PRINT,
    PULL,
    attempt,
    snapshot,
)

ALICE = Actor("alice", 7, may_write=True)
CLOSED = replace(PULL, state=PullState.CLOSED, closed_by=ALICE)
BOT = Actor("amendbot[bot]", ME)
GAVE_UP = Remark(
    id="1", author=BOT, at=NOW, text=marked("All attempts failed.", "closed-as-failed"),
    kind=RemarkKind.COMMENT, is_bots=True,
)  # fmt: skip
MERGED = replace(PULL, state=PullState.MERGED)


@pytest.mark.parametrize(
    ("seen", "fate"),
    [
        (snapshot(records=(), branches=()), Fate.OPEN),
        (snapshot(PULL), Fate.PROPOSED),
        (snapshot(MERGED, branches=()), Fate.MERGED),
        (snapshot(CLOSED, branches=()), Fate.REFUSED),
        (snapshot(replace(CLOSED, closed_by=None), branches=()), Fate.LEFT_TO_PEOPLE),
        (
            snapshot(replace(CLOSED, closed_by=Actor("stale[bot]", 8)), branches=()),
            Fate.LEFT_TO_PEOPLE,
        ),
        (snapshot(replace(CLOSED, closed_by=BOT), branches=()), Fate.LEFT_TO_PEOPLE),
        (snapshot(replace(CLOSED, closed_by=BOT, remarks=(GAVE_UP,)), branches=()), Fate.FAILED),
        (snapshot(), Fate.PUBLISHED),
        (snapshot(branches=()), Fate.LEFT_TO_PEOPLE),
        (snapshot(records=(attempt(Ending.ABSTAINED),), branches=()), Fate.ABSTAINED),
        (snapshot(records=(attempt(Ending.REJECTED),), branches=()), Fate.ABSTAINED),
        (snapshot(records=(attempt(Ending.REFUSED),), branches=()), Fate.REFUSED),
        (snapshot(records=(attempt(Ending.FAILED),), branches=()), Fate.WAITING),
    ],
)
def test_each_fate_has_its_facts(seen: Snapshot, fate: Fate) -> None:
    past = history(INCIDENT, seen)
    assert past.fate is fate
    assert past.sentence
    asked = [chosen.incident for chosen in select(seen).chosen]
    assert asked == ([INCIDENT] if fate is Fate.OPEN else [])


def test_a_no_matches_by_fingerprint_even_when_the_ledger_is_lost() -> None:
    seen = snapshot(CLOSED, records=(), branches=())
    assert history(INCIDENT, seen).fate is Fate.REFUSED


def test_a_no_matches_by_any_reflection_of_the_incident() -> None:
    other = replace(INCIDENT, fingerprint=Fingerprint("v1-ffffffffffff"))
    assert history(other, snapshot(CLOSED, branches=())).fate is Fate.REFUSED


def test_a_failed_attempt_is_due_again_later_each_time_and_then_given_up() -> None:
    due = [timedelta(hours=1), timedelta(hours=2)]
    records: tuple[Record, ...] = ()
    at = NOW
    for number, wait in enumerate(due, start=1):
        records += (attempt(Ending.FAILED, number, at),)
        before = snapshot(records=records, branches=(), now=at + wait - timedelta(minutes=1))
        after = snapshot(records=records, branches=(), now=at + wait)
        assert history(INCIDENT, before).fate is Fate.WAITING
        assert history(INCIDENT, after).fate is Fate.OPEN
        at += wait
    records += (attempt(Ending.FAILED, 3, at),)
    given_up = history(INCIDENT, snapshot(records=records, branches=(), now=at.replace(year=2027)))
    assert given_up.fate is Fate.FAILED


def test_a_new_record_reopens_what_was_tried_in_vain() -> None:
    news = replace(INCIDENT.reflections[0], id="r-2")
    incident = replace(INCIDENT, reflections=(*INCIDENT.reflections, news))
    seen = snapshot(records=(attempt(Ending.ABSTAINED),), branches=(), incidents=(incident,))
    (chosen,) = select(seen).chosen
    assert chosen.attempt == 2


def test_a_branch_without_a_pull_request_gets_it_without_an_engine() -> None:
    selection = select(snapshot())
    assert selection.chosen == ()
    assert selection.orphans == (HEAD_RECORD,)


def test_a_branch_that_a_person_pushed_gets_nothing() -> None:
    theirs = Branch("bot/v1-0123456789ab-9", HEAD)
    assert select(snapshot(branches=(theirs,))).orphans == ()


def test_a_pull_request_the_forge_refused_to_open_is_not_tried_for_ever() -> None:
    refused = FailureRecord(
        at=NOW, action="open_pull_request", branch=BRANCH, head=HEAD, reason="no commits"
    )
    seen = snapshot(records=(HEAD_RECORD, refused))
    assert select(seen).orphans == ()
    assert history(INCIDENT, seen).fate is Fate.FAILED


def incident(number: int) -> Incident:
    return replace(
        INCIDENT,
        fingerprint=Fingerprint(f"v1-{number:012d}"),
        reflections=(replace(INCIDENT.reflections[0], id=f"r-{number}x"),),
    )


@pytest.mark.parametrize(
    ("limits", "count", "reason"),
    [
        ("incidents_per_tick = 2", 2, "incidents_per_tick"),
        ("open_pulls = 1", 1, "open_pulls"),
        ("tokens_per_day = 0", 0, "tokens"),
        ("tokens_per_tick = 0", 0, "tokens"),
    ],
)
def test_limits_hold_back_and_say_so(limits: str, count: int, reason: str) -> None:
    many = tuple(incident(number) for number in range(4))
    seen = snapshot(
        records=(),
        branches=(),
        incidents=many,
        config=f"[limits]\n{limits}\n{CONFIG}",
    )
    selection = select(seen)
    assert len(selection.chosen) == count
    assert all(reason in skip.reason for skip in selection.skipped)
    assert len(selection.skipped) == 4 - count


def test_open_pull_requests_count_towards_their_limit() -> None:
    seen = snapshot(PULL, incidents=(), config=f"[limits]\nopen_pulls = 1\n{CONFIG}")
    fresh = replace(seen, incidents=(incident(7),))
    assert select(fresh).chosen == ()


def test_what_others_opened_under_the_prefix_is_not_the_bots() -> None:
    stranger: Pull = replace(PULL, author_id=1)
    fork = replace(PULL, foreign=True)
    for pull in (stranger, fork):
        assert snapshot(pull).open_pulls == ()
    assert snapshot(PULL, records=()).open_pulls == ()


def test_a_days_spending_is_what_the_ledger_says_of_24_hours() -> None:
    def spent(hours: int) -> SpendRecord:
        return SpendRecord(
            at=NOW - timedelta(hours=hours),
            incident=PRINT,
            engine="openai",
            requests=1,
            prompt_tokens=100,
            completion_tokens=10,
        )

    ledger = snapshot(records=(spent(1), spent(23), spent(25))).ledger
    assert ledger.spent_within_a_day(NOW).tokens == 220


def test_a_merge_goes_before_new_proposals() -> None:
    seen = snapshot(PULL)
    fresh = replace(seen, incidents=(incident(7),))
    selection = select(fresh)
    assert selection.chosen == ()
    assert "#1 is merged first" in selection.skipped[0].reason


SEARCHED = attempt(Ending.ABSTAINED).model_copy(
    update={"engine": "search", "until_base_moves": True, "base": BASE, "asked": False}
)
ELSEWHERE = SEARCHED.model_copy(update={"base": Sha("e" * 40)})
DAY_LATER = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("record", "engines", "now", "fate", "asked"),
    [
        (SEARCHED, ("search",), NOW, Fate.ABSTAINED, ()),
        (SEARCHED, ("search",), DAY_LATER, Fate.ABSTAINED, ()),
        (ELSEWHERE, ("search",), NOW, Fate.WAITING, ()),
        (ELSEWHERE, ("search",), DAY_LATER, Fate.OPEN, ("search",)),
        (SEARCHED, ("search", "openai"), NOW, Fate.OPEN, ("openai",)),
        (ELSEWHERE, ("search", "openai"), NOW, Fate.OPEN, ("search", "openai")),
    ],
    ids=["same base", "same base later", "moved", "moved and due", "a key since", "both"],
)
def test_a_search_is_repeated_only_where_it_can_end_otherwise(
    record: AttemptRecord,
    engines: tuple[str, ...],
    now: datetime,
    fate: Fate,
    asked: tuple[str, ...],
) -> None:
    seen = replace(snapshot(records=(record,), branches=(), now=now), engines=engines)
    past = history(INCIDENT, seen)
    assert (past.fate, past.attempts) == (fate, 0)
    assert tuple(chosen.engines for chosen in select(seen).chosen) == ((asked,) if asked else ())


def test_without_budget_only_the_search_that_costs_nothing_is_asked() -> None:
    poor = parse_config("[limits]\ntokens_per_day = 0")
    seen = replace(snapshot(records=(), branches=(), config=poor), engines=("search", "openai"))
    assert [chosen.engines for chosen in select(seen).chosen] == [("search",)]
    assert not select(replace(seen, engines=("openai",))).chosen
