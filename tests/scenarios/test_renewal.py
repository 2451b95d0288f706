"""When the base moves: the next pull request to merge moves along, the others wait."""

from __future__ import annotations

import json

import pytest

from tests.loopback_openai import calls
from tests.scenarios.local_world import on_both_forges_if_thorough
from tests.scenarios.world import CONFIG, GOOD_PATCH, LLM, REFLECTION, World

COUNT_REFLECTION = REFLECTION | {
    "reflection": "`count_words` in llm.py fails on None: AttributeError."
}
COUNT_PATCH = calls(
    (
        "log_bug_report",
        {
            "filename": "llm.py",
            "function": "count_words",
            "summary": "count_words raises AttributeError on None",
            "severity": "low",
        },
    ),
    (
        "propose_code_patch",
        {
            "edits": [
                {
                    "filename": "llm.py",
                    "old": "    return len(text.split())\n",
                    "new": '    return len((text or "").split())\n',
                }
            ],
            "explanation": "Count no words in None.",
        },
    ),
)


def propose(world: World) -> str:
    """The bot's pull request is open and tested; returns its head."""
    world.model.default = GOOD_PATCH
    assert world.bot("run").code == 0
    world.repo.run_workflows()
    return world.repo.branch_sha(world.repo.pull(1).head_ref)


@on_both_forges_if_thorough
def test_the_next_to_merge_is_brought_up_to_date_and_merged(world: World) -> None:
    before = propose(world)
    world.repo.push_commit("main", {"other.py": "x = 1\n"}, by="alice")
    world.repo.run_workflows()
    asked = len(world.model.requests)

    plan = json.loads(world.bot("run", "--json").out)
    assert plan["actions"][0]["action"] == "update_branch"
    branch = world.repo.pull(1).head_ref
    after = world.repo.branch_sha(branch)
    assert after != before
    assert world.repo.git("rev-parse", f"{after}^") == world.repo.branch_sha("main")
    world.repo.run_workflows()

    world.bot("run")
    assert world.repo.pull(1).merged
    assert len(world.model.requests) == asked
    assert "x = 1" in world.on_main("other.py")
    assert json.loads(world.bot("run", "--json").out)["actions"] == []


def test_what_the_function_around_it_became_is_not_merged_into(world: World) -> None:
    """Git would merge the lines; the function they stand in is not the one that was mended."""
    before = propose(world)
    changed = LLM.replace("in capitals.", "in capitals, for shouting.")
    world.repo.push_commit("main", {"llm.py": changed}, by="alice")
    world.repo.run_workflows()
    plan = json.loads(world.bot("run", "--json").out)
    assert [step["action"] for step in plan["actions"]] == ["append_ledger"]
    world.bot("run")
    pull = world.repo.pull(1)
    assert not pull.merged
    assert world.repo.branch_sha(pull.head_ref) == before
    assert "dummy_function in llm.py has changed on main meanwhile" in pull.body.replace("\\", "")
    assert json.loads(world.bot("run", "--json").out)["actions"] == []


@pytest.mark.parametrize("world", ["local"], indirect=True)
def test_one_after_the_other_all_get_merged(world: World) -> None:
    """One merge per tick; what was tested on the older base is tested again on the newer."""
    world.configure(CONFIG.replace("fail-to-pass", "checks"))
    world.model.answer(GOOD_PATCH, COUNT_PATCH)
    world.write_reflections([REFLECTION, COUNT_REFLECTION])
    assert world.bot("run").code == 0
    assert [pull.merged for pull in world.repo.pulls] == [False, False]
    plans = [json.loads(world.bot("run", "--json").out)["actions"] for _ in range(4)]
    merges = [[step["action"] for step in plan].count("merge_pull_request") for plan in plans]
    assert merges == [1, 0, 1, 0]
    assert "update_branch" in [step["action"] for step in plans[1]]
    assert [pull.merged for pull in world.repo.pulls] == [True, True]
    assert "text or" in world.on_main("llm.py")
