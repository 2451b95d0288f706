"""Starts the command in processes that a scenario may kill, without importing it for each anew.

Each is forked from a process that has imported everything and done nothing. It then becomes what
a shell would have started: a session, an environment and a work folder of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

from tests import command

_FOR_LATER = """
    bot.engines.openai bot.forges.github bot.observing bot.plan bot.proposing bot.report bot.tick
    openai.resources.chat.completions httpcore2 pygments
"""
"""What the command imports when it needs it, and would import in every process anew."""
for name in _FOR_LATER.split():
    import_module(name)
command.prepare()

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class Started:
    """A run of the command that waits for :meth:`go`; ``pid`` is also its process group."""

    def __init__(
        self, args: Sequence[str], folder: Path, environment: Mapping[str, str], said: Path
    ) -> None:
        self._said = said
        waits, self._gate = _FORKS.Pipe(duplex=False)
        self._process = _FORKS.Process(
            target=_run, args=(waits, tuple(args), folder, dict(environment), said)
        )
        self._process.start()
        waits.close()
        assert self._process.pid
        self.pid = self._process.pid

    def go(self) -> None:
        self._gate.send(None)

    def wait(self, seconds: float = 60) -> int:
        """Its exit code, or the negative number of the signal that ended it."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise TimeoutError(f"still running after {seconds} seconds: {self.said()}")
        self._gate.close()
        self._process.close()
        return code

    def said(self) -> str:
        """What it has printed to both streams."""
        return self._said.read_text()


def _run(
    waits: Connection, args: tuple[str, ...], folder: Path, environment: dict[str, str], said: Path
) -> None:
    os.setsid()
    waits.recv()
    printed = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(printed, stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    tempfile.tempdir = None
    sys.argv = ["bot", *args]
    command.run()
