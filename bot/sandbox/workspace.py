"""A workspace: the folder in which one commit's programs run, and that nothing of survives.

Whoever holds the lock in a workspace is alive. A workspace whose lock can be taken was abandoned by
a bot that was killed, and the next bot removes it together with whatever still runs there.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import secrets
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.errors import UserError
from bot.sandbox import processes
from bot.sandbox.bubblewrap import Isolation
from bot.sandbox.removal import remove

_PREFIX = "run-"
_LOCK = "lock"
_UNFINISHED = 60.0  # seconds after which a workspace without a lock is one nobody is making
_GRACE = 5.0  # seconds in which the supervisor of a dead bot ends what it started
_ETC = {
    "passwd": "root:x:0:0::/root:/usr/sbin/nologin\n"
    "sandbox:x:{uid}:{gid}:sandbox:/amendbot/home:/bin/sh\n",
    "group": "root:x:0:\nsandbox:x:{gid}:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
}


class Workspace:
    """A folder of its own for the runs of one commit; a context manager that leaves nothing.

    `uid` is the user as whom the programs run, None where that is the user who runs the bot.
    """

    def __init__(self, isolation: Isolation) -> None:
        self.isolation = isolation
        self.nonce = secrets.token_hex(16)
        self.uid: int | None = None
        self._slot: socket.socket | None = None
        self._given_away = False

    def __enter__(self) -> Self:
        sweep()
        try:
            if self.isolation.drops_uid:
                self._slot, self.uid = _claim_slot()
            reachable = self.uid is not None and self.isolation.first_as != "root"
            self.root, self._lock = _make_root(_base(reachable_by_all=reachable))
            self._fill()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def shm(self) -> Path:
        return self.root / "shm"

    @property
    def tools(self) -> Path:
        return self.root / "tools"

    @property
    def report(self) -> Path:
        return self.root / "report"

    @property
    def held(self) -> tuple[int, ...]:
        """Descriptors that the supervisor holds too, so that it is never swept while it works."""
        return (self._lock,) if self._slot is None else (self._lock, self._slot.fileno())

    def hand_over(self) -> None:
        """Ready for a run: everything belongs to the program's user, and the report pipe is new."""
        if self.uid is not None and not self._given_away:
            for folder in (self.tree, self.home, self.tmp, self.shm):
                give(folder, self.uid)
            self._given_away = True
        self.report.unlink(missing_ok=True)
        os.mkfifo(self.report)
        # Who can open it for reading could swallow what another process reports.
        self.report.chmod(0o600 if self.uid is None else 0o622)

    def end_processes(self) -> None:
        """End whatever still runs here, where no supervisor is left to do it."""
        _end_processes(self.nonce, self.uid)

    def _fill(self) -> None:
        gid = os.getgid() if self.uid is None else self.uid
        uid = os.getuid() if self.uid is None else self.uid
        identity = f"{os.getpid()} {processes.started(os.getpid())} {self.nonce} {self.uid or ''}"
        os.write(self._lock, identity.encode())
        for folder in (self.tree, self.home, self.tmp, self.shm):
            folder.mkdir(mode=0o700)
        for folder in (self.tools, self.root / "etc"):
            folder.mkdir()
            folder.chmod(0o755)  # whatever our umask
        for name, text in _ETC.items():
            file = self.root / "etc" / name
            file.write_text(text.format(uid=uid, gid=gid))
            file.chmod(0o644)

    def _leave(self) -> None:
        if hasattr(self, "root"):
            self.end_processes()
            remove(self.root, last=_LOCK)
            os.close(self._lock)
            _remove_base(self.root.parent)
        if self._slot is not None:
            self._slot.close()


def sweep() -> int:
    """Remove the workspaces of bots that are no more. Returns how many there were."""
    swept = 0
    for base in {Path(folder, _base_name()) for folder in _temporary_folders()}:
        try:
            roots = sorted(base.glob(f"{_PREFIX}*")) if _is_ours(base) else None
        except FileNotFoundError:  # there is none, or another bot found it empty and removed it
            continue
        if roots is not None:
            swept += sum(map(_sweep_one, roots))
            _remove_base(base)
    return swept


