"""A program that is talked with is held as any other is, and ends with whoever talks to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import bot
from bot.evidence import Ended
from bot.sandbox import MIB, Job, Limits, processes
from bot.sandbox.bubblewrap import interpreter, interpreter_folders
from bot.sandbox.isolation import Isolation, probe, without_bubblewrap
from bot.sandbox.running import Conversation
from bot.sandbox.workspace import Workspace

LIMITS = Limits(seconds=30, memory=256 * MIB, processes=40, file=8 * MIB, disk=16 * MIB)
ECHO = """
import os, socket
talk = socket.socket(fileno=os.dup(0))
while True:
    data = talk.recv(1000)
    if not data: break
    talk.sendall(data.upper())
print("bye")
"""
WORD = "291.75"


@pytest.fixture(params=["bubblewrap", "none", "none, without Landlock"])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    if request.param == "bubblewrap":
        found = probe()
        if found.kind != "bubblewrap":
            pytest.skip(found.reason)
        return found
    found = without_bubblewrap("as asked")
    return replace(found, confines=False) if "without" in request.param else found


def job(program: str, limits: Limits = LIMITS) -> Job:
    return Job(
        argv=(interpreter(), "-I", "-S", "-c", program),
        environment=(("PATH", "/usr/bin:/bin"),),
        limits=limits,
        visible=interpreter_folders(),
    )


def sleeping() -> list[int]:
    found = []
    for pid in processes.all_processes():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if WORD.encode() in words:
            found.append(pid)
    return found


def test_what_is_said_is_answered(isolation: Isolation) -> None:
    with Workspace(isolation) as workspace:
        talk = Conversation(job(ECHO), workspace, isolation)
        for word in (b"one", b"two"):
            talk.socket.sendall(word)
            assert talk.socket.recv(100) == word.upper()
        assert talk.end().ended in (Ended.KILLED, Ended.FINISHED)


def test_the_end_of_the_program_is_noticed_and_told(isolation: Isolation) -> None:
    with Workspace(isolation) as workspace:
        talk = Conversation(job("print('enough'); raise SystemExit(7)"), workspace, isolation)
        assert talk.socket.recv(100) == b""
        time.sleep(0.2)
        finished = talk.end()
    assert (finished.ended, finished.exit_code) == (Ended.FINISHED, 7)
    assert finished.output == "enough\n"
    assert talk.end() is finished


def test_its_limits_hold(isolation: Isolation) -> None:
    with Workspace(isolation) as workspace:
        limits = replace(LIMITS, seconds=0.5)
        talk = Conversation(job("while True: pass", limits), workspace, isolation)
        assert talk.socket.recv(100) == b""
        time.sleep(0.2)
        assert talk.end().ended is Ended.TIMED_OUT


def test_nothing_that_it_started_outlives_it(isolation: Isolation) -> None:
    program = f"import os; os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '{WORD}'); " + ECHO.strip()
    with Workspace(isolation) as workspace:
        talk = Conversation(job(program.replace("; import", "\nimport")), workspace, isolation)
        talk.socket.sendall(b"x")
        assert talk.socket.recv(10) == b"X"
        talk.end()
        assert not sleeping()


def test_nothing_outlives_a_bot_that_is_killed(isolation: Isolation) -> None:
    program = f"import os; os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '{WORD}')\n" + ECHO
    bot = os.fork()
    if bot == 0:
        try:
            with Workspace(isolation) as workspace:
                talk = Conversation(job(program), workspace, isolation)
                talk.socket.recv(10)
        finally:
            os._exit(0)
    deadline = time.monotonic() + 20
    while not sleeping() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert sleeping()
    os.kill(bot, signal.SIGKILL)
    os.waitpid(bot, 0)
    while sleeping() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not sleeping()


def test_the_bot_may_lie_where_nobody_else_can_read_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    ours = Path(bot.__file__).parent
    shutil.copytree(ours, closed / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    script = """
from bot.sandbox import Job
from bot.sandbox.bubblewrap import interpreter, interpreter_folders
from bot.sandbox.isolation import without_bubblewrap
from bot.sandbox.running import run
from bot.sandbox.workspace import Workspace

isolation = without_bubblewrap("as asked")
argv = (interpreter(), "-I", "-S", "-c", "print(1)")
job = Job(argv=argv, environment=(("PATH", "/usr/bin:/bin"),), visible=interpreter_folders())
with Workspace(isolation) as workspace:
    print(run(job, workspace, isolation).ended.name)
"""
    environment = {**os.environ, "PYTHONPATH": str(closed), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(
        command, check=False, cwd=closed, env=environment, capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == ("FINISHED\n", "")
