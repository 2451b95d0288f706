"""The audit believes nobody: each link is held against git, and said where it breaks."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.audit import AuditRecord, as_data, as_original, audit
from bot.audit_links import Change, Facts, Holds, Hunk, Revert, revert_in
from bot.body import pull_body
from bot.ledger import Record, UntestedRecord
from bot.model import Ending, Kind, Pull, PullState, Reflection, Sha, Triaged, Verdict
from bot.sources import Document, read_document
from bot.triage import triage
from tests.observed import (
    BASE,
    BRANCH,
    COMMIT,
    EVIDENCE,
    HEAD,
    HEAD_RECORD,
    INCIDENT,
    ME,
    NOW,
    PRINT,
    PULL,
    TREE,
    attempt,
    snapshot,
)

MERGE = Sha("1" * 40)
REVERT = Sha("2" * 40)
LATER = Sha("3" * 40)
OTHER = Sha("4" * 40)
MESSAGE = f"Fix llm.py\n\nReflection-Id: r-1\nIncident: {PRINT}\nEngine: openai\nAttempt: 1\n"
MERGED = replace(
    PULL,
    state=PullState.MERGED,
    body=pull_body(HEAD_RECORD, "It is merged."),
    merged_as=MERGE,
    merged_tree=TREE,
)
FIX = Change(
    commit=replace(COMMIT, message=MESSAGE),
    patch_id=HEAD_RECORD.patch_id,
    bare="bare fix",
    backwards="bare revert",
    hunks=(Hunk("llm.py", 7, 7, "    return words[0]\n"), Hunk("llm.py", 9, 8, "# more\n")),
)
MERGING = replace(FIX, commit=replace(FIX.commit, sha=MERGE, parents=(BASE, HEAD)))
REVERTING = Change(
    commit=replace(COMMIT, sha=REVERT, parents=(MERGE,)),
    patch_id="",
    bare="bare revert",
    backwards="bare fix",
)
TAKEN_BACK = Revert(REVERT, (MERGE,), ())


def facts(*pulls: Pull, records: tuple[Record, ...] = (HEAD_RECORD,)) -> Facts:
    """A world in which every link of the chain holds."""
    return Facts(
        snapshot=snapshot(*pulls, records=records, branches=()),
        changes=(FIX, MERGING, REVERTING),
        line=(REVERT, MERGE, BASE),
        inside=frozenset({(HEAD, MERGE)}),
        in_base=frozenset({MERGE}),
    )


def only(found: tuple[AuditRecord, ...]) -> AuditRecord:
    (record,) = found
    return record


def test_an_unbroken_chain_is_told_from_reflection_to_merge() -> None:
    record = only(audit(facts(MERGED)))
    assert record.flags == ()
    assert (record.outcome, record.reflections, record.patch_id) == ("merged", ("r-1",), "f" * 40)
    assert (record.head, record.pull, record.merged_as) == (HEAD, 1, MERGE)
    assert {link.name for link in record.links} == {
        "reflections", "patch", "base", "message", "tests", "author", "body", "checks", "ledger",
        "merge", "files",
    }  # fmt: skip


def without(world: Facts, sha: Sha) -> Facts:
    return replace(world, changes=tuple(c for c in world.changes if c.commit.sha != sha))


def instead(world: Facts, change: Change) -> Facts:
    return replace(world, changes=(*without(world, change.commit.sha).changes, change))


def recorded(**changed: object) -> Facts:
    return facts(MERGED, records=(HEAD_RECORD.model_copy(update=changed),))


SQUASHED = replace(facts(MERGED), inside=frozenset())
OTHER_FILES = replace(MERGING, commit=replace(MERGING.commit, tree=OTHER), bare="bare else")
RECORDED_LATE = attempt(Ending.ABSTAINED).model_copy(
    update={"base": LATER, "incident": "v1-ffffffffffff"}
)
MARKED = MERGED.body
UNTESTED = HEAD_RECORD.model_copy(update={"evidence": None})


@pytest.mark.parametrize(
    ("world", "link", "holds", "words"),
    [
        (without(facts(MERGED), HEAD), "patch", Holds.UNKNOWN, "not have the commit ddddddddd"),
        (recorded(patch_id="a" * 40), "patch", Holds.NO, "the ledger says aaaaaaaaa"),
        (recorded(base=OTHER), "base", Holds.NO, "the ledger says 444444444"),
        (
            instead(facts(MERGED), replace(FIX, commit=replace(FIX.commit, message="Fix\n"))),
            "message", Holds.NO, "does not say “Incident:",
        ),
        (recorded(reflections=("r-1", "r-2")), "message", Holds.NO, "Reflection-Id: r-2"),
        (recorded(reflections=("r-2",)), "reflections", Holds.UNKNOWN, "r-2 cannot be found"),
        (
            recorded(evidence=replace(EVIDENCE, head=OTHER)),
            "tests", Holds.NO, "tests are of 444444444",
        ),
        (facts(replace(MERGED, author_id=1)), "author", Holds.NO, "opened by somebody else"),
        (facts(replace(MERGED, body="Mine.")), "body", Holds.NO, "no marker"),
        (
            facts(replace(MERGED, body=MARKED.replace("r-1", "r-9"))),
            "body", Holds.NO, 'says reflections ["r-9"]',
        ),
        (
            facts(replace(MERGED, body=MARKED.replace('{"v"', '{v'))),
            "body", Holds.NO, "damaged",
        ),
        (facts(replace(MERGED, head=OTHER)), "head", Holds.NO, "ledger does not know: a person"),
        (facts(replace(MERGED, checks=())), "checks", Holds.NO, "although “test” is pending"),
        (
            facts(replace(MERGED, checks=None), records=(UNTESTED,)),
            "checks", Holds.UNKNOWN, "the bot ran no tests",
        ),
        (facts(replace(MERGED, merged_as=None)), "merge", Holds.UNKNOWN, "does not say as which"),
        (without(facts(MERGED), MERGE), "merge", Holds.UNKNOWN, "git does not have 111111111"),
        (without(SQUASHED, HEAD), "merge", Holds.UNKNOWN, "to compare 111111111 with"),
        (instead(SQUASHED, OTHER_FILES), "merge", Holds.NO, "neither contains ddddddddd"),
        (instead(facts(MERGED), OTHER_FILES), "files", Holds.NO, "the ledger does not say so"),
        (
            instead(
                facts(
                    MERGED,
                    records=(
                        HEAD_RECORD,
                        UntestedRecord(at=NOW, number=1, head=HEAD, merged_as=MERGE),
                    ),
                ),
                OTHER_FILES,
            ),
            "files", Holds.NO, "as the ledger says",
        ),
        (
            replace(facts(MERGED), in_base=frozenset()),
            "base branch", Holds.NO, "main does not have 111111111 any more",
        ),
        (
            replace(
                facts(MERGED, records=(RECORDED_LATE, HEAD_RECORD)),
                line=(LATER, MERGE, BASE),
            ),
            "ledger", Holds.NO, "only after it was merged",
        ),
        (replace(facts(MERGED), line=(BASE,)), "ledger", Holds.UNKNOWN, "what came first"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_flagged_in_a_sentence(
    world: Facts, link: str, holds: Holds, words: str
) -> None:
    flags = [flag for record in audit(world) for flag in record.flags if flag.name == link]
    assert [flag.holds for flag in flags] == [holds]
    assert words in flags[0].sentence


@pytest.mark.parametrize(
    "world",
    [
        pytest.param(SQUASHED, id="the same files"),
        pytest.param(
            instead(SQUASHED, replace(OTHER_FILES, bare=FIX.bare)), id="the same change elsewhere"
        ),
    ],
)
def test_a_squash_or_rebase_is_known_by_what_it_changes(world: Facts) -> None:
    flags = [flag.name for record in audit(world) for flag in record.flags]
    assert "merge" not in flags


def test_a_later_record_on_a_later_base_says_nothing_of_what_came_first() -> None:
    records = (HEAD_RECORD, RECORDED_LATE)
    world = replace(facts(MERGED, records=records), line=(LATER, MERGE, BASE))
    assert all(record.flags == () or record.attempt == 1 for record in audit(world))
    assert "ledger" not in [flag.name for record in audit(world) for flag in record.flags]


# ------------------------------------------------------------------------------------ reverts


def test_a_revert_ends_the_chain_and_is_compared_with_what_it_takes_back() -> None:
    record = only(audit(replace(facts(MERGED), reverts=(TAKEN_BACK,))))
    assert (record.outcome, record.reverted_by) == ("reverted", (REVERT,))
    assert record.flags == ()
    assert record.links[-1].sentence == "222222222 takes exactly this back"

    pretended = instead(facts(MERGED), replace(REVERTING, bare="bare else"))
    record = only(audit(replace(pretended, reverts=(TAKEN_BACK,))))
    assert [flag.name for flag in record.flags] == ["revert"]
    assert "changes other lines" in record.flags[0].sentence


def test_a_revert_that_was_reverted_itself_no_longer_counts() -> None:
    again = Revert(LATER, (REVERT,), ())
    record = only(audit(replace(facts(MERGED), reverts=(TAKEN_BACK, again))))
    assert (record.outcome, record.reverted_by) == ("merged", ())


@pytest.mark.parametrize(
    ("message", "commits", "pulls"),
    [
        (f'Revert "Fix"\n\nThis reverts commit {MERGE}.\n', (MERGE,), ()),
        (f"This reverts commit {MERGE}, reversing\nchanges made to {BASE}.", (MERGE,), ()),
        ('Revert "Fix" (#2)\n\nReverts acme/agent#1\n', (), (1,)),
        ("Revert\n\nReverts #1", (), (1,)),
    ],
)  # fmt: skip
def test_a_revert_says_so_in_gits_words_or_githubs(
    message: str, commits: tuple[Sha, ...], pulls: tuple[int, ...]
) -> None:
    assert revert_in(REVERT, message, "acme/agent") == Revert(REVERT, commits, pulls)


@pytest.mark.parametrize(
    "message",
    ["Fix", "This reverts commit 1234.", "Reverts other/agent#1", "It Reverts #1 of them"],
)
def test_other_messages_revert_nothing_here(message: str) -> None:
    assert revert_in(REVERT, message, "acme/agent") is None


# ---------------------------------------------------------------------- every outcome has a record


def test_an_attempt_that_left_no_pull_request_has_a_record() -> None:
    records = (attempt(Ending.FAILED), attempt(Ending.REJECTED, 2))
    found = audit(facts(records=records))
    assert [(r.attempt, r.outcome, r.reason) for r in found] == [
        (1, "failed", "because"),
        (2, "rejected", "because"),
    ]


def test_a_further_attempt_on_the_same_branch_supersedes_the_one_before() -> None:
    second = HEAD_RECORD.model_copy(update={"attempt": 2, "head": OTHER})
    pull = replace(MERGED, state=PullState.OPEN, head=OTHER, merged_as=None)
    found = audit(facts(pull, records=(HEAD_RECORD, second)))
    assert [(r.attempt, r.outcome) for r in found] == [(1, "superseded"), (2, "proposed")]
    assert found[0].flags == ()


def test_a_head_that_was_brought_up_to_date_is_one_attempt_still() -> None:
    renewed = HEAD_RECORD.model_copy(update={"head": OTHER})
    record = only(audit(facts(replace(PULL, head=OTHER), records=(HEAD_RECORD, renewed))))
    assert (record.attempt, record.head) == (1, OTHER)


def test_what_was_passed_over_has_a_record_with_the_reason() -> None:
    idle = Reflection(
        id="r-7", source="s", where="w", timestamp="2026", task="", outcome="", text="It is sunny."
    )
    left_out = (Triaged(idle, Verdict.NOT_ACTIONABLE, "it speaks of no defect"),)
    seen = replace(snapshot(records=(), branches=()), left_out=left_out)
    assert [(r.reflections, r.outcome) for r in audit(Facts(snapshot=seen))] == [
        (("r-1",), "open"),
        (("r-7",), "not actionable"),
    ]
    halted = replace(seen, halted="the bot is paused")
    skipped = audit(Facts(snapshot=halted))[0]
    assert (skipped.incident, skipped.outcome, skipped.reason) == (
        PRINT, "skipped", "the bot is paused",
    )  # fmt: skip


def test_a_pull_request_in_the_bots_name_that_the_ledger_does_not_know_is_flagged() -> None:
    seen = snapshot(replace(MERGED, branch="bot/v1-ffffffffffff-1"), records=(), incidents=())
    record = only(audit(Facts(snapshot=seen)))
    assert record.outcome == "merged"
    assert "knows nothing of bot/v1-ffffffffffff-1" in record.flags[0].sentence
    stranger = replace(MERGED, branch="bot/mine", author_id=ME + 1)
    assert audit(Facts(snapshot=snapshot(stranger, records=(), incidents=()))) == ()


def test_a_deleted_branch_without_a_pull_request_is_told_like_everywhere_else() -> None:
    record = only(audit(facts()))
    assert (record.outcome, record.pull) == ("left to people", None)
    assert f"{BRANCH} was deleted" in record.reason


# ------------------------------------------------------------------------------- as plain data


def test_the_originals_shape_is_kept_and_never_taken_for_input() -> None:
    entry = as_original(only(audit(facts(MERGED))))
    assert entry == {
        "timestamp": "2026-01-05T09:00:00+00:00",
        "reflection_id": "r-1",
        "bug_info": {
            "filename": "llm.py", "function": "", "summary": "it fails", "severity": "low",
        },
        "patch": {
            "filename": "llm.py", "start": 7, "end": 7, "new_code": "    return words[0]\n",
            "explanation": "Do not fail.",
        },
        "more_patches": [
            {"filename": "llm.py", "start": 9, "end": 8, "new_code": "# more\n",
             "explanation": "Do not fail."},
        ],
        "test_result": {"success": True, "stdout": "", "summary": EVIDENCE.sentence},
        "applied": True,
        "outcome": "merged",
        "reason": "pull request #1 is merged",
        "written_by": "amendbot",
    }  # fmt: skip
    skipped = as_original(audit(facts(records=(attempt(Ending.ABSTAINED),)))[0])
    assert (skipped["patch"], skipped["test_result"], skipped["applied"]) == (None, None, False)
    text = json.dumps([entry, skipped]).encode()
    read = list(read_document(Document("s", "audit.json", text)))
    assert [isinstance(one, Reflection) and triage(one).kind for one in read] == [
        "the bot's own", "the bot's own",
    ]  # fmt: skip


def test_json_says_of_each_link_whether_it_holds() -> None:
    data = json.loads(json.dumps(as_data(only(audit(facts(replace(MERGED, body="Mine.")))))))
    assert data["sound"] is False
    states = {link["link"]: link["state"] for link in data["links"]}
    assert (states["patch"], states["body"]) == ("holds", "does not hold")
    assert INCIDENT.fingerprint == data["incident"]


def test_the_same_world_gives_the_same_audit_at_any_time() -> None:
    def at(year: int) -> tuple[AuditRecord, ...]:
        world = facts(MERGED)
        return audit(replace(world, snapshot=replace(world.snapshot, now=NOW.replace(year=year))))

    assert at(2026) == at(2029)


def test_a_head_that_takes_a_merge_back_is_told_apart() -> None:
    revert = HEAD_RECORD.model_copy(update={"change": Kind.REVERT})
    assert only(audit(facts(MERGED, records=(revert,)))).kind == "revert"
