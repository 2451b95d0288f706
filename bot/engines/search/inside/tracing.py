"""Which lines of the tree each test runs, and where its error comes from."""

from __future__ import annotations

import os
import sys
from opcode import opmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType, TracebackType
    from typing import Any

    Frame = tuple[str, int]

MAX_FRAMES = 100
MAX_MESSAGE = 2000
_RAISE = opmap["RAISE_VARARGS"]
_monitoring: Any = getattr(sys, "monitoring", None)
"""From Python 3.12 on."""
_TOOL = 4
"""One of the numbers that `sys.monitoring` leaves to nobody in particular."""


_EXPLAINING = {
    "_pytest.assertion.rewrite": ("_saferepr", "_call_reprcompare", "_format_assertmsg"),
    "unittest.case": ("safe_repr", "_common_shorten_repr"),
}
"""What runs in a test that fails, and in no other, to say what the values were."""


class Places:
    """Paths in the tree for the names that code objects carry."""

    def __init__(self, tree: str) -> None:
        self._tree = os.path.realpath(tree) + os.sep
        self._known: dict[str, str | None] = {}

    def path(self, name: str) -> str | None:
        if name not in self._known:
            real = os.path.realpath(name) if name.endswith(".py") else ""
            inside = real.startswith(self._tree)
            self._known[name] = real[len(self._tree) :] if inside else None
        return self._known[name]

    def trace(self, error: BaseException) -> tuple[list[Frame], BaseException]:
        """Where it was raised, outermost first, then where its cause was; cut in the middle. And
        the error that the last of them raised.

        What was being handled when another error came by surprise is no cause and stands before.
        """
        chain: list[BaseException] = []
        above: BaseException | None = error
        while above is not None and all(above is not each for each in chain):
            chain.append(above)
            above = above.__cause__ or (None if above.__suppress_context__ else above.__context__)
        found: list[Frame] = []
        origin = error
        for each in reversed(chain):
            own = self._frames_of(each.__traceback__)
            is_first = bool(own) and not found
            if each.__cause__ is not None or self._is_raised(each):
                found, origin = own + found, each if is_first else origin
            elif own:
                found, origin = found + own, each
        return _cut(found), origin

    def _is_raised(self, error: BaseException) -> bool:
        """Whether it comes from a `raise` in the tree, and not from what an operation came to."""
        trace, innermost = error.__traceback__, None
        while trace is not None:
            if self.path(trace.tb_frame.f_code.co_filename) is not None:
                innermost = trace
            trace = trace.tb_next
        if innermost is None:
            return False
        return innermost.tb_frame.f_code.co_code[innermost.tb_lasti] == _RAISE

    def stack(self, frame: FrameType | None) -> list[Frame]:
        """Where a thread is, outermost first."""
        found: list[Frame] = []
        while frame is not None:
            path = self.path(frame.f_code.co_filename)
            if path is not None:
                found.append((path, frame.f_lineno or 0))
            frame = frame.f_back
        return _cut(found[::-1])

    def _frames_of(self, trace: TracebackType | None) -> list[Frame]:
        found: list[Frame] = []
        while trace is not None:
            path = self.path(trace.tb_frame.f_code.co_filename)
            if path is not None and trace.tb_lineno:
                found.append((path, trace.tb_lineno))
            trace = trace.tb_next
        return found


def _cut(frames: list[Frame]) -> list[Frame]:
    if len(frames) <= MAX_FRAMES:
        return frames
    return frames[: MAX_FRAMES // 5] + frames[-4 * MAX_FRAMES // 5 :]


def message_of(error: BaseException) -> str:
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - whatever the error's own code does
        text = type(error).__name__
    return text[:MAX_MESSAGE]


class Lines:
    """Collects the lines that run between `start` and `stop`, in some files or in all."""

    def __init__(self, places: Places, only: set[str] | None) -> None:
        self._places = places
        self._only = only
        self._wanted: dict[int, tuple[CodeType, set[int] | None]] = {}
        self._ran: dict[str, set[int]] = {}
        self._is_on = False

    def start(self) -> None:
        self._ran = {}
        self._wanted = {}
        self._is_on = True
        sys.settrace(self._called)

    def stop(self) -> dict[str, list[int]]:
        sys.settrace(None)
        self._is_on = False
        return {path: sorted(lines) for path, lines in list(self._ran.items())}

    def leave_out_explaining(self) -> None:
        """From now on, nothing that only the explanation of a failure runs, as a `__repr__`."""
        for name, functions in _EXPLAINING.items():
            module = sys.modules.get(name)
            for each in functions:
                if callable(function := getattr(module, each, None)):
                    setattr(module, each, self._left_out(function))

    def _left_out(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:
            if not self._is_on:
                return function(*args, **named)
            self._pause()
            try:
                return function(*args, **named)
            finally:
                self._go_on()

        return wrapped

    def _pause(self) -> None:
        sys.settrace(None)

    def _go_on(self) -> None:
        sys.settrace(self._called)

    def _lines_of(self, code: CodeType) -> set[int] | None:
        """Where to note the lines of this code; None where nobody wants them."""
        try:
            return self._wanted[id(code)][1]  # code objects take long to hash
        except KeyError:
            pass
        path = self._places.path(code.co_filename)
        asked = path is not None and (self._only is None or path in self._only)
        lines = self._ran.setdefault(path, set()) if path is not None and asked else None
        self._wanted[id(code)] = code, lines
        return lines

    def _called(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        lines = self._lines_of(frame.f_code)
        if lines is None:
            return None
        note = lines.add

        def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
            if event == "line":
                note(frame.f_lineno)
            return trace

        return trace


class MonitoredLines(Lines):
    """The same from Python 3.12 on, where a line that was noted costs nothing any more."""

    def start(self) -> None:
        self._ran = {}
        self._wanted = {}
        self._is_on = True
        self._disable = _monitoring.DISABLE
        _monitoring.use_tool_id(_TOOL, "amendbot")
        _monitoring.register_callback(_TOOL, _monitoring.events.LINE, self._line)
        _monitoring.set_events(_TOOL, _monitoring.events.LINE)
        _monitoring.restart_events()

    def stop(self) -> dict[str, list[int]]:
        self._is_on = False
        _monitoring.set_events(_TOOL, 0)
        _monitoring.register_callback(_TOOL, _monitoring.events.LINE, None)
        _monitoring.free_tool_id(_TOOL)
        return {path: sorted(lines) for path, lines in list(self._ran.items())}

    def _pause(self) -> None:
        _monitoring.set_events(_TOOL, 0)

    def _go_on(self) -> None:
        _monitoring.set_events(_TOOL, _monitoring.events.LINE)

    def _line(self, code: CodeType, line: int) -> object:
        lines = self._lines_of(code)
        if lines is not None:
            lines.add(line)
        return self._disable


def lines_for(places: Places, only: set[str] | None) -> Lines:
    free = _monitoring is not None and _monitoring.get_tool(_TOOL) is None
    return (MonitoredLines if free else Lines)(places, only)
