"""The fix marks its reflections as resolved, and merge, renewal and revert carry that."""

from __future__ import annotations

import json
from typing import Any

from tests.loopback_openai import calls
from tests.scenarios.local_world import on_both_forges_if_thorough
from tests.scenarios.world import CONFIG, DIAGNOSIS, GOOD_PATCH, LAST_LINE, REFLECTION, World

WRITES_BACK = f"reflections.write_back = true\n{CONFIG}"
IDLE = {"timestamp": "2025-07-02", "outcome": "failure", "reflection": "The plan was too long."}
LATER = {"timestamp": "2025-07-03", "outcome": "failure", "reflection": "It was too warm."}
LATEST = {"timestamp": "2025-07-04", "outcome": "failure", "reflection": "It was too cold."}


def commit_reflections(world: World, *records: dict[str, str]) -> None:
    """An agent's reflections are on the base branch, and in the clone's work tree."""
    world.write_reflections(list(records))
    text = (world.clone / "reflections.json").read_text()
    world.repo.push_commit("main", {"reflections.json": text}, by="alice")
    world.repo.run_workflows()


def run(world: World) -> list[str]:
    ran = world.bot("run", "--json")
    assert ran.code == 0, ran.err
    return [step["action"] for step in json.loads(ran.out)["actions"]]


def statuses(world: World, ref: str = "main") -> list[str]:
    records = json.loads(world.repo.git("show", f"{ref}:reflections.json"))
    return [record.get("status", "") for record in records]


def listed(world: World) -> dict[str, Any]:
    rows: list[dict[str, Any]] = json.loads(world.bot("reflections", "--json").out)
    return rows[0]


def take_over(world: World) -> None:
    """The clone's work tree has what the base branch has."""
    (world.clone / "reflections.json").write_text(world.on_main("reflections.json") + "\n")


@on_both_forges_if_thorough
def test_merge_and_revert_carry_it_past_what_agents_write_meanwhile(world: World) -> None:
    world.configure(WRITES_BACK)
    commit_reflections(world, REFLECTION)
    first = world.repo.branch_sha("main")
    world.model.default = GOOD_PATCH
    run(world)
    head = world.repo.pull(1).head_ref
    assert statuses(world, head) == ["resolved"]

    commit_reflections(world, REFLECTION, IDLE)  # right below the line that the fix adds
    world.repo.run_workflows()
    assert "update_branch" in run(world)
    assert statuses(world, head) == ["resolved", ""]
    world.repo.run_workflows()
    run(world)
    assert world.repo.pull(1).merged
    assert statuses(world) == ["resolved", ""]
    take_over(world)
    told = listed(world)
    assert (told["status"], told["pull_request"]) == ("merged", 1)
    (fix, *_) = json.loads(world.bot("audit", "--format", "json").out)
    assert {link["link"]: link["state"] for link in fix["links"]}["marks"] == "holds"
    broken = [link for link in fix["links"] if link["state"] == "does not hold"]
    assert broken == []
    world.repo.run_workflows()

    now = json.loads(world.on_main("reflections.json"))
    commit_reflections(world, *now, LATER)
    assert world.bot("revert", "1").code == 0
    undo = world.repo.pulls[-1].head_ref
    assert statuses(world, undo) == ["", "", ""]
    number = str(world.repo.pulls[-1].number)
    assert "reflections.json" not in world.bot("policy", "explain", number).out

    world.repo.run_workflows()
    commit_reflections(world, *now, LATER, LATEST)
    world.repo.comment(int(number), "/bot rebase", by="alice")
    assert "update_branch" in run(world)  # on the newest base it takes back the same
    assert statuses(world, undo) == ["", "", "", ""]
    assert world.repo.git("show", f"{undo}:llm.py") == world.repo.git("show", f"{first}:llm.py")


def test_what_is_not_byte_for_byte_its_own_is_protected_as_ever(world: World) -> None:
    """The model's own edit of the reflections is no write-back, whatever it says."""
    world.configure(WRITES_BACK)
    commit_reflections(world, REFLECTION, IDLE)
    text = (world.clone / "reflections.json").read_text()
    line = next(line for line in text.splitlines() if "too long" in line)
    edits = [
        {"filename": "llm.py", "old": LAST_LINE,
         "new": '    return words[0].upper() if words else ""\n'},
        {"filename": "reflections.json", "old": line, "new": line.replace("too long", "fine")},
    ]  # fmt: skip
    patch = {"edits": edits, "explanation": "Return an empty string."}
    world.model.default = calls(DIAGNOSIS, ("propose_code_patch", patch))
    run(world)
    world.repo.run_workflows()
    run(world)
    assert not world.repo.pull(1).merged
    said = world.bot("policy", "explain", "1").out
    assert "reflections.json is protected" in " ".join(said.split())


def test_reflections_that_nobody_committed_are_not_written_anywhere(world: World) -> None:
    world.configure(WRITES_BACK)
    world.model.default = GOOD_PATCH
    run(world)
    head = world.repo.pull(1).head_ref
    assert world.repo.git("diff", "--name-only", "main", head) == "llm.py"
