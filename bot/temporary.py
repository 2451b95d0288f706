"""Temporary folders that go even when the bot is killed: the next one to start removes them.

Whoever holds the lock in such a folder is alive; one whose lock can be taken was left behind.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_PREFIX = "amendbot-git-"
_LOCK = "lock"
_ABANDONED_S = 3600.0
"""A folder so old without a lock was never taken into use."""


class TemporaryFolder:
    """A new folder, ours alone until `close`. Making one sweeps what dead bots left."""

    def __init__(self) -> None:
        sweep()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._lock = os.open(self.path / _LOCK, flags, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            if os.fstat(self._lock).st_nlink:  # else another bot swept it between these lines
                return
            os.close(self._lock)

    def close(self) -> None:
        """Remove the folder; once is enough, and twice does no harm."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def sweep() -> int:
    """Remove the folders of bots that are no more. Returns how many there were."""
    return sum(_sweep_one(path) for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"))


def _sweep_one(path: Path) -> bool:
    try:
        found = path.lstat()
        if found.st_uid != os.geteuid():
            return False
        if time.time() - found.st_mtime > _ABANDONED_S and not (path / _LOCK).exists():
            shutil.rmtree(path, ignore_errors=True)
            return True
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False  # another bot is just making or removing it
    try:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
            return True
        return False
    finally:
        os.close(lock)
