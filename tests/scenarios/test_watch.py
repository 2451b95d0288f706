"""After its own merges the bot looks whether the base branch still holds, and makes up for it."""

from __future__ import annotations

import json

import pytest

from tests.command import Ran
from tests.loopback_openai import calls
from tests.scenarios.local_world import LocalWorld
from tests.scenarios.world import (
    CONFIG,
    DIAGNOSIS,
    GOOD_PATCH,
    LAST_LINE,
    LLM,
    PROVEN_BY_CI,
    REFLECTION,
    TEST,
    WORKFLOW,
    World,
)

HOLDS = TEST.replace('''
    def test_empty_input(self):
        self.assertEqual(dummy_function(""), "")
''', "")  # fmt: skip
"""The tests of a base branch on which everything passes."""
GOOD_LINE = '    return words[0].upper() if words else ""\n'
MERGES = CONFIG.replace('"fail-to-pass"', '"checks"').replace(
    PROVEN_BY_CI,
    f"""
[[policy.rule]]
name = "take back what broke main"
kind = ["revert"]
proof = "checks"
outcome = "merge"
{PROVEN_BY_CI}""",
)


def actions(world: World) -> list[str]:
    ran = world.bot("run", "--json")
    assert ran.code == 0, ran.err
    return [step["action"] for step in json.loads(ran.out)["actions"]]


def merged(world: World, config: str = MERGES) -> str:
    """The bot has merged its fix onto a base on which everything passed; the merge commit."""
    world.configure(config)
    world.repo.push_commit("main", {"test_llm.py": HOLDS}, by="alice")
    world.repo.run_workflows()
    world.model.default = GOOD_PATCH
    actions(world)
    world.repo.run_workflows()
    actions(world)
    assert world.repo.pull(1).merged
    return world.repo.branch_sha("main")


def test_what_breaks_the_base_is_run_again_and_then_taken_back(world: World) -> None:
    broke = merged(world)
    world.repo.set_check(broke, "test", "failure")
    assert actions(world) == ["rerun_checks"]
    assert actions(world) == []
    world.repo.set_check(broke, "test", "failure")
    asked = len(world.model.requests)
    assert actions(world)[:2] == ["publish_branch", "open_pull_request"]
    assert "“test” passed on" in world.repo.pull(2).body
    world.repo.run_workflows()
    assert "merge_pull_request" in actions(world)
    assert world.on_main("llm.py") == LLM.rstrip("\n")
    assert len(world.model.requests) == asked
    world.repo.run_workflows()

    # Its incident is open again. Whoever works on it hears what broke, and not the same again.
    assert actions(world) == ["append_ledger"]
    assert "the required check “test” passed on" in world.model.requests[asked].text
    asked = len(world.model.requests)
    assert actions(world) == ["call_person"]
    assert "goes back and forth" in world.repo.issues[0].title
    assert actions(world) == []
    assert len(world.model.requests) == asked
    assert "red on the base branch" in world.bot("audit").out


def test_where_nothing_runs_on_the_base_that_is_said_and_nothing_is_blamed(world: World) -> None:
    on_pulls_only = WORKFLOW.replace("  push:\n    branches: [main]\n", "")
    files: dict[str, str | None] = {"test_llm.py": HOLDS, ".github/workflows/ci.yml": on_pulls_only}
    world.configure(MERGES)
    world.repo.push_commit("main", files, by="alice")
    world.model.default = GOOD_PATCH
    for _ in range(2):
        actions(world)
        world.repo.run_workflows()
    assert world.repo.pull(1).merged
    assert actions(world) == []
    said = "Nothing runs “test” on main, so what is merged there is not watched."
    for command in ("run --dry-run", "status"):
        assert " ".join(world.bot(*command.split()).out.split()).count(said) == 1


