"""The same small world without GitHub: a bare repository, a clone, and the forge `local`.

People act through `bot pulls` and git, as they would. What a scenario asks of `world.repo` is
answered from the refs.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bot.forges.local import LocalReader
from bot.git_formats import Identity
from bot.model import PullState
from bot.repository import Repository
from bot.sandbox.isolation import probe
from tests.files import Cloned
from tests.loopback_openai import ScriptedOpenAI
from tests.scenarios.started import Started
from tests.scenarios.world import (
    CONFIG,
    LLM,
    PROVEN_BY_CI,
    REFLECTION,
    TEST,
    World,
    asking_the_model,
)

on_both_forges = pytest.mark.parametrize("world", ["github", "local"], indirect=True)
"""The scenario is told twice, word for word: at the loopback GitHub, and in plain git."""
on_both_forges_if_thorough = pytest.mark.parametrize(
    "world", ["github", pytest.param("local", marks=pytest.mark.thorough)], indirect=True
)
"""The same where the forges hardly differ: in plain git only where all tests are run."""
BOT = Identity("Amendbot", "amendbot@invalid.example")
PROVEN_HERE = "\n[merge]\n"
KILL_AT_WRITE = """\
#!/bin/sh
rm "$0"
kill -9 "-$(cat kill-this)"
"""
LOSE_THE_ANSWER = """\
#!/bin/sh
rm "$0"
kill -9 "$PPID"
"""


@dataclass(frozen=True)
class LocalPullView:
    """A pull request as a scenario looks at it."""

    number: int
    title: str
    body: str
    state: str
    merged: bool
    draft: bool
    head_ref: str
    requested_reviewers: list[str]


class LocalRepo:
    """The bare repository that everyone shares."""

    def __init__(self, folder: Path, world: LocalWorld) -> None:
        self.folder = folder
        self._world = world

    def git(self, *args: str) -> str:
        return run_git(self.folder, *args)

    @property
    def pulls(self) -> list[LocalPullView]:
        with Repository(self._world.clone) as repository:
            reader = LocalReader(repository, BOT, "main")
            found: list[LocalPullView] = []
            while (pull := reader.pull(len(found) + 1)) is not None:
                found.append(
                    LocalPullView(
                        number=pull.number,
                        title=pull.title,
                        body=pull.body,
                        state="open" if pull.state is PullState.OPEN else "closed",
                        merged=pull.state is PullState.MERGED,
                        draft=pull.draft,
                        head_ref=pull.branch,
                        requested_reviewers=list(pull.asked),
                    )
                )
        return found

    def pull(self, number: int) -> LocalPullView:
        return self.pulls[number - 1]

    def run_workflows(self) -> None:
        """There is no other runner: the bot has run the tests itself."""

    def require_checks(self, names: list[str]) -> None:
        assert names  # the forge `local` always requires its one check

    def push_commit(
        self, branch: str, files: Mapping[str, str], *, by: str, message: str = "Change"
    ) -> str:
        """A person's commit on a branch, from a clone of their own."""
        theirs = self._world.folder / f"clone-of-{by}"
        if not theirs.exists():
            run_git(self._world.folder, "clone", "-q", str(self.folder), str(theirs))
        run_git(theirs, "fetch", "-q", "origin")
        run_git(theirs, "checkout", "-q", "--detach", f"origin/{branch}")
        for path, text in files.items():
            (theirs / path).parent.mkdir(parents=True, exist_ok=True)
            (theirs / path).write_text(text)
        run_git(theirs, "add", "-A")
        run_git(theirs, "commit", "-q", "--allow-empty", "-m", message)
        run_git(theirs, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        return run_git(theirs, "rev-parse", "HEAD")

    def branch_sha(self, branch: str) -> str:
        return self.git("rev-parse", f"refs/heads/{branch}")

    def delete_branch(self, branch: str, *, by: str) -> None:
        del by
        self.git("update-ref", "-d", f"refs/heads/{branch}")

    def request_changes(self, number: int, by: str, body: str) -> None:
        self._person(by, "request-changes", str(number), body)

    def comment(self, number: int, body: str, by: str) -> None:
        self._person(by, "comment", str(number), body)

    def bot_comments(self, number: int) -> list[str]:
        with Repository(self._world.clone) as repository:
            pull = LocalReader(repository, BOT, "main").pull(number)
        return [remark.text for remark in pull.remarks if remark.is_bots] if pull else []

    def close(self, number: int, *, by: str) -> None:
        self._person(by, "close", str(number))

    def label(self, number: int, name: str) -> None:
        self._person("alice", "label", str(number), name)

    def unlabel(self, number: int, name: str) -> None:
        self._person("alice", "label", str(number), name, "--remove")

    def _person(self, who: str, *args: str) -> None:
        ran = self._world.bot(
            "pulls", *args, GIT_AUTHOR_NAME=who, GIT_AUTHOR_EMAIL=f"{who}@example.invalid"
        )
        assert ran.code == 0, ran.err


class LocalWorld(World):
    """As its base, but for the forge; see `World`."""

    check = "tests"

    def __init__(self, folder: Path, model: ScriptedOpenAI) -> None:  # no GitHub to begin with
        self.folder = folder
        self.model = model
        origin = folder / "origin.git"
        self.clone = folder / "agent"
        beginning().write(origin, self.clone)
        self.repo = LocalRepo(origin, self)  # type: ignore[assignment] # as much as scenarios use
        self.write_reflections([REFLECTION])

    def configure(self, text: str) -> None:
        self.repo.push_commit("main", {".github/bot.toml": here(text)}, by="alice")

    def environment(self) -> dict[str, str]:
        return self.common_environment()

    def origin(self) -> str:
        """Every ref of the shared repository: nothing of the forge lives anywhere else."""
        return self.repo.git("for-each-ref", "--format=%(refname) %(objectname)")

    def kill_at_next_write(self, process: Started) -> None:
        """Let the process's next push take effect, and then kill it before it knows."""
        (self.folder / "origin.git" / "kill-this").write_text(str(process.pid))
        self._hook("post-receive", KILL_AT_WRITE)

    def lose_next_write(self, *, after_effect: bool) -> None:
        """As git tells of it: the remote hung up."""
        self._hook("post-receive" if after_effect else "pre-receive", LOSE_THE_ANSWER)

    def _hook(self, name: str, script: str) -> None:
        hook = self.folder / "origin.git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script)
        hook.chmod(0o755)


@cache
def beginning() -> Cloned:
    """What every such world starts from: made once, and then only copied."""
    files = {
        "llm.py": LLM,
        "README.md": "# Agent\n",
        "test_llm.py": TEST,
        ".github/bot.toml": here(CONFIG),
        "CODEOWNERS": "/docs/ @alice\n",
    }
    with tempfile.TemporaryDirectory() as name:
        origin, clone = Path(name) / "origin.git", Path(name) / "agent"
        run_git(Path(name), "init", "-q", "--bare", "--initial-branch=main", str(origin))
        run_git(Path(name), "clone", "-q", str(origin), str(clone))
        for path, text in files.items():
            (clone / path).parent.mkdir(parents=True, exist_ok=True)
            (clone / path).write_text(text)
        run_git(clone, "add", "-A")
        run_git(clone, "commit", "-q", "-m", "The original example")
        run_git(clone, "push", "-q", "origin", "HEAD:refs/heads/main")
        return Cloned.of(origin, clone)


def here(text: str) -> str:
    """A scenario's configuration, with the proof by the sandbox in place of the one by CI."""
    isolated = probe().kind == "bubblewrap"
    unisolated = "" if isolated else "sandbox.allow_unisolated = true\n"
    return asking_the_model(unisolated + text.replace(PROVEN_BY_CI, PROVEN_HERE))


def run_git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=folder, capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


@contextmanager
def build_local_world(folder: Path) -> Iterator[LocalWorld]:
    with ScriptedOpenAI() as server:
        yield LocalWorld(folder, server)
