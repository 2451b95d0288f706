"""The processes that wait for requests, each with more of the tests at hand than the one before."""

from __future__ import annotations

import gc
import json
import os
import sys
import time

from .belief import believed, least
from .editing import NotSwappable, spans_in
from .forking import Attempt, Limits, Telling, adopt_orphans, children, exit_now, fork, fork_off
from .keeping import Kept
from .running import Measure, Renumbered, Told, Untold, no_longer_writing
from .stages import follow, measured
from .swapping import RanEarly, Swaps, put
from .together import Together
from .tracing import Places
from .wire import Line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from .rebinding import Rebinding
    from .running import Collected
    from .swapping import Swap

    Message = dict[str, Any]
_HANGING = 3
"""After so many tests that did not end, the next ones get less time."""
_LEAST_S = 0.2


class Setting:
    """What the bot says at the start, and what follows from it."""

    def __init__(self, told: Message) -> None:
        self.tree: str = os.path.realpath(told["tree"])
        self.base: str = told["base"]
        self.runner: str = told["runner"]
        self.args: list[str] = told["args"]
        self.options: list[str] | None = None
        self.seconds: float = told["seconds"]
        own = os.path.join(told["tmp"], ".amendbot")
        os.makedirs(own, exist_ok=True)
        self.bytecode = os.path.join(own, "bytecode")
        folder = os.path.join(own, "runs")
        os.makedirs(folder, exist_ok=True)
        self.limits = Limits(told["memory"], told["processes"], folder)
        self.empty = {path: {".amendbot"} for path in told["empty"]}
        self.places = Places(self.tree)

    def loaded(self) -> list[str]:
        """The files of the tree that are imported by now."""
        return sorted(self.modules())

    def modules(self) -> dict[str, list[ModuleType]]:
        """The modules that are imported by now, by their files in the tree."""
        found: dict[str, list[ModuleType]] = {}
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            path = self.places.path(file) if isinstance(file, str) else None
            if path is not None:
                found.setdefault(path, []).append(module)
        return found

    def in_tree(self, files: list[str]) -> list[str]:
        """Paths in the tree, where they are in it."""
        return [self.places.path(file) or file for file in files]


class Stand:
    """A process that waits for requests and forks a child for each."""

    def __init__(self, setting: Setting, line: Line, kept: Kept) -> None:
        self.setting = setting
        self.line = line
        self.kept = kept
        self.spared = children()

    def fork(self, cpu: float, wall: float) -> Attempt | Telling:
        return fork_off(self.setting.limits, cpu, wall, [self.line.end.fileno()])


class CollectedStand(Stand):
    """Holds the collected tests; gives functions new code where that does."""

    def __init__(
        self, setting: Setting, line: Line, kept: Kept, tests: Collected, swaps: Swaps
    ) -> None:
        super().__init__(setting, line, kept)
        self._tests = tests
        self._swaps = swaps
        self._together = Together(self, tests, setting.modules())

    def serve(self) -> None:
        while True:
            message = self.line.receive()
            if message is None:
                exit_now(0)
                return
            self.line.send(_ANSWERS[message["do"]](self, message))

    def try_(self, message: Message) -> Message:
        try:
            swaps = self._planned(message["edits"])
        except NotSwappable as reason:
            return {"end": "refused", "why": str(reason)}
        answer: Message = {"end": "passed", "stage": 0, "test": -1, "passed": 0}
        for at, stage in enumerate(message["stages"]):
            attempt = self.fork(stage["cpu"], stage["wall"])
            if isinstance(attempt, Telling):
                self._run(attempt, stage, swaps)
            else:
                answer = follow(attempt, stage, self.spared)
                self._tests.forget_output()
                answer["stage"] = at
                if answer["end"] != "passed":
                    break
        return believed(answer, least(swaps))

    def _planned(self, edits: dict[str, Any]) -> list[Swap | Rebinding]:
        swaps = []
        for path, spans in edits.items():
            swaps += self._swaps.plan(path, self.kept.text(path), spans_in(spans))
        return swaps

    def _run(self, telling: Telling, stage: Message, swaps: list[Swap | Rebinding]) -> None:
        try:
            is_put = put(swaps)
            if is_put:
                self._tests.run(stage["tests"], Told(telling, stage.get("may_fail", ())))
            for number in stage["tests"] if not is_put else ():
                telling.test("f" if is_put is False else "p", number)  # then it is imported
            telling.done()
        finally:
            telling.give_up()

    def batch(self, message: Message) -> Message:
        return self._together.batch(message, self._planned)

    def measure(self, message: Message) -> Message:
        """Run tests of the base. A child that does not survive one is followed by another."""
        left: list[int] = list(message["tests"])
        each, deadline = message["each"], time.monotonic() + message["seconds"]
        found: Message = {"results": [], "details": []}
        hanging = 0
        while left and time.monotonic() < deadline:
            allowed = each if hanging < _HANGING else max(each / 5, _LEAST_S)
            attempt = self.fork(0.0, 3.0 * each + 1.0)
            if isinstance(attempt, Telling):
                self._run_measured(attempt, left, allowed, message.get("lines"), deadline)
                return {}
            part = measured(attempt, allowed, self.spared)
            self._tests.forget_output()
            found["results"] += part["results"]
            found["details"] += part["details"]
            done = len(part["results"])
            if not done:
                break
            hanging += part["results"][-1][1] == "t"
            left = left[done:]
        return found

    def _run_measured(
        self,
        telling: Telling,
        left: list[int],
        each: float,
        lines: list[str] | None,
        deadline: float,
    ) -> None:
        try:
            measure = Measure(telling, self.setting.places, each, lines)
            self._tests.run(left, Told(telling, (), measure, deadline))
            telling.done()
        finally:
            telling.give_up()

    def behave(self, message: Message) -> Message:
        """What several versions of a file do with the same inputs; `found` is None if unknown."""
        attempt = self.fork(0.0, message["seconds"])
        if isinstance(attempt, Telling):
            self._behave(attempt, message)
            return {}
        found = None
        try:
            for line in attempt.lines():
                if line[:1] == "j":
                    found = json.loads(line[1:])
        except ValueError:
            pass
        finally:
            attempt.end(self.spared)
        return {"found": found}

    def _behave(self, telling: Telling, message: Message) -> None:
        try:
            from . import behaving

            numbers = {name: number for number, name in enumerate(self._tests.ids)}

            def run(names: list[str]) -> None:
                self._tests.run([numbers[name] for name in names if name in numbers], Untold())

            file = os.path.join(self.setting.tree, message["request"]["file"])
            found = behaving.compare({**message["request"], "file": file}, run)
            telling.say("j" + json.dumps(found))
            telling.done()
        finally:
            telling.give_up()


