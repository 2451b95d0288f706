"""How far the bot may go, what it waits for, and the answer to "why is this not merged?"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.local_world import here, on_both_forges_if_thorough
from tests.scenarios.world import CONFIG, GOOD_PATCH, World


def propose(world: World) -> None:
    """The bot opens its pull request, and CI has run on it."""
    world.model.default = GOOD_PATCH
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    world.repo.run_workflows()


def explained(world: World, target: str, *options: str) -> dict[str, Any]:
    ran = world.bot("policy", "explain", target, "--json", *options)
    assert ran.code == 0, ran.err
    (told,) = json.loads(ran.out)
    return dict(told)


def matches(told: dict[str, Any]) -> dict[str, str]:
    return {rule["rule"]: rule["matches"] for rule in told["rules"]}


@on_both_forges_if_thorough
def test_who_starts_in_observe_is_asked_for_no_money_and_finds_nothing_written(
    world: World, tmp_path: Path
) -> None:
    world.configure(f'mode = "observe"\n{CONFIG}')
    world.model.default = GOOD_PATCH
    before = world.origin()
    for _ in range(2):
        ran = world.bot("run")
        assert ran.code == 0, ran.err
        assert 'Nothing will be done: the bot only observes: mode = "observe"' in ran.out
    assert world.model.requests == []
    assert world.origin() == before

    plan = tmp_path / "plan.json"
    for command in (["run", "--dry-run"], ["plan", "--out", str(plan)]):
        ran = world.bot(*command)
        assert ran.code == 0, ran.err
        assert "bot run asks no engine and does none of this" in ran.out
        assert "open_pull_request" in ran.out
    assert len(world.model.requests) == 2
    ran = world.bot("apply", str(plan))
    assert "only observes" in ran.out
    assert world.origin() == before


def test_who_lets_it_propose_merges_by_hand(world: World, tmp_path: Path) -> None:
    world.configure(f'mode = "propose"\n[review]\nreviewers = ["alice"]\n{CONFIG}')
    propose(world)
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    pull = world.repo.pull(1)
    assert not pull.merged
    assert pull.requested_reviewers == ["alice"]
    said = "rule “small and proven” would merge, but the configuration says mode = "
    assert f"Policy: **review** by rule “built-in: mode” ({said}" in pull.body
    assert json.loads(world.bot("run", "--json").out)["actions"] == []

    trial = tmp_path / "bot.toml"
    trial.write_text(here(CONFIG) if world.check == "tests" else CONFIG)
    assert explained(world, "1")["decision"]["rule"] == "built-in: mode"
    assert explained(world, "1", "--config", str(trial))["decision"]["outcome"] == "merge"


def test_nobody_is_asked_while_a_rule_waits_for_its_time(world: World) -> None:
    waits = CONFIG.replace("max_lines = 20\n", 'max_lines = 20\nmin_age = "8w"\n')
    assert waits != CONFIG
    world.configure(f'[review]\nreviewers = ["alice"]\n{waits}')
    propose(world)
    world.bot("run")
    pull = world.repo.pull(1)
    assert not pull.merged
    assert pull.requested_reviewers == []
    assert "waits for: an age of 8w, after " in pull.body
    for _ in range(2):
        assert json.loads(world.bot("run", "--json").out)["actions"] == []
    assert world.repo.pull(1).body == pull.body


def test_an_open_pull_request_is_explained_rule_by_rule(world: World) -> None:
    rule = '[[policy.rule]]\nname = "documents"\nkind = ["docs"]\noutcome = "merge"\n'
    head, table, rest = CONFIG.partition("[[policy.rule]]\n")
    world.configure(head + rule + table + rest)
    propose(world)
    before, asked = world.origin(), len(world.model.requests)

    told = explained(world, "1")
    assert (told["decision"]["outcome"], told["decision"]["rule"]) == ("merge", "small and proven")
    assert told["why_not"] == []
    met = matches(told)
    assert list(met)[-2:] == ["documents", "small and proven"]
    assert (met["documents"], met["small and proven"]) == ("no", "yes")
    assert {said for name, said in met.items() if name.startswith("built-in: ")} == {"no"}

    text = world.bot("policy", "explain", "#1").out
    assert "kind: no, kind is fix" in text
    assert "severity: yes, severity is medium" in text
    assert (world.origin(), len(world.model.requests)) == (before, asked)


def test_a_plan_is_explained_without_being_believed(world: World, tmp_path: Path) -> None:
    world.model.default = GOOD_PATCH
    plan = tmp_path / "plan.json"
    assert world.bot("plan", "--out", str(plan)).code == 0
    data = json.loads(plan.read_text())
    data["plan"]["incidents"][0]["decision"] = {"outcome": "merge", "rule": "mine", "reason": ""}
    plan.write_text(json.dumps(data))
    before, asked = world.origin(), len(world.model.requests)

    told = explained(world, str(plan))
    assert told["decision"]["rule"] == "small and proven"
    known = world.check == "tests"  # the bot's own run is the check there; CI has not run yet
    assert matches(told)["small and proven"] == ("yes" if known else "pending")
    assert (world.origin(), len(world.model.requests)) == (before, asked)


@pytest.mark.parametrize("world", ["local"], indirect=True)
def test_a_path_is_explained_by_what_it_alone_would_meet(world: World) -> None:
    told = explained(world, "test_llm.py")
    assert told["decision"] is None
    assert matches(told)["built-in: tests that judge it"] == "yes"
    assert matches(told)["small and proven"] == "no"
    assert "(pattern test_*.py)" in world.bot("policy", "explain", "test_llm.py").out
    assert matches(explained(world, "llm.py"))["small and proven"] == "yes"

    for target, said in (
        ("../elsewhere.py", "no file in"),
        ("7", "has no pull request 7"),
        (".github", "is a folder"),
    ):
        ran = world.bot("policy", "explain", target)
        assert ran.code == 1
        assert said in ran.err
