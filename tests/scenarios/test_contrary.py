"""People who change their minds mid-tick, remotes that refuse, and what must not repeat."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.test_life import propose
from tests.scenarios.world import GOOD_PATCH, REFLECTION, World
from tests.scratch import git


def idle(world: World) -> None:
    """The next tick plans nothing and asks no engine."""
    asked = len(world.model.requests)
    again = world.bot("run", "--json")
    assert json.loads(again.out)["actions"] == []
    assert len(world.model.requests) == asked


def forbid_pushes(world: World, pattern: str) -> None:
    """A rule of the remote that refuses refs like this one."""
    hook = Path(world.repo.git("rev-parse", "--absolute-git-dir")) / "hooks" / "update"
    before = hook.read_text() if hook.exists() else "#!/bin/sh\n"
    rule = f'case "$1" in {pattern}) echo "GH013: rule violations" >&2; exit 1;; esac\n'
    first, _, rest = before.partition("\n")
    hook.write_text(f"{first}\n{rule}{rest}")
    hook.chmod(0o755)


def test_a_request_for_changes_counts_where_no_review_is_required(world: World) -> None:
    propose(world)
    world.repo.request_changes(1, by="alice")
    world.bot("run")  # another attempt, which comes to nothing: it is the same change
    world.bot("run")
    assert not world.repo.pull(1).merged
    assert "alice asked for changes" in world.repo.pull(1).body
    idle(world)


def request_changes(world: World) -> None:
    world.repo.request_changes(1, by="alice")


def retarget(world: World) -> None:
    world.repo.git("branch", "production", "main")
    world.repo.pull(1).base_ref = "production"


def turn_red(world: World) -> None:
    world.repo.set_check(world.repo.pull(1).head_sha, "test", "failure")


def make_draft(world: World) -> None:
    world.repo.set_draft(1, True)


def pause(world: World) -> None:
    world.repo.git("update-ref", "refs/bot/paused", "main")


@pytest.mark.parametrize("change", [request_changes, retarget, turn_red, make_draft, pause])
def test_what_people_and_checks_say_after_planning_still_stops_the_merge(
    world: World, change: Callable[[World], None]
) -> None:
    propose(world)
    main = world.repo.branch_sha("main")

    def once(_: object) -> None:
        world.github.on_write = None
        change(world)

    world.github.on_write = once  # at the status update, which comes before the merge
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    assert not world.repo.pull(1).merged
    assert world.repo.branch_sha("main") == main


def test_the_hold_label_is_known_in_any_case(world: World) -> None:
    propose(world)
    world.repo.label(1, "Bot:Hold")
    world.bot("run")
    assert not world.repo.pull(1).merged


def test_a_push_that_the_remote_refuses_is_paid_for_once(world: World) -> None:
    forbid_pushes(world, "refs/heads/bot/*")
    world.model.default = GOOD_PATCH
    ran = world.bot("run")
    assert ran.code == 1
    assert "GH013" in ran.out + ran.err
    subjects = world.repo.git("log", "--format=%s", "refs/bot/ledger")
    assert "spent" in subjects
    idle(world)


def test_a_branch_that_cannot_be_deleted_stops_nothing_and_is_not_tried_for_ever(
    world: World,
) -> None:
    propose(world)
    forbid_pushes(world, "refs/heads/bot/*")
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    assert world.repo.pull(1).merged
    assert "refused to delete" in ran.out
    idle(world)


def test_a_token_that_may_not_open_pull_requests_costs_one_question(world: World) -> None:
    world.model.default = GOOD_PATCH
    denied = {"message": "GitHub Actions is not permitted to create pull requests."}
    world.github.fail_next("POST", r"/pulls$", status=403, body=denied, times=2)
    for _ in range(2):
        ran = world.bot("run")
        assert ran.code == 1
        assert "not permitted to create" in ran.out + ran.err
    assert len(world.model.requests) == 1
    assert world.bot("run").code == 0
    assert len(world.repo.pulls) == 1


def test_a_missing_key_does_not_keep_a_finished_change_from_its_merge(world: World) -> None:
    propose(world)
    world.write_reflections(
        [REFLECTION, REFLECTION | {"reflection": "`count_words` in llm.py is wrong on None."}]
    )
    assert world.bot("run", OPENAI_API_KEY="").code in (0, 1)
    assert world.repo.pull(1).merged
    ran = world.bot("run", OPENAI_API_KEY="")
    assert ran.code == 1
    assert "OPENAI_API_KEY" in ran.err


def test_a_branch_somebody_else_pushed_is_left_alone_and_asks_nothing(world: World) -> None:
    world.repo.push_commit("bot/v1-d84681952a21-1", {"x.txt": "x\n"}, by="alice")
    world.model.default = GOOD_PATCH
    before = world.origin()
    idle(world)
    assert world.model.requests == []
    assert world.origin() == before


def test_a_branch_deleted_before_its_pull_request_is_a_no(world: World) -> None:
    world.model.default = GOOD_PATCH
    world.github.fail_next("POST", r"/pulls$", status=500)
    world.bot("run")
    (branch,) = [name for name in world.branches() if name.startswith("bot/")]
    world.repo.delete_branch(branch, by="alice")
    idle(world)


def test_a_policy_that_came_to_refuse_keeps_a_crashed_branch_from_its_pull_request(
    world: World,
) -> None:
    world.model.default = GOOD_PATCH
    world.github.fail_next("POST", r"/pulls$", status=500)
    world.bot("run")
    world.configure('[[policy.rule]]\nname = "none"\noutcome = "refuse"\n')
    world.bot("run")
    assert world.repo.pulls == []
    idle(world)


def test_a_merge_the_forge_refuses_for_good_is_handed_to_a_person(world: World) -> None:
    propose(world)
    refusal = {"message": "Merge commits are not allowed on this repository."}
    world.github.fail_next("PUT", r"/merge$", status=405, body=refusal)
    world.bot("run")
    world.bot("run")
    assert not world.repo.pull(1).merged
    assert "not allowed on this repository" in world.repo.pull(1).body
    idle(world)


def test_a_requirement_the_forge_does_not_name_leaves_the_merge_to_people(world: World) -> None:
    world.repo.require_reviews()
    propose(world)
    world.bot("run")
    assert not world.repo.pull(1).merged
    idle(world)


def save_config_as_utf16(world: World) -> None:
    """What PowerShell's `>` makes of a file, on the base branch."""
    clone = world.repo.clone(world.folder / "elsewhere")
    (clone / ".github" / "bot.toml").write_text("enabled = false\n", encoding="utf-16")
    git(clone, "commit", "-q", "-a", "-m", "Switch the bot off")
    world.repo.git("fetch", "-q", str(clone), "+HEAD:refs/heads/main")


