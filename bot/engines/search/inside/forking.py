"""A child for each attempt, which can spoil nothing but itself, and what its parent learns of it.

The child tells what happens, one line each: `s7` (test 7 starts), `p7 250 0`, `f7 250 99` and
`k7 250 0` (it passed, failed, was skipped within so many microseconds; then its failure's echo),
`c` (they cannot be collected any more), `j` and JSON, and `d` when it is done.
Whatever else it does, at its limits or at the end of its words it is killed together with
everything that it started.
"""

from __future__ import annotations

import os
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import warnings
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_TOLD = 48 * 1024 * 1024
"""Bytes that a child may tell."""
_PR_SET_CHILD_SUBREAPER = 36
_TOLD_AT = 250
"""The descriptor over which a child tells; out of the way of those who count theirs."""


class Limits:
    """What a child may use: seconds of processor and of wall time, bytes, processes."""

    def __init__(self, memory: int, processes: int, folder: str) -> None:
        self.memory = memory
        self.processes = processes
        self.folder = folder
        self._count = 0

    def new_folder(self) -> str:
        self._count += 1
        path = f"{self.folder}/{os.getpid()}-{self._count}"
        os.mkdir(path, 0o700)
        return path


class Telling:
    """The child's side."""

    # Taken before anybody can replace them.
    _write = staticmethod(os.write)
    _exit = staticmethod(os._exit)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def say(self, line: str) -> None:
        data = line.encode("ascii") + b"\n"
        while data:
            data = data[self._write(self._descriptor, data) :]

    def test(self, kind: str, number: int) -> None:
        self.say(f"{kind}{number}")

    def ended(self, kind: str, number: int, seconds: float, echo: int) -> None:
        self.say(f"{kind}{number} {int(seconds * 1e6)} {echo}")

    def done(self) -> None:
        """Say so, and end without a word of farewell to anybody else."""
        try:
            self.say("d")
        finally:
            self._exit(0)

    def give_up(self) -> None:
        self._exit(1)


class Attempt:
    """The parent's side."""

    def __init__(self, pid: int, descriptor: int, folder: str, wall: float) -> None:
        self.began = time.monotonic()
        self.timed_out = False
        self.is_done = False
        self._pid = pid
        self._descriptor = descriptor
        self._folder = folder
        self._wall = wall
        self._asked = False

    def lines(self) -> Iterator[str]:
        """What the child tells, until it is done, ends, or passes its limits."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        rest, total = b"", 0
        while True:
            left = self.began + self._wall - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                self.timed_out = True
                if self._asked or not self._ask_for_last_words():
                    return
                continue
            data = os.read(self._descriptor, 1 << 16)
            total += len(data)
            if not data or total > MAX_TOLD:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line == b"d":
                    self.is_done = True
                    return
                yield line.decode("ascii", "replace")

    def extend(self, wall: float) -> None:
        """From now on, so many seconds."""
        self._wall = time.monotonic() - self.began + wall

    def end(self, spared: Sequence[int] = ()) -> None:
        """End the child and whatever it started. It has timed out if its processor time was up."""
        os.close(self._descriptor)
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError, PermissionError):
                kill(self._pid, signal.SIGKILL)
        status = _wait(self._pid)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF:
            self.timed_out = True
        end_others(spared)
        try:
            os.rmdir(self._folder)
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ask_for_last_words(self) -> bool:
        """A child that measures says where it is when its time is up; any other just ends."""
        self._asked = True
        self.extend(1.0)
        try:
            os.kill(self._pid, signal.SIGPROF)
        except ProcessLookupError:
            return False
        return True


def fork_off(
    limits: Limits, cpu: float, wall: float, others: Sequence[int] = ()
) -> Attempt | Telling:
    """Fork. The child gets a `Telling`, none of the descriptors in `others`, and its limits."""
    reading, writing = os.pipe()
    folder = limits.new_folder()
    pid = fork()
    if pid:
        os.close(writing)
        return Attempt(pid, reading, folder, wall)
    try:
        os.setsid()
        for descriptor in (reading, *others):
            os.close(descriptor)
        os.dup2(writing, _TOLD_AT, inheritable=False)
        os.close(writing)
        _limit(limits)
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, cpu)
        return Telling(_TOLD_AT)
    except BaseException:  # noqa: BLE001 - must not go on as a second parent
        os._exit(1)


def fork() -> int:
    """As `os.fork`, with nothing printed twice and no word on threads.

    Python has each child draw random numbers of its own. Here all of them draw the same, which are
    those of a project that has said at import which they are to be.
    """
    flush()
    drawn = random.getstate()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are some, which the child will do without
        pid = os.fork()
    if not pid:
        random.setstate(drawn)
    return pid


def flush() -> None:
    """Print what was held back, before two processes hold it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # none, or closed by the project
            stream.flush()


def silence() -> None:
    """Nothing to read at the input, and nobody to read what is printed."""
    flush()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    if nothing > 2:
        os.close(nothing)


def adopt_orphans() -> None:
    """From now on, processes whose parent ends become this one's, and can be ended."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # then the sandbox ends them, later


def end_others(spared: Sequence[int] = ()) -> None:
    """End and forget every child but these."""
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        children = [pid for pid in _children() if pid not in spared]
        if not children:
            return
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)


def children() -> list[int]:
    return _children()


def _children() -> list[int]:
    pid = os.getpid()
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as stream:
            return [int(word) for word in stream.read().split()]
    except OSError:
        return []


def _wait(pid: int) -> int:
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return 0


def _limit(limits: Limits) -> None:
    _lower(resource.RLIMIT_DATA, limits.memory * 6 // 10)
    soft = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if soft != resource.RLIM_INFINITY:
        # The launcher allowed for count * 9 / 8 + 16 more than there were.
        _lower(resource.RLIMIT_NPROC, soft - limits.processes * 5 // 8 - 16)


def _lower(kind: int, value: int) -> None:
    soft, hard = resource.getrlimit(kind)
    if soft == resource.RLIM_INFINITY or value < soft:
        resource.setrlimit(kind, (value, hard))


def exit_now(code: int) -> int | None:
    """End this process at once."""
    os._exit(code)
