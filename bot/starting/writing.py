"""The part of a start that touches the work tree: reading it, and writing files that are not there.

A file that exists is never changed, whoever wrote it and however little is in it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.commit_tree import utf8
from bot.errors import UserError
from bot.model import Sha, Tree

MAX_FILES = 50_000
"""Of a larger work tree only so many files are looked at."""
MAX_BYTES = 8_000_000
_NEVER_ENTERED = frozenset(
    [".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".tox", "target"]
)


@dataclass(frozen=True, slots=True)
class Start:
    """One file that `bot init` would have, and what is there now; None where nothing is."""

    path: str
    text: str
    there: str | None

    @property
    def is_new(self) -> bool:
        return self.there is None

    @property
    def differs(self) -> bool:
        return self.there is not None and self.there != self.text

    @property
    def diff(self) -> str:
        """What writing it would change, as git shows it."""
        before = (self.there or "").splitlines(keepends=True)
        old = "/dev/null" if self.is_new else f"a/{self.path}"
        after = self.text.splitlines(keepends=True)
        return "".join(difflib.unified_diff(before, after, old, f"b/{self.path}"))


def compared(files: Sequence[tuple[str, str]], tree: Tree) -> tuple[Start, ...]:
    """Each file beside what the tree has in its place. What is there and is no text is empty."""
    return tuple(
        Start(path, text, (tree.read(path) or "") if tree.mode(path) else None)
        for path, text in files
    )


def write(root: Path, starts: Sequence[Start]) -> None:
    """Create the new ones of these files. A UserError where one has come into being meanwhile."""
    for start in starts:
        if not start.is_new:
            continue
        path = root / start.path
        try:
            if not path.parent.resolve().is_relative_to(root.resolve()):
                raise UserError(f"{start.path} would lie outside of the repository, by a link.")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(start.text)
        except OSError as error:
            why = error.strerror or error
            raise UserError(
                f"{start.path} cannot be written: {why}; mend that and try again."
            ) from (error)


class FolderTree:
    """The files of a work tree as they lie there, committed or not; meets `bot.model.Tree`."""

    commit = Sha("0" * 40)

    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def _paths(self) -> tuple[str, ...]:
        found: list[str] = []
        for path in self._walk():
            if len(found) == MAX_FILES:
                break
            found.append(path)
        return tuple(sorted(found))

    def _walk(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self._root):
            folders[:] = sorted(name for name in folders if name not in _NEVER_ENTERED)
            for name in sorted(files):
                yield (Path(folder) / name).relative_to(self._root).as_posix()

    def paths(self) -> tuple[str, ...]:
        return self._paths

    def mode(self, path: str) -> str:
        place = self._root / path
        if place.is_symlink():
            return "120000"
        return "100644" if place.is_file() else "040000" if place.exists() else ""

    def blob(self, path: str) -> Sha | None:
        return self.commit if self.mode(path) == "100644" else None

    def read(self, path: str) -> str | None:
        if self.blob(path) is None:
            return None
        try:
            with (self._root / path).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError:
            return None
        return utf8(content) if len(content) <= MAX_BYTES else None