def test_what_later_commits_touch_is_left_to_a_person_in_one_issue(world: World) -> None:
    broke = merged(world)
    world.repo.set_status(broke, "test", "failure")
    world.repo.run_workflows()
    mended = world.on_main("llm.py").replace('if words else ""', "if words else str()")
    world.repo.push_commit("main", {"llm.py": mended}, by="alice")
    assert actions(world) == ["append_ledger", "call_person"]
    (issue,) = world.repo.issues
    assert issue.labels == ["bot:attention"]
    assert "later commits touch the same lines" in issue.body
    assert f"git revert -m 1 {broke}" in issue.body
    assert actions(world) == []
    world.repo.close_issue(issue.number)
    assert actions(world) == []
    assert len(world.repo.issues) == 1
    assert "left as it is" in world.bot("status").out


def test_a_persons_own_revert_comes_first(world: World) -> None:
    broke = merged(world)
    world.repo.set_status(broke, "test", "failure")
    world.repo.run_workflows()
    theirs = f"revert-1-{world.repo.pull(1).head_ref}"
    actions(world)  # the bot's revert is open, and then a person presses the button
    assert world.repo.pull(2).state == "open"
    world.repo.push_commit(theirs, {"llm.py": LLM}, by="alice")
    alice = world.github.actor("alice")
    world.repo.open_pull(alice, "Revert it", "Reverts acme/agent#1", theirs, "main")
    assert actions(world)[:2] == ["comment", "close_pull_request"]
    assert world.repo.pull(2).state == "closed"
    assert actions(world) == []


def test_a_change_that_takes_back_what_was_merged_ends_the_work_on_it(world: World) -> None:
    merged(world)
    world.repo.run_workflows()
    back = {"filename": "llm.py", "old": GOOD_LINE, "new": LAST_LINE}
    patch = ("propose_code_patch", {"edits": [back], "explanation": "Fail on empty input."})
    world.model.default = calls(DIAGNOSIS, patch)
    again = "'dummy_function' in 'llm.py' fails to raise an error on empty input."
    world.write_reflections([REFLECTION, {"id": "r-2", "outcome": "Failed.", "reflection": again}])
    ran = world.bot("run")
    assert "it takes back exactly what #1 changed; a person decides" in " ".join(ran.out.split())
    assert actions(world) == ["call_person"]
    asked = len(world.model.requests)
    assert actions(world) == []
    assert len(world.model.requests) == asked
    assert len(world.repo.pulls) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("world", ["local"], indirect=True)
def test_in_plain_git_people_and_runners_say_what_checks_found(world: LocalWorld) -> None:
    def found(commit: str, result: str) -> None:
        ran = told(commit, "ci", result, "--url", "https://ci.invalid/1")
        assert ran.code == 0, ran.err

    def told(*args: str) -> Ran:
        who = {"GIT_AUTHOR_NAME": "ci", "GIT_AUTHOR_EMAIL": "ci@example.invalid"}
        return world.bot("pulls", "check", *args, **who)

    world.configure(MERGES + 'required_checks = ["ci"]\n')
    before = world.repo.push_commit("main", {"test_llm.py": HOLDS}, by="alice")
    found(before, "passed")
    world.model.default = GOOD_PATCH
    actions(world)
    assert "Waiting for the required check “ci”" in world.bot("pulls").out
    found(world.repo.branch_sha(world.repo.pull(1).head_ref), "passed")
    actions(world)
    broke = world.repo.branch_sha("main")
    assert world.repo.pull(1).merged
    assert f"Waiting for “ci” on {broke[:9]}" in world.bot("status").out
    found(broke[:12], "failed")
    assert actions(world)[:2] == ["publish_branch", "open_pull_request"]
    found(world.repo.branch_sha(world.repo.pull(2).head_ref), "passed")
    assert "merge_pull_request" in actions(world)
    assert world.on_main("llm.py") == LLM.rstrip("\n")
    assert "the bot's own" in told(broke, "tests", "passed").err
    assert "no commit" in told("0" * 40, "ci", "passed").err
