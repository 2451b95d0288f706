"""A job's summary says what a run did and why it left the rest, within what GitHub shows."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from bot.actions import Done
from bot.actions.open_issue import OpenIssue
from bot.actions.open_pull_request import OpenPullRequest
from bot.actions.tell_issue import TellIssue
from bot.job_summary import MAX_BYTES, Run, remarks, summary
from bot.model import Reflection, Sha, Skipped
from bot.plan import Plan, Step
from tests.hostile.corpus import CORPUS, LEAKS

SHA = Sha("b" * 40)
OPEN = OpenPullRequest(branch="bot/v1-0-1", head=SHA, title="Fix", body="", draft=False)
STEPS = (
    Step("open_pull_request", OPEN, "rule “r”: merge"),
    Step("tell_issue", TellIssue(number=9, label="bot:fix", about="ended", text="x"), "told"),
    Step("open_issue", OpenIssue(title="t", body="b", label="bot:dashboard", base=SHA), "news"),
)
PLAN = Plan(
    repository="acme/agent",
    forge="github",
    base_branch="main",
    base=SHA,
    halted="",
    cases=(),
    pulls=(),
    skipped=(),
    notices=(),
    steps=STEPS,
)


def skipped(number: int, text: str, reason: str) -> Skipped:
    reflection = Reflection(
        id=f"r-{number}",
        source="reflections",
        where="reflections.json",
        timestamp="",
        task="",
        outcome="",
        text=text,
    )
    return Skipped(reflection, reason)


def test_a_long_one_is_cut_at_a_whole_row_and_says_so() -> None:
    rows = tuple(skipped(n, "ä" * 300, f"reason {n} of many 🐛" * 20) for n in range(3_000))
    text = summary(Run(replace(PLAN, skipped=rows)))
    assert 0.99 * MAX_BYTES < len(text.encode()) <= MAX_BYTES
    assert "reason 0 of" in text
    assert "This is cut here, because a summary holds at most 1 MiB" in text[-200:]
    whole = summary(Run(replace(PLAN, skipped=rows[:10])))
    assert whole.count("\n* `r-") == 10
    assert "cut here" not in whole


@pytest.mark.parametrize("room", [0, 10, 300, 1_000])
def test_with_little_room_left_it_stays_within(room: int) -> None:
    assert len(summary(Run(PLAN), room).encode()) <= room


def test_it_tells_a_rehearsal_from_what_was_done() -> None:
    assert "What would be done" in summary(Run(PLAN, rehearsed=True))
    done = (Done(True, "opened pull request 7: x", pull=7), Done(False, "no", failed=True))
    run = Run(PLAN, done)
    text = summary(run)
    assert "✅ `open_pull_request`" in text
    assert "❌ `tell_issue`: told. no" in text
    assert "⏸️ `open_issue`: news. It was not begun." in text
    told = run.outputs("/tmp/summary.md")
    assert (told["pull-requests"], told["proposed"], told["merged"]) == ("[7]", "1", "0")
    assert json.loads(told["counts"])["failed"] == 1
    assert [one.level for one in remarks(run)] == ["error"]


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_a_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    hostile = replace(
        PLAN, skipped=(skipped(1, text, text),), notices=(text,), halted=text, repository=text
    )
    made = re.sub(r"`[^`\n]*`", "`", summary(Run(hostile, (Done(True, text),))))
    assert not re.search(r"<(?!/?details|/?summary)\w", made)
    assert not re.search(r"(?<![\w.])@\w", made)
    assert not re.search(r"(?<!\\)\]\(|!\[", made)
    assert not any(leak in summary(Run(hostile)) for leak in LEAKS)
