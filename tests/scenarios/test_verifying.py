"""Proof before proposal: what the bot's own run of the tests does for people and for policy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.sandbox.isolation import probe
from tests.scenarios.world import (
    BAD_PATCH,
    CONFIG,
    GOOD_PATCH,
    PROVEN_BY_CI,
    World,
    asking_the_model,
)

local = pytest.mark.parametrize("world", ["local"], indirect=True)
needs_bubblewrap = pytest.mark.skipif(
    probe().kind != "bubblewrap",
    reason=f"beside credentials nothing runs without isolation here: {probe().reason}",
)
HOOKS = """\
repos:
  - repo: https://hooks.example.invalid/elsewhere
    rev: v1
    hooks:
      - id: far-away
  - repo: local
    hooks:
      - id: marked
        name: marked
        language: system
        entry: sed -i 's/if words else ""/if words else str()/'
        files: \\.py$
"""


@local
def test_a_patch_that_breaks_tests_is_shown_to_the_model_and_never_proposed(world: World) -> None:
    """The model is told which test broke; its next answer is the one that counts."""
    world.model.answer(BAD_PATCH, GOOD_PATCH)
    plan = json.loads(world.bot("run", "--json").out)
    assert plan["incidents"][0]["usage"]["requests"] == 2
    told = json.dumps(world.model.requests[1].body)
    assert "It breaks 1 test" in told
    assert "test_first_word" in told
    assert world.repo.pull(1).title == "Fix dummy_function: raises IndexError on empty input"


@local
def test_what_still_breaks_tests_in_the_end_is_refused_and_written_down(world: World) -> None:
    world.model.default = BAD_PATCH
    ran = world.bot("run")
    assert ran.code == 0
    assert world.repo.pulls == []
    assert world.branches() == ["main"]
    assert "breaks 1 test" in world.bot("reflections").out
    asked = len(world.model.requests)
    assert json.loads(world.bot("run", "--json").out)["actions"] == []
    assert len(world.model.requests) == asked


@local
def test_without_verification_the_check_comes_later_and_nothing_merges_before(
    world: World,
) -> None:
    world.model.default = GOOD_PATCH
    assert world.bot("run", "--no-verify").code == 0
    assert "The bot has not run the tests itself" in world.repo.pull(1).body
    plan = json.loads(world.bot("run", "--no-verify", "--json").out)
    assert plan["actions"] == []
    assert "Waiting for the required check" in plan["pull_requests"][0]["sentence"]
    later = json.loads(world.bot("run", "--json").out)
    assert [step["action"] for step in later["actions"]] == ["record_check"]
    world.bot("run")
    assert not world.repo.pull(1).merged  # its record has no evidence, so a person decides
    assert "built-in: evidence" in world.repo.pull(1).body


@local
def test_a_dry_run_proves_what_it_shows_and_leaves_nothing(world: World) -> None:
    world.model.default = GOOD_PATCH
    before = world.origin()
    ran = world.bot("run", "--dry-run")
    assert "1 test failed before and passes now; none broke." in ran.out
    assert "test_llm.TestLlm.test_empty_input" in ran.out
    assert world.origin() == before
    assert sorted(path.name for path in world.clone.iterdir()) == sorted(
        [".git", ".github", "CODEOWNERS", "README.md", "llm.py", "reflections.json", "test_llm.py"]
    )


@local
def test_hooks_revise_the_proposal_and_what_cannot_run_is_named(world: World) -> None:
    world.repo.push_commit("main", {".pre-commit-config.yaml": HOOKS}, by="alice")
    world.model.default = GOOD_PATCH
    plan = json.loads(world.bot("run", "--json").out)
    diff = plan["incidents"][0]["diff"]
    assert "if words else str()" in diff
    assert 'if words else ""' not in diff
    evidence = plan["incidents"][0]["evidence"]
    assert evidence["fixed"]["first"] == ["test_llm.TestLlm.test_empty_input"]
    assert any("far-away" in note for note in evidence["notes"])
    assert "far-away" in world.repo.pull(1).body


@needs_bubblewrap
def test_at_a_forge_with_checks_of_its_own_the_evidence_is_shown_too(world: World) -> None:
    world.configure(CONFIG.replace(PROVEN_BY_CI, "\n[merge]\n"))
    world.model.default = GOOD_PATCH
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    assert "* 1 test failed before and passes now" in world.repo.pull(1).body
    world.repo.run_workflows()
    world.bot("run")
    assert world.repo.pull(1).merged


def test_generated_code_does_not_run_beside_a_credential_without_isolation(world: World) -> None:
    """As on a machine without bubblewrap: the run goes on, and says how to change that."""
    text = CONFIG.replace(PROVEN_BY_CI, "\n[merge]\n")
    world.repo.push_commit("main", {".github/bot.toml": asking_the_model(text)}, by="alice")
    world.repo.run_workflows()
    world.model.default = GOOD_PATCH
    ran = world.bot_process("run", PATH=str(without_bubblewrap(world.folder)))
    assert ran.code == 0, ran.err
    said = " ".join(ran.out.split())
    assert "the proposals' tests are not run: this run holds OPENAI_API_KEY" in said or (
        "the proposals' tests are not run: this run holds GITHUB_TOKEN" in said
    )
    assert "bubblewrap is not installed" in said
    assert "sandbox.allow_unisolated = true" in said
    assert "The bot has not run the tests itself" in world.repo.pull(1).body


def without_bubblewrap(folder: Path) -> Path:
    """A PATH on which there is git and no bubblewrap."""
    path = folder / "bin"
    path.mkdir()
    (path / "git").symlink_to(str(shutil.which("git")))
    return path
