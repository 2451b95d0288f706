"""What the ledger is told it still says later, and what it cannot read it counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.ledger import (
    AttemptRecord,
    FailureRecord,
    HeadRecord,
    Ledger,
    Record,
    SpendRecord,
    UntestedRecord,
    decode,
    encode,
    raw_date,
)
from bot.model import Ending, Finding, Fingerprint, Sha

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
INCIDENT = Fingerprint("v1-0123456789ab")
HEAD = Sha("a" * 40)
BASE = Sha("b" * 40)

ATTEMPT = AttemptRecord(
    at=NOW,
    incident=INCIDENT,
    reflections=("r-1", "r-2"),
    attempt=1,
    engine="openai",
    ending=Ending.REJECTED,
    reason="two lines\n\nand a blank one, “quoted”, \x00 and \x01",
    base=BASE,
)
PUSHED = HeadRecord(
    at=NOW,
    incident=INCIDENT,
    reflections=("r-1",),
    sources=("agent",),
    attempt=2,
    branch="bot/v1-0123456789ab-2",
    head=HEAD,
    base=BASE,
    patch_id="c" * 40,
    engine="openai",
    path="llm.py",
    symbol="dummy_function",
    summary="Empty input crashes",
    severity="high",
    explanation="Return early.\n\nCo-authored-by: nobody",
    observed="It failed.\x1b[31m",
)
SPEND = SpendRecord(
    at=NOW, incident=INCIDENT, engine="openai", requests=1, prompt_tokens=70, completion_tokens=30
)
FAILURE = FailureRecord(
    at=NOW, action="open_pull_request", branch=PUSHED.branch, head=HEAD, reason="no"
)
UNTESTED = UntestedRecord(at=NOW, number=7, head=HEAD, merged_as=BASE)
ALL: tuple[Record, ...] = (ATTEMPT, PUSHED, SPEND, FAILURE, UNTESTED)


@pytest.mark.parametrize("record", ALL, ids=lambda record: str(record.kind))
def test_a_record_survives_its_commit_message(record: Record) -> None:
    message = encode(record)
    assert decode(message) == record
    assert decode(message.strip()) == record  # as git gives it back
    assert not {"\x00", "\x01"} & set(message)


@pytest.mark.parametrize("record", ALL, ids=lambda record: str(record.kind))
def test_a_commit_of_the_ledger_reads_well_in_a_log(record: Record) -> None:
    subject, blank, body, end = encode(record).split("\n")
    assert 0 < len(subject) <= 72
    assert blank == end == ""
    assert body.startswith("{")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "a person wrote this",
        "subject\n\nnot json",
        "subject\n\n[]",
        'subject\n\n{"kind": "from the future", "at": "2030-01-01T00:00:00Z"}',
        'subject\n\n{"kind": "untested", "at": "2026-01-05T09:00:00Z"}',
        "subject\n\n" + "[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_counted_and_stops_nothing(message: str) -> None:
    assert decode(message) is None
    ledger = Ledger.read(HEAD, [message, encode(SPEND)])
    assert ledger.records == (SPEND,)
    assert ledger.unknown == 1


def test_a_later_version_may_add_keys() -> None:
    message = encode(UNTESTED).replace('{"', '{"added_later":1,"', 1)
    assert decode(message) == UNTESTED


def test_only_a_head_the_ledger_knows_is_the_bots() -> None:
    ledger = Ledger(None, ALL)
    assert ledger.head(PUSHED.branch, HEAD) == PUSHED
    assert ledger.head(PUSHED.branch, BASE) is None
    assert ledger.head("bot/v1-0123456789ab-1", HEAD) is None


def test_a_refused_write_is_known_for_that_head_alone() -> None:
    ledger = Ledger(None, ALL)
    assert ledger.failed("open_pull_request", PUSHED.branch, HEAD) == FAILURE
    assert ledger.failed("open_pull_request", PUSHED.branch, BASE) is None
    assert ledger.failed("merge_pull_request", PUSHED.branch, HEAD) is None


def test_an_untested_merge_is_remembered() -> None:
    assert Ledger(None, ALL).untested(7)
    assert not Ledger(None, ALL).untested(8)


def test_spending_is_summed_over_a_day_and_money_only_where_known() -> None:
    spends = [
        SPEND,
        SPEND.model_copy(update={"at": NOW - timedelta(hours=24), "usd": 0.25}),
        SPEND.model_copy(update={"at": NOW - timedelta(hours=24, seconds=1), "usd": 9.0}),
        SPEND.model_copy(update={"at": NOW.astimezone(timezone(timedelta(hours=9)))}),
    ]
    spent = Ledger(None, tuple(spends)).spent_within_a_day(NOW)
    assert (spent.requests, spent.tokens, spent.usd) == (3, 300, 0.25)
    assert Ledger(None, ()).spent_within_a_day(NOW).usd is None


def test_dates_are_gits_raw_form_in_utc() -> None:
    assert raw_date(NOW) == "1767603600 +0000"
    assert raw_date(NOW.astimezone(timezone(timedelta(hours=-5)))) == "1767603600 +0000"


def test_a_head_of_before_risks_were_known_still_reads_and_has_none_on_record() -> None:
    subject, _, body = encode(PUSHED).partition("\n\n")
    old = {name: value for name, value in json.loads(body).items() if name != "risks"}
    record = decode(f"{subject}\n\n{json.dumps(old)}\n")
    assert isinstance(record, HeadRecord)
    assert record.risks is None


def test_a_heads_risks_come_back_as_they_were() -> None:
    risks = (Finding("network", "llm.py", "llm.py uses socket"),)
    record = decode(encode(PUSHED.model_copy(update={"risks": risks})))
    assert isinstance(record, HeadRecord)
    assert record.risks == risks
