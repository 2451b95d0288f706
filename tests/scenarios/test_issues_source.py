"""A person hands the bot work by labelling an issue, and hears on it, once, what became of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.loopback_openai import calls
from tests.scenarios.world import CONFIG, GOOD_PATCH, World

ISSUES = """
[[source]]
name = "issues"
kind = "issues"
trust = true
"""
SAYS = "The function `dummy_function` in `llm.py` fails with an IndexError on empty input."
LABELS = ("bot:fix",)


def tick(world: World) -> dict[str, Any]:
    ran = world.bot("run", "--json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    return told


def actions(world: World) -> list[str]:
    return [step["action"] for step in tick(world)["actions"]]


def comments(world: World, number: int) -> list[str]:
    return [said.body for said in world.repo.issues[number - 1].comments]


@pytest.fixture
def asked(world: World) -> World:
    """The world with a source of issues that is trusted, and no other reflection."""
    world.configure(CONFIG + ISSUES)
    world.write_reflections([])
    world.model.default = GOOD_PATCH
    return world


def test_a_writers_issue_becomes_a_merge_and_hears_of_it_once(asked: World) -> None:
    asked.repo.open_issue("Empty input crashes", "alice", SAYS, LABELS)
    assert actions(asked) == ["publish_branch", "open_pull_request"]
    asked.repo.run_workflows()
    assert actions(asked) == ["update_status", "tell_issue", "merge_pull_request", "delete_branch"]
    (said,) = comments(asked, 1)
    assert said.startswith("Pull request #2 proposes a fix.")
    assert asked.repo.pull(2).merged
    asked.repo.run_workflows()
    tick(asked)
    before, model = len(asked.github.requests), len(asked.model.requests)
    assert actions(asked) == []
    again = [r for r in asked.github.requests[before:] if r.path.endswith("/issues")]
    assert [request.status for request in again] == [304]
    assert len(asked.model.requests) == model
    assert len(comments(asked, 1)) == 1


def test_an_issue_of_someone_who_may_not_push_is_never_merged_without_a_person(
    asked: World,
) -> None:
    asked.github.add_actor("mallory", permission="read")
    asked.repo.open_issue("Empty input crashes", "mallory", SAYS, LABELS)
    assert actions(asked) == ["publish_branch", "open_pull_request"]
    asked.repo.run_workflows()
    told = tick(asked)
    assert "merge_pull_request" not in [step["action"] for step in told["actions"]]
    assert not asked.repo.pull(2).merged
    explained = asked.bot("policy", "explain", "2").out
    assert "issues (anyone's)" in explained
    asked.repo.close(2, by="alice")
    assert "tell_issue" not in actions(asked)
    assert len(comments(asked, 1)) == 1


def test_what_is_no_work_is_never_input(asked: World) -> None:
    bot = "amendbot[bot]"
    asked.repo.open_issue("The bot's own words", bot, SAYS, LABELS)
    asked.repo.open_issue("On hold", "alice", SAYS, (*LABELS, "bot:hold"))
    asked.repo.open_issue("Closed", "alice", SAYS, LABELS)
    asked.repo.close_issue(3)
    asked.repo.open_issue("Withdrawn", "alice", SAYS, LABELS)
    asked.repo.edit_issue(4, labels=["bug"])
    asked.repo.push_commit("theirs", {"x.txt": "x"}, by="alice")
    asked.repo.open_pull(asked.github.actor("alice"), "A pull request", SAYS, "theirs", "main")
    asked.repo.label(5, "bot:fix")
    told = tick(asked)
    assert (told["actions"], told["skipped"]) == ([], [])
    assert not asked.model.requests


def test_an_issue_that_names_no_code_hears_why_and_an_edit_mends_that(asked: World) -> None:
    hidden = "<!-- such as `dummy_function` in `llm.py` --> It breaks. @alice fixes #1"
    asked.repo.open_issue("It fails", "alice", hidden, LABELS)
    assert actions(asked) == ["tell_issue"]
    assert actions(asked) == []
    asked.repo.edit_issue(1, body=SAYS)
    assert actions(asked) == ["publish_branch", "open_pull_request"]
    assert actions(asked)[-1:] == ["tell_issue"]
    untried, proposed = comments(asked, 1)
    assert untried.startswith("Nothing was tried: it names no file of the base branch.")
    assert proposed.startswith("Pull request #2 proposes a fix.")
    asked.repo.edit_issue(1, body=f"{SAYS} And quite differently so, I say.")
    assert actions(asked) == []


def test_an_issue_that_comes_to_nothing_hears_why_and_a_lost_answer_doubles_nothing(
    asked: World,
) -> None:
    reason = {"reason": "It is meant to be so. @alice closes #1"}
    asked.model.default = calls(("report_no_bug", reason))
    asked.repo.open_issue("It fails", "alice", SAYS, LABELS)
    assert actions(asked) == ["append_ledger"]
    asked.lose_next_write(after_effect=True)
    asked.bot("run")
    actions(asked)
    assert actions(asked) == []
    (said,) = comments(asked, 1)
    assert said.startswith("Nothing has come of this: attempt 1 ended: abstained")
    assert "@alice" not in said


def test_a_token_that_may_not_read_issues_does_the_rest_of_its_work(asked: World) -> None:
    said = {"message": "Resource not accessible by integration"}
    asked.github.fail_next("GET", "/issues$", status=403, body=said)
    told = tick(asked)
    assert any("let GITHUB_TOKEN read issues" in notice for notice in told["notices"])


def test_a_cached_answer_of_someone_elses_making_is_not_believed(asked: World) -> None:
    asked.repo.open_issue("It fails", "alice", "Somewhere.", LABELS)
    actions(asked)
    (kept,) = (asked.folder / "home" / ".cache" / "amendbot" / "issues").iterdir()
    assert kept.stat().st_mode & 0o77 == 0
    kept.write_bytes(kept.read_bytes().replace(b"Somewhere.", SAYS.encode()))
    assert actions(asked) == []
    assert not asked.model.requests
