"""What the bot remembers of a whole life: status, audit and export, all derived, all read-only."""

from __future__ import annotations

import json
from typing import Any

from tests.scenarios.local_world import on_both_forges_if_thorough, run_git
from tests.scenarios.world import GOOD_PATCH, REFLECTION, World

IDLE = {"timestamp": "2025-07-02", "outcome": "", "reflection": "It is sunny."}


def propose(world: World) -> None:
    world.model.default = GOOD_PATCH
    assert world.bot("run").code == 0
    world.repo.run_workflows()


def merge(world: World) -> None:
    propose(world)
    assert world.bot("run").code == 0
    assert world.repo.pull(1).merged


def audited(world: World, form: str = "json") -> list[dict[str, Any]]:
    ran = world.bot("audit", "--format", form)
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


def flagged(record: dict[str, Any]) -> dict[str, str]:
    """The links that are not verified, but for checks, which GitHub's reader reads of open ones."""
    states = {link["link"]: link["state"] for link in record["links"]}
    return {k: v for k, v in states.items() if v != "holds" and (k, v) != UNREAD}


UNREAD = ("checks", "cannot be verified")


@on_both_forges_if_thorough
def test_a_merge_has_an_unbroken_chain_after_its_branch_is_gone(world: World) -> None:
    world.write_reflections([REFLECTION, IDLE])
    merge(world)
    assert world.branches() == ["main"]
    before = world.origin()

    fix, skipped = audited(world)
    assert (fix["outcome"], fix["pull_request"], fix["reflections"]) == (
        "merged", 1, ["r-794e2b206b48"],
    )  # fmt: skip
    assert flagged(fix) == {}
    assert fix["merged_as"] == world.repo.branch_sha("main")
    assert (skipped["outcome"], skipped["incident"]) == ("not actionable", None)
    assert "speaks of a defect" in skipped["reason"]

    original, _ = audited(world, "original")
    assert original["applied"] is True
    assert original["bug_info"]["function"] == "dummy_function"
    assert original["patch"]["new_code"] == '    return words[0].upper() if words else ""\n'
    assert (original["patch"]["start"], original["patch"]["end"]) == (7, 7)
    lines = world.bot("audit", "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["merged", "not actionable"]
    assert "→ merged as" in " ".join(world.bot("audit").out.split())
    assert world.origin() == before


def test_a_shallow_clone_is_enough_to_verify_the_whole_chain(world: World) -> None:
    """Scheduled jobs have no more than the newest commit."""
    merge(world)
    world.repo.push_commit("main", {"later.py": "x = 1\n"}, by="alice")
    records = (world.clone / "reflections.json").read_text()
    url = run_git(world.clone, "remote", "get-url", "origin")
    world.clone = world.folder / "shallow"
    run_git(world.folder, "clone", "-q", "--depth=1", url, str(world.clone))
    (world.clone / "reflections.json").write_text(records)
    (fix,) = audited(world)
    assert (fix["outcome"], flagged(fix)) == ("merged", {})


def test_a_refused_head_is_verified_from_where_the_forge_keeps_it(world: World) -> None:
    propose(world)
    branch = world.repo.pull(1).head_ref
    world.repo.close(1, by="alice")
    world.repo.delete_branch(branch, by="alice")
    (fix,) = audited(world)
    assert (fix["outcome"], flagged(fix)) == ("refused", {})
    assert {"patch", "base", "message"} <= {link["link"] for link in fix["links"]}


def test_a_revert_by_hand_ends_the_chain(world: World) -> None:
    merge(world)
    merged = world.repo.branch_sha("main")
    was = world.repo.git("show", f"{merged}^1:llm.py") + "\n"
    said = f'Revert "Fix"\n\nThis reverts commit {merged}.\n'
    revert = world.repo.push_commit("main", {"llm.py": was}, by="alice", message=said)
    (fix,) = audited(world)
    assert (fix["outcome"], fix["reverted_by"], flagged(fix)) == ("reverted", [revert], {})
    (told,) = json.loads(world.bot("reflections", "export").out)
    assert told["outcome"] == "failure"
    assert f"taken back by {revert}" in told["reflection"]


def test_a_persons_commit_is_told_from_what_was_tested(world: World) -> None:
    propose(world)
    branch = world.repo.pull(1).head_ref
    world.repo.push_commit(branch, {"NOTES.md": "mine\n"}, by="alice")
    (fix,) = audited(world)
    assert flagged(fix) == {"head": "does not hold"}
    assert "a person pushed it" in " ".join(world.bot("audit").out.split())


def test_what_agents_read_back_is_never_worked_on(world: World) -> None:
    merge(world)
    exported = world.bot("reflections", "export")
    assert world.bot("reflections", "export").out == exported.out
    (told,) = json.loads(exported.out)
    assert told["outcome"] == "success"
    assert "IndexError on empty input" in told["reflection"]

    world.write_reflections([REFLECTION, told])
    asked = len(world.model.requests)
    again = json.loads(world.bot("run", "--json").out)
    assert again["actions"] == []
    assert again["skipped"][0]["reason"] == "the bot wrote it about itself"
    assert len(world.model.requests) == asked


def test_an_export_goes_to_a_file_but_never_over_an_agents_own(world: World) -> None:
    merge(world)
    ran = world.bot("reflections", "export", "--out", "experience.json")
    assert (ran.code, ran.out) == (0, "1 record written to experience.json\n")
    before = (world.clone / "reflections.json").read_text()
    ran = world.bot("reflections", "export", "--out", "reflections.json")
    assert ran.code == 1
    assert "name another file" in ran.err
    assert (world.clone / "reflections.json").read_text() == before


def test_status_says_where_the_bot_stands_and_changes_nothing(world: World) -> None:
    begun = json.loads(world.bot("status", "--json").out)
    assert [line["state"] for line in begun["incidents"]] == ["next"]
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.repo.git("update-ref", "refs/bot/paused", "refs/heads/main")
    before = world.origin()
    said = world.bot("status").out
    assert "It does nothing: the bot is paused" in said
    assert "#1  Fix dummy_function" in said
    assert "Reflections: 1 proposed." in said
    assert "of 1,000,000 tokens" in said
    assert world.origin() == before


def test_the_reflections_are_still_listed_without_a_subcommand(world: World) -> None:
    assert "r-794e2b206b48" in world.bot("reflections").out
