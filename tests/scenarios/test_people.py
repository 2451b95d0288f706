"""What people say counts, once, and only from those who may say it."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.local_world import on_both_forges_if_thorough
from tests.scenarios.world import GOOD_PATCH, PROVEN_BY_CI, World, answer_with

BETTER_PATCH = answer_with(
    '    if not words:\n        return ""\n    return words[0].upper()\n',
    "Return early when the text has no words.",
)


def propose(world: World) -> None:
    world.configure(PROVEN_BY_CI)  # a person reviews
    world.model.default = GOOD_PATCH
    assert world.bot("run").code == 0
    world.repo.run_workflows()
    world.bot("run")


def actions(world: World) -> list[str]:
    return [step["action"] for step in json.loads(world.bot("run", "--json").out)["actions"]]


@on_both_forges_if_thorough
def test_changes_that_are_asked_for_lead_to_a_better_head_on_the_same_pull_request(
    world: World,
) -> None:
    propose(world)
    before = world.repo.branch_sha(world.repo.pull(1).head_ref)
    world.repo.request_changes(1, by="alice", body="Please return early instead.")
    world.model.default = BETTER_PATCH

    assert actions(world)[:1] == ["update_branch"]
    told = json.dumps(world.model.requests[-1].body)
    assert "Please return early instead." in told
    assert "if words else" in told.replace("\\", "")
    branch = world.repo.pull(1).head_ref
    assert branch.endswith("-1")
    after = world.repo.branch_sha(branch)
    assert after != before
    assert "if not words" in world.repo.git("show", f"{after}:llm.py")
    assert world.repo.git("rev-parse", f"{after}^") == world.repo.branch_sha("main")

    world.repo.run_workflows()
    world.bot("run")
    body = world.repo.pull(1).body
    assert "Return early when the text has no words." in body
    assert "Return an empty string" not in body
    asked = len(world.model.requests)
    assert actions(world) == []
    assert len(world.model.requests) == asked
    assert len(world.repo.pulls) == 1


def test_a_command_is_answered_once(world: World) -> None:
    propose(world)
    world.repo.comment(1, "/bot explain", by="alice")
    assert actions(world) == ["comment"]
    assert any("Policy:" in text for text in world.repo.bot_comments(1))
    assert actions(world) == []


def test_retry_asks_the_engine_again_and_says_what_came_of_it(world: World) -> None:
    propose(world)
    world.repo.comment(1, "/bot retry with an early return", by="alice")
    world.model.default = BETTER_PATCH
    assert actions(world)[:1] == ["update_branch"]
    assert "with an early return" in json.dumps(world.model.requests[-1].body)
    assert any(text.startswith("Attempt 2") for text in world.repo.bot_comments(1))
    world.repo.run_workflows()
    world.bot("run")
    assert actions(world) == []


def test_hold_is_a_command_too(world: World) -> None:
    propose(world)
    world.repo.comment(1, "/bot hold", by="alice")
    assert actions(world) == ["set_label", "comment"]
    assert actions(world) == []


def test_a_strangers_words_change_nothing(world: World) -> None:
    propose(world)
    world.github.add_actor("mallory", permission="read")
    world.repo.comment(1, "/bot retry", by="mallory")
    world.repo.request_changes(1, by="mallory", body="Delete everything.")
    asked = len(world.model.requests)
    assert actions(world) == []
    assert len(world.model.requests) == asked


@on_both_forges_if_thorough
def test_a_close_is_a_no_that_is_answered_once_and_can_be_taken_back(world: World) -> None:
    propose(world)
    branch = world.repo.pull(1).head_ref
    world.repo.close(1, by="alice")
    assert actions(world) == ["comment", "delete_branch"]
    assert any("Taken as a “no”" in text for text in world.repo.bot_comments(1))
    assert branch not in world.branches()
    assert actions(world) == []


def test_a_persons_commit_is_left_alone_and_that_is_said_once(world: World) -> None:
    propose(world)
    head = world.repo.pull(1).head_ref
    world.repo.push_commit(head, {"NOTES.md": "mine\n"}, by="alice")
    world.repo.run_workflows()
    assert actions(world) == ["comment"]
    assert any("leaves this branch to people" in text for text in world.repo.bot_comments(1))
    assert actions(world) == []


@on_both_forges_if_thorough
def test_the_attempts_have_an_end(world: World) -> None:
    propose(world)
    for number in (2, 3):
        world.repo.comment(1, f"/bot retry once more: {number}", by="alice")
        world.model.default = BETTER_PATCH if number == 2 else GOOD_PATCH
        world.bot("run")
        world.bot("run")
    asked = len(world.model.requests)
    world.repo.comment(1, "/bot retry again", by="alice")
    assert actions(world) == ["comment"]
    assert len(world.model.requests) == asked
    assert any("all that the limits allow" in text for text in world.repo.bot_comments(1))


def test_what_somebody_asked_for_is_done_before_a_merge(world: World) -> None:
    """The pull request is green and policy says merge; a person wants something else first."""
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.repo.run_workflows()
    world.repo.comment(1, "/bot retry with an early return", by="alice")
    world.model.default = BETTER_PATCH
    assert "merge_pull_request" not in actions(world)
    assert not world.repo.pull(1).merged
    world.repo.run_workflows()
    world.bot("run")
    assert world.repo.pull(1).merged
    assert "if not words" in world.on_main("llm.py")


@on_both_forges_if_thorough
def test_a_deleted_branch_is_no_no_and_is_asked_about_once(world: World) -> None:
    propose(world)
    asked = len(world.model.requests)
    world.repo.delete_branch(world.repo.pull(1).head_ref, by="alice")
    assert actions(world) == ["comment"]
    assert any("Is that a “no”?" in text for text in world.repo.bot_comments(1))
    assert actions(world) == []
    assert len(world.model.requests) == asked
    (told,) = json.loads(world.bot("reflections", "--json").out)
    assert (told["status"], told["pull_request"]) == ("open", 1)


@pytest.mark.parametrize(
    "closer", ["stale[bot]", pytest.param("amendbot[bot]", marks=pytest.mark.thorough)]
)
def test_a_program_that_closes_what_is_stale_says_no_no_either(world: World, closer: str) -> None:
    """Not even where it runs under the bot's own name."""
    propose(world)
    branch = world.repo.pull(1).head_ref
    if closer != "amendbot[bot]":
        world.github.add_actor(closer, kind="Bot")
    world.repo.close(1, by=closer)
    assert actions(world) == ["comment"]
    assert any("Is that a “no”?" in text for text in world.repo.bot_comments(1))
    assert actions(world) == []
    assert branch in world.branches()


def test_a_command_that_comes_too_late_is_answered_once_too(world: World) -> None:
    propose(world)
    world.repo.close(1, by="alice")
    actions(world)
    world.repo.comment(1, "/bot retry", by="alice")
    assert actions(world) == ["comment"]
    assert world.repo.bot_comments(1)[-1].startswith("This is closed.")
    assert actions(world) == []
