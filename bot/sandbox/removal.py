"""Removing a folder that somebody may have filled so that it cannot be removed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def remove(root: Path, last: str = "") -> None:
    """Remove a folder whatever is in it: unreadable folders, links, trees of any depth.

    A folder that is not empty moves to the top first, so no path ever grows long. The file `last`
    goes when all else is gone.
    """
    top = _open_folder(str(root), None)
    if top is None:
        return
    try:
        pending = _clear(top, top, last)
        while pending:
            name = pending.pop()
            folder = _open_folder(name, top)
            if folder is not None:
                try:
                    pending += _clear(folder, top)
                finally:
                    os.close(folder)
                os.rmdir(name, dir_fd=top)
        _clear(top, top)
    finally:
        os.close(top)
    root.rmdir()


def _clear(folder: int, top: int, but: str = "") -> list[str]:
    """Empty a folder; the folders in it that are not empty get new names, returned, in `top`."""
    moved = []
    with os.scandir(folder) as entries:
        found = [
            (entry.name, entry.is_dir(follow_symlinks=False))
            for entry in entries
            if entry.name != but
        ]
    for name, is_folder in found:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
            continue
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError:
            new = f".{secrets.token_hex(8)}"
            _open_up(name, folder)
            os.rename(name, new, src_dir_fd=folder, dst_dir_fd=top)
            moved.append(new)
    return moved


def _open_up(name: str, parent: int | None) -> None:
    """Give the owner every right to a folder, never through a link."""
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=parent)
    try:
        Path(f"/proc/self/fd/{descriptor}").chmod(0o700)
    finally:
        os.close(descriptor)


def _open_folder(name: str, parent: int | None) -> int | None:
    try:
        _open_up(name, parent)
        return os.open(
            name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent
        )
    except FileNotFoundError:
        return None
