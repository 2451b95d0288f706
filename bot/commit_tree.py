"""The files of one commit, read from git as they are asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from bot.git_formats import path_text
from bot.model import Sha


class Objects(Protocol):
    """What a tree needs of a repository; `bot.repository.Repository` has it."""

    def list_tree(self, commit: Sha) -> bytes: ...

    def read_blob(self, sha: Sha) -> bytes: ...


class CommitTree:
    """The files of one commit; meets `bot.model.Tree`."""

    def __init__(self, objects: Objects, commit: Sha) -> None:
        self._objects = objects
        self.commit = commit

    @cached_property
    def _entries(self) -> dict[str, tuple[str, Sha]]:
        entries = {}
        for row in self._objects.list_tree(self.commit).split(b"\x00"):
            if row:
                head, _, path = row.partition(b"\t")
                mode, _, sha = head.decode().split(" ")
                entries[path_text(path)] = (mode, Sha(sha))
        return entries

    @cached_property
    def _sorted(self) -> tuple[str, ...]:
        return tuple(sorted(self._entries))

    def paths(self) -> tuple[str, ...]:
        return self._sorted

    def mode(self, path: str) -> str:
        return self._entries.get(path, ("", ""))[0]

    def blob(self, path: str) -> Sha | None:
        mode, sha = self._entries.get(path, ("", Sha("")))
        return sha if mode in ("100644", "100755") else None

    def read(self, path: str) -> str | None:
        sha = self.blob(path)
        return None if sha is None else utf8(self._objects.read_blob(sha))


def utf8(content: bytes) -> str | None:
    """Text, or None if these bytes are none."""
    try:
        return None if b"\x00" in content else content.decode("utf-8")
    except UnicodeDecodeError:
        return None