def _sweep_one(root: Path) -> bool:
    try:
        lock = os.open(root / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return _sweep_unfinished(root)
    try:
        if not _take(lock):
            return False
        words = os.read(lock, 200).decode().split()
        if len(words) >= 3:
            uid = int(words[3]) if len(words) > 3 else None
            _end_processes(words[2], uid if os.geteuid() == 0 else None)
        remove(root, last=_LOCK)
        return True
    finally:
        os.close(lock)


def _sweep_unfinished(root: Path) -> bool:
    try:
        abandoned = time.time() - root.lstat().st_mtime > _UNFINISHED
    except FileNotFoundError:
        return False
    if abandoned:
        remove(root)
    return abandoned


def _take(lock: int) -> bool:
    """Take the lock; where only the supervisor of a dead bot holds it, wait until it is done."""
    deadline = time.monotonic() + _GRACE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            words = os.pread(lock, 200, 0).decode().split()
            alive = len(words) < 2 or processes.started(int(words[0])) == words[1]
            if alive or time.monotonic() > deadline:
                return False
        time.sleep(0.01)


def _end_processes(nonce: str, uid: int | None) -> None:
    if uid is None:
        processes.end_all(lambda: processes.marked(nonce))
    else:
        processes.end_user(uid)


def _claim_slot() -> tuple[socket.socket, int]:
    """A user id that no other run has, and the socket whose name holds it while we live.

    A name that the kernel forgets with its owner leaves no file behind. What still runs as that
    user belongs to a dead bot and ends here.
    """
    for uid in range(processes.FIRST_SLOT, processes.FIRST_SLOT + processes.SLOTS):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0amendbot-user-{uid}")
        except OSError:
            claim.close()
            continue
        if not _is_account(uid) and processes.end_user(uid):
            return claim, uid
        claim.close()
    raise UserError(
        f"All {processes.SLOTS} users for sandboxed programs are taken; try again once other runs "
        f"have ended."
    )


def _is_account(uid: int) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwuid(uid))
    return False


def _base_name() -> str:
    return f"amendbot-{os.geteuid()}"


def _temporary_folders() -> list[str]:
    return list(dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")))


def _base(*, reachable_by_all: bool) -> Path:
    """The folder of all workspaces; `reachable_by_all` asks for one that another user can reach."""
    for folder in _temporary_folders():
        path = Path(folder).resolve()
        if not reachable_by_all or all(
            place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents)
        ):
            return path / _base_name()
    raise UserError(
        "There is no temporary folder that other users can reach; set TMPDIR to one of theirs."
    )


def _make_root(base: Path) -> tuple[Path, int]:
    """A new folder in `base`, and its lock, held."""
    mode = 0o711 if os.geteuid() == 0 else 0o700  # as root, the program's user must get through
    while True:
        with contextlib.suppress(FileExistsError):
            base.mkdir(mode=0o700)
        try:
            _check_base(base)
            base.chmod(mode)  # whatever our umask
            root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
            root.chmod(mode)
            lock = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # another bot found the folder empty and removed it
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock).st_nlink:
            return root, lock
        os.close(lock)  # another bot took it for abandoned before it was locked


def _check_base(base: Path) -> None:
    if not _is_ours(base):
        raise UserError(f"{base} must be a folder that only you can write to; remove it.")


def _is_ours(base: Path) -> bool:
    found = base.lstat()
    foreign = found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and not foreign


def _remove_base(base: Path) -> None:
    with contextlib.suppress(OSError):  # other workspaces are in it
        base.rmdir()


def give(folder: Path, uid: int) -> None:
    """As root, make a folder and everything below it the user's; no link is followed."""
    # Unlike os.walk, the tool copes with trees of any depth.
    command = ["chown", "-R", "-P", "-h", f"{uid}:{uid}", "--", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
