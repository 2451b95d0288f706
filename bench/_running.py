"""Running the tests of a folder for the benchmark of repairs, in the bot's own sandbox.

What is measured is made by programs (seeded bugs, old commits, candidate patches), so nothing of it
runs outside. Every run gets a fresh copy of the folder, with no network.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from bot.config import Config
from bot.evidence import Change, TestOutcome, TestRun
from bot.model import Sha
from bot.sandbox import Limits
from bot.sandbox.isolation import probe
from bot.sandbox.suite import Suite, run_tests
from bot.sandbox.toolchain import find_toolchain
from bot.sandbox.workspace import Workspace

PYTEST = ("python", "-m", "pytest", "-p", "no:cacheprovider", "-q", "--tb=short")
IGNORED = shutil.ignore_patterns(
    ".git", "__pycache__", "*.pyc", ".pytest_cache", ".tox", ".venv", ".hypothesis"
)
_NO_COMMIT = Sha("0" * 40)


@dataclass(frozen=True, slots=True)
class Ran:
    """How the tests of a folder ended. `trouble` says why that is no account of them, or is empty.

    `tests` are all that ran, in their own order; `seconds` is the whole run's wall time.
    """

    tests: tuple[str, ...]
    passed: frozenset[str]
    failed: frozenset[str]
    seconds: float
    trouble: str
    output: str

    @classmethod
    def of(cls, run: TestRun) -> Self:
        outcomes = {test.id: test.outcome for test in run.tests or ()}
        passed = {name for name, outcome in outcomes.items() if outcome is TestOutcome.PASSED}
        failed = {name for name, outcome in outcomes.items() if outcome is TestOutcome.FAILED}
        return cls(
            tuple(outcomes),
            frozenset(passed),
            frozenset(failed),
            run.seconds,
            run.mishap,
            run.output,
        )


class Runner:
    """Runs pytest on copies of folders, within so many seconds each."""

    def __init__(self, seconds: float = 60.0) -> None:
        toolchain = find_toolchain(Path.cwd(), Config().sandbox, os.environ)
        self._suite = Suite(
            command=PYTEST,
            toolchain=toolchain,
            isolation=probe(),
            limits=Limits(seconds=seconds),
        )

    def run(
        self,
        tree: Path,
        *,
        over: Path | None = None,
        files: Mapping[str, str | None] | None = None,
        arguments: tuple[str, ...] = (),
        only: tuple[str, ...] = (),
        seconds: float | None = None,
    ) -> Ran:
        """Run the tests of a copy of `tree`: with `over` laid over it, and these files in it.

        A file that is None is removed. `arguments` are pytest's, `only` names single tests. It may
        take `seconds`, where they are given.
        """
        return self._run(tree, over, files or {}, arguments, only, seconds, "")[0]

    def read_after(
        self,
        tree: Path,
        path: str,
        *,
        files: Mapping[str, str | None],
        arguments: tuple[str, ...],
        seconds: float,
    ) -> str:
        """The text of a file that such a run leaves behind; empty where there is none."""
        return self._run(tree, None, files, arguments, (), seconds, path)[1]

    def _run(
        self,
        tree: Path,
        over: Path | None,
        files: Mapping[str, str | None],
        arguments: tuple[str, ...],
        only: tuple[str, ...],
        seconds: float | None,
        wanted: str,
    ) -> tuple[Ran, str]:
        limits = replace(self._suite.limits, seconds=seconds or self._suite.limits.seconds)
        command = (*self._suite.command, *arguments)
        suite = replace(self._suite, command=command, limits=limits)
        with Workspace(suite.isolation) as workspace:
            shutil.copytree(tree, workspace.tree, dirs_exist_ok=True, symlinks=True, ignore=IGNORED)
            if over is not None:
                shutil.copytree(
                    over, workspace.tree, dirs_exist_ok=True, symlinks=True, ignore=IGNORED
                )
            for path, text in files.items():
                put(workspace.tree / path, text)
            ran = Ran.of(run_tests(workspace, suite, _NO_COMMIT, Change(), only))
            left = workspace.tree / wanted
            return ran, _text(left)


def put(path: Path, text: str | None) -> None:
    """Write a file exactly as given, with the folders it needs; None removes it."""
    if text is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def _text(path: Path) -> str:
    """What a program left there; no link is followed."""
    if path.is_symlink() or not path.is_file():
        return ""
    return path.read_text(errors="replace")
