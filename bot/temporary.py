"""Temporary folders that go even when the bot is killed: the next one to start removes them.

Whoever holds the lock in such a folder is alive; one whose lock can be taken was left behind.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "amendbot-git-"
_LOCK = "lock"


class TemporaryFolder:
    """A new folder, ours alone until `close`. Making one sweeps what dead bots left."""

    def __init__(self) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def sweep() -> int:
    """Remove the folders of bots that are no more. Returns how many there were."""
    return sum(_sweep_one(path) for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"))


def _sweep_one(path: Path) -> bool:
    try:
        if path.lstat().st_uid != os.geteuid():
            return False
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
