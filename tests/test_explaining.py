"""An explanation is the decision itself, taken apart: every rule, and the fact that answered it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.built_in_rules import BUILT_IN
from bot.errors import UserError
from bot.explaining import Explanation, explain_case, explain_path, explain_pull, for_comment
from bot.facts import Met
from bot.gate import first_standing, standing
from bot.model import Answer, Attempt, Check, CheckState, Ending, Finding, PullState, Usage
from bot.plan import Case
from tests.observed import (
    CHANGE,
    COMMIT,
    CONFIG,
    HEAD_RECORD,
    INCIDENT,
    NOW,
    PULL,
    snapshot,
)
from tests.scratch import MemoryTree

DOCUMENTS = """
[[policy.rule]]
name = "documents"
paths = ["/docs/"]
outcome = "merge"
"""


def answers(explanation: Explanation) -> dict[str, Met]:
    return {rule.rule: rule.met for rule in explanation.rules}


def test_every_rule_is_told_in_order_and_the_decision_is_the_gates() -> None:
    seen = snapshot(PULL, config=CONFIG + DOCUMENTS)
    told = explain_pull(1, seen)
    assert told.decision == standing(PULL, seen).decision
    assert list(answers(told)) == [*(rule.name for rule in BUILT_IN), "small", "documents"]
    assert [rule.rule for rule in told.rules if told.decides(rule)] == ["small"]
    assert answers(told)["documents"] is Met.NO
    assert told.why_not == ()


def test_it_says_on_which_fact_and_all_that_keeps_it_from_being_merged() -> None:
    pull = replace(PULL, checks=(Check("test", CheckState.PENDING),), draft=True)
    commit = replace(COMMIT, changes=(CHANGE, replace(CHANGE, path="Makefile")))
    told = explain_pull(1, snapshot(pull, commits=(commit,), halted="the bot is paused"))
    (deciding,) = [rule for rule in told.rules if told.decides(rule)]
    assert deciding.rule == "built-in: workflows"
    assert deciding.fact == "Makefile is protected: continuous integration"
    assert answers(told)["small"] is Met.PENDING
    assert told.why_not[0] == "Nothing is done at all: the bot is paused."
    assert [any(word in said for said in told.why_not) for word in ("Waiting", "draft")] == [
        True,
        True,
    ]


@pytest.mark.parametrize("state", [PullState.MERGED, PullState.CLOSED])
def test_what_is_not_open_is_said_to_be_so(state: PullState) -> None:
    with pytest.raises(UserError, match=f"is {state}, so no rule is asked"):
        explain_pull(1, snapshot(replace(PULL, state=state)))
    with pytest.raises(UserError, match="has no pull request 2"):
        explain_pull(2, snapshot(PULL))


def test_a_strangers_pull_request_is_none_of_the_bots() -> None:
    with pytest.raises(UserError, match="has no pull request 1"):
        explain_pull(1, snapshot(replace(PULL, author_id=1)))


def attempt(ending: Ending, *findings: Finding) -> Attempt:
    return Attempt(
        incident=INCIDENT,
        engine="openai",
        number=2,
        answer=Answer(diagnosis=None, patch=None, usage=Usage()),
        ending=ending,
        reason="because",
        findings=findings,
    )


def test_a_plans_proposal_is_told_by_the_decision_of_the_plan() -> None:
    decision = first_standing(HEAD_RECORD, COMMIT, snapshot()).decision
    told = explain_case(Case(attempt(Ending.PROPOSED), decision))
    assert told.decision is decision
    assert told.rules == decision.weighed
    assert told.subject == f"Attempt 2 at {INCIDENT.fingerprint}"


def test_what_vetting_refused_met_no_rule() -> None:
    told = explain_case(
        Case(attempt(Ending.REJECTED, Finding("stub", "a.py", "a is a stub")), None)
    )
    assert (told.rules, told.why_not) == ((), ("stub: a is a stub",))
    abstained = explain_case(Case(attempt(Ending.ABSTAINED), None))
    assert abstained.why_not == ("It is not proposed: because",)


TREE = MemoryTree({"llm.py": "", "docs/a.md": "", "Makefile": ""})


@pytest.mark.parametrize(
    ("path", "matching"),
    [
        ("llm.py", {"small"}),
        ("docs/a.md", {"documents", "small"}),
        ("Makefile", {"built-in: workflows", "small"}),
        ("pyproject.toml", {"built-in: dependencies", "small"}),
    ],
)
def test_a_path_is_told_what_it_alone_would_meet(path: str, matching: set[str]) -> None:
    told = explain_path(path, TREE, snapshot(config=CONFIG + DOCUMENTS).config, NOW)
    assert told.decision is None
    assert {rule.rule for rule in told.rules if rule.matches} == matching
    assert bool(told.why_not) == (path == "pyproject.toml"), "a new file is said to be one"


def test_the_pattern_that_protects_a_path_is_told() -> None:
    told = explain_path("Makefile", TREE, snapshot().config, NOW)
    (rule,) = [rule for rule in told.rules if rule.built_in and rule.matches]
    assert rule.fact == "Makefile is protected: continuous integration (pattern Makefile)"


def test_what_is_no_file_is_said_to_be_none() -> None:
    with pytest.raises(UserError, match="docs is a folder"):
        explain_path("docs", TREE, snapshot().config, NOW)
    (refused, _) = explain_path(".git/config", TREE, snapshot().config, NOW).why_not
    assert "Vetting refuses it" in refused


def test_programs_are_told_the_same() -> None:
    data = explain_pull(1, snapshot(PULL)).as_data()
    assert data["decision"] == {
        "outcome": "merge",
        "rule": "small",
        "reason": "2 of at most 10 lines change; proof is “fail-to-pass”",
        "pending": False,
    }
    rules = data["rules"]
    assert isinstance(rules, list)
    assert rules[1]["loosened_by"] == "merge.without_evidence = true"
    assert rules[-1] == {
        "rule": "small",
        "built_in": False,
        "loosened_by": None,
        "outcome": "merge",
        "matches": "yes",
        "decides": True,
        "conditions": [
            {"condition": "max_lines", "met": "yes", "fact": "2 of at most 10 lines change"},
            {"condition": "proof", "met": "yes", "fact": "proof is “fail-to-pass”"},
        ],
    }


def test_the_answer_on_a_pull_request_is_the_same_explanation_with_the_rules_folded_away() -> None:
    one = explain_pull(1, snapshot(replace(PULL, checks=())))
    assert one.decision
    said = for_comment(one)
    above, _, folded = said.partition("<details>")
    assert f"Policy: **will {one.decision.outcome}**" in above
    assert [line for line in above.splitlines() if line.startswith("* ")] == [
        f"* {sentence}" for sentence in one.why_not
    ]
    assert all(rule.rule.removeprefix("built-in: ") in folded for rule in one.rules)
    assert folded.count("(this one decides)") == 1
    assert folded.endswith("</details>")
