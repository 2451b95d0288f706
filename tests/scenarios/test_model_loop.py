"""What a person sees of the model's loop: second thoughts, diffs, recordings and replays."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.loopback_openai import raw
from tests.scenarios.world import CONFIG, GOOD_PATCH, REFLECTION, World, answer_with

BROKEN_PATCH = answer_with(
    "    return words[0].upper() if words else (\n", "Guard against an empty list."
)


def test_a_patch_refused_at_first_is_proposed_once_it_is_mended(world: World) -> None:
    world.model.answer(BROKEN_PATCH, GOOD_PATCH)
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    first, second = world.model.requests
    assert "The patch is refused" not in json.dumps(first.body)
    assert "llm.py does not parse" in json.dumps(second.body)
    assert world.repo.pull(1).state == "open"
    (spent,) = [line for line in ledger(world) if '"kind":"spend"' in line]
    assert json.loads(spent)["requests"] == 2


def test_a_patch_refused_to_the_end_is_no_pull_request_and_is_paid_for(world: World) -> None:
    world.model.default = BROKEN_PATCH
    ran = world.bot("run")
    assert "vetting refused the patch" in ran.out
    assert len(world.model.requests) == 3
    assert world.repo.pulls == []
    kinds = [json.loads(line)["kind"] for line in ledger(world)]
    assert sorted(kinds) == ["attempt", "spend"]
    asked = len(world.model.requests)
    world.bot("run")
    assert len(world.model.requests) == asked


def test_a_diff_in_words_becomes_a_pull_request(world: World) -> None:
    diff = (
        "The list of words may be empty.\n```diff\n--- a/llm.py\n+++ b/llm.py\n@@ -6,9 +6,9 @@\n"
        "     words = text.split()\n-    return words[0].upper()\n"
        '+    return words[0].upper() if words else ""\n```\n'
    )
    message = {"role": "assistant", "content": diff}
    world.model.default = raw({"choices": [{"finish_reason": "stop", "message": message}]})
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    assert "counted by estimate" in ran.out
    pull = world.repo.pull(1)
    assert '+    return words[0].upper() if words else ""' in world.repo.git(
        "diff", "main", pull.head_ref
    )


def test_what_is_recorded_replays_to_the_same_plan_offline(world: World, tmp_path: Path) -> None:
    tape = tmp_path / "talk.jsonl"
    world.model.answer(BROKEN_PATCH, GOOD_PATCH)
    recorded = world.bot("run", "--dry-run", "--json", "--record", str(tape))
    assert recorded.code == 0, recorded.err
    assert len(tape.read_text().splitlines()) == 2
    for secret in (world.model.key, world.token, "uthorization"):
        assert secret not in tape.read_text()

    offline = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    before, asked = world.origin(), len(world.model.requests)
    replayed = world.bot("run", "--dry-run", "--json", "--replay", str(tape), **offline)
    assert replayed.code == 0, replayed.err
    assert timeless(replayed.out) == timeless(recorded.out)
    assert world.origin() == before
    assert len(world.model.requests) == asked

    plan = tmp_path / "plan.json"
    planned = world.bot("plan", "--out", str(plan), "--replay", str(tape), **offline)
    assert planned.code == 0, planned.err
    planned_there = json.loads(plan.read_text())["plan"]
    assert timeless(json.dumps(planned_there)) == timeless(recorded.out)


def test_a_replay_that_no_longer_fits_says_where(world: World, tmp_path: Path) -> None:
    tape = tmp_path / "talk.jsonl"
    world.model.default = GOOD_PATCH
    assert world.bot("run", "--dry-run", "--record", str(tape)).code == 0
    world.configure(CONFIG + '\n[engine.openai]\nmodel = "another"\n')
    ran = world.bot("run", "--dry-run", "--replay", str(tape))
    assert ran.code == 1
    assert "model from character 1 was 'gpt-5-mini' and is 'another'" in ran.err
    assert ran.err.count("\n") == 1


def test_replays_do_nothing_and_are_not_recorded(world: World, tmp_path: Path) -> None:
    tape = tmp_path / "talk.jsonl"
    tape.write_text("")
    assert world.bot("run", "--replay", str(tape)).code == 2
    both = world.bot("run", "--dry-run", "--replay", str(tape), "--record", str(tape))
    assert both.code == 2
    assert world.bot("run", "--dry-run", "--replay", str(tmp_path / "none")).code == 1


@pytest.mark.parametrize("limit", ["usd_per_tick", "usd_per_incident", "usd_per_day"])
def test_a_limit_in_money_holds_back_what_could_exceed_it(world: World, limit: str) -> None:
    second = {"outcome": "failure", "reflection": "count_words in llm.py fails on None."}
    world.write_reflections([REFLECTION, REFLECTION | second])
    prices = "usd_per_million_prompt_tokens = 1000\nusd_per_million_completion_tokens = 0\n"
    world.configure(f"{CONFIG}\n[engine.openai]\n{prices}\n[limits]\n{limit} = 2.4\n")
    world.model.default = GOOD_PATCH
    ran = world.bot("run", "--dry-run", "--json")
    cases = json.loads(ran.out)["incidents"]
    # Each could cost about $2 and costs about $1: the tick and the day have room for one.
    both = limit == "usd_per_incident"
    assert [case["ending"] == "held back" for case in cases] == [False, not both]
    assert len(world.model.requests) == (2 if both else 1)

    world.configure(f"{CONFIG}\n[limits]\n{limit} = 2.4\n")
    assert f"limits.{limit} needs engine.openai.usd_per_million" in world.bot("run").err


def timeless(plan: str) -> object:
    """A plan as data, without the moments at which its records were made."""
    return json.loads(re.sub(r'("at": )"[^"]*"', r"\1null", plan))


def ledger(world: World) -> list[str]:
    """The records of the ledger, as lines of JSON."""
    log = world.repo.git("log", "--format=%B", "refs/bot/ledger")
    return [line for line in log.splitlines() if line.startswith("{")]
