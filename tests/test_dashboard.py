"""The dashboard says where the bot stands, and is edited only when that changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.dashboard import kept, title
from bot.ledger import FailureRecord, MergeRecord, Record
from bot.model import (
    DASHBOARD_LABEL,
    Actor,
    Check,
    CheckState,
    CommitChecks,
    Ending,
    Fingerprint,
    ForgeView,
    Incident,
    Issue,
    Mergeable,
    Pull,
    PullState,
    Sha,
    WatchedMerge,
)
from bot.policy import decide
from bot.selection import select
from bot.snapshot import Snapshot
from tests.observed import (
    BASE,
    BRANCH,
    CONFIG,
    FORGE,
    HEAD,
    HEAD_RECORD,
    INCIDENT,
    ME,
    NOW,
    PULL,
    attempt,
    snapshot,
)

NAME = title("main")
ALICE = Actor("alice", 7, may_write=True)
MANY = tuple(
    replace(INCIDENT, fingerprint=Fingerprint(f"v1-{number:012x}"), reflections=(
        replace(INCIDENT.reflections[0], id=f"r-{number}"),))
    for number in range(50)
)  # fmt: skip


def seen(*pulls: Pull, **said: Any) -> Snapshot:
    return snapshot(*pulls, **{"dashboard": True} | said)


def issue(body: str, number: int = 7) -> Issue:
    return Issue(number=number, url="", title=NAME, body=body, labels=(DASHBOARD_LABEL,))


def showing(body: str, **more: Any) -> ForgeView:
    return replace(FORGE, issues=(issue(body),), **more)


def text(world: Snapshot) -> str:
    """What the dashboard is made to say."""
    (step,) = kept(world)
    return str(step.params.model_dump()["body"])


def tried(ending: Ending) -> Snapshot:
    return seen(records=(attempt(ending),), branches=())


@pytest.mark.parametrize(
    ("world", "heading", "words"),
    [
        (seen(PULL), "Open pull requests", "* #1 Fix llm.py: Ready: every condition"),
        (tried(Ending.FAILED), "Waiting", "* `llm.py`: attempt 1 ended: failed, because; again"),
        (tried(Ending.REFUSED), "Refused", "* `llm.py`: attempt 1 ended: refused, because"),
        (tried(Ending.ABSTAINED), "No defect found", "abstained, because"),
        (tried(Ending.FAILED), "Last failures", "* 2026-01-05 09:00 UTC, attempt 1 on v1-"),
        (
            seen(replace(PULL, state=PullState.CLOSED, closed_by=ALICE), branches=()),
            "Refused", "* `llm.py` (#1): pull request #&#8203;1 was closed",
        ),
        (
            seen(records=(), branches=(), incidents=MANY,
                 config=CONFIG + "[limits]\nopen_pulls = 0\n"),
            "Held back",
            "* limits.open\\_pulls is 0; no more may be opened: `llm.py`, `llm.py`, `llm.py`, "
            "`llm.py`, `llm.py` and 45 more",
        ),
    ],
)  # fmt: skip
def test_everything_that_waits_is_on_it_with_its_reason(
    world: Snapshot, heading: str, words: str
) -> None:
    said = text(world)
    assert words in said.partition(f"### {heading}")[2].partition("###")[0]


def test_it_is_opened_with_its_label_and_left_alone_while_it_is_true() -> None:
    (step,) = kept(seen(PULL))
    assert (step.action, step.params.model_dump()["label"]) == ("open_issue", DASHBOARD_LABEL)
    body = text(seen(PULL))
    later = NOW + timedelta(days=3)
    as_the_forge_has_it = body.replace("\n", "\r\n") + "\r\n"
    assert not list(kept(seen(PULL, forge=showing(as_the_forge_has_it), now=later)))
    (step,) = kept(seen(PULL, forge=showing(body + "\nMine.")))
    assert (step.action, step.params.model_dump()["number"]) == ("update_issue", 7)


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (seen(records=(), branches=()), "what comes next by itself is nothing to say"),
        (seen(PULL, dashboard=False), "switched off"),
        (seen(PULL, halted="paused"), "halted"),
        (seen(PULL, forge=replace(FORGE, has_issues=False)), "no issues here"),
        (seen(PULL, forge=replace(FORGE, closed_dashboards=(issue(""),))), "a person closed it"),
        (
            seen(PULL, records=(HEAD_RECORD, FailureRecord(
                at=NOW, action="open_issue", branch=DASHBOARD_LABEL, head=BASE, reason="no"))),
            "the forge would not have it lately",
        ),
        (
            seen(replace(PULL, mergeable=Mergeable.UNKNOWN), forge=showing("old")),
            "what the forge is still working out would go to and fro",
        ),
    ],
)  # fmt: skip
def test_nothing_is_written(world: Snapshot, why: str) -> None:
    assert not list(kept(world)), why


def test_merges_of_late_come_with_what_they_did_to_the_base() -> None:
    merge = Sha("c" * 40)
    merged = replace(PULL, state=PullState.MERGED, merged_as=merge, merged_by=ME)
    record = MergeRecord(at=NOW, number=1, branch=BRANCH, head=HEAD, merged_as=merge)
    after = CommitChecks(merge, (Check("test", CheckState.PASSED),))
    world = seen(merged, records=(HEAD_RECORD, record), branches=())
    world = replace(world, watched=(WatchedMerge(number=1, after=after, before=None),))
    assert "### Merged of late\n\n* #1: " in text(world)


def test_one_that_was_reopened_is_kept_again() -> None:
    forge = showing("old", closed_dashboards=(issue("", number=3),))
    (step,) = kept(seen(PULL, forge=forge))
    assert step.params.model_dump()["number"] == 7


def test_when_all_is_done_it_says_so() -> None:
    merged = replace(PULL, state=PullState.MERGED)
    assert "Nothing is open, and nothing waits." in text(
        seen(merged, branches=(), forge=showing("old"))
    )


def test_a_tick_that_merges_leaves_it_to_the_next() -> None:
    world = seen(PULL, forge=showing("old"))
    plan = decide(world, select(world), ())
    assert [step.action for step in plan.steps] == ["merge_pull_request", "delete_branch"]


def test_however_much_there_is_it_fits_and_nothing_in_it_acts() -> None:
    hostile = "@alice closes #1 <!-- </details> [x](http://e.example) ##@" * 40
    records: list[Record] = []
    incidents: list[Incident] = []
    for one in MANY:
        record = attempt(Ending.ABSTAINED).model_copy(
            update={"incident": one.fingerprint, "reflections": one.reflection_ids,
                    "reason": hostile}
        )  # fmt: skip
        failed = attempt(Ending.FAILED).model_copy(update={"incident": hostile, "reason": hostile})
        records += [record, failed]
        incidents.append(one)
    pulls = [replace(PULL, number=n, title=hostile) for n in range(1, 60)]
    said = text(
        seen(*pulls, records=(HEAD_RECORD, *records), incidents=tuple(incidents), branches=())
    )
    assert len(said) < 65_536
    assert " more" in said
    for live in ("@alice", "<!--", "</details>", "](http", "closes #1"):
        assert live not in said
