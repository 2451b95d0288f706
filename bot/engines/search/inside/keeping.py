"""Keeps the tree as it was: what a candidate, or a test, leaves behind must not meet the next one.

The kernel names what was touched, so that a clean tree costs a single look; what was touched is
then taken again from a copy that no candidate can write to.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import struct
import sys
import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Mark = tuple[int, int, int]

_MODIFY, _ATTRIB, _MOVED, _CREATE, _DELETE = 0x2, 0x4, 0xC0, 0x100, 0x200
_ONLYDIR, _DONT_FOLLOW = 0x1000000, 0x2000000
_OVERFLOW, _IS_DIR = 0x4000, 0x40000000
_MASK = _MODIFY | _ATTRIB | _MOVED | _CREATE | _DELETE | _ONLYDIR | _DONT_FOLLOW
_EVENT = struct.Struct("iIII")
_LATER = 10
"""Seconds by which an edited file is newer than the base's and than the one edited before, so that
no bytecode fits two of them."""
_WRITES_A_TURN = 20


class Kept:
    """The tree, and the folders that should be empty, between two candidates."""

    def __init__(self, tree: str, base: str, empty: dict[str, set[str]]) -> None:
        self._tree = tree
        self._base = base
        self._empty = empty
        self._written = 0
        self._marks = dict(_marks(tree))
        self._watch = _Watch.started([tree, *_folders(tree)])
        self.reset()

    def spare(self) -> None:
        """What is in the folders now may stay there."""
        for folder, spared in self._empty.items():
            spared.update(os.listdir(folder))

    def text(self, path: str) -> str:
        """A file as it is at the base."""
        return _read(os.path.join(self._base, path))

    def now(self, path: str) -> str:
        """A file as it is now."""
        return _read(os.path.join(self._tree, path))

    def take_turn(self, number: int) -> None:
        """What is written from now on is newer than what was written in an earlier turn."""
        self._written = number * _WRITES_A_TURN

    def write(self, path: str, text: str) -> None:
        file = os.path.join(self._tree, path)
        self._written += 1
        modified = self._marks[path][0] + self._written * _LATER * 10**9
        data = text.encode("utf-8")
        with open(file, "r+b", buffering=0) as stream:  # emptied first, it would go to the disk
            stream.write(data)
            stream.truncate(len(data))
        os.utime(file, ns=(modified, modified))

    def is_touched(self) -> Callable[[], bool]:
        """What tells later whether anybody has touched the tree or those folders from now on."""
        before = self._seen()
        return lambda: before is None or self._seen() != before

    def _seen(self) -> tuple[int, list[list[str]]] | None:
        if self._watch is None:
            return None
        return self._watch.waiting(), [os.listdir(folder) for folder in self._empty]

    def reset(self) -> int:
        """Undo whatever was done to the tree since the last time. Returns how many places."""
        touched = self._watch.touched() if self._watch else None
        if touched is None:
            touched = self._compared()
        for path in sorted(touched):
            self._restore(path)
        for folder, spared in self._empty.items():
            for name in os.listdir(folder):
                if name not in spared:
                    _remove(os.path.join(folder, name))
        if touched and self._watch:
            self._watch.touched()  # what was just done here
        return len(touched)

    def _compared(self) -> set[str]:
        now = dict(_marks(self._tree))
        return {path for path in {*now, *self._marks} if now.get(path) != self._marks.get(path)}

    def _restore(self, path: str) -> None:
        file, base = os.path.join(self._tree, path), os.path.join(self._base, path)
        mark = self._marks.get(path)
        if mark is None:
            _remove(file)
            return
        if not os.path.lexists(os.path.dirname(file)):
            return  # it comes back with the folder
        if stat.S_ISDIR(mark[2]) and not os.path.islink(base):
            if not os.path.isdir(file) or os.path.islink(file):
                _remove(file)
                os.mkdir(file)
                for name in os.listdir(base):
                    self._restore(os.path.join(path, name))
                if self._watch:
                    self._watch.add(file)
            os.chmod(file, stat.S_IMODE(mark[2]))
            return
        _remove(file)
        if os.path.lexists(base):
            shutil.copy2(base, file, follow_symlinks=False)
            if not os.path.islink(file):
                os.chmod(file, stat.S_IMODE(mark[2]))
                os.utime(file, ns=(mark[0], mark[0]))


def _read(file: str) -> str:
    with open(file, "rb") as stream:
        return stream.read().decode("utf-8")


def _remove(file: str) -> None:
    try:
        if os.path.isdir(file) and not os.path.islink(file):
            shutil.rmtree(file, onerror=_open_up)
        else:
            os.unlink(file)
    except OSError:
        pass


def _open_up(function: object, path: str, _: object) -> None:
    """A folder that its owner may not change is opened up, once."""
    try:
        os.chmod(os.path.dirname(path), 0o700)
        os.chmod(path, 0o700)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)
    except OSError:
        pass


def _marks(tree: str) -> Iterator[tuple[str, Mark]]:
    """Every path of the tree, and what tells whether it was changed."""
    for folder in [tree, *_folders(tree)]:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue  # whoever closed it will have it opened again
        for entry in entries:
            if folder != tree or entry.name != ".git":
                found = entry.stat(follow_symlinks=False)
                is_folder = stat.S_ISDIR(found.st_mode)
                size, modified = (0, 0) if is_folder else (found.st_size, found.st_mtime_ns)
                path = os.path.relpath(entry.path, tree) if folder != tree else entry.name
                yield path, (modified, size, found.st_mode)


def _folders(tree: str) -> Iterator[str]:
    for at, folders, _ in os.walk(tree):
        if at == tree and ".git" in folders:
            folders.remove(".git")
        for name in folders:
            path = os.path.join(at, name)
            if not os.path.islink(path):
                yield path


class _Watch:
    """The kernel's notes of what happens in folders."""

    def __init__(self, libc: object, descriptor: int, tree: str) -> None:
        self._libc = libc
        self._descriptor = descriptor
        self._tree = tree
        self._places: dict[int, str | None] = {}

    @classmethod
    def started(cls, folders: list[str]) -> _Watch | None:
        """None where the kernel, or the interpreter, cannot. The first folder is the tree."""
        try:
            import ctypes

            libc = ctypes.CDLL(None, use_errno=True)
            descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except (ImportError, OSError, AttributeError):
            return None
        if descriptor < 0:
            return None
        watch = cls(libc, descriptor, folders[0])
        if all(watch.add(folder) for folder in folders):
            return watch
        os.close(descriptor)
        return None

    def add(self, folder: str) -> bool:
        number: int = self._libc.inotify_add_watch(  # type: ignore[attr-defined] # ctypes' own
            self._descriptor, os.fsencode(folder), _MASK
        )
        if number >= 0:
            self._places[number] = folder
        return number >= 0

    def waiting(self) -> int:
        """The bytes of notes that nobody has read yet; each thing that happens adds some."""
        size = bytearray(4)
        fcntl.ioctl(self._descriptor, termios.FIONREAD, size)
        return int.from_bytes(size, sys.byteorder)

    def touched(self) -> set[str] | None:
        """The paths in the tree that something happened to; None where the notes have gaps."""
        found: set[str] = set()
        while True:
            try:
                data = os.read(self._descriptor, 1 << 16)
            except OSError as error:
                return found if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK) else None
            at = 0
            while at < len(data):
                number, mask, _, length = _EVENT.unpack_from(data, at)
                name = data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
                at += _EVENT.size + length
                if mask & _OVERFLOW:
                    self._drop()
                    return None
                folder = self._places.get(number)
                if name and folder is not None:
                    path = os.path.relpath(os.path.join(folder, os.fsdecode(name)), self._tree)
                    if path != ".git":
                        found.add(path)

    def _drop(self) -> None:
        try:
            while os.read(self._descriptor, 1 << 16):
                pass
        except OSError:
            pass
