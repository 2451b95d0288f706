"""What the doctor makes of tokens, workflows and policies, in tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.doctor.imagining import Means, in_the_way, possibilities
from bot.doctor.seen import TokenKind, kind_of_token
from bot.doctor.workflows import workflows_of
from bot.forges.access import Answered, read_head
from bot.model import BaseRules, Check, CheckState
from bot.obstacles import NO_METHOD, NONE_REQUIRED, QUEUED_MERGES, UNSIGNED
from tests.doctor.examples import CI, GREEN, HEALTHY, findings
from tests.observed import CONFIG, NOW, PULL, snapshot
from tests.scratch import MemoryTree

APP = "amendbot[bot]"
CLASSIC = Answered(scopes=("repo",))


@pytest.mark.parametrize(
    ("token", "login", "head", "kind"),
    [
        ("ghp_x", "ann", None, TokenKind.CLASSIC),
        ("0123456789abcdef0123456789abcdef01234567", "ann", CLASSIC, TokenKind.CLASSIC),
        ("github_pat_x", "ann", None, TokenKind.FINE_GRAINED),
        ("ghs_x", APP, None, TokenKind.APP),
        ("ghs_x", "github-actions[bot]", None, TokenKind.WORKFLOW),
        ("ghu_x", "ann", None, TokenKind.USER_OF_APP),
        ("x", "ann", Answered(), TokenKind.UNKNOWN),
    ],
)
def test_the_kind_of_a_token(
    token: str, login: str, head: Answered | None, kind: TokenKind
) -> None:
    assert kind_of_token(token, login, head) is kind


def test_the_head_of_an_answer() -> None:
    head = read_head(
        {
            "Date": "Mon, 05 Jan 2026 09:00:00 GMT",
            "github-authentication-token-expiration": "2026-01-31 10:00:00 +0100",
            "X-OAuth-Scopes": "repo, read:org",
            "x-ratelimit-remaining": "4999",
        }
    )
    assert head == Answered(
        at=NOW,
        expires=datetime(2026, 1, 31, 9, tzinfo=UTC),
        scopes=("repo", "read:org"),
        requests_left=4999,
    )
    utc = {"GitHub-Authentication-Token-Expiration": "2026-01-31 09:00:00 UTC"}
    assert read_head(utc).expires == head.expires
    assert read_head({}) == Answered()
    assert read_head({"date": "soon", "github-authentication-token-expiration": "?"}) == Answered()


JOB = "jobs: {test: {runs-on: x}}"


@pytest.mark.parametrize(
    ("on", "pulls", "merges"),
    [
        ("pull_request", True, False),
        ("[push, pull_request]", True, True),
        ("{push: {branches: [main]}}", False, True),
        ("{pull_request: {branches: [develop]}, push: {tags: ['v*']}}", False, False),
        ("{pull_request: {branches: ['**', '!main']}}", False, False),
        ("{pull_request: {branches-ignore: ['m*']}}", False, False),
        ("{pull_request: {branches: ['releases/**', 'ma?in']}}", True, False),
        ("{pull_request: }", True, False),
        ("{schedule: [{cron: '7 3 * * *'}]}", False, False),
        ("7", False, False),
    ],
)
def test_what_starts_a_workflow(on: str, pulls: bool, merges: bool) -> None:
    tree = MemoryTree({".github/workflows/ci.yml": f"on: {on}\n{JOB}\n"})
    (found,) = workflows_of(tree, "main")
    assert (found.on_pulls, found.on_merges, found.checks) == (pulls, merges, ("test",))


@pytest.mark.parametrize("text", ["{", "- 1", "", "a: &a [*a]\n*a"])
def test_a_file_that_is_no_workflow_is_passed_over(text: str) -> None:
    assert workflows_of(MemoryTree({".github/workflows/ci.yml": text}), "main") == ()


def test_names_that_only_a_run_knows_are_not_guessed() -> None:
    jobs = "jobs: {test: {strategy: {matrix: {os: [a, b]}}}, lint: {}}"
    tree = MemoryTree({".github/workflows/ci.yml": f"on: [pull_request]\n{jobs}\n"})
    (found,) = workflows_of(tree, "main")
    assert found.checks is None


# ------------------------------------------------------------------------------ can it ever merge

TESTED = Means(engines=("search", "openai"), runs_tests=True)
UNTESTED = replace(TESTED, runs_tests=False)
MODEL = Means(engines=("openai",), runs_tests=True)
SOURCE = '[[source]]\nname = "reflections"\ntrust = true\n'


def rule(conditions: str, before: str = "") -> str:
    return f'{SOURCE}{before}[[policy.rule]]\nname = "mine"\noutcome = "merge"\n{conditions}\n'


UNPROVEN = "merge.without_evidence = true\n"
FIRST = '[[policy.rule]]\nname = "first"\noutcome = "review"\n'


@pytest.mark.parametrize(
    ("config", "means", "why"),
    [
        (CONFIG, TESTED, ""),
        (rule("max_lines = 2\nseverity = ['high']\nattempt = 1"), TESTED, ""),
        (rule("min_age = '3d'\nhours = '22:00-23:00'\ndays = ['sun']"), TESTED, ""),
        (rule("kind = ['revert']"), TESTED, ""),
        (rule("paths = ['*.py']\nconfidence = 0.9"), TESTED, ""),
        (
            rule("", "[[policy.rule]]\nname = 'early'\nmax_lines = 9\noutcome = 'merge'\n"),
            MODEL,
            "",
        ),
        (rule("confidence = 0.9"), MODEL, "the engine does not say how sure it is"),
        (rule("engine = ['search']"), MODEL, "engine is openai"),
        (rule("paths = ['*.rs']"), TESTED, "no file of main that is not protected matches *.rs"),
        (rule("kind = ['docs']"), TESTED, "no file of main that is not protected matches *"),
        (rule("trust = false"), TESTED, "trust"),
        (rule("max_lines = 9", FIRST), TESTED, "it has no conditions"),
        (rule("").replace("trust = true", ""), TESTED, "has no trust = true"),
        (rule(""), UNTESTED, "no sandbox has compared its tests"),
        (UNPROVEN + rule("").replace(SOURCE, ""), UNTESTED, "has no trust"),
        (UNPROVEN + rule("proof = 'checks'"), UNTESTED, ""),
    ],
)
def test_whether_a_rule_can_ever_merge(config: str, means: Means, why: str) -> None:
    found = possibilities(snapshot(config=config, forge=GREEN), means)[-1]
    assert found.merges is (why == ""), found
    assert why in found.why


@pytest.mark.parametrize(
    ("facts", "states"),
    [
        ({}, []),
        ({"required": ()}, [NONE_REQUIRED]),
        ({"rules": BaseRules(signatures=True, queue=True)}, [UNSIGNED, QUEUED_MERGES]),
        ({"rules": BaseRules(methods=("merge",), linear=True)}, [NO_METHOD]),
        ({"rules": BaseRules(approvals=2)}, []),
    ],
)
def test_what_stands_in_every_merge_s_way(facts: dict[str, object], states: list[object]) -> None:
    forge = replace(GREEN, **facts)  # type: ignore[arg-type] # each is checked by what it says
    found = in_the_way(snapshot(forge=forge), TESTED)
    assert [reason.state for reason in found] == states


# --------------------------------------------------------------------------------- does CI start


def test_what_has_happened_counts_before_the_token_s_kind() -> None:
    """An app's token whose pull request stays without checks starts none, whatever apps do."""
    later = NOW + timedelta(hours=2)
    idle = replace(PULL, checks=(), started=(), created_at=NOW)
    running = replace(PULL, checks=(Check("test", CheckState.PENDING),), created_at=NOW)
    for pull, token, sign in (
        (idle, TokenKind.APP, "ci.never-starts"),
        (replace(idle, checks=None), TokenKind.APP, "ci.starts"),
        (running, TokenKind.WORKFLOW, "ci.starts"),
    ):
        world = snapshot(pull, forge=GREEN, now=later)
        seen = replace(HEALTHY, snapshot=world, token=token, now=later)
        ids = [one.id for one in findings(seen) if one.id.startswith("ci.")]
        assert ids[0] == sign


def test_a_check_whose_name_a_matrix_makes_is_not_called_unknown() -> None:
    workflows = (replace(CI, checks=None),)
    config = f'merge.required_checks = ["test (3.12)"]\n{CONFIG}'
    seen = replace(HEALTHY, workflows=workflows, snapshot=snapshot(config=config, forge=GREEN))
    assert "branch.check-unseen" not in [one.id for one in findings(seen)]
