"""Finding, weighing and ending processes, for whoever has to clean up after a program.

Only the standard library: the supervisor imports this without the rest of the bot. And of that only
what loads quickly, for every run waits for it.
"""

from __future__ import annotations

import os
import resource
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

MARKER = "AMENDBOT_RUN"
"""The environment variable by which a program's processes are known after their supervisor died."""

FIRST_SLOT = 64_100
SLOTS = 128
"""User ids for programs that root starts, each with another, `SLOTS` higher, that ends them."""

SIGKILL = 9
_PATIENCE = 10.0  # seconds to wait for processes that do not die, such as those stuck in a driver
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Ignoring:
    """What `Ignoring` is, without the time it takes to import."""

    def __init__(self, *kinds: type[BaseException]) -> None:
        self._kinds = kinds

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        return kind is not None and issubclass(kind, self._kinds)


def descendants(root: int) -> list[int]:
    """Every living process below `root`, parents first."""
    below = _by_parent() if not _has_children_files() else None
    found: list[int] = []
    pending = [root]
    while pending:
        pid = pending.pop()
        children = _children(pid) if below is None else below.get(pid, [])
        found += children
        pending += children
    return found


def _has_children_files() -> bool:
    pid = os.getpid()
    return os.path.exists(f"/proc/{pid}/task/{pid}/children")  # noqa: PTH110 - asked at every look


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in _listing(f"/proc/{pid}/task"):
        found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def _by_parent() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for pid in all_processes():
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        if len(fields) > 1:
            found.setdefault(int(fields[1]), []).append(pid)
    return found


def all_processes() -> Iterator[int]:
    return (int(name) for name in _listing("/proc") if name.isdigit())


def threads(pid: int) -> int:
    return len(_listing(f"/proc/{pid}/task"))


def resident(pid: int) -> int:
    """Bytes in memory; what processes share is counted for each of them."""
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0


def proportional(pid: int) -> int:
    """Bytes in memory, each shared page divided among its users; slow for a large process."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return resident(pid)


def started(pid: int) -> str:
    """When the process started, in the kernel's own count; empty where there is none."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return fields[19].decode() if len(fields) > 19 and fields[0] != b"Z" else ""


def marked(value: str) -> list[int]:
    """The processes whose environment, as they were started, holds the marker with this value."""
    wanted = f"{MARKER}={value}".encode()
    return [
        pid
        for pid in all_processes()
        if pid != os.getpid() and wanted in _read(f"/proc/{pid}/environ").split(b"\0")
    ]


def of_user(uid: int) -> list[int]:
    """The living processes that run as this user."""
    found = []
    for pid in all_processes():
        status = _read(f"/proc/{pid}/status")
        uids = status.partition(b"\nUid:")[2].partition(b"\n")[0].split()
        if str(uid).encode() in uids and b"\nState:\tZ" not in status:
            found.append(pid)
    return found


def end_all(find: Callable[[], list[int]]) -> bool:
    """End the processes that `find` names until it names none. Whether that came to pass.

    Each first loses the right to start another, so that none can outrun us.
    """
    return _until(lambda: _end(find()))


def end_user(uid: int) -> bool:
    """As root, end every process of a slot's user. Whether none is left.

    One call ends them all at once, so not even a program that keeps forking escapes.
    """

    def once() -> bool:
        _signal_user(uid)
        return not of_user(uid)

    return not of_user(uid) or _until(once)


def _until(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    pause = 0.001
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    return True


def _end(pids: list[int]) -> bool:
    for pid in pids:
        with Ignoring(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_NPROC, (0, 0))
        with Ignoring(OSError):
            os.kill(pid, SIGKILL)
    reap()
    return not pids


def reap() -> None:
    """Forget our own children that have ended."""
    with Ignoring(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _signal_user(uid: int) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            # With another real user than the one it signals, this process is out of their reach.
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid + SLOTS, uid, uid + SLOTS)
            if _powerless():
                os.kill(-1, SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def _powerless() -> bool:
    """Whether this process holds no capability; with one, `kill(-1)` would reach everybody."""
    held = _read("/proc/self/status").partition(b"\nCapEff:")[2].split(maxsplit=1)
    return bool(held) and int(held[0], 16) == 0 and 0 not in os.getresuid()


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - this runs many times a second
    except OSError:
        return []


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(descriptor, 65_536):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
