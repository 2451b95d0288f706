"""The first process inside: hands each request of the bot to the process that can answer it."""

from __future__ import annotations

import fcntl
import os
import socket
import time
import traceback
from importlib import import_module

from .editing import edited, spans_in
from .forking import adopt_orphans, end_others, exit_now, fork, silence
from .keeping import Kept
from .running import no_longer_writing, remember_bytecode, spots
from .standing import Anew, ColdRun, ColdStand, Setting, Steps
from .wire import Line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]

_PATIENCE = 20.0
"""Seconds beyond its own limits after which a process that should answer is taken for stuck."""
_MAX_IMPORTS = 2.5
"""Times as much as collecting at the base took of the processor, collecting anew may take."""
_LEAST_EXTRA = 0.5
_INVALID = {"end": "failed", "stage": 0, "test": -1, "passed": 0}


class Fresh:
    """Has loaded the test runner and nothing of the project."""

    def __init__(self, setting: Setting, talk: Line) -> None:
        self._setting = setting
        self._talk = talk
        self._kept = Kept(setting.tree, setting.base, setting.empty)
        self._runner: Any = import_module(".with_" + setting.runner, __package__)
        self._early: Line | None = None
        self._late: Line | None = None
        self._loaded: list[str] = []
        self._tests: list[str] = []
        self._files: list[str] = []
        self._extra = 0.0

    def serve(self) -> None:
        self._runner.prepare(self._setting)
        while True:
            message = self._talk.receive()
            if message is None:
                exit_now(0)
                continue
            answer = self._answer(message)
            answer["n"] = message["n"]
            self._talk.send(answer)

    def _answer(self, message: Message) -> Message:
        if self._late is None:
            trouble = self._start()
            if trouble:
                return {"failed": trouble}
        if message["do"] == "collect":
            return {"tests": self._tests, "files": self._files}
        try:
            if message["do"] == "measure":
                return self._asked_late(message, message["seconds"] + message["each"])
            if message["do"] == "behave":
                return self._asked_late(message, message["seconds"])
            if message["do"] == "batch":
                each = message["stage"]["wall"] + 2.0
                return self._asked_late(message, each * len(message["candidates"]))
            return self._try(message)
        finally:
            self._kept.reset()

    # ----------------------------------------------------------------------- the processes behind

    def _start(self) -> str:
        """Collect. Returns why that did not work, empty where it did."""
        self._stop()
        trouble = self._start_once()
        if trouble and self._setting.options is None:
            self._setting.options = []  # perhaps it was ours that it did not understand
            self._stop()
            trouble = self._start_once()
        if trouble:
            self._stop()
        self._kept.spare()
        self._kept.reset()
        return trouble

    def _start_once(self) -> str:
        (early, early_there), (late, late_there) = _pair(), _pair()
        remember_bytecode(self._setting.bytecode)
        if fork() == 0:
            for line in (early, late, self._talk):
                line.close()
            steps = Steps(self._setting, self._kept, early_there, late_there)
            steps.begin()
            steps.came_back(_tried(self._runner, self._setting, steps))
        no_longer_writing()
        early_there.close()
        late_there.close()
        self._early, self._late = early, late
        answer = late.receive(self._setting.seconds)
        if answer is None or "failed" in answer:
            return str(answer["failed"]) if answer else "collecting the tests does not end well"
        first = early.receive(_PATIENCE)
        if first is None:
            return "collecting the tests does not end well"
        self._tests, self._files = answer["tests"], answer["files"]
        self._loaded = first["loaded"]
        self._extra = _LEAST_EXTRA + _MAX_IMPORTS * answer["seconds"]
        return ""

    def _stop(self) -> None:
        for line in (self._early, self._late):
            if line is not None:
                line.close()
        self._early = self._late = None
        end_others()

    # --------------------------------------------------------------------------------- candidates

    def _try(self, message: Message) -> Message:
        try:
            for path, edits in message["edits"].items():
                self._kept.write(path, edited(self._kept.text(path), spans_in(edits)))
        except (OSError, KeyError, UnicodeError):
            return {"end": "died", "stage": 0, "test": -1, "passed": 0}
        for stage in message["stages"]:
            if stage["tests"] is None:
                stage["tests"] = list(range(len(self._tests)))
        began = time.monotonic()
        seconds = sum(stage["wall"] + 2.0 for stage in message["stages"])
        if not message["anew"]:
            answer = self._asked_late(message, seconds)
        elif self._is_python(message):
            answer = self._try_anew(message, seconds)
        else:
            answer = dict(_INVALID)
        answer["seconds"] = round(time.monotonic() - began, 5)
        return answer

    def _try_anew(self, message: Message, seconds: float) -> Message:
        where = spots(self._tests, message["moving"])
        for stage in message["stages"]:
            stage["ids"] = [self._tests[number] for number in stage["tests"]]
            stage["spots"] = {name: where[name] for name in stage["ids"] if name in where}
            whole = len(stage["tests"]) == len(self._tests)
            files = {self._files[number]: None for number in stage["tests"]}
            tree = self._setting.tree
            stage["files"] = None if whole else [os.path.join(tree, file) for file in files]
        message["extra"] = self._extra
        seconds += 2 * self._extra * len(message["stages"])
        if self._early is not None and not set(message["edits"]) & set(self._loaded):
            return self._asked(self._early, message, seconds)
        stand = ColdStand(self._setting, self._talk, self._kept)
        run = stand.try_(message)
        if isinstance(run, ColdRun):
            silence()
            _tried(self._runner, self._setting, Anew(run))
            run.came_back()
            return {}
        return run

    def _is_python(self, message: Message) -> bool:
        for path in message["edits"]:
            try:
                compile(self._kept.now(path), path, "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
                return False
        return True

    def _asked_late(self, message: Message, seconds: float) -> Message:
        assert self._late is not None
        return self._asked(self._late, message, seconds)

    def _asked(self, line: Line, message: Message, seconds: float) -> Message:
        """What a process behind this one answers; none that it gave up means that it is gone."""
        answer: Message | None = None
        try:
            line.send(message)
            answer = line.receive(seconds + _PATIENCE)
        except OSError:
            pass
        if answer is None:
            self._stop()
            return {"end": "died", "stage": 0, "test": -1, "passed": 0}
        return answer


def _pair() -> tuple[Line, Line]:
    here, there = socket.socketpair()
    return Line(here), Line(there)


def _tried(runner: Any, setting: Setting, steps: Steps | Anew) -> str:
    """Have the tests collected, and say why that came back."""
    try:
        return str(runner.collect(setting, steps))
    except SystemExit as error:
        return f"the test runner ended with exit code {error.code}"
    except BaseException as error:  # noqa: BLE001 - the project's own code runs here
        traceback.print_exc()
        return f"collecting the tests ended with {type(error).__name__}: {error}"


def main() -> None:
    """Serve whoever is at the other end of this process's input."""
    talk = Line(socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 240)))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    adopt_orphans()
    told = talk.receive()
    if told is not None:
        Fresh(Setting(told), talk).serve()
