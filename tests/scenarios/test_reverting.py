"""A merge is taken back as it came: by a proposal, once, and with its reason."""

from __future__ import annotations

import json

from bot.watching import by_hand
from tests.scenarios.local_world import on_both_forges
from tests.scenarios.world import CONFIG, GOOD_PATCH, LLM, World


def merge(world: World) -> None:
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.repo.run_workflows()
    world.bot("run")
    assert world.repo.pull(1).merged


def actions(out: str) -> list[str]:
    return [step["action"] for step in json.loads(out)["actions"]]


def test_a_revert_is_an_ordinary_proposal_that_undoes_exactly_the_merge(world: World) -> None:
    merge(world)
    world.repo.push_commit("main", {"other.py": "x = 1\n"}, by="alice")
    before = world.origin()
    shown = world.bot("revert", "1", "--reason", "it was wrong", "--dry-run")
    assert shown.code == 0, shown.err
    assert world.origin() == before
    ran = world.bot("revert", "1", "--reason", "it was wrong")
    assert ran.code == 0, ran.err
    pull = world.repo.pull(2)
    assert pull.title.startswith("Revert “Fix dummy_function: raises IndexError on empty")
    assert "it was wrong" in pull.body
    assert world.repo.git("show", f"{pull.head_ref}:llm.py") == LLM.rstrip("\n")
    assert world.repo.git("show", f"{pull.head_ref}:other.py") == "x = 1"
    assert "This reverts commit" in world.repo.git("log", "-1", "--format=%B", pull.head_ref)


def test_there_is_one_revert_of_a_merge_and_none_of_a_revert(world: World) -> None:
    merge(world)
    world.bot("revert", "1")
    again = world.bot("revert", "1")
    assert again.code == 1
    assert "was proposed already" in again.err
    assert len(world.repo.pulls) == 2
    assert "no pull request 7" in world.bot("revert", "7").err
    assert "not merged" in world.bot("revert", "2").err


def test_later_changes_to_the_same_lines_leave_it_to_a_person(world: World) -> None:
    merge(world)
    mended = world.on_main("llm.py").replace('if words else ""', "if words else str()")
    world.repo.push_commit("main", {"llm.py": mended}, by="alice")
    ran = world.bot("revert", "1")
    assert ran.code == 1
    assert "later commits touch the same lines" in ran.err
    assert len(world.repo.pulls) == 1


@on_both_forges
def test_people_ask_for_a_revert_on_the_pull_request_and_hear_of_it(world: World) -> None:
    merge(world)
    world.repo.comment(1, "/bot revert it broke the import", by="alice")
    ran = world.bot("run", "--json")
    assert actions(ran.out)[:2] == ["publish_branch", "open_pull_request"]
    assert "it broke the import" in world.repo.pull(2).body
    assert any("Its revert is proposed" in text for text in world.repo.bot_comments(1))
    world.repo.run_workflows()
    for _ in range(3):  # its check, its status, and nothing more
        plan = actions(world.bot("run", "--json").out)
    assert plan == []


def test_nobody_is_told_of_a_revert_that_gave_way_to_a_persons(world: World) -> None:
    merge(world)
    world.configure(f'{CONFIG}[watch]\nwindow = ""\n')  # so that it is seen only at the last moment
    theirs = by_hand(1, world.repo.pull(1).head_ref)
    world.repo.push_commit(theirs, {"llm.py": LLM}, by="alice")
    alice = world.github.actor("alice")
    world.repo.open_pull(alice, "Revert it", "Reverts acme/agent#1", theirs, "main")
    world.repo.comment(1, "/bot revert it broke the import", by="alice")
    for _ in range(2):
        world.bot("run")
    assert [pull.head_ref for pull in world.repo.pulls[1:]] == [theirs]
    assert not any("Its revert is proposed" in text for text in world.repo.bot_comments(1))
