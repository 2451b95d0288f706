"""Where a pull request stands: each thing that keeps it from a merge, one at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.config import Outcome
from bot.gate import Obstacle, standing
from bot.model import (
    HOLD_LABEL,
    Check,
    CheckState,
    Commit,
    Mergeable,
    Pull,
    ReviewState,
    Sha,
)
from tests.observed import CHANGE, COMMIT, CONFIG, FORGE, HEAD, PULL, snapshot


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
