"""Tells the sandbox what happened, one line of JSON per event, through a pipe nobody can rewind.

The files beside this one run in the interpreter of the program under test, whatever its version
(3.8 or newer) and whatever is installed there: they import the standard library only. They must not
change how that program behaves, so nothing here raises, and nothing waits for ever.

Every Python process of a test run loads this file, so it does without `json` and `typing`: these
take several times as long to load as a bare interpreter takes to start.
"""

from __future__ import annotations

import errno
import os

try:
    from _json import encode_basestring_ascii as _quoted
except ImportError:  # an interpreter other than CPython
    from json.encoder import encode_basestring_ascii as _quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    Value = Union[str, int, float, list[int]]  # noqa: UP007 - Python 3.8 knows no other way

MAX_LINE = 4000
"""Bytes. A pipe takes so many at once or not at all, so lines of two processes never mix."""
MAX_NAME = 300
"""Characters. Each takes up to twelve bytes."""
PATIENCE_MS = 10_000


class Pipe:
    """The report pipe. Its descriptor is checked before each use: the program under test may close
    descriptors that it does not know, and get the same numbers again for files of its own."""

    # Taken before the program under test can replace them, as those with a pretended disk do.
    _open = staticmethod(os.open)
    _write = staticmethod(os.write)
    _fstat = staticmethod(os.fstat)

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1
        self._identity: tuple[int, int] | None = None
        self._given_up = not path

    def send(self, line: bytes) -> None:
        if self._given_up or len(line) > MAX_LINE:
            return
        try:
            self._write_whole(line)
        except (OSError, ValueError):
            self._given_up = True

    def _write_whole(self, line: bytes) -> None:
        if self._identity is None or self._identity != self._current():
            # Without O_NONBLOCK, opening a pipe that nobody reads would wait for a reader.
            flags = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
            self._descriptor = self._open(self._path, flags)
            self._identity = self._current()
        try:
            self._write(self._descriptor, line)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
            import select  # hardly ever needed

            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            poll.poll(PATIENCE_MS)
            self._write(self._descriptor, line)

    def _current(self) -> tuple[int, int] | None:
        try:
            found = self._fstat(self._descriptor)
        except OSError:
            return None
        return found.st_dev, found.st_ino


_pipe = Pipe(os.environ.get("AMENDBOT_REPORT", ""))


def emit(event: str, **fields: Value) -> None:
    """Write one event, or nothing where nobody listens."""
    values = {"e": event, **fields}
    members = (f"{_quoted(name)}:{_as_json(value)}" for name, value in values.items())
    _pipe.send(("{" + ",".join(members) + "}\n").encode("ascii"))


def _as_json(value: Value) -> str:
    return _quoted(value) if isinstance(value, str) else repr(value)


def plain(name: str) -> str:
    """A test's name in characters that can be shown, short enough for one event."""
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in name
    )
    return shown if len(shown) <= MAX_NAME else _cut(shown)


def _cut(name: str) -> str:
    import hashlib  # here, for no other process needs it

    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{name[: MAX_NAME - 13]}~{digest}"


def taken(variable: str) -> str:
    """An environment variable's value, which no process started from here will see."""
    return os.environ.pop(variable, "")


def changed_lines() -> dict[str, list[int]]:
    """The files that the commit changes, as paths in the tree, and the lines it changes there.

    The variable has a line for each file: the numbers, with commas, a blank, and the path.
    """
    found: dict[str, list[int]] = {}
    for entry in os.environ.get("AMENDBOT_CHANGED", "").split("\n"):
        numbers, blank, path = entry.partition(" ")
        if blank:
            found[path] = [int(number) for number in numbers.split(",") if number.isdigit()]
    return found


def names_in(text: str) -> list[str] | None:
    """A JSON list of texts; None where there is none."""
    import json  # here, for no other process needs it

    return [str(name) for name in json.loads(text)] if text else None
