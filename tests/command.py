"""The command line in this process, whose tree of commands is made once and not for each run."""

from __future__ import annotations

from functools import cache
from unittest.mock import patch

import typer.main

from bot import cli

_tree = cache(typer.main.get_command)


def prepare() -> None:
    """Make the tree now, for processes that are forked from this one."""
    _tree(cli.app)


def run() -> None:
    """What the command `bot` does, with `sys.argv` and until it exits."""
    with patch.object(typer.main, "get_command", _tree):
        cli.main()
