"""A body speaks of the newest attempt, and keeps what people wrote around that."""

from __future__ import annotations

from dataclasses import replace

from bot.body import pull_body, rewritten_for, speaks_of_another
from bot.ledger import FailureRecord, Ledger
from bot.policy import decide
from bot.seen_again import with_reflections
from bot.selection import select
from tests.observed import BRANCH, HEAD_RECORD, NOW, PULL, snapshot

SECOND = HEAD_RECORD.model_copy(
    update={"attempt": 2, "summary": "It is another thing.", "explanation": "Return early.",
            "patch_id": "a" * 40, "requests": 2, "tokens": 70}
)  # fmt: skip
MOVED = HEAD_RECORD.model_copy(update={"patch_id": "c" * 40})
BODY = pull_body(HEAD_RECORD, "**Waits.**")


def test_a_further_attempt_is_told_in_the_words_of_a_new_body() -> None:
    assert not speaks_of_another(BODY, HEAD_RECORD)
    assert speaks_of_another(BODY, SECOND)
    assert rewritten_for(BODY, SECOND) == pull_body(SECOND, "**Waits.**")
    assert not speaks_of_another(rewritten_for(BODY, SECOND), SECOND)


def test_what_people_wrote_around_it_and_later_reflections_stay() -> None:
    body = "Mine above.\n\n" + with_reflections(BODY, ["r-9"]).replace(
        "### Cost", "Mine.\n### Cost"
    )
    again = rewritten_for(body, SECOND)
    assert "Return early." in again
    assert "Do not fail." not in again
    assert again.startswith("Mine above.")
    assert "Mine.\n### Cost" in again
    assert "and again in `r-9`" in again


def test_the_same_attempt_on_a_newer_base_leaves_peoples_words_within_it() -> None:
    body = BODY.replace("Do not fail.", "Do not fail. See the log of Tuesday.")
    assert not speaks_of_another(body, HEAD_RECORD)
    moved = rewritten_for(body, MOVED)
    assert "the log of Tuesday" in moved
    assert not speaks_of_another(moved, MOVED)


def test_without_its_marker_a_body_is_the_persons_own() -> None:
    for body in (
        "",
        "Mine.",
        BODY.replace("bot:marker", "marker"),
        BODY.replace('"v": 1', '"v": '),
    ):
        assert not speaks_of_another(body, SECOND)
        assert rewritten_for(body, SECOND) == body


def test_the_tick_after_a_further_attempt_rewrites_it_whatever_was_lost_before() -> None:
    world = snapshot(replace(PULL, body=BODY, checks=()), records=(SECOND,))
    (step,) = [
        step for step in decide(world, select(world), ()).steps if step.action == "update_status"
    ]
    assert step.params.model_dump()["head_record"]["attempt"] == 2
    kept = FailureRecord(
        at=NOW, action="update_status", branch=BRANCH, head=SECOND.head, reason="too long"
    )
    refused = replace(world, ledger=Ledger(None, (SECOND, kept)))
    plan = decide(refused, select(refused), ())
    assert "update_status" not in [step.action for step in plan.steps]
