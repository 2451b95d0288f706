"""Work that is not ours, within bounds: a call that must end, a child that can spoil nothing."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

CHILD_SECONDS = 4.0


class TooLong(BaseException):
    """A call has had its time."""


_CLOCKS = (
    (signal.ITIMER_VIRTUAL, signal.SIGVTALRM, 1),
    (signal.ITIMER_REAL, signal.SIGALRM, 10),
)


class Alarm:
    """Ends what runs too long, by an exception that hardly anybody catches.

    Seconds are of processor time, so that a busy machine tells nothing else than an idle one;
    whoever only waits may do so ten times as long. `may_end` says of where it is whether it may be
    ended there; else that is asked again a little later. `has_rung` tells whether it was ended.
    """

    def __init__(self, seconds: float, may_end: Callable[[FrameType], object] = bool) -> None:
        self._seconds = max(0.001, seconds)
        self._may_end = may_end
        self.has_rung = False

    def __enter__(self) -> Alarm:
        self._before = [signal.signal(number, self._ring) for _, number, _ in _CLOCKS]
        for clock, _, times in _CLOCKS:
            # Again and again, for those who catch it nevertheless.
            signal.setitimer(clock, self._seconds * times, 0.05)
        return self

    def __exit__(self, *details: object) -> None:
        for clock, _, _ in _CLOCKS:
            signal.setitimer(clock, 0)
        for (_, number, _), before in zip(_CLOCKS, self._before):
            signal.signal(number, before)

    def _ring(self, _: int, frame: FrameType | None) -> None:
        if frame is not None and self._may_end(frame):
            self.has_rung = True
            raise TooLong


def in_a_child(work: Callable[[Callable[[dict[str, Any]], None]], None]) -> dict[str, list[Any]]:
    """What it says within its time, by kind."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reading)
            write = os.write

            def say(words: dict[str, Any]) -> None:
                write(writing, json.dumps(words).encode("ascii") + b"\n")

            work(say)
        finally:
            os._exit(0)
    os.close(writing)
    data = _read(reading, time.monotonic() + CHILD_SECONDS)
    os.close(reading)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    found: dict[str, list[Any]] = {"outcome": [], "example": []}
    for line in data.split(b"\n")[:-1]:
        try:
            for key, value in json.loads(line.decode("ascii")).items():
                found[key].append(value)
        except (ValueError, AttributeError, KeyError):
            continue
    return found


def _read(descriptor: int, deadline: float) -> bytes:
    data = b""
    while len(data) < 1_000_000:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            break
        more = os.read(descriptor, 1 << 16)
        if not more:
            break
        data += more
    return data
