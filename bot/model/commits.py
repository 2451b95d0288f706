"""What git answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.model.names import Sha


class Tree(Protocol):
    """The files of one commit, to read only."""

    @property
    def commit(self) -> Sha: ...

    def paths(self) -> tuple[str, ...]:
        """Every path in the tree, `/`-separated, sorted; links and submodules included."""
        ...

    def mode(self, path: str) -> str:
        """Git's mode for the path (`100644`, `100755`, `120000`, `160000`); "" where absent."""
        ...

    def blob(self, path: str) -> Sha | None:
        """The object name of a regular file, None where there is none."""
        ...

    def read(self, path: str) -> str | None:
        """A regular file's text with its own line endings; None where absent or not UTF-8."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One row of git's own comparison of a commit with its parent (`diff-tree --no-renames`).

    `status` is git's letter (A, D, M, T); modes are git's six digits, `000000` where absent;
    `added` and `removed` count lines and are None for a binary file.
    """

    path: str
    status: str
    old_mode: str
    new_mode: str
    added: int | None
    removed: int | None

    @property
    def lines(self) -> int:
        return (self.added or 0) + (self.removed or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as git has it, compared with its first parent. `date` is raw: seconds and zone."""

    sha: Sha
    tree: Sha
    parents: tuple[Sha, ...]
    message: str
    date: str
    changes: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a push ended: both empty when every ref was moved, else none was.

    `stale` names refs that were not as expected; `rejected` is the remote's reason to refuse.
    """

    stale: tuple[str, ...] = ()
    rejected: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """A branch on the remote and the commit it points at."""

    name: str
    head: Sha
