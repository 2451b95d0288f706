"""Where a pull request stands: each thing that keeps it from a merge, one at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.config import Outcome
from bot.gate import Obstacle, standing
from bot.ledger import FailureRecord
from bot.merge_method import merge_method
from bot.model import (
    CHECK_NAME,
    HOLD_LABEL,
    Actor,
    BaseRules,
    Check,
    CheckState,
    Commit,
    Mergeable,
    Pull,
    Remark,
    RemarkKind,
    RequiredCheck,
    ReviewState,
    Sha,
    Started,
)
from bot.selection import select
from tests.observed import (
    BRANCH,
    CHANGE,
    COMMIT,
    CONFIG,
    FORGE,
    HEAD,
    HEAD_RECORD,
    NOW,
    PULL,
    snapshot,
)


def test_a_green_pull_request_that_a_rule_merges_is_ready() -> None:
    assert standing(PULL, snapshot(PULL)).ready


OTHER = Sha("a" * 40)


@pytest.mark.parametrize(
    ("pull", "obstacle", "sentence"),
    [
        (replace(PULL, head=OTHER), Obstacle.LEFT_TO_PEOPLE, "a person's commit"),
        (replace(PULL, labels=(HOLD_LABEL,)), Obstacle.LEFT_TO_PEOPLE, "On hold"),
        (replace(PULL, base_branch="develop"), Obstacle.LEFT_TO_PEOPLE, "for develop"),
        (replace(PULL, checks=()), Obstacle.WAITING, "Waiting for the required check “test”"),
        (replace(PULL, checks=(Check("test", CheckState.PENDING),)), Obstacle.WAITING, "Waiting"),
        (replace(PULL, checks=(Check("test", CheckState.FAILED),)), Obstacle.FAILED, "failed"),
        (replace(PULL, checks=None), Obstacle.UNSETTLED, "could not be read"),
        (replace(PULL, draft=True), Obstacle.BLOCKED, "draft"),
        (replace(PULL, review=ReviewState.REQUIRED), Obstacle.REVIEW, "approving review"),
        (replace(PULL, review=ReviewState.CHANGES_REQUESTED), Obstacle.BLOCKED, "asked for"),
        (replace(PULL, mergeable=Mergeable.CONFLICT), Obstacle.BLOCKED, "conflicts"),
        (replace(PULL, mergeable=Mergeable.UNKNOWN), Obstacle.UNSETTLED, "still working out"),
    ],
)
def test_each_obstacle_alone_keeps_it_from_being_merged(
    pull: Pull, obstacle: Obstacle, sentence: str
) -> None:
    stands = standing(pull, snapshot(pull))
    assert not stands.ready
    assert stands.has(obstacle)
    assert sentence in stands.sentence


@pytest.mark.parametrize(
    ("rule", "renewed"),
    [("", True), ('min_age = "1h"', False), ('hours = "20:00-21:00"', False)],
)
def test_what_may_not_merge_yet_does_not_follow_each_commit_of_the_base(
    rule: str, renewed: bool
) -> None:
    config = CONFIG.replace("max_lines = 10", rule)
    seen = snapshot(PULL, config=config, commits=(replace(COMMIT, parents=(OTHER,)),))
    assert (select(seen).renew is not None) is renewed


@pytest.mark.parametrize("parents", [COMMIT.parents, (OTHER,)])
def test_what_cannot_be_renewed_is_not_renewed_again_because_the_forge_wants_it(
    parents: tuple[Sha, ...],
) -> None:
    behind = replace(PULL, mergeable=Mergeable.BEHIND)
    here = (replace(COMMIT, parents=parents),)
    stuck = FailureRecord(at=NOW, action="update_branch", branch=BRANCH, head=HEAD, reason="no")
    assert standing(behind, snapshot(behind, commits=here)).has(Obstacle.BEHIND)
    stands = standing(behind, snapshot(behind, commits=here, records=(HEAD_RECORD, stuck)))
    assert not stands.ready
    assert not stands.has(Obstacle.BEHIND)


def test_a_check_and_a_status_of_one_name_must_both_pass() -> None:
    both = (Check("test", CheckState.PASSED, 7), Check("test", CheckState.FAILED))
    assert not standing(replace(PULL, checks=both), snapshot(PULL)).ready


def test_zero_checks_and_none_required_is_never_green() -> None:
    for required in ((), None):
        seen = snapshot(PULL, forge=replace(FORGE, required=required))
        stands = standing(PULL, seen)
        assert not stands.ready
        assert "the bot never merges here" in stands.sentence


@pytest.mark.parametrize(
    ("commit", "sentence"),
    [
        (replace(COMMIT, parents=(OTHER,)), "tested on an older main"),
        (replace(COMMIT, parents=(OTHER, COMMIT.parents[0])), "tested on an older main"),
        (replace(COMMIT, sha=OTHER), "does not have its head"),
    ],
)
def test_only_what_was_tested_on_this_base_is_merged(commit: Commit, sentence: str) -> None:
    stands = standing(PULL, snapshot(PULL, commits=(commit,)))
    assert not stands.ready
    assert any(sentence in reason.sentence for reason in stands.reasons)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (".github/bot.toml", "the bot itself"),
        (".github/workflows/ci.yml", "workflows"),
        (".pre-commit-config.yaml", "protected paths"),
        ("CODEOWNERS", "protected paths"),
        ("pyproject.toml", "dependencies"),
        ("tests/test_llm.py", "tests that judge it"),
        ("reflections.json", "protected paths"),
        ("sub/poetry.lock", "dependencies"),
    ],
)
def test_a_protected_path_is_reviewed_whatever_a_rule_says(path: str, rule: str) -> None:
    commit = replace(COMMIT, changes=(CHANGE, replace(CHANGE, path=path)))
    stands = standing(PULL, snapshot(PULL, commits=(commit,)))
    assert stands.decision.outcome is Outcome.REVIEW
    assert stands.decision.rule == f"built-in: {rule}"
    assert not stands.ready


def test_a_source_that_lost_its_trust_is_not_merged_any_more() -> None:
    stands = standing(PULL, snapshot(PULL, config=CONFIG.replace("true", "false")))
    assert stands.decision.rule == "built-in: trusted sources"
    assert not stands.ready


def test_the_head_is_what_counts_not_the_branch() -> None:
    seen = snapshot(replace(PULL, head=OTHER))
    assert seen.record_of(PULL) is not None
    assert seen.ledger.head(PULL.branch, OTHER) is None
    assert seen.ledger.head("bot/other-1", HEAD) is None


HOUR = timedelta(hours=1)
RUNNING = Check("test", CheckState.PENDING)
LINT = Check("lint", CheckState.PASSED)
WAITS = Started("ci", "https://example.invalid/7", awaits=True)


@pytest.mark.parametrize(
    ("pull", "after", "state"),
    [
        (replace(PULL, checks=()), HOUR / 2, "checks pending"),
        (replace(PULL, checks=()), HOUR, "check never started"),  # nobody told what was started
        (replace(PULL, checks=(), started=()), HOUR, "nothing started"),
        (replace(PULL, checks=(), started=(Started("lint"),)), HOUR, "check never started"),
        (replace(PULL, checks=(LINT,), started=()), HOUR, "check never started"),
        (replace(PULL, checks=(), started=(WAITS,)), HOUR / 2, "checks pending"),
        (replace(PULL, checks=(), started=(WAITS, Started("lint"))), HOUR, "run awaits approval"),
        (replace(PULL, checks=(RUNNING,), started=(WAITS,)), HOUR, "run awaits approval"),
        (replace(PULL, checks=(RUNNING,), started=()), 99 * HOUR, "checks pending"),
        (replace(PULL, checks=(), created_at=NOW + HOUR), HOUR * 3 / 2, "checks pending"),
        (replace(PULL, checks=(), created_at=NOW + HOUR), 2 * HOUR, "check never started"),
    ],
)
def test_a_check_that_never_begins_is_not_waited_for_for_ever(
    pull: Pull, after: timedelta, state: str
) -> None:
    stands = standing(pull, snapshot(pull, now=NOW + after))
    assert stands.reasons[0].state.name == state
    waits = state == "checks pending"
    assert stands.has(Obstacle.WAITING) is waits
    assert stands.decision.pending is waits
    if not waits:
        assert stands.reasons == standing(pull, snapshot(pull, now=NOW + 99 * HOUR)).reasons


def test_where_another_app_or_a_status_says_it_a_person_is_told_why_that_does_not_count() -> None:
    bound = replace(FORGE, required=(RequiredCheck("test", app_id=7),))
    stands = standing(PULL, snapshot(PULL, forge=bound, now=NOW + HOUR))
    assert "by the app that the branch's rules name" in stands.sentence
    assert stands.has(Obstacle.REVIEW)


def test_a_check_that_begins_after_all_is_waited_for_again_and_then_counts() -> None:
    for checks, ready in ((RUNNING,), False), (PULL.checks, True):
        pull = replace(PULL, checks=checks)
        stands = standing(pull, snapshot(pull, now=NOW + 99 * HOUR))
        assert not stands.has(Obstacle.REVIEW)
        assert stands.ready is ready


def test_where_the_bot_runs_the_checks_nobody_is_asked_for_its_own_delay() -> None:
    pull, others = replace(PULL, checks=()), RequiredCheck("ci")
    here = replace(FORGE, checks_here=True, required=(RequiredCheck(CHECK_NAME),))
    stands = standing(pull, snapshot(pull, now=NOW + 99 * HOUR, forge=here))
    assert stands.has(Obstacle.WAITING)
    assert not stands.has(Obstacle.REVIEW)
    both = replace(here, required=(RequiredCheck(CHECK_NAME), others))
    stands = standing(pull, snapshot(pull, now=NOW + 99 * HOUR, forge=both))
    assert "check “ci” did not start" in stands.sentence


def test_a_signed_commit_meets_the_rule_that_asks_for_it() -> None:
    forge = replace(FORGE, rules=BaseRules(signatures=True))
    signed = replace(PULL, signed=True)
    assert standing(signed, snapshot(signed, forge=forge)).ready
    for unsigned in (replace(PULL, signed=False), PULL):
        assert not standing(unsigned, snapshot(unsigned, forge=forge)).ready


THREAD = Remark(
    id="r1",
    author=Actor("passer-by"),
    at=NOW,
    text="Nice.",
    kind=RemarkKind.THREAD,
    thread="t1",
)


@pytest.mark.parametrize(
    ("pull", "rules", "said"),
    [
        (replace(PULL, review=ReviewState.REQUIRED), BaseRules(), "requires an approving review;"),
        (replace(PULL, review=ReviewState.REQUIRED), BaseRules(approvals=0), "1 approving review;"),
        (PULL, BaseRules(approvals=2), "2 approving reviews; it has none."),
        (replace(PULL, approved_by=("al", "bo")), BaseRules(approvals=2), ""),
        (replace(PULL, review=ReviewState.APPROVED), BaseRules(approvals=1), ""),
        (replace(PULL, open_conversations=1, remarks=(THREAD,)), BaseRules(), ""),
        (replace(PULL, open_conversations=1), BaseRules(), "1 open conversation is older than"),
        (replace(PULL, open_conversations=3, remarks=(THREAD,)), BaseRules(), "2 open conver"),
        (replace(PULL, open_conversations=0), BaseRules(conversations=True), ""),
        (PULL, BaseRules(conversations=True), "not all of them could be counted"),
        (replace(PULL, objected_by=("al", "bo", "cy")), BaseRules(), "al, bo and cy asked for"),
    ],
)
def test_what_people_have_yet_to_say_is_counted_as_far_as_it_is_known(
    pull: Pull, rules: BaseRules, said: str
) -> None:
    stands = standing(pull, snapshot(pull, forge=replace(FORGE, rules=rules)))
    assert stands.ready is not bool(said)
    assert said in stands.sentence


@pytest.mark.parametrize(
    ("named", "rules", "method"),
    [
        ("default", BaseRules(), "merge"),
        ("default", BaseRules(linear=True), "squash"),
        ("default", BaseRules(linear=True, methods=("merge", "rebase")), "rebase"),
        ("default", BaseRules(methods=("rebase",)), "rebase"),
        ("default", BaseRules(linear=True, methods=("merge",)), ""),
        ("squash", BaseRules(linear=True), "squash"),
        ("squash", BaseRules(methods=("merge",)), ""),
        ("merge", BaseRules(linear=True), ""),
    ],
)
def test_a_default_method_gives_way_to_the_rules_and_a_named_one_does_not(
    named: str, rules: BaseRules, method: str
) -> None:
    config = f'{CONFIG}\n[merge]\nmethod = "{named}"\n'
    seen = snapshot(PULL, config=config, forge=replace(FORGE, rules=rules))
    assert merge_method(seen).method == method
    assert standing(PULL, seen).ready is bool(method)
