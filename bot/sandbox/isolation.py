"""Finding out what holds programs on this machine, by trying it."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

from bot.evidence import Ended
from bot.sandbox import Job, Limits, landlock, processes
from bot.sandbox.bubblewrap import Inside, Isolation, inside, interpreter, interpreter_folders
from bot.sandbox.running import run
from bot.sandbox.workspace import Workspace

__all__ = ["Inside", "Isolation", "inside", "probe", "without_bubblewrap"]

_QUESTIONS = """
import os, socket, sys
secret, uid, home, *toolchain = sys.argv[1:]
if os.path.exists(secret): sys.exit("it shows the files outside")
shown = os.listdir(home) if os.path.isdir(home) else []
if set(shown) - set(toolchain): sys.exit("it shows the home")
if [name for _, name in socket.if_nameindex() if name != "lo"]: sys.exit("it leaves the network")
if os.getpid() > 9: sys.exit("it shares the process space")
if uid and os.getuid() != int(uid): sys.exit("it keeps the user")
for folder in ("/", "/usr", "/etc", "/dev"):
    if os.access(folder, os.W_OK): sys.exit(f"it leaves {folder} writable")
print("isolated")
"""
_LIMITS = Limits(seconds=20.0)


@functools.cache
def probe() -> Isolation:
    """What isolation works here. A binary's presence proves nothing, so a program is run in it."""
    program = shutil.which("bwrap")
    if program is None:
        return without_bubblewrap("bubblewrap is not installed")
    reason = ""
    for candidate in _candidates(str(Path(program).resolve())):
        trouble = _trouble(candidate)
        if not trouble:
            return candidate
        reason = reason or f"bubblewrap fails here: {trouble}"
    return without_bubblewrap(reason)


def without_bubblewrap(reason: str) -> Isolation:
    """What holds programs here when it is not bubblewrap, for the reason given."""
    drops = _can_become_others()
    return Isolation(kind="none", reason=reason, drops_uid=drops, confines=landlock.works())


def _candidates(program: str) -> list[Isolation]:
    drops = _can_become_others()
    seals = "--disable-userns" in _help(program)
    found = []
    if drops:
        found.append(Isolation(kind="bubblewrap", program=program, drops_uid=True, first_as="root"))
    for sealed in (True, False) if seals else (False,):
        found.append(
            Isolation(
                kind="bubblewrap",
                program=program,
                drops_uid=drops,
                first_as="slot" if drops else "user",
                seals=sealed,
            )
        )
    return found


def _help(program: str) -> str:
    try:
        done = subprocess.run(
            [program, "--help"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


@functools.cache
def _can_become_others() -> bool:
    """Whether we are root and may become the users of the slots; some containers forbid it."""
    if os.geteuid() != 0:
        return False
    last = processes.FIRST_SLOT + 2 * processes.SLOTS - 1
    ranges = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    mapped = any(int(a) <= processes.FIRST_SLOT and last < int(a) + int(n) for a, _, n in ranges)
    pid = os.fork() if mapped else -1
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(last, last, last)
            os.setresuid(last, last, last)
            os._exit(0)
        finally:
            os._exit(1)
    return mapped and os.waitpid(pid, 0)[1] == 0


def _trouble(candidate: Isolation) -> str:
    """What is wrong with this isolation, empty where it holds."""
    with Workspace(candidate) as workspace:
        secret = workspace.root / "secret"
        secret.touch(mode=0o644)
        uid = "" if workspace.uid is None else str(workspace.uid)
        argv = (interpreter(), "-I", "-S", "-c", _QUESTIONS, str(secret), uid, *_home())
        finished = run(Job(argv=argv, environment=(), limits=_LIMITS), workspace, candidate)
    last = finished.output.strip().rpartition("\n")[2]
    if finished.ended is Ended.FINISHED and finished.exit_code == 0 and last == "isolated":
        return ""
    return finished.reason or last or f"a program in it ended with {finished.exit_code}"


def _home() -> list[str]:
    """The user's home, and what of it must be visible because Python is installed there."""
    home = Path.home().resolve()
    inside_home = [path for name in interpreter_folders() if home in (path := Path(name)).parents]
    return [str(home), *(path.relative_to(home).parts[0] for path in inside_home)]
