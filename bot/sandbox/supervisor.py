"""Starts one program, holds it to its limits, and ends everything it started.

A process of its own, so that it outlives a bot that is killed: it then sees the end of its input
and cleans up. It is told what to do on its input and answers on its output; the program reaches
neither. Of the bot it imports two neighbours, and of the standard library what loads quickly.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bot.sandbox import processes
    from bot.sandbox.processes import SIGKILL, Ignoring
    from bot.sandbox.watching import MIB, Files, Kept, Processes, Stop, size_of
else:  # `bot.sandbox.running` starts it with this folder on the path
    import processes
    from processes import SIGKILL, Ignoring
    from watching import MIB, Files, Kept, Processes, Stop, size_of

_SIGXFSZ = 25
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36

_EVENTS = 32 * 1024 * 1024
_LOOK = 0.05  # seconds between two looks at the processes, more where one look takes long
_OWN_PROCESSES = 2  # bubblewrap's, where it is used


class Run:
    """One program from its start to the end of the last process it left."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._limits = spec["limits"]
        self._began = time.monotonic()
        self._output = Kept()
        self._events = bytearray()
        self._reported = 0
        self._status = b""
        self._code: int | None = None
        self._largest = 0
        self._pid = 0
        self._ended = -1
        self._poll = select.poll()
        own = _OWN_PROCESSES if spec["launch"]["first_process"] else 0
        self._processes = Processes(self._limits["memory"], self._limits["processes"], own)
        self._files = Files(spec["folders"], self._limits["disk"])

    def go(self) -> bytes:
        """Run it and say how it ended."""
        stopped: Stop | None = None
        try:
            self._start()
            self._watch()
        except Stop as stop:
            stopped = stop
        finally:
            clean = self._end()
        self._drain()
        ended, code, reason = self._outcome() if stopped is None else _of(stopped)
        if not clean:
            reason = f"{reason}; some of its processes cannot be ended".removeprefix("; ")
        output, events = self._output.value(), bytes(self._events)
        peak = max(self._processes.peak, self._largest)
        seconds = time.monotonic() - self._began
        answer = (ended, code, reason, seconds, peak, len(output), len(events))
        return repr(answer).encode() + b"\n" + output + events

    def _start(self) -> None:
        # Open for writing as well, so that it is not at its end while nobody reports.
        self._report = os.open(self._spec["report"], os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._printed, printing = os.pipe()
        self._said, saying = os.pipe()
        told = os.memfd_create("launch")
        os.write(told, marshal.dumps(self._launch()))
        os.lseek(told, 0, os.SEEK_SET)
        self._pid = os.fork()
        if self._pid == 0:
            self._become_launcher(told, saying, printing)
        talk = self._spec["talk"]
        for descriptor in (told, saying, printing, *(() if talk is None else (talk,))):
            os.close(descriptor)
        for descriptor in (0, self._report, self._printed, self._said):
            os.set_blocking(descriptor, False)
            self._poll.register(descriptor, select.POLLIN)
        with Ignoring(OSError):  # without it, the end is noticed at the next look
            self._ended = os.pidfd_open(self._pid)
            self._poll.register(self._ended, select.POLLIN)

    def _launch(self) -> dict[str, Any]:
        spec: dict[str, Any] = self._spec["launch"]
        memory, count = self._limits["memory"], self._limits["processes"]
        already = 0 if self._spec["uid"] is not None else _tasks_of_this_user()
        spec["limits"] = {
            # A little more than is allowed: the sooner of the two is the one that says why.
            "RLIMIT_DATA": memory + memory // 8 + 64 * MIB,
            "RLIMIT_NPROC": already + count + count // 8 + 16,
            "RLIMIT_FSIZE": self._limits["file"],
            "RLIMIT_CORE": 1,  # at 0, a program that the system hands core dumps to would get them
            "RLIMIT_NOFILE": 4096,
            "RLIMIT_MEMLOCK": 8 * MIB,
        }
        return spec

    def _become_launcher(self, told: int, saying: int, printing: int) -> None:
        try:
            talk = self._spec["talk"]  # the bot's end of a conversation, where there is one
            heard = os.open("/dev/null", os.O_RDONLY) if talk is None else talk
            for source, target in ((heard, 0), (printing, 1), (printing, 2)):
                os.dup2(source, target)
            os.set_inheritable(told, True)
            os.set_inheritable(saying, True)
            _write("/proc/self/oom_score_adj", "1000")  # rather the program than the bot
            user = self._spec["first_as"]
            if user is not None:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
            _prctl(_PR_SET_PDEATHSIG, SIGKILL)
            command = [*self._spec["command"], str(told), str(saying)]
            os.execv(command[0], command)
        finally:
            os._exit(127)

    def _watch(self) -> None:
        deadline = self._began + self._limits["seconds"]
        next_look = self._began
        while self._code is None:
            now = time.monotonic()
            if now >= deadline:
                seconds = self._limits["seconds"]
                raise Stop("TIMED_OUT", f"did not end within {seconds:g} seconds")
            if now >= next_look:
                self._processes.look()
                self._files.look()
                self._reap()
                after = time.monotonic()
                next_look = after + max(_LOOK, 10 * (after - now))
            wait = max(0.0, min(next_look, deadline) - time.monotonic())
            for descriptor, _ in self._poll.poll(wait * 1000):
                self._take(descriptor)

    def _take(self, descriptor: int) -> None:
        if descriptor == self._ended:
            self._reap()
            return
        data = _read(descriptor)
        if data:
            self._keep(descriptor, data)
        elif data is not None:
            self._poll.unregister(descriptor)
            if descriptor == 0:
                raise Stop("KILLED", "the bot was killed")

    def _keep(self, descriptor: int, data: bytes) -> None:
        if descriptor == self._said:
            self._status += data
        elif descriptor == self._printed:
            self._output.add(data)
            if self._output.total > self._limits["output"]:
                limit = size_of(self._limits["output"])
                raise Stop("TOO_MUCH_OUTPUT", f"printed more than {limit}")
        else:
            self._reported += len(data)
            self._events += data[: _EVENTS - len(self._events)]
            if self._reported > _EVENTS + self._limits["output"]:
                raise Stop("TOO_MUCH_OUTPUT", f"reported more than {size_of(_EVENTS)}")

    def _reap(self) -> None:
        with Ignoring(ChildProcessError):
            while True:
                pid, code, used = os.wait4(-1, os.WNOHANG)
                if not pid:
                    return
                self._largest = max(self._largest, used.ru_maxrss * 1024)
                if pid == self._pid:
                    self._code = code

    def _end(self) -> bool:
        user = self._spec["uid"]
        clean = True
        if user is not None:
            clean = processes.end_user(user)
        return processes.end_all(lambda: processes.descendants(os.getpid())) and clean

    def _drain(self) -> None:
        for descriptor in (self._report, self._said, self._printed):
            with Ignoring(Stop):
                while data := _read(descriptor):
                    self._keep(descriptor, data)

    def _outcome(self) -> tuple[str, int | None, str]:
        progress, _, sentence = self._status.partition(b"!")
        if sentence:
            return "NOT_STARTED", None, sentence.partition(b"=")[0].decode(errors="replace")
        if not progress.startswith(b"+"):
            last = self._output.value().decode(errors="replace").strip().rpartition("\n")[2]
            return "NOT_STARTED", None, f"the sandbox could not be set up: {last}"
        assert self._code is not None
        found = progress.partition(b"=")[2]
        code = os.waitstatus_to_exitcode(int(found) if found else self._code)
        if code == -_SIGXFSZ:
            return "DISK_FULL", None, f"wrote a file larger than {size_of(self._limits['file'])}"
        if code < 0:
            return "KILLED", None, f"was ended by {_signal_name(-code)}"
        return "FINISHED", code, ""


def _of(stop: Stop) -> tuple[str, int | None, str]:
    return stop.ended, None, stop.reason


def _signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _tasks_of_this_user() -> int:
    return sum(map(processes.threads, processes.of_user(os.getuid())))


def _read(descriptor: int) -> bytes | None:
    """What is there to be read, nothing at the end, None where it is not there yet."""
    try:
        return os.read(descriptor, 65_536)
    except BlockingIOError:
        return None


def _write(path: str, text: str) -> None:
    with Ignoring(OSError):
        descriptor = os.open(path, os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def _told() -> dict[str, Any]:
    """The task: its length in eight bytes, then so many bytes of `marshal`."""
    head = _exactly(8)
    found: dict[str, Any] = marshal.loads(_exactly(int.from_bytes(head, "big")))
    return found


def _exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def main() -> None:
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_DUMPABLE, 0)  # a program of the same user cannot look into this process
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        with Ignoring(OSError):
            os.set_inheritable(int(name), int(name) <= 2)
    answer = Run(_told()).go()
    with Ignoring(BrokenPipeError), open(1, "wb", closefd=False) as stream:
        stream.write(answer)
