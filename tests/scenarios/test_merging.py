"""Checks that never begin, and merges that are left to the forge."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.wiring import open_world
from tests.command import become
from tests.scenarios.test_life import propose
from tests.scenarios.world import CONFIG, GOOD_PATCH, World

AUTO = CONFIG + 'via = "auto-merge"\n'


def actions(world: World) -> list[str]:
    """What one tick does."""
    ran = world.bot("run", "--json")
    assert ran.code == 0, ran.err
    return [step["action"] for step in json.loads(ran.out)["actions"]]


def tick_after(world: World, hours: float) -> list[str]:
    """A tick at a later hour; what it does."""
    before, folder = dict(os.environ), Path.cwd()
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    try:
        become(world.environment())
        os.chdir(world.clone)
        with open_world("main", None, clock=lambda: later) as opened:
            plan = opened.plan("")
            list(opened.carry_out(plan))
        return [step.action for step in plan.steps]
    finally:
        os.chdir(folder)
        become(before)


def test_runs_that_wait_for_a_person_are_named_once_and_go_on_when_approved(world: World) -> None:
    world.token = world.github.add_actor("github-actions[bot]", id=4343)
    world.model.default = GOOD_PATCH
    world.bot("run")
    head = world.repo.pull(1).head_sha
    assert "Waiting for the required check" in world.repo.pull(1).body
    assert "update_status" in tick_after(world, 2)
    assert "“ci” waits for a person" in world.repo.pull(1).body
    assert "/acme/agent/actions/runs/" in world.repo.pull(1).body
    assert tick_after(world, 3) == tick_after(world, 99) == []

    world.repo.approve_runs(head)
    world.repo.run_workflows()
    assert "merge_pull_request" in tick_after(world, 100)
    assert world.repo.pull(1).merged


def is_armed(world: World) -> bool:
    return world.repo.pull(1).auto_merge is not None


def test_what_waits_for_an_approval_is_left_to_auto_merge_and_looked_after(world: World) -> None:
    world.repo.settings.allow_auto_merge = True
    world.repo.settings.delete_branch_on_merge = True
    world.repo.require_reviews()
    world.configure(AUTO)
    propose(world)
    pull = world.repo.pull(1)
    assert "enable_auto_merge" in actions(world)
    assert is_armed(world)
    actions(world)
    assert "Auto-merge is on" in pull.body
    assert actions(world) == []

    world.repo.label(1, "bot:hold")
    assert "disable_auto_merge" in actions(world)
    assert not is_armed(world)
    world.repo.unlabel(1, "bot:hold")
    actions(world)
    world.repo.approve(1, by="alice")
    assert (pull.merged, pull.merged_by) == (True, "amendbot[bot]")
    actions(world)
    (record,) = json.loads(world.bot("audit", "--format", "json").out)
    assert (record["outcome"], record["merged_by"]) == ("merged", "the bot")
    assert actions(world) == []


def test_a_refusal_whose_reason_the_next_tick_sees_by_itself_is_not_for_good(world: World) -> None:
    propose(world)

    def once(_: object) -> None:
        world.github.on_write = None
        world.repo.hold_mergeability(1, answers=99)

    world.github.on_write = once  # at the status update, which comes before the merge
    world.github.fault("refused")
    assert "refused to merge" in world.bot("run").out
    assert actions(world) == []  # it is still working out whether it can be merged
    world.repo.hold_mergeability(1, answers=0)
    assert "merge_pull_request" in actions(world)
    assert world.repo.pull(1).merged
