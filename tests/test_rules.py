"""The maintainers' rules: the first that matches wins, and nothing merges on what is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.config import Config, MergeConfig, Outcome, PolicyConfig, Proof, RuleConfig
from bot.evidence import Evidence, Names
from bot.model import Check, CheckState, FileChange, Finding, RequiredCheck, Severity
from bot.rules import NO_RULE, Facts, check_state, judge, proof_of
from tests.observed import EVIDENCE

PASSED, FAILED, PENDING = CheckState.PASSED, CheckState.FAILED, CheckState.PENDING


def change(path: str, added: int = 1, removed: int = 1) -> FileChange:
    return FileChange(
        path=path,
        status="M",
        old_mode="100644",
        new_mode="100644",
        added=added,
        removed=removed,
    )


def facts(**known: Any) -> Facts:
    """A small, proven, trusted change; `known` says what is different."""
    ordinary: dict[str, Any] = {
        "changes": (change("docs/a.md"),),
        "protected": (),
        "risks": (),
        "severity": Severity.LOW,
        "engine": "openai",
        "trusted": True,
        "proof": Proof.CHECKS,
        "proof_pending": False,
        "evidence": EVIDENCE,
    }
    return Facts(**ordinary | known)


def config(*rules: dict[str, Any]) -> Config:
    named = [{"name": f"rule {n}", "outcome": "merge"} | rule for n, rule in enumerate(rules)]
    return Config(policy=PolicyConfig(rule=tuple(RuleConfig.model_validate(r) for r in named)))


def test_without_a_rule_a_person_reviews() -> None:
    decision = judge(facts(), Config())
    assert (decision.outcome, decision.rule, decision.pending) == (Outcome.REVIEW, NO_RULE, False)


def test_the_first_rule_that_matches_wins() -> None:
    rules = config(
        {"paths": ["src/**"], "outcome": "refuse"},
        {"outcome": "draft"},
        {"outcome": "merge"},
    )
    decision = judge(facts(), rules)
    assert (decision.outcome, decision.rule) == (Outcome.DRAFT, "rule 1")
    assert judge(facts(changes=(change("src/a.py"),)), rules).outcome is Outcome.REFUSE


CONDITIONS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"paths": ["docs/**"]}, {}, True),
    ({"paths": ["docs/**"]}, {"changes": (change("docs/a.md"), change("llm.py"))}, False),
    ({"paths": ["docs/**", "llm.py"]}, {"changes": (change("docs/a.md"), change("llm.py"))}, True),
    ({"paths": ["docs/**", "!docs/a.md"]}, {}, False),
    ({"severity": ["low", "medium"]}, {}, True),
    ({"severity": ["low", "medium"]}, {"severity": Severity.HIGH}, False),
    ({"max_files": 1}, {}, True),
    ({"max_files": 1}, {"changes": (change("a"), change("b"))}, False),
    ({"max_lines": 2}, {}, True),
    ({"max_lines": 2}, {"changes": (change("a", 2, 1),)}, False),
    ({"engine": ["openai"]}, {}, True),
    ({"engine": ["search"]}, {}, False),
    ({"proof": "none"}, {"proof": Proof.NONE}, True),
    ({"proof": "checks"}, {"proof": Proof.NONE}, False),
    ({"proof": "checks"}, {"proof": Proof.CHECKS}, True),
    ({"proof": "checks"}, {"proof": Proof.FAIL_TO_PASS}, True),
    ({"proof": "fail-to-pass"}, {"proof": Proof.CHECKS}, False),
    ({"paths": ["docs/**"], "severity": ["high"]}, {}, False),
]


@pytest.mark.parametrize(("rule", "known", "matches"), CONDITIONS)
def test_a_rule_matches_when_every_condition_is_met(
    rule: dict[str, Any], known: dict[str, Any], matches: bool
) -> None:
    decision = judge(facts(**known), config({"outcome": "draft", **rule}))
    assert (decision.outcome is Outcome.DRAFT) is matches
    assert decision.reason


@pytest.mark.parametrize(
    ("rule", "unknown"),
    [
        ({"paths": ["**"]}, {"changes": None}),
        ({"max_files": 100}, {"changes": None}),
        ({"max_lines": 1000}, {"changes": None}),
        ({"severity": list(Severity)}, {"severity": None}),
        ({"engine": ["openai", ""]}, {"engine": ""}),
        ({"proof": "none"}, {"proof": None}),
        ({"proof": "checks"}, {"proof": None}),
    ],
)
def test_what_is_unknown_satisfies_nothing(rule: dict[str, Any], unknown: dict[str, Any]) -> None:
    decision = judge(facts(**unknown), config({"outcome": "draft", **rule}))
    assert decision.rule == NO_RULE


PROOF = {"proof": "checks", "outcome": "merge"}


def test_pending_proof_holds_the_decision_open_at_its_rule() -> None:
    waiting = facts(proof=Proof.NONE, proof_pending=True)
    decision = judge(waiting, config(PROOF, {"outcome": "review"}))
    assert decision.pending
    assert (decision.outcome, decision.rule) == (Outcome.MERGE, "rule 0")
    assert "checks" in decision.reason


def test_a_rule_that_cannot_match_any_more_is_not_waited_for() -> None:
    waiting = facts(proof=Proof.NONE, proof_pending=True)
    decision = judge(waiting, config({**PROOF, "paths": ["src/**"]}, {"outcome": "review"}))
    assert (decision.outcome, decision.rule, decision.pending) == (Outcome.REVIEW, "rule 1", False)


def test_an_earlier_rule_decides_without_waiting() -> None:
    waiting = facts(proof=Proof.NONE, proof_pending=True)
    decision = judge(waiting, config({"outcome": "draft"}, PROOF))
    assert (decision.outcome, decision.pending) == (Outcome.DRAFT, False)


PROTECTED = (Finding("protected", "Makefile", "Makefile is protected: continuous integration"),)


RISKS = (Finding("network", "llm.py", "llm.py uses socket"),)


@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"protected": PROTECTED}, "Makefile"),
        ({"risks": RISKS}, "llm.py uses socket"),
        ({"risks": None}, "not on record"),
        ({"trusted": False}, "trust"),
        ({"changes": None}, "not at hand"),
    ],
)
def test_no_rule_merges_what_the_bot_never_merges(
    known: dict[str, Any], said: str, pending: bool
) -> None:
    rule = {"proof": "checks"} if pending else {}
    decision = judge(facts(**known, proof_pending=pending), config(rule))
    assert decision.outcome is Outcome.REVIEW
    assert decision.rule.startswith("built-in: ")
    assert said in decision.reason
    assert not decision.pending


@pytest.mark.parametrize("outcome", ["review", "draft", "refuse"])
def test_the_caps_are_for_merges_alone(outcome: str) -> None:
    decision = judge(
        facts(protected=PROTECTED, risks=RISKS, trusted=False), config({"outcome": outcome})
    )
    assert (decision.outcome, decision.rule) == (Outcome(outcome), "rule 0")


def test_a_trusted_small_proven_change_is_merged() -> None:
    rule = {"paths": ["docs/**"], "max_lines": 10, "proof": "checks"}
    decision = judge(facts(), config(rule))
    assert (decision.outcome, decision.rule, decision.pending) == (Outcome.MERGE, "rule 0", False)
    assert "docs/**" in decision.reason


# -------------------------------------------------------------------------------------- checks

TEST = RequiredCheck("test")
BOUND = RequiredCheck("test", app_id=15368)


@pytest.mark.parametrize(
    ("need", "checks", "state"),
    [
        (TEST, [], PENDING),
        (TEST, [Check("lint", PASSED)], PENDING),
        (TEST, [Check("Test", PASSED)], PENDING),
        (TEST, [Check("test", PASSED)], PASSED),
        (TEST, [Check("test", PENDING)], PENDING),
        (TEST, [Check("test", FAILED)], FAILED),
        (TEST, [Check("test", PASSED, 15368), Check("test", PASSED)], PASSED),
        (TEST, [Check("test", PASSED, 15368), Check("test", FAILED)], FAILED),
        (TEST, [Check("test", PASSED, 15368), Check("test", PENDING)], PENDING),
        (TEST, [Check("test", PENDING), Check("test", FAILED)], FAILED),
        (BOUND, [Check("test", PASSED)], PENDING),
        (BOUND, [Check("test", PASSED, 7)], PENDING),
        (BOUND, [Check("test", PASSED, 15368)], PASSED),
        (BOUND, [Check("test", PASSED, 15368), Check("test", FAILED, 7)], PASSED),
        (BOUND, [Check("test", FAILED, 15368), Check("test", PASSED, 7)], FAILED),
    ],
)
def test_the_state_of_a_required_check(
    need: RequiredCheck, checks: list[Check], state: CheckState
) -> None:
    assert check_state(need, checks) is state


GREEN, RED, RUNNING = Check("test", PASSED), Check("test", FAILED), Check("test", PENDING)
LINT = RequiredCheck("lint")


@pytest.mark.parametrize(
    ("required", "base", "head", "proof"),
    [
        ([TEST], [RED], [GREEN], (Proof.FAIL_TO_PASS, False)),
        ([TEST], [GREEN], [GREEN], (Proof.CHECKS, False)),
        ([TEST], [], [GREEN], (Proof.CHECKS, False)),
        ([TEST], [RUNNING], [GREEN], (Proof.CHECKS, True)),
        ([TEST], None, [GREEN], (Proof.CHECKS, False)),
        ([TEST], [RED], None, (None, False)),
        ([TEST], [RED], [], (Proof.NONE, True)),
        ([TEST], [RED], [RUNNING], (Proof.NONE, True)),
        ([TEST], [GREEN], [RED], (Proof.NONE, False)),
        ([], [RED], [GREEN], (Proof.NONE, False)),
        ([], None, None, (None, False)),
        ([TEST, LINT], [RED], [GREEN], (Proof.NONE, True)),
        ([TEST, LINT], [RED], [RED], (Proof.NONE, False)),
        ([TEST, LINT], [RED], [GREEN, Check("lint", FAILED)], (Proof.NONE, False)),
        ([TEST, LINT], [RED], [GREEN, Check("lint", PASSED)], (Proof.FAIL_TO_PASS, False)),
        ([TEST], [Check("lint", FAILED)], [GREEN], (Proof.CHECKS, False)),
    ],
)
def test_how_far_checks_prove_a_change(
    required: list[RequiredCheck],
    base: list[Check] | None,
    head: list[Check] | None,
    proof: tuple[Proof | None, bool],
) -> None:
    assert proof_of(required, base, head) == proof


VANISHED = replace(EVIDENCE, no_longer_run=Names.of(["test_llm.py::test_first"]))


@pytest.mark.parametrize(
    ("evidence", "anyway", "merges", "why"),
    [
        (EVIDENCE, False, True, ""),
        (None, False, False, "no sandbox has compared"),
        (None, True, True, ""),
        (replace(EVIDENCE, by_test=False), False, False, "have no names"),
        (replace(EVIDENCE, by_test=False), True, True, ""),
        (replace(EVIDENCE, unloaded=Names.of(["llm.py"])), False, False, "no test loads llm.py"),
        (replace(EVIDENCE, problem="no test was collected"), False, False, "prove nothing"),
        (VANISHED, True, False, "1 test of the base no longer runs"),
    ],
)
def test_a_merge_needs_evidence_that_every_test_of_the_base_still_runs(
    evidence: Evidence | None, anyway: bool, merges: bool, why: str
) -> None:
    rules = config({"outcome": "merge"})
    rules = rules.model_copy(update={"merge": MergeConfig(without_evidence=anyway)})
    decision = judge(facts(evidence=evidence), rules)
    assert (decision.outcome is Outcome.MERGE) == merges
    assert merges or decision.rule == "built-in: evidence"
    assert why in decision.reason


@pytest.mark.parametrize(
    "evidence",
    [
        replace(EVIDENCE, broken=Names.of(["test_llm.py::test_first"]), head_passed=False),
        replace(EVIDENCE, mishap="the run timed out", head_passed=False),
        replace(EVIDENCE, by_test=False, base_passed=True, head_passed=False),
    ],
)
def test_what_breaks_the_tests_is_refused_whatever_a_rule_says(evidence: Evidence) -> None:
    decision = judge(facts(evidence=evidence), config({"outcome": "merge"}))
    assert (decision.outcome, decision.rule) == (Outcome.REFUSE, "built-in: breaks tests")


def test_evidence_says_what_failed_before_where_whole_checks_cannot() -> None:
    required = [RequiredCheck("ci")]
    passed, failed = [Check("ci", PASSED)], [Check("ci", FAILED)]
    assert proof_of(required, passed, passed, EVIDENCE) == (Proof.FAIL_TO_PASS, False)
    nothing_fixed = replace(EVIDENCE, fixed=Names())
    assert proof_of(required, failed, passed, nothing_fixed) == (Proof.CHECKS, False)
    unusable = replace(EVIDENCE, problem="the set-up failed")
    assert proof_of(required, failed, passed, unusable) == (Proof.FAIL_TO_PASS, False)
    assert proof_of(required, failed, failed, EVIDENCE) == (Proof.NONE, False)
