"""The workflows that `bot init` writes are sound, and this repository uses them itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.errors import UserError
from bot.home import action
from bot.starting.workflows import PINNED, Form, minute, workflow_files
from bot.starting.writing import FolderTree, Start, compared, write
from tests.starting.own import FORM, ROOT

ACTION = action("5" * 40, "0.1.0")
FORMS = [
    Form(action=ACTION, repository="acme/agent", settles_after=("ci", 'a "name"')),
    Form(action=ACTION, repository="acme/agent", one_job=True),
]


def run(*command: str) -> None:
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    paths = []
    for form in FORMS:
        root = tmp_path_factory.mktemp("form")
        for path, text in workflow_files(form):
            paths.append(root / path)
            paths[-1].parent.mkdir(parents=True, exist_ok=True)
            paths[-1].write_text(text)
    return paths


def test_zizmor_objects_to_nothing_but_what_is_ignored_with_a_reason(written: list[Path]) -> None:
    options = ("--offline", "--persona=pedantic", "--strict-collection", "--no-progress", "--quiet")
    run("zizmor", *options, str(ROOT / "action.yml"), *map(str, written))
    ignores = [
        line
        for path in [*written, ROOT / "action.yml"]
        for line in path.read_text().splitlines()
        if "zizmor:" in line
    ]
    assert all(re.search(r"# zizmor: ignore\[[a-z-]+\] \w.{20,}", line) for line in ignores)


def test_they_meet_the_published_schema(written: list[Path]) -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, written))


def test_every_job_can_be_paused_ends_in_time_and_restores_no_cache(written: list[Path]) -> None:
    for path in written:
        document: dict[str, Any] = yaml.safe_load(path.read_text())
        assert document["permissions"] == {}
        for job in document["jobs"].values():
            assert job["timeout-minutes"] <= 90
            assert "vars.BOT_PAUSED" in job["if"] or path.name == "bot-sandbox.yml"
            for step in job["steps"]:
                assert "${{" not in step.get("run", "")
                assert "cache" not in repr((step.get("uses"), step.get("with")))
                if "artifact" in step.get("uses", ""):
                    place = step["with"]["path"]
                    assert place.startswith("${{ runner.temp }}/"), "no source reads it there"
                assert re.search(r"@[0-9a-f]{40}", step.get("uses", f"@{'0' * 40}"))


def test_this_repository_uses_them_itself() -> None:
    for path, text in workflow_files(FORM):
        assert (ROOT / path).read_text(encoding="utf-8") == text, "run `make reference`"
    ci = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert PINNED["CHECKOUT"] in ci, "one pin for all"


def test_the_hour_begins_without_the_bot() -> None:
    minutes = {minute(f"acme/{number}") for number in range(300)}
    assert len(minutes) > 30
    assert not {0, 1, 2, 3, 15, 30, 45, 59} & minutes
    assert minute("Acme/Agent") == minute("acme/agent")


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "there.toml").write_text("mine\n")
    files = [("there.toml", "yours\n"), ("a/new.toml", "new\n")]
    there, new = compared(files, FolderTree(tmp_path))
    assert there.differs
    assert "-mine\n+yours\n" in there.diff
    assert new.is_new
    write(tmp_path, (there, new))
    assert (tmp_path / "there.toml").read_text() == "mine\n"
    assert (tmp_path / "a" / "new.toml").read_text() == "new\n"

    with pytest.raises(UserError, match=r"a/new\.toml cannot be written"):
        write(tmp_path, (new,))  # somebody was faster
    (tmp_path / "out").symlink_to("/tmp")
    with pytest.raises(UserError, match="outside of the repository"):
        write(tmp_path, (Start("out/deep/x", "text", None),))
