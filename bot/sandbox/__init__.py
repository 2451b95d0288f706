"""The sandbox: run a program on the files of a commit where it can do no harm.

A run happens in a *workspace*, a folder of its own with a throwaway clone, a home and a temporary
folder, under a *supervisor*, a small process that starts the program, holds it to its limits and
ends whatever it left behind, even when the bot itself is killed. With bubblewrap the program has no
network, a process space of its own, and sees nothing but the toolchain and its workspace.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.evidence import Ended

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may use: wall time in seconds, sizes in bytes.

    `memory` is for all its processes together, `file` for one file, `disk` for its whole workspace,
    `output` for everything it prints.
    """

    seconds: float = 600.0
    memory: int = 2048 * MIB
    processes: int = 256
    file: int = 512 * MIB
    disk: int = 2048 * MIB
    output: int = 64 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One program to run.

    `argv` is looked up on the PATH in `environment`, which is the whole of what the program
    inherits. `visible` are absolute paths that it may read besides the system's toolchain,
    `writable` ones that it may also change. With `network` it may reach the network, which only the
    set-up from the base's manifests is given.
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    limits: Limits = Limits()
    visible: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    network: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a job ended.

    `output` is the beginning and the end of what it printed, undecodable bytes replaced; `events`
    is what was written to the workspace's report pipe, which nobody can take back. `peak_memory` is
    in bytes. `reason` says in a sentence what went wrong where `ended` is not FINISHED.
    """

    ended: Ended
    exit_code: int | None
    output: str
    events: bytes
    seconds: float
    peak_memory: int = 0
    reason: str = ""
