"""`bot doctor` over real HTTP: what it reads, what it never does, and what a tick says of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.command import Ran
from tests.loopback_openai import calls, fails, says
from tests.scenarios.local_world import on_both_forges
from tests.scenarios.world import CONFIG, GOOD_PATCH, World


def levels(ran: Ran) -> dict[str, str]:
    """What was found, by id."""
    return {one["id"]: one["level"] for one in json.loads(ran.out)["findings"]}


@on_both_forges
def test_it_only_reads_and_asks_no_model_unasked(world: World) -> None:
    before = world.origin()
    ran = world.bot("doctor", "--json")
    found = levels(ran)
    assert (ran.code, ran.err) == (0, "")
    found.pop("sandbox.open", None)  # what a machine without bubblewrap is told
    assert set(found.values()) <= {"ok", "note"}, ran.out
    assert found["merge.possible"] == found["source.found"] == found["watch.on"] == "ok"
    assert found["model.not-asked"] == "note"
    assert world.model.requests == []
    assert world.origin() == before


def test_a_token_that_cannot_do_the_work_is_found_out_before_the_first_run(world: World) -> None:
    github = world.github
    world.token = github.add_actor("carol", permission="read", prefix="github_pat_")
    soon = datetime.now(UTC) + timedelta(hours=5)
    github.token_heads["carol"] = {
        "github-authentication-token-expiration": f"{soon:%Y-%m-%d %H:%M:%S} UTC"
    }
    refusal = {"message": "Resource not accessible by personal access token"}
    github.fail_next("GET", "/check-runs$", status=403, body=refusal)
    ran = world.bot("doctor")
    assert ran.code == 1
    assert "may not read checks: Resource not accessible by personal access token" in ran.out
    assert "may not push" in ran.out
    assert f"expires at {soon:%Y-%m-%d %H:%M} UTC" in ran.out
    assert "The bot cannot work like this: 3 problems" in ran.out
    assert not github.writes()


def test_where_a_tick_could_not_even_observe_it_says_which_right_is_missing(world: World) -> None:
    hidden = {"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}
    world.github.fail_next("POST", "/graphql", status=200, body=hidden)
    refusal = {"message": "Resource not accessible by integration"}
    world.github.fail_next("GET", "/check-runs$", status=403, body=refusal)
    ran = world.bot("doctor", "--json")
    found = levels(ran)
    assert ran.code == 1
    assert found["repository.unreadable"] == found["token.cannot-read"] == "problem"


def test_a_tick_tells_a_problem_in_a_sentence_and_asks_no_more_for_it(world: World) -> None:
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.repo.run_workflows()
    world.repo.label(1, "bot:hold")
    world.bot("run")
    requests = world.github.requests

    requests.clear()
    world.bot("status")
    observed = len(requests)
    soon = datetime.now(UTC) + timedelta(hours=5)
    expires = {"github-authentication-token-expiration": f"{soon:%Y-%m-%d %H:%M:%S} UTC"}
    world.token = world.github.add_actor("amendbot[bot]", id=4242, prefix="github_pat_")
    world.github.token_heads["amendbot[bot]"] = expires
    requests.clear()
    quiet = world.bot("run")
    assert len(requests) == observed
    assert f"! GITHUB_TOKEN expires at {soon:%Y-%m-%d %H:%M} UTC. Regenerate it" in quiet.out


def test_the_automatic_token_s_pull_requests_wait_for_a_person(world: World) -> None:
    world.token = world.github.add_actor("github-actions[bot]", id=41898282, permission="admin")
    world.repo.settings.workflows_open_pulls = False
    found = levels(world.bot("doctor", "--json"))
    assert found["ci.awaits-approval"] == found["ci.silent-merges"] == "warning"
    assert found["branch.no-pull-creation"] == "problem"

    world.repo.settings.workflows_open_pulls = True
    world.model.default = GOOD_PATCH
    world.bot("run")
    ran = world.bot("doctor")
    assert (ran.code, "runs for the bot's pull request #1 wait" in ran.out) == (0, True)


def test_a_model_is_asked_one_tiny_question_and_told_apart_from_one_without_tools(
    world: World,
) -> None:
    world.model.default = calls(("say_ready", {"word": "ready"}))
    ran = world.bot("doctor", "--ask-model", "--json")
    assert (ran.code, levels(ran)["model.answers"]) == (0, "ok")
    unknown = {"error": {"message": "Unknown parameter: 'tool_choice'.", "param": "tool_choice"}}
    world.model.answer(fails(400, body=unknown), says("I am ready."))
    ran = world.bot("doctor", "--ask-model", "--json")
    assert (ran.code, levels(ran)["model.no-tools"]) == (1, "problem")
    assert levels(ran)["model.lacks"] == "note"
    assert len(world.model.requests) == 3


def test_a_misspelt_configuration_and_a_policy_that_cannot_merge(world: World) -> None:
    untrusted = CONFIG.replace("trust = true", "trust = false")
    world.configure(untrusted.replace("[merge]", '[merge]\nrequired_checks = ["tset"]'))
    ran = world.bot("doctor")
    assert ran.code == 0
    assert "Rule “small and proven” can never merge here" in ran.out
    assert "Nothing here reports the required check “tset”." in ran.out

    world.configure("merge.mehtod = 1")
    ran = world.bot("doctor")
    assert ran.code == 1
    assert "PROBLEM" in ran.out
    assert "mehtod" in ran.out
