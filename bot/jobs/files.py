"""What is read of a file that another job has written: plain files only, and not too much of them.

Whoever wrote it may mean harm, so nothing of it is looked at before its kind and size are known.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from bot.errors import UserError

_CHUNK = 1024 * 1024


def read_file(path: Path, most: int, *, follow: bool = True) -> bytes:
    """A plain file's bytes; a UserError if it is none, or larger than `most`.

    Without `follow` a link is no plain file.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UserError(f"{path} is not a plain file.")
            content = file.read(most + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(content) > most:
        raise UserError(f"{path} is larger than {most // 1024**2} MiB.")
    return content


def read_text(path: Path, most: int, *, follow: bool = True) -> str:
    try:
        return read_file(path, most, follow=follow).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a UTF-8 file.") from error


def sha256_of(path: Path, most: int) -> str:
    """The SHA-256 of a plain file of at most so many bytes, in hexadecimal digits."""
    state, left = hashlib.sha256(), most
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UserError(f"{path} is not a plain file.")
            while chunk := file.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise UserError(f"{path} is larger than {most // 1024**2} MiB.")
                state.update(chunk)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    return state.hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, so that a job that is killed leaves no half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
