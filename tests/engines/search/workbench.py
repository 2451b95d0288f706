"""A repository with tests, and the laboratory that tries candidates in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.config import Config, SandboxConfig, TestConfig
from bot.engines.search.laboratory import Laboratory
from bot.engines.search.model import Candidate, Replacement
from bot.repository import Repository
from bot.sandbox.isolation import Isolation
from bot.verifying import Verifier
from tests.scratch import Scratch

SMALL = SandboxConfig(memory_mb=512, processes=48, disk_mb=64, file_mb=16, allow_unisolated=True)
NO_PLUGINS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"  # they take longer to load than the tests
BARE = SMALL.model_copy(update={"environment": (NO_PLUGINS,)})


@dataclass(frozen=True)
class Workbench:
    laboratory: Laboratory
    files: Mapping[str, str]

    def change(self, path: str, old: str, new: str) -> Candidate:
        return change(self.files, path, old, new)


def change(files: Mapping[str, str], path: str, old: str, new: str) -> Candidate:
    """A candidate that replaces the only occurrence of a text."""
    text = files[path]
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    start = text.index(old)
    replacement = Replacement(path, start, start + len(old), new)
    line = text.count("\n", 0, start) + 1
    return Candidate(replacements=(replacement,), template="by hand", score=1.0, line=line)


@contextmanager
def workbench(
    scratch: Scratch,
    files: Mapping[str, str],
    *,
    command: str = "python -m pytest",
    workers: int = 1,
    sandbox: SandboxConfig = BARE,
    isolation: Isolation | None = None,
) -> Iterator[Workbench]:
    """A laboratory for a commit of these files, in the isolation that works here or in another."""
    base = scratch.commit(files)
    config = Config(sandbox=sandbox, test=TestConfig(command=command, timeout_s=60))
    environ = {**os.environ, "VIRTUAL_ENV": sys.prefix, NO_PLUGINS: "1"}
    with (
        Repository(scratch.clone) as repository,
        Verifier(repository, base, config, environ) as verifier,
    ):
        suite = verifier.suite
        assert suite is not None, verifier.notices
        if isolation is not None:
            suite = replace(suite, isolation=isolation)
        with Laboratory(repository, base, suite, workers=workers) as laboratory:
            yield Workbench(laboratory, files)


@contextmanager
def workbench_of_module(folder: Path, files: Mapping[str, str]) -> Iterator[Workbench]:
    """The same for all tests of a module, which begins before each has its own environment."""
    home = folder / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Ada")
            patch.setenv(f"GIT_{role}_EMAIL", "ada@example.invalid")
        with workbench(Scratch.make(folder), files) as made:
            yield made