def test_a_config_that_cannot_be_read_stops_the_bot(world: World) -> None:
    """It may well be the one that says `enabled = false`."""
    propose(world)
    save_config_as_utf16(world)
    ran = world.bot("run")
    assert ran.code == 1
    assert "not a plain UTF-8 file" in ran.err
    assert not world.repo.pull(1).merged


def test_a_plan_file_cannot_lift_the_limits_or_write_trailers(world: World, tmp_path: Path) -> None:
    world.model.default = GOOD_PATCH
    file = tmp_path / "plan.json"
    world.bot("plan", "--out", str(file))
    whole = json.loads(file.read_text())
    for change in (
        {"usage": {"requests": 1, "prompt_tokens": -(10**9)}},
        {"engine": "openai\nReviewed-by: alice"},
    ):
        data = json.loads(json.dumps(whole))
        data["answers"][0] |= change
        file.write_text(json.dumps(data))
        ran = world.bot("apply", str(file))
        assert ran.code == 1
        assert ran.err.count("\n") == 1
    assert world.repo.pulls == []


def test_the_same_change_for_two_wordings_is_one_pull_request(world: World) -> None:
    world.write_reflections(
        [REFLECTION, REFLECTION | {"reflection": "`dummy_function` of llm.py crashes on ''."}]
    )
    world.model.default = GOOD_PATCH
    world.bot("run")
    assert len(world.repo.pulls) == 1
    idle(world)
