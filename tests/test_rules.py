"""The maintainers' rules: the first that matches wins, and nothing merges on what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.built_in_rules import BUILT_IN
from bot.config import (
    Config,
    MergeConfig,
    Mode,
    Outcome,
    PolicyConfig,
    Proof,
    RuleConfig,
    SourceConfig,
)
from bot.evidence import Evidence, Names
from bot.facts import Facts, Met
from bot.model import Check, CheckState, FileChange, Finding, Kind, RequiredCheck, Severity
from bot.protected import Protected, Ward
from bot.rules import NO_RULE, check_state, judge, kind_of, proof_of
from tests.observed import EVIDENCE, NOW

SOURCES = (SourceConfig(), SourceConfig(name="nightly"))
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
        "now": NOW,
        "changes": (change("docs/a.md"),),
        "protected": (),
        "risks": (),
        "severity": Severity.LOW,
        "engine": "openai",
        "confidence": None,
        "kind": Kind.FIX,
        "sources": ("reflections",),
        "trusted": True,
        "proposed": NOW,
        "attempt": 1,
        "proof": Proof.CHECKS,
        "proof_pending": False,
        "evidence": EVIDENCE,
    }
    return Facts(**ordinary | known)


def config(*rules: dict[str, Any]) -> Config:
    named = [{"name": f"rule {n}", "outcome": "merge"} | rule for n, rule in enumerate(rules)]
    read = tuple(RuleConfig.model_validate(rule) for rule in named)
    return Config(source=SOURCES, policy=PolicyConfig(rule=read))


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
    ({"confidence": 0.8}, {"confidence": 0.8}, True),
    ({"confidence": 0.8}, {"confidence": 0.79}, False),
    ({"kind": ["docs"]}, {"kind": Kind.DOCS}, True),
    ({"kind": ["docs", "revert"]}, {}, False),
    ({"source": ["reflections", "nightly"]}, {}, True),
    ({"source": ["nightly"]}, {}, False),
    ({"source": ["nightly"]}, {"sources": ("nightly", "reflections")}, False),
    ({"trust": True}, {}, True),
    ({"trust": True}, {"trusted": False}, False),
    ({"trust": False}, {"trusted": False}, True),
    ({"trust": False}, {}, False),
    ({"attempt": 2}, {"attempt": 2}, True),
    ({"attempt": 2}, {"attempt": 3}, False),
    ({"min_age": "2h"}, {"proposed": NOW - timedelta(hours=2)}, True),
    ({"max_age": "2h"}, {"proposed": NOW - timedelta(minutes=119)}, True),
    ({"max_age": "2h"}, {"proposed": NOW - timedelta(hours=2)}, False),
    ({"hours": "08:00-10:00", "days": ["mon"]}, {}, True),
    ({"hours": "10:00-11:00", "timezone": "Europe/Berlin"}, {}, True),
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
        ({"confidence": 0}, {"confidence": None}),
        ({"kind": list(Kind)}, {"kind": None}),
        ({"source": ["reflections"]}, {"sources": ()}),
        ({"trust": False}, {"sources": (), "trusted": False}),
        ({"attempt": 9}, {"attempt": None}),
        ({"min_age": "1m"}, {"proposed": None}),
        ({"max_age": "9w"}, {"proposed": None}),
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


@pytest.mark.parametrize(
    ("rule", "moment"),
    [
        ({"min_age": "2h"}, "an age of 2h, after 2026-01-05 11:00 UTC"),
        ({"hours": "10:00-17:00"}, "10:00-17:00 on any day (UTC), after 2026-01-05 10:00 UTC"),
        ({"days": ["wed", "thu"]}, "on wed, thu (UTC), after 2026-01-07 00:00 UTC"),
        (
            {"hours": "09:00-10:00", "timezone": "Europe/Berlin"},
            "09:00-10:00 on any day (Europe/Berlin), after 2026-01-06 08:00 UTC",
        ),
    ],
)
def test_what_only_time_can_bring_is_waited_for_at_a_fixed_moment(
    rule: dict[str, Any], moment: str
) -> None:
    rules = config(rule, {"outcome": "review"})
    decision = judge(facts(), rules)
    assert decision.pending
    assert decision.reason == f"waits for: {moment}"
    later = judge(facts(now=NOW + timedelta(minutes=20)), rules)
    assert later == decision, "the text of a pull request does not change while it waits"


def test_a_time_that_has_come_says_the_same_from_then_on() -> None:
    rules = config({"min_age": "2h", "max_age": "3d"})
    said = {judge(facts(now=NOW + timedelta(hours=hours)), rules).reason for hours in (2, 3, 48)}
    assert said == {
        "it is older than 2h since 2026-01-05 11:00 UTC; "
        "it is younger than 3d until 2026-01-08 09:00 UTC"
    }


@pytest.mark.parametrize(
    ("paths", "recorded", "kind"),
    [
        (["README.md", "docs/guide/a.txt", "pkg/notes.rst"], Kind.FIX, Kind.DOCS),
        (["README.md", "llm.py"], Kind.FIX, Kind.FIX),
        (["docs/conf.py"], Kind.FIX, Kind.FIX),
        (["pkg/docs/a.txt"], Kind.FIX, Kind.FIX),
        ([], Kind.FIX, Kind.FIX),
        (["README.md"], Kind.REVERT, Kind.REVERT),
        (None, Kind.REVERT, Kind.REVERT),
        (None, Kind.FIX, None),
        (["README.md"], None, None),
    ],
)
def test_the_kind_of_a_change(
    paths: list[str] | None, recorded: Kind | None, kind: Kind | None
) -> None:
    changes = None if paths is None else tuple(change(path) for path in paths)
    assert kind_of(changes, recorded) is kind


def under(ward: Ward, path: str = "Makefile") -> dict[str, Any]:
    found = Protected("protected", path, f"{path} is protected: {ward}", ward, path)
    return {"protected": (found,)}


RISKS = (Finding("network", "llm.py", "llm.py uses socket"),)


@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize(
    ("known", "name", "said"),
    [
        ({"evidence": None}, "evidence", "no sandbox has compared"),
        ({"changes": None}, "unknown change", "not at hand"),
        (under(Ward.ITSELF), "the bot itself", "Makefile"),
        (under(Ward.TESTS), "tests that judge it", "Makefile"),
        (
            {"risks": (Finding("tests removed", "t.py", "t is gone"),)},
            "tests weakened",
            "t is gone",
        ),
        (under(Ward.DEPENDENCIES), "dependencies", "Makefile"),
        ({"risks": (Finding("new dependency", "a", "a gets x"),)}, "dependencies", "a gets x"),
        (under(Ward.FORGE), "workflows", "Makefile"),
        (under(Ward.CHECKS), "workflows", "Makefile"),
        (under(Ward.REFLECTIONS), "protected paths", "Makefile"),
        (under(Ward.NAMED), "protected paths", "Makefile"),
        ({"risks": RISKS}, "risks", "network: llm.py uses socket"),
        ({"risks": None}, "tests weakened", "not on record"),
        ({"confidence": 0.49}, "confidence", "0.49"),
        ({"trusted": False}, "trusted sources", "“reflections” has no trust"),
    ],
)
def test_no_rule_merges_what_the_bot_never_merges(
    known: dict[str, Any], name: str, said: str, pending: bool
) -> None:
    rule = {"proof": "checks"} if pending else {}
    decision = judge(facts(**known, proof_pending=pending), config(rule))
    assert decision.outcome is Outcome.REVIEW
    assert decision.rule == f"built-in: {name}"
    assert said in decision.reason
    assert "would merge, but" in decision.reason
    assert not decision.pending


def test_every_kind_of_protected_path_is_looked_at_by_one_built_in_rule() -> None:
    wards = [ward for rule in BUILT_IN for ward in rule.wards]
    assert sorted(wards) == sorted(Ward)


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.PROPOSE])
def test_the_mode_is_the_last_to_stand_in_the_way_of_a_merge(mode: Mode) -> None:
    rules = config({}).model_copy(update={"mode": mode})
    decision = judge(facts(), rules)
    assert (decision.outcome, decision.rule) == (Outcome.REVIEW, "built-in: mode")
    assert "rule “rule 0” would merge, but" in decision.reason
    assert judge(facts(trusted=False), rules).rule == "built-in: trusted sources"
    draft = judge(facts(), config({"outcome": "draft"}).model_copy(update={"mode": mode}))
    assert draft.rule == "rule 0"


def test_a_decision_keeps_every_rule_that_was_asked() -> None:
    decision = judge(facts(), config({"paths": ["src/"]}, {}, {"severity": ["low"]}))
    own = [rule for rule in decision.weighed if not rule.built_in]
    assert [rule.rule for rule in decision.weighed[: len(BUILT_IN)]] == [r.name for r in BUILT_IN]
    assert [(rule.rule, rule.met) for rule in own] == [
        ("rule 0", Met.NO),
        ("rule 1", Met.YES),
        ("rule 2", Met.YES),
    ]
    assert [said.fact for said in own[0].conditions] == ["docs/a.md is outside"]


@pytest.mark.parametrize("outcome", ["review", "draft", "refuse"])
def test_the_caps_are_for_merges_alone(outcome: str) -> None:
    decision = judge(
        facts(**under(Ward.CHECKS), risks=RISKS, trusted=False), config({"outcome": outcome})
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
