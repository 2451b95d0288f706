"""What the supervisor counts while a program runs: what it prints, starts, uses and writes.

Imported by the supervisor and, like it, quick to load.
"""

from __future__ import annotations

import os
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bot.sandbox import processes
    from bot.sandbox.processes import Ignoring
else:
    import processes
    from processes import Ignoring

MIB = 1024 * 1024
_HEAD = 64 * 1024
_TAIL = 192 * 1024
_WALK = 1.0  # seconds between two measurements of the files, more where one takes long


def size_of(size: int) -> str:
    return f"{size / MIB:g} MiB"


class Kept:
    """The beginning and the end of what was printed."""

    def __init__(self) -> None:
        self.total = 0
        self._head = bytearray()
        self._tail = bytearray()

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = _HEAD - len(self._head)
        self._head += data[:room]
        self._tail += data[max(room, 0) :]
        if len(self._tail) > 2 * _TAIL:
            del self._tail[:-_TAIL]

    def value(self) -> bytes:
        tail = self._tail[-_TAIL:]
        left_out = self.total - len(self._head) - len(tail)
        note = b"\n[... %d bytes left out ...]\n" % left_out if left_out else b""
        return bytes(self._head) + note + bytes(tail)


class Stop(Exception):
    """A limit was passed. `ended` is the name of an `Ended`, `reason` a sentence."""

    def __init__(self, ended: str, reason: str) -> None:
        super().__init__(reason)
        self.ended = ended
        self.reason = reason


class Processes:
    """Watches how many processes there are and how much memory they use."""

    def __init__(self, memory: int, count: int, own: int) -> None:
        self.peak = 0
        self._memory = memory
        self._count = count
        self._own = own

    def look(self) -> None:
        pids = processes.descendants(os.getpid())
        if sum(map(processes.threads, pids)) > self._count + self._own:
            raise Stop("TOO_MANY_PROCESSES", f"had more than {self._count} processes at once")
        used = sum(map(processes.resident, pids))
        if used > self._memory:  # it counts what they share more than once
            used = sum(map(processes.proportional, pids))
        self.peak = max(self.peak, used)
        if used > self._memory:
            raise Stop("OUT_OF_MEMORY", f"used more than {size_of(self._memory)} of memory")


class Files:
    """Watches how much the program has written, in folders and in files without a name."""

    def __init__(self, folders: list[str], limit: int) -> None:
        self._folders = folders
        self._limit = limit
        self._disk = os.open(folders[0], os.O_RDONLY)  # the program may remove the folder
        self._free_at_first = self._free_then = self._free()
        self._next = 0.0
        self._cost = 0.0

    def look(self) -> None:
        """Measure when it is time, or sooner when the disk fills quickly."""
        now = time.monotonic()
        filling = self._free_then - self._free() > self._limit / 8
        if now < self._next - (_WALK if filling else 0.0):
            return
        self._free_then = self._free()
        self._measure()
        self._cost = time.monotonic() - now
        self._next = now + _WALK + 10 * self._cost

    def _measure(self) -> None:
        seen = 0
        hidden = False
        pending = list(self._folders)
        while pending:
            try:
                with os.scandir(pending.pop()) as entries:
                    for entry in entries:
                        with Ignoring(FileNotFoundError):
                            blocks = entry.stat(follow_symlinks=False).st_blocks
                            seen += max(512 * blocks, 4096)  # an empty file takes room, too
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(entry.path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                hidden = True
            if seen > self._limit:
                break
        seen += _nameless()
        lost = self._free_at_first - self._free()
        if seen > self._limit or (hidden and lost > self._limit):
            raise Stop("DISK_FULL", f"wrote more than {size_of(self._limit)} to disk")

    def _free(self) -> int:
        found = os.fstatvfs(self._disk)
        return found.f_bfree * found.f_frsize


def _nameless() -> int:
    """Bytes in files that have no name any more but are open, on disk or in memory."""
    sizes: dict[tuple[int, int], int] = {}
    for pid in processes.descendants(os.getpid()):
        folder = f"/proc/{pid}/fd"
        with Ignoring(OSError):
            for name in os.listdir(folder):  # noqa: PTH208 - pathlib is slow to import
                with Ignoring(OSError):
                    found = os.stat(f"{folder}/{name}")  # noqa: PTH116
                    if stat.S_ISREG(found.st_mode) and not found.st_nlink:
                        sizes[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(sizes.values())
