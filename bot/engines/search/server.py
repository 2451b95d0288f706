"""One process in the sandbox that holds the collected tests, as the bot sees it.

What it answers is hostile data: whoever wrote the code that runs there may have written it. Each
message is limited in size and checked in form, and says nothing that a later look at the chosen
candidate would not find out.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

from bot.engines.search.inside.wire import Broken, Unpacking, packed
from bot.errors import UserError
from bot.model import Sha
from bot.repository import Repository
from bot.sandbox import Finished, Job
from bot.sandbox.running import Conversation
from bot.sandbox.suite import Suite, Surroundings, provide_recorders, surroundings
from bot.sandbox.workspace import Workspace

_INSIDE = Path(__file__).with_name("inside")
_PACKAGE = "amendbot_inside"
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); from amendbot_inside.serving import main; main()"
)
_SESSION_SECONDS = 24 * 3600.0
_MAX_TESTS = 100_000
_MAX_ID = 1_000


class CannotTest(UserError):
    """Why the tests of this repository cannot be searched with, in one sentence."""


class Gone(Exception):
    """The process has ended, or does not say what it should."""


class Server:
    """A workspace with the base in it, and the process inside it. Leaving it removes both.

    After `Gone`, `start` begins anew.
    """

    def __init__(self, repository: Repository, base: Sha, suite: Suite) -> None:
        self._repository = repository
        self._base = base
        self._suite = suite
        self._stack = ExitStack()
        self._talk: Conversation | None = None
        self._read = Unpacking()
        self._number = 0
        self.asked: list[int] = []
        """The numbers of the requests that are not answered yet, in their order."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Lay out a new workspace and start the process; it has not collected anything yet."""
        self.stop()
        with ExitStack() as stack:
            workspace = stack.enter_context(Workspace(self._suite.isolation))
            self._repository.check_out(self._base, workspace.tree)
            base = workspace.tools / "base"
            base.mkdir(mode=0o755)
            self._repository.check_out(self._base, base)
            shutil.rmtree(base / ".git")
            provide_recorders(workspace.tools, with_coverage=False)
            shutil.copytree(_INSIDE, workspace.tools / _PACKAGE, ignore=_ONLY_SOURCE)
            own = surroundings(workspace, self._suite)
            talk = Conversation(self._job(own), workspace, self._suite.isolation)
            stack.callback(talk.end)
            self._talk, self._read, self.asked = talk, Unpacking(), []
            self._stack = stack.pop_all()
        self._write(packed(self._setting(own, workspace)))

    def stop(self) -> Finished | None:
        """End the process. How it ended, if there was one."""
        talk, self._talk = self._talk, None
        try:
            return talk.end() if talk is not None else None
        finally:
            self._stack.close()
            self._stack = ExitStack()

    @property
    def is_running(self) -> bool:
        return self._talk is not None

    def fileno(self) -> int:
        assert self._talk
        return self._talk.socket.fileno()

    def ask(self, request: Mapping[str, Any]) -> int:
        """Send a request, and return the number that its answer will have."""
        self._number += 1
        self.asked.append(self._number)
        self._write(packed({**request, "n": self._number}))
        return self._number

    def answers(self) -> list[dict[str, Any]]:
        """What has arrived. Blocks where nothing has; raises Gone at the end."""
        assert self._talk
        try:
            data = self._talk.socket.recv(1 << 18)
            if not data:
                raise Gone("it has ended")
            self._read.add(data)
            found = []
            while (message := self._read.next()) is not None:
                found.append(message)
        except (OSError, Broken) as error:
            raise Gone(str(error)) from error
        for message in found:
            if not self.asked or message.get("n") != self.asked.pop(0):
                raise Gone("it answers what it was not asked")
        return found

    def call(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Ask, and wait for the answer to it. What was asked before is answered for nobody."""
        number = self.ask(request)
        deadline = time.monotonic() + seconds
        assert self._talk
        try:
            while True:
                self._talk.socket.settimeout(max(0.01, deadline - time.monotonic()))
                for message in self.answers():
                    if message["n"] == number:
                        return message
        finally:
            if self._talk is not None:
                self._talk.socket.settimeout(None)

    def _write(self, data: bytes) -> None:
        assert self._talk
        try:
            self._talk.socket.sendall(data)
        except OSError as error:
            raise Gone(str(error)) from error

    def _job(self, own: Surroundings) -> Job:
        limits = replace(self._suite.limits, seconds=_SESSION_SECONDS)
        return Job(
            argv=(*_interpreter(self._suite), "-c", _START, own.places.tools),
            environment=own.environment,
            limits=limits,
            visible=own.toolchain.visible,
        )

    def _setting(self, own: Surroundings, workspace: Workspace) -> dict[str, Any]:
        runner, args = runner_of(self._suite.command)
        places, limits = own.places, self._suite.limits
        apart = "/dev/shm" if self._suite.isolation.kind == "bubblewrap" else str(workspace.shm)
        return {
            "tree": places.tree,
            "base": f"{places.tools}/base",
            "tmp": places.tmp,
            "empty": [places.home, places.tmp, apart],
            "runner": runner,
            "args": list(args),
            "memory": limits.memory,
            "processes": limits.processes,
            "seconds": limits.seconds,
        }


_ONLY_SOURCE = shutil.ignore_patterns("__pycache__")


def runner_of(command: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Which runner a command starts, and with what; pytest where it is hidden in a script."""
    for at, word in enumerate(command):
        follows_m = at > 0 and command[at - 1] == "-m"
        if follows_m and word in ("pytest", "unittest"):
            return word, command[at + 1 :]
        if PurePosixPath(word).name in ("pytest", "py.test"):
            return "pytest", command[at + 1 :]
    return "pytest", ()


def _interpreter(suite: Suite) -> tuple[str, ...]:
    """The interpreter that the command names, with its options, else the toolchain's."""
    command = suite.command
    if PurePosixPath(command[0]).name.startswith("python") and "-m" in command:
        return command[: command.index("-m")]
    return (suite.toolchain.python,)


def collected(answer: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tests and the file of each, from what a server says; CannotTest where it has none."""
    if "failed" in answer:
        why = json.dumps(str(answer["failed"])[:300])[1:-1]
        raise CannotTest(f"The tests cannot be collected: {why}.")
    tests, files = _texts(answer.get("tests")), _texts(answer.get("files"))
    if len(tests) != len(files) or not tests:
        raise CannotTest("There are no tests to search with.")
    return tests, files


def _texts(found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or len(found) > _MAX_TESTS:
        return ()
    return tuple(str(each)[:_MAX_ID] for each in found)
