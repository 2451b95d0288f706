"""In a job of GitHub Actions a run is seen where people look, and strangers' texts run nothing."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.corpus import CORPUS
from tests.loopback_openai import calls
from tests.scenarios.world import DIAGNOSIS, GOOD_PATCH, LAST_LINE, REFLECTION, World
from tests.test_workflow_commands import commands

OURS = {"add-mask", "group", "endgroup", "notice", "warning", "error"}


def job(world: World) -> dict[str, str]:
    """The environment of a step, with files of its own."""
    folder = world.folder / "runner"
    folder.mkdir(exist_ok=True)
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "RUNNER_TEMP": str(folder),
    }


def test_a_run_is_on_the_jobs_page_on_the_files_and_in_the_outputs(world: World) -> None:
    nasty = "\n".join(text for name, text in CORPUS.items() if name.startswith("workflow command"))
    other = {"task_summary": "Else", "reflection": f"It fails.\n{nasty}", "outcome": nasty}
    world.write_reflections([REFLECTION, other])
    edit = {"filename": "llm.py", "old": LAST_LINE, "new": f"    if words:\n    {LAST_LINE}"}
    report = ("log_bug_report", DIAGNOSIS[1] | {"summary": f"it fails {nasty}"})
    patch = {"edits": [edit], "explanation": f"Guard it. {nasty}"}
    world.model.default = calls(report, ("propose_code_patch", patch))
    environment = job(world)
    ran = world.bot("run", **environment)
    assert ran.code == 0, ran.err

    told = commands(ran.out + ran.err)
    assert {command.name for command in told} <= OURS
    masked = {command.data for command in told if command.name == "add-mask"}
    assert masked == {world.token, world.model.key}
    (notice,) = [command for command in told if command.name == "notice"]
    assert (notice.properties["file"], notice.properties["line"]) == ("llm.py", "7")
    names = [command.name for command in told if "group" in command.name]
    assert names == ["group", "endgroup", "group", "endgroup"]

    lines = Path(environment["GITHUB_OUTPUT"]).read_text().splitlines()
    output = dict(line.split("=", 1) for line in lines)
    assert sorted(output) == ["counts", "failed", "merged", "proposed", "pull-requests", "summary"]
    assert (output["pull-requests"], output["proposed"]) == ("[1]", "1")
    assert json.loads(output["counts"])["skipped"] == 1
    page = Path(environment["GITHUB_STEP_SUMMARY"]).read_text()
    assert page.strip() == Path(output["summary"]).read_text().strip()
    assert "it names no file of the base branch" in page
    assert "✅ `open_pull_request`" in page


def test_a_mistake_is_an_annotation_and_quiet_says_only_what_was_done(world: World) -> None:
    ran = world.bot("run", **job(world) | {"GITHUB_TOKEN": "wrong"})
    assert ran.code == 1
    assert [one.name for one in commands(ran.err)][-1:] == ["error"]
    world.model.default = GOOD_PATCH
    quiet = world.bot("run", "--quiet", "--dry-run")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    loud = world.bot("--verbose", "run", "--dry-run")
    assert "· asking openai about v1-" in loud.err
    assert world.bot("-q", "-v", "run").code == 2
