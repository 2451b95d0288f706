"""What the demo is played on: a bare repository, a clone of it, a terminal, and people's hands."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.command import run_in
from tests.demo.till import FILES, REFLECTIONS, RUNS

IS_TERMINAL = sys.stdout.isatty()
CONSOLE = Console(highlight=False, width=None if IS_TERMINAL else 100)
PRINTER = ("python", "ci/printer.py")
"""The repository's own CI beside its tests: on pull requests with a sample, on main with all."""
CHANGES = (("bot", "pulls", "merge"), ("bot", "pulls", "close"))
"""What changes pull requests, beside a run."""


@dataclass(frozen=True)
class Stage:
    """The shop's repository and where its maintainer sits."""

    folder: Path
    _pulls: dict[int, dict[str, str]] = field(default_factory=dict, init=False)
    """What `pulls` has told, until something is done that may change it."""

    @property
    def clone(self) -> Path:
        return self.folder / "shop"

    @property
    def bot(self) -> Path:
        return Path(sys.executable).with_name("bot")

    @classmethod
    def build(cls, folder: Path) -> Stage:
        """A repository with bugs, a maintainer's clone of it, and an agent's reflections there."""
        stage = cls(folder)
        stage.quietly("git", "init", "-q", "--bare", "-b", "main", "shop.git", at=folder)
        stage.quietly("git", "clone", "-q", "shop.git", "shop", at=folder)
        stage.quietly("git", "config", "user.name", "Maya, the maintainer")
        stage.quietly("git", "config", "user.email", "maya@shop.example")
        stage.quietly("git", "checkout", "-q", "-B", "main")
        for path, text in FILES.items():
            stage.write(path, text)
        stage.quietly("git", "add", ".")
        stage.quietly("git", "commit", "-q", "-m", "The till of a small shop")
        stage.quietly("git", "push", "-q", "origin", "main")
        stage.quietly("git", "remote", "set-head", "origin", "main")
        stage.write("reflections.json", json.dumps(REFLECTIONS, indent=2))
        stage.write("runs/monday.jsonl", "\n".join(map(json.dumps, RUNS)) + "\n")
        return stage

    def write(self, path: str, text: str) -> None:
        (self.clone / path).parent.mkdir(parents=True, exist_ok=True)
        (self.clone / path).write_text(text, encoding="utf-8")

    # ------------------------------------------------------------------------- what is typed

    def types(self, *command: str) -> Iterator[str]:
        """Echo a command as it would be typed, run it on this very terminal, check its end."""
        if command[1:2] == ("run",) or command[:3] in CHANGES:
            self._pulls.clear()
        CONSOLE.print(Text.assemble(("$ ", "bold green"), (shlex.join(command), "bold")))
        sys.stdout.flush()
        words = [str(self.bot), *command[1:]] if command[0] == "bot" else list(command)
        ended = subprocess.run(
            words,
            cwd=self.clone,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )
        if ended.returncode:
            yield f"'{shlex.join(command)}' ended with {ended.returncode}"

    def quietly(self, *command: str, at: Path | None = None) -> str:
        """What a command prints, without showing it; `bot` runs in this very process."""
        if command[0] == "bot":
            ran = run_in(self.clone, self.environment(), *command[1:])
            assert ran.code == 0, ran.err
            return ran.out
        return subprocess.run(
            command,
            cwd=at or self.clone,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        ).stdout

    def environment(self) -> dict[str, str]:
        """A terminal without anybody's settings of git, and without keys."""
        kept = ("PATH", "LANG", "TERM", "NO_COLOR", "HOME", "TMPDIR")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        if not IS_TERMINAL:
            environment["COLUMNS"] = "100"
        nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_PAGER": "cat"}
        return environment | nothing

    # --------------------------------------------------------------------- what is true there

    def pulls(self) -> dict[int, dict[str, str]]:
        """The bot's pull requests as it tells them, by number."""
        if not self._pulls:
            rows = json.loads(self.quietly("bot", "pulls", "--all", "--json"))
            self._pulls.update({row["number"]: row for row in rows})
        return self._pulls

    def reflections(self) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = json.loads(self.quietly("bot", "reflections", "--json"))
        return rows

    def head(self, ref: str) -> str:
        return self.quietly("git", "ls-remote", "origin", ref).split()[0]

    def runs_printer(self, commit: str, what: str, *args: str) -> Iterator[str]:
        """The shop's CI drives the receipt printer for a commit, and tells the forge."""
        self.quietly("git", "fetch", "-q", "origin", "+refs/*:refs/origin/*")
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            self.quietly("git", "worktree", "add", "-q", "--detach", folder, commit)
            ended = subprocess.run(
                [sys.executable, *PRINTER[1:], *args],
                cwd=folder,
                env={"PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            self.quietly("git", "worktree", "remove", "--force", folder)
        result = "failed" if ended.returncode else "passed"
        said = f": {ended.stderr.strip()}" if ended.returncode else ""
        say(f"CI on {what}: the printer check {result}{said}.")
        self.quietly("bot", "pulls", "check", commit, "printer", result)
        yield from ()

    def ci_on_pulls(self) -> Iterator[str]:
        """CI runs on the head of every open pull request that it has not seen."""
        seen = self.folder / "seen-by-ci"
        known = seen.read_text().split() if seen.exists() else []
        for number, pull in self.pulls().items():
            if pull["state"] == "open" and pull["head"] not in known:
                yield from self.runs_printer(pull["head"], f"#{number}")
                known.append(pull["head"])
        seen.write_text("\n".join(known))


def heading(text: str) -> None:
    CONSOLE.print()
    CONSOLE.print(Text(text, style="bold underline"))
    if not IS_TERMINAL:
        CONSOLE.print("-" * len(text))


def say(text: str, style: str = "italic") -> None:
    CONSOLE.print(Text(text, style=style))


def note(text: str) -> None:
    CONSOLE.print(text, end="", markup=False, soft_wrap=True)
