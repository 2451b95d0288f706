"""`bot status` says of everything why it stands where it stands, and leaves nothing out."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from bot.ledger import FailureRecord, Record, SpendRecord
from bot.model import Actor, Ending, Fingerprint, Incident, Pull, PullState
from bot.report_memory import print_status
from bot.snapshot import Snapshot
from bot.status import LAST_FAILURES, status
from tests.observed import BRANCH, CONFIG, HEAD, INCIDENT, NOW, PRINT, PULL, attempt, snapshot

NOTHING_YET = snapshot(records=(), branches=())
CLOSED = replace(PULL, state=PullState.CLOSED, closed_by=Actor("alice", 7, may_write=True))


def tried(ending: Ending) -> Snapshot:
    return snapshot(records=(attempt(ending),), branches=())


@pytest.mark.parametrize(
    ("seen", "state", "words"),
    [
        (NOTHING_YET, "next", "nothing has been tried yet"),
        (replace(NOTHING_YET, halted="the bot is paused"), "held back", "the bot is paused"),
        (
            snapshot(records=(), branches=(), config=CONFIG + "[limits]\nopen_pulls = 0\n"),
            "held back", "limits.open_pulls is 0",
        ),
        (tried(Ending.FAILED), "waiting", "again after 2026-01-05 10:00 UTC"),
        (tried(Ending.REFUSED), "refused", "because"),
        (tried(Ending.ABSTAINED), "abstained", "because"),
        (snapshot(CLOSED, branches=()), "refused", "#1 was closed"),
    ],
)  # fmt: skip
def test_every_incident_has_a_state_and_the_sentence_that_says_why(
    seen: Snapshot, state: str, words: str
) -> None:
    (line,) = status(seen).lines
    assert line.state == state
    assert words in line.sentence


@pytest.mark.parametrize("pull", [PULL, replace(PULL, state=PullState.MERGED)])
def test_what_is_proposed_or_merged_is_not_listed_twice(pull: Pull) -> None:
    assert status(snapshot(pull)).lines == ()


def test_what_was_tried_says_since_when() -> None:
    (line,) = status(tried(Ending.FAILED)).lines
    assert line.since == NOW
    (line,) = status(NOTHING_YET).lines
    assert line.since is None


def test_open_pull_requests_come_with_their_sentence() -> None:
    (one,) = status(snapshot(PULL)).pulls
    assert one.standing.sentence == "Ready: every condition for the merge is met."


def test_the_last_failures_of_the_ledger_are_told_newest_first() -> None:
    records: list[Record] = [
        FailureRecord(
            at=NOW, action="merge_pull_request", branch=BRANCH, head=HEAD, reason=f"no {number}"
        )
        for number in range(LAST_FAILURES + 2)
    ]
    found = status(snapshot(records=(*records, attempt(Ending.FAILED)))).failures
    assert [failure.sentence for failure in found] == ["because", "no 6", "no 5", "no 4", "no 3"]
    assert found[0].what == f"attempt 1 on {PRINT}"


def test_only_the_last_day_counts_as_spent() -> None:
    def spent(hours: int, tokens: int) -> SpendRecord:
        return SpendRecord(
            at=NOW - timedelta(hours=hours), incident=PRINT, engine="openai", requests=1,
            prompt_tokens=tokens, completion_tokens=0, usd=0.5,
        )  # fmt: skip

    found = status(snapshot(records=(spent(25, 1000), spent(1, 70)))).spending
    assert (found.spent.tokens, found.spent.usd) == (70, 0.5)
    assert found.tokens_limit == 1_000_000


def shown(seen: Snapshot) -> str:
    stream = io.StringIO()
    print_status(status(seen), Console(file=stream, width=100, highlight=False, markup=False))
    return stream.getvalue()


def test_the_screen_says_all_of_it() -> None:
    said = shown(replace(snapshot(PULL), halted="a person paused it", notices=("a notice",)))
    for words in (
        "Amendbot on acme/agent, main at bbbbbbbbb",
        "! a notice",
        "It does nothing: a person paused it.",
        "Open pull requests",
        "#1",
        "Reflections: 1 proposed.",
        "Spent in the last 24 hours: 0 of 1,000,000 tokens.",
    ):
        assert words in said


def test_of_very_many_incidents_the_first_are_shown_and_the_rest_counted() -> None:
    many = tuple(
        replace(INCIDENT, fingerprint=Fingerprint(f"v1-{number:012x}")) for number in range(30)
    )
    seen = snapshot(
        records=(), branches=(), incidents=many, config=CONFIG + "[limits]\nincidents_per_tick = 0"
    )
    assert "Held back, 10 of 30" in shown(seen)
    assert len(status(seen).lines) == 30


def test_what_strangers_wrote_cannot_act_at_the_terminal() -> None:
    title = "\x1b[31mred ::error::boom"
    said = shown(snapshot(replace(PULL, title=title)))
    assert "\x1b" not in said
    assert "::error::" not in said


def test_json_says_the_same() -> None:
    data = json.loads(json.dumps(status(tried(Ending.FAILED)).as_data()))
    assert data["incidents"][0]["state"] == "waiting"
    assert data["incidents"][0]["since"] == NOW.isoformat()
    assert data["reflections"] == {"open": 1}


def test_an_incident_without_a_place_is_listed_too() -> None:
    bare = Incident(fingerprint=PRINT, reflections=INCIDENT.reflections, places=())
    assert PRINT in shown(snapshot(records=(), branches=(), incidents=(bare,)))