_ANSWERS = {
    "try": CollectedStand.try_,
    "batch": CollectedStand.batch,
    "measure": CollectedStand.measure,
    "behave": CollectedStand.behave,
}


class Steps:
    """The way from a runner that is loaded to tests that wait, and what forks off on it."""

    def __init__(self, setting: Setting, kept: Kept, early: Line, late: Line) -> None:
        self._setting = setting
        self._kept = kept
        self._early = early
        self._late = late
        self._ran_early = RanEarly(setting.tree)
        self._seconds = 0.0
        self._cold: ColdRun | None = None

    def begin(self) -> None:
        self._seconds = -time.process_time()
        adopt_orphans()
        self._ran_early.start()

    def before_collecting(self) -> ColdRun | None:
        """Leaves a process behind that collects anew for each candidate.

        In such a candidate's child it returns what is to be run, else None.
        """
        early, late = self._early, self._late
        self._seconds += time.process_time()  # which starts anew in another process
        if fork() == 0:
            adopt_orphans()
            early.close()
            return None
        sys.setprofile(None)
        late.close()
        no_longer_writing()
        early.send({"loaded": self._setting.loaded()})
        stand = ColdStand(self._setting, early, self._kept)
        self._cold = stand.serve()
        return self._cold

    def collected(self, tests: Collected) -> None:
        if self._cold is not None:
            self._cold.run(tests)
            return
        ran_early = self._ran_early.stop()
        seconds = self._seconds + time.process_time()
        tests.settle()
        tests.warm_up()
        no_longer_writing()
        gc.collect()
        modules = self._setting.modules()
        swaps = Swaps(self._setting.tree, ran_early, modules)  # before all is hidden from it
        gc.freeze()  # else collecting garbage in a child would copy every page
        files = self._setting.in_tree(tests.files)
        self._late.send({"tests": tests.ids, "files": files, "seconds": seconds})
        CollectedStand(self._setting, self._late, self._kept, tests, swaps).serve()

    def came_back(self, why: str) -> None:
        """The runner gave up, wherever it was."""
        if self._cold is not None:
            self._cold.came_back()
        self._late.send({"failed": why})
        exit_now(1)


class ColdRun:
    """One stage in a child that imports the project, or the edited part of it, anew."""

    def __init__(self, telling: Telling, stage: Message) -> None:
        self.telling = telling
        self.files: list[str] | None = stage["files"]
        """Where to collect; None for everywhere."""
        self._stage = stage

    def run(self, tests: Collected) -> None:
        try:
            tests.settle()
            Renumbered(self.telling, tests, self._stage).run(tests)
            self.telling.done()
        finally:
            self.telling.give_up()

    def came_back(self) -> None:
        """The tests cannot be collected any more."""
        self.telling.say("c")
        self.telling.done()


class ColdStand(Stand):
    """Tries candidates by collecting their tests anew."""

    def serve(self) -> ColdRun:
        """Serve for ever. Returns in a candidate's child."""
        while True:
            message = self.line.receive()
            if message is None:
                exit_now(0)
                continue
            run = self.try_(message)
            if isinstance(run, ColdRun):
                return run
            self.line.send(run)

    def try_(self, message: Message) -> Message | ColdRun:
        answer: Message = {"end": "passed", "stage": 0, "test": -1, "passed": 0}
        for at, stage in enumerate(message["stages"]):
            extra = message["extra"]
            attempt = self.fork(stage["cpu"] + extra, stage["wall"] + 2 * extra)
            if isinstance(attempt, Telling):
                return ColdRun(attempt, stage)
            answer = follow(attempt, stage, self.spared)
            answer["stage"] = at
            if answer["end"] != "passed":
                break
        return answer


class Anew:
    """The same way once more, from its start to one candidate's tests."""

    def __init__(self, run: ColdRun) -> None:
        self._run = run

    def before_collecting(self) -> ColdRun | None:
        return self._run

    def collected(self, tests: Collected) -> None:
        self._run.run(tests)
