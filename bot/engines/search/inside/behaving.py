"""What functions do with the same inputs: at the base, and with each of some candidates.

The inputs are what the tests call the functions with, and small variations of it. Every version of
the file is tried in a child of its own, so that none meets what another did.
"""

from __future__ import annotations

import copy
import gc
import inspect
import os
import sys
import time
import types

from . import examples, varying
from .bounded import Alarm, TooLong, in_a_child
from .renewing import renew
from .values import digest, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Tuple  # noqa: UP035 - 3.8

    Input = Tuple[int, Dict[str, Any]]  # noqa: UP006

MAX_RECORDED = 24
MAX_CALLS = 3_000
"""After so many calls nothing new is recorded."""
CALL_SECONDS = 0.1
MAX_HUNG = 4
"""A version that hangs this often is called no more."""
RECORDING_SECONDS = 2.0
"""Of processor time; on a busy machine it may take some times as long."""
TEST_SECONDS = 0.5
"""A test is recorded so long at most,"""
HURRIED_SECONDS = 0.1
"""and so long where one before it did not end in that time: it is how they begin that counts."""


def compare(request: dict[str, Any], run: Callable[[list[str]], object]) -> dict[str, Any]:
    """The outcomes of every version of a file on the same inputs; the base's is the first.

    `request` has the absolute `file`, its `texts` (the base's first), the names of the outermost
    `functions` to call, the passing `tests` that lead there and the `failing` ones, and how many
    `inputs` are wanted. Inputs of passing tests come first, `kept` of them; then those of failing
    ones, then variations. An outcome is a letter (v: value, r: raised, h: hung), a type's name and
    a digest.
    """
    file = os.path.realpath(request["file"])
    live = _live(file)
    found = _named_so(live, request["functions"])
    recorder = _Recorder(found, run)
    kept = recorder.record(request["tests"], MAX_RECORDED // 2) if found else 0
    recorded = recorder.record(request["failing"], MAX_RECORDED) if found else 0
    inputs = _inputs(recorder.found, request["inputs"])
    shown = examples.of(request["texts"][0], request["functions"])
    module = _module(file)
    answers = []
    for number, text in enumerate(request["texts"]):
        work = _Version(text if number else None, live, found, inputs, shown, module)
        answers.append(in_a_child(work.answer))
    return {
        "kept": kept,
        "recorded": recorded,
        "varied": len(inputs) - recorded,
        "versions": answers,
    }


# --------------------------------------------------------------------------------- recording


def _named_so(live: list[types.FunctionType], names: list[str]) -> list[types.FunctionType]:
    """One of the live functions for each of these dotted names, where there is one."""
    found: dict[str, types.FunctionType] = {}
    for function in live:
        if function.__qualname__ in names:
            found.setdefault(function.__qualname__, function)
    return list(found.values())


def _live(file: str) -> list[types.FunctionType]:
    """Every function of this file that exists."""
    gc.unfreeze()  # what is frozen is not told of
    real: dict[str, str] = {}
    found = []
    for one in gc.get_objects():
        if type(one) is types.FunctionType:
            name = one.__code__.co_filename
            if name not in real:
                real[name] = os.path.realpath(name)
            if real[name] == file:
                found.append(one)
    return found


def _module(file: str) -> types.ModuleType | None:
    for module in list(sys.modules.values()):
        at = getattr(module, "__file__", None)
        if isinstance(at, str) and os.path.realpath(at) == file:
            return module
    return None


def _inputs(recorded: list[Input], wanted: int) -> list[Input]:
    """Which function, with which arguments: those recorded, then variations of them."""
    found = list(recorded)
    seen = {digest(told(given)) for given in recorded}
    for given in varying.variations(recorded, wanted * 3):
        key = digest(told(given))
        if key not in seen and len(found) < wanted:
            seen.add(key)
            found.append(given)
    return found


class _Recorder:
    """Notes what some functions are called with while tests run, each set of arguments once."""

    def __init__(
        self, functions: list[types.FunctionType], run: Callable[[list[str]], object]
    ) -> None:
        self.found: list[Input] = []
        self._codes = {function.__code__: number for number, function in enumerate(functions)}
        self._run = run
        self._seen: set[str] = set()
        self._most = 0
        self._calls = 0
        self._busy = False

    def record(self, tests: list[str], most: int) -> int:
        """Run the tests, until there are so many inputs. Returns how many there are then."""
        self._most, self._calls = most, 0
        deadline = time.process_time() + RECORDING_SECONDS
        latest = time.monotonic() + 5 * RECORDING_SECONDS
        patience = TEST_SECONDS
        for test in tests:
            began = time.process_time()
            if began >= deadline or time.monotonic() >= latest or len(self.found) >= most:
                break
            with Alarm(patience):
                sys.settrace(self._watch)
                try:
                    self._run([test])
                except (Exception, TooLong, SystemExit):  # noqa: BLE001 - it is not our code
                    pass
                finally:
                    sys.settrace(None)
            if time.process_time() - began >= patience:
                patience = HURRIED_SECONDS
        return len(self.found)

    def _watch(self, frame: types.FrameType, event: str, _: object) -> None:
        number = self._codes.get(frame.f_code)
        if number is None or self._busy or event != "call":
            return
        self._calls += 1
        if self._calls > MAX_CALLS or len(self.found) >= self._most:
            sys.settrace(None)
            return
        self._busy = True
        try:
            arguments = _copied(_arguments(frame))
            if arguments is not None:
                self._note(number, arguments)
        finally:
            self._busy = False

    def _note(self, number: int, arguments: dict[str, Any]) -> None:
        key = digest(told((number, arguments)))
        if key not in self._seen:
            self._seen.add(key)
            self.found.append((number, arguments))


def _arguments(frame: types.FrameType) -> dict[str, Any]:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    local = frame.f_locals
    return {name: local[name] for name in code.co_varnames[:count] if name in local}


def _copied(arguments: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return copy.deepcopy(arguments)
    except Exception:  # noqa: BLE001 - whatever an object's own copying does
        return None


# ----------------------------------------------------------------------------------- calling


class _Version:
    """One text of the file, to be tried in a child."""

    def __init__(
        self,
        text: str | None,
        live: list[types.FunctionType],
        functions: list[types.FunctionType],
        inputs: list[Input],
        shown: list[list[examples.Example]],
        module: types.ModuleType | None,
    ) -> None:
        self._text = text
        self._live = live
        self._functions = functions
        self._inputs = inputs
        self._shown = shown
        self._module = module

    def answer(self, say: Callable[[dict[str, Any]], None]) -> None:
        if self._text is not None and not renew(self._text, self._live, self._module):
            return
        hung = 0
        for number, arguments in self._inputs:
            outcome = "" if hung == MAX_HUNG else _outcome(self._functions[number], arguments)
            hung += outcome.startswith("h")
            say({"outcome": outcome})
        if self._module is not None:
            for group in self._shown:
                names = dict(vars(self._module))
                for example in group:
                    with Alarm(CALL_SECONDS * 5):
                        try:
                            held = example.holds(names)
                        except (Exception, TooLong, SystemExit):  # noqa: BLE001 - it is not our code
                            held = False
                    say({"example": bool(held)})


def _outcome(function: types.FunctionType, arguments: dict[str, Any]) -> str:
    given = _copied(arguments)
    if given is None:
        return ""
    with Alarm(CALL_SECONDS):
        try:
            value = _called(function, given)
            said = told((value, given))
            return f"v {type(value).__name__} {digest(said)}"
        except TooLong:
            return "h - -"
        except BaseException as error:  # noqa: BLE001 - it is not our code
            return f"r {type(error).__name__} -"


def _called(function: types.FunctionType, arguments: dict[str, Any]) -> Any:
    code = function.__code__
    count = code.co_argcount
    positional = [arguments[name] for name in code.co_varnames[:count] if name in arguments]
    rest = code.co_varnames[count : count + code.co_kwonlyargcount]
    named = {name: arguments[name] for name in rest if name in arguments}
    at = count + code.co_kwonlyargcount
    if code.co_flags & inspect.CO_VARARGS:
        positional.extend(arguments.get(code.co_varnames[at], ()))
        at += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        named.update(arguments.get(code.co_varnames[at], {}))
    value = function(*positional, **named)
    if inspect.iscoroutine(value):
        import asyncio

        return asyncio.new_event_loop().run_until_complete(value)
    return value
