"""The command line in this process, whose tree of commands is made once and not for each run."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

import typer.main

from bot import cli


@dataclass(frozen=True)
class Ran:
    """How one run of the command ended."""

    code: int
    out: str
    err: str


_tree = cache(typer.main.get_command)


def prepare() -> None:
    """Make the tree now, for processes that are forked from this one."""
    _tree(cli.app)


def run() -> None:
    """What the command `bot` does, with `sys.argv` and until it exits."""
    with patch.object(typer.main, "get_command", _tree):
        cli.main()


def run_in(folder: Path, environment: dict[str, str], *args: str) -> Ran:
    """Run the command here, in this folder and environment: without its start-up time."""
    out, err = io.StringIO(), io.StringIO()
    before, here = dict(os.environ), Path.cwd()
    try:
        become(environment)
        os.chdir(folder)
        tempfile.tempdir = None
        with redirect_stdout(out), redirect_stderr(err), patched_argv(["bot", *args]):
            code = exit_code(run)
    finally:
        os.chdir(here)
        become(before)
        tempfile.tempdir = None
    return Ran(code, out.getvalue(), err.getvalue())


def become(environment: dict[str, str]) -> None:
    """Make this the process's environment, without a moment in which it has none."""
    os.environ.update(environment)
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]


def exit_code(main: Callable[[], None]) -> int:
    """What a process that calls `main` would end with."""
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@contextmanager
def patched_argv(argv: list[str]) -> Iterator[None]:
    before, sys.argv = sys.argv, argv
    try:
        yield
    finally:
        sys.argv = before
