"""Run one program in a workspace, and come back with how it ended, whatever it does."""

from __future__ import annotations

import ast
import contextlib
import marshal
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from bot.evidence import Ended
from bot.sandbox import Finished, Job, processes
from bot.sandbox.bubblewrap import (
    LAUNCHER,
    LAUNCHER_INSIDE,
    Isolation,
    arguments,
    confined_to,
    inside,
    interpreter,
    interpreter_folders,
)
from bot.sandbox.workspace import Workspace, give

_SUPERVISE = """
import sys
sys.path.append(sys.argv[1])
import supervisor
supervisor.main()
"""
_PATIENCE = 30.0  # seconds; a supervisor that needs longer is stuck
_HERE = str(Path(__file__).parent)


def run(job: Job, workspace: Workspace, isolation: Isolation) -> Finished:
    """Run a program and wait for its end; nothing that it started outlives this call.

    On Ctrl-C everything is ended before KeyboardInterrupt goes on.
    """
    workspace.hand_over()
    if workspace.uid is None:
        return _supervised(job, workspace, isolation)
    for path in job.writable:
        give(Path(path), workspace.uid)
    try:
        return _supervised(job, workspace, isolation)
    finally:
        for path in job.writable:
            give(Path(path), os.getuid())


class Conversation:
    """A program that runs until it is told to end: its input is the other end of `socket`.

    It is held to its limits meanwhile, as any other, and nothing of it outlives `end`, or the bot.
    """

    def __init__(self, job: Job, workspace: Workspace, isolation: Isolation) -> None:
        self._workspace = workspace
        self._began = time.monotonic()
        self._finished: Finished | None = None
        workspace.hand_over()
        self.socket, theirs = socket.socketpair()
        with theirs:
            spec = _spec(job, workspace, isolation) | {"talk": theirs.fileno()}
            self._supervisor = _start_supervisor(workspace, theirs.fileno())
        assert self._supervisor.stdin
        try:
            self._supervisor.stdin.write(_framed(marshal.dumps(spec)))
            self._supervisor.stdin.flush()
        except BrokenPipeError:
            pass  # it was killed before it could read
        except BaseException:
            self.end()
            raise

    def end(self) -> Finished:
        """End the program, if it has not ended by itself, and say how that was."""
        if self._finished is None:
            self._finished = self._end()
        return self._finished

    def _end(self) -> Finished:
        self.socket.close()
        supervisor, answer = self._supervisor, b""
        assert supervisor.stdin
        assert supervisor.stdout
        try:
            with contextlib.suppress(BrokenPipeError):
                supervisor.stdin.close()
            answer = supervisor.stdout.read()
        finally:
            _close(supervisor)
        if supervisor.returncode == 0 and answer:
            return _finished(answer)
        self._workspace.end_processes()
        return _killed(self._began)


def _start_supervisor(workspace: Workspace, *passed: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [interpreter(), "-I", "-S", "-c", _SUPERVISE, _HERE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_own_environment(workspace),
        start_new_session=True,  # Ctrl-C is for the bot alone
        pass_fds=(*workspace.held, *passed),
    )


def _supervised(job: Job, workspace: Workspace, isolation: Isolation) -> Finished:
    began = time.monotonic()
    supervisor = _start_supervisor(workspace)
    assert supervisor.stdin
    assert supervisor.stdout
    assert supervisor.stderr
    answer = trouble = b""
    try:
        supervisor.stdin.write(_framed(marshal.dumps(_spec(job, workspace, isolation))))
        supervisor.stdin.flush()
        answer = supervisor.stdout.read()
        trouble = supervisor.stderr.read()
    except BrokenPipeError:
        pass  # it was killed before it could read
    finally:
        _close(supervisor)
    if supervisor.returncode == 0 and answer:
        return _finished(answer)
    workspace.end_processes()
    if supervisor.returncode >= 0:
        raise RuntimeError(f"the supervisor failed: {trouble.decode(errors='replace')}")
    return _killed(began)


def _killed(began: float) -> Finished:
    return Finished(
        ended=Ended.KILLED,
        exit_code=None,
        output="",
        events=b"",
        seconds=time.monotonic() - began,
        reason="its supervisor was killed",
    )


def _close(supervisor: subprocess.Popen[bytes]) -> None:
    """By the end of its input the supervisor knows that it must end everything; wait for that."""
    for stream in (supervisor.stdin, supervisor.stdout, supervisor.stderr):
        assert stream
        with contextlib.suppress(BrokenPipeError):
            stream.close()
    try:
        supervisor.wait(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def _own_environment(workspace: Workspace) -> dict[str, str]:
    """For the supervisor and the launcher; a Python built as a shared library needs its path."""
    own = {processes.MARKER: workspace.nonce, "LC_ALL": "C.UTF-8"}
    if "LD_LIBRARY_PATH" in os.environ:
        own["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return own


def _environment(job: Job, workspace: Workspace, isolation: Isolation) -> dict[str, str]:
    """What the program inherits; where nothing else tells its processes from ours, a marker too."""
    environment = dict(job.environment)
    if workspace.uid is None and isolation.kind == "none":
        environment[processes.MARKER] = workspace.nonce
    return environment


def _spec(job: Job, workspace: Workspace, isolation: Isolation) -> dict[str, Any]:
    shut_in = isolation.kind == "bubblewrap"
    needed = tuple(path for path in job.visible if Path(path).exists())
    command = [interpreter(), "-I", "-S", LAUNCHER_INSIDE if shut_in else LAUNCHER]
    if shut_in:
        words = arguments(workspace, isolation, needed, job.writable, network=job.network)
        command = [*words, *command]
    limits = job.limits
    return {
        "command": command,
        "first_as": workspace.uid if shut_in and isolation.first_as == "slot" else None,
        "uid": workspace.uid,
        "report": str(workspace.report),
        "talk": None,
        "folders": [str(path) for path in (workspace.tree, workspace.home, workspace.tmp)]
        + [str(workspace.shm), *job.writable],
        "limits": {
            "seconds": limits.seconds,
            "memory": limits.memory,
            "processes": limits.processes,
            "file": limits.file,
            "disk": limits.disk,
            "output": limits.output,
        },
        "launch": {
            "argv": list(job.argv),
            "environment": _environment(job, workspace, isolation),
            "folder": inside(workspace, isolation).tree,
            "uid": workspace.uid if not shut_in or isolation.first_as == "root" else None,
            "first_process": shut_in,
            "needed": [*needed, *job.writable],
            "confined_to": confined_to(workspace, needed, job.writable)
            if isolation.confines
            else None,
            "shm": str(workspace.shm),
            "useful": list(interpreter_folders()),
        },
    }


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(8, "big") + data


def _finished(answer: bytes) -> Finished:
    head, _, rest = answer.partition(b"\n")
    ended, code, reason, seconds, peak, output, events = ast.literal_eval(head.decode())
    return Finished(
        ended=Ended[ended],
        exit_code=code,
        output=rest[:output].decode(errors="replace"),
        events=rest[output : output + events],
        seconds=seconds,
        peak_memory=peak,
        reason=reason,
    )
