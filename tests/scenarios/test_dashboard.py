"""One issue says where the bot stands; who wants none closes it."""

from __future__ import annotations

import json

from tests.scenarios.world import GOOD_PATCH, PROVEN_BY_CI, World


def actions(world: World) -> list[str]:
    ran = world.bot("run", "--json")
    assert ran.code == 0, ran.err
    return [step["action"] for step in json.loads(ran.out)["actions"]]


def test_the_dashboard_follows_a_pull_request_and_stays_closed_when_closed(world: World) -> None:
    world.configure(f"dashboard = true\n{PROVEN_BY_CI}")  # a person reviews
    world.model.default = GOOD_PATCH
    assert actions(world) == ["publish_branch", "open_pull_request"]
    world.repo.run_workflows()
    assert actions(world)[-1] == "open_issue"
    (issue,) = world.repo.issues
    assert issue.labels == ["bot:dashboard"]
    assert "* #1 Fix dummy" in issue.body
    assert "A person reviews and merges it" in issue.body
    assert actions(world) == []

    world.repo.close(1, by="alice")
    assert actions(world) == ["comment", "delete_branch", "update_issue"]
    assert "### Refused" in world.repo.issues[0].body
    assert actions(world) == []

    world.repo.close_issue(issue.number)
    world.write_reflections([])
    assert actions(world) == []
    assert len(world.repo.issues) == 1


def test_a_token_that_may_write_no_issue_is_no_failure_and_asks_once(world: World) -> None:
    world.configure(f"dashboard = true\n{PROVEN_BY_CI}")
    world.model.default = GOOD_PATCH
    actions(world)
    world.repo.run_workflows()
    said = {"message": "Resource not accessible by integration"}
    world.github.fail_next("POST", "/issues$", status=403, body=said)
    assert actions(world)[-1] == "open_issue"
    assert actions(world) == []
    assert world.repo.issues == []
