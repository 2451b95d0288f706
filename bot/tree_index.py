"""The names in one commit's tree, indexed once: files by their name, definitions by theirs.

The second index reads Python files, so it is made only when something asks for it, and within
limits; what lies beyond them is simply not found by its name alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from bot.definitions import Span, names_in
from bot.model import Tree

MAX_INDEXED_FILES = 5_000
MAX_INDEXED_CHARS = 40_000_000
MAX_PARSED_CHARS = 2_000_000
"""A longer file is looked at as text only."""

_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing)/|(?:^|/)test_[^/]*$|_test\.\w+$|(?:^|/)conftest\.py$"
)


class TreeIndex:
    """Answers "which file", "which definition in it" and "where is this defined" of one tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, dict[str, list[Span]]] = {}
        self._by_end: dict[str, dict[str, list[str]]] = {}

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        """Base name -> the regular files of that name."""
        found: dict[str, list[str]] = {}
        for path in self._tree.paths():
            found.setdefault(path.rsplit("/", 1)[-1], []).append(path)
        return found

    @cached_property
    def _stems(self) -> dict[str, list[str]]:
        """A Python module's or package's own name -> the files it is in."""
        found: dict[str, list[str]] = {}
        for path in self._tree.paths():
            if path.endswith(".py"):
                parts = module_parts(path)
                if parts:
                    found.setdefault(parts[-1], []).append(path)
        return found

    def files_named(self, name: str) -> list[str]:
        return [path for path in self._files.get(name, ()) if self._tree.blob(path) is not None]

    def modules_named(self, name: str) -> list[str]:
        return [path for path in self._stems.get(name, ()) if self._tree.blob(path) is not None]

    def names(self, path: str) -> dict[str, list[Span]]:
        """What the file defines, by dotted names."""
        if path not in self._known:
            source = self._tree.read(path)
            short_enough = source is not None and len(source) <= MAX_PARSED_CHARS
            self._known[path] = names_in(path, source) if source and short_enough else {}
        return self._known[path]

    def meant(self, path: str, name: str) -> list[str]:
        """The file's definitions that a name means: by its whole dotted name, or by its end."""
        known = self.names(path)
        if name in known:
            ends = self._ends(path).get(name.rsplit(".", 1)[-1], [])
            return [s for s in ends if s == name or s.endswith(f".{name}")]
        ends = self._ends(path).get(name.rsplit(".", 1)[-1], [])
        found = [s for s in ends if s.endswith(f".{name}")]
        return found or [s for s in ends if name.endswith(f".{s}")]

    def _ends(self, path: str) -> dict[str, list[str]]:
        """Last part of a dotted name -> the file's definitions that end in it."""
        if path not in self._by_end:
            found: dict[str, list[str]] = {}
            for name in self.names(path):
                found.setdefault(name.rsplit(".", 1)[-1], []).append(name)
            self._by_end[path] = found
        return self._by_end[path]

    @cached_property
    def _defined(self) -> dict[str, Sequence[str]]:
        """Name of a class or function -> the Python files that define it."""
        found: dict[str, list[str]] = {}
        files, room = 0, MAX_INDEXED_CHARS
        for path in self._tree.paths():
            if not path.endswith(".py"):
                continue
            text = self._tree.read(path)
            files, room = files + 1, room - len(text or "")
            if files > MAX_INDEXED_FILES or room < 0:
                break
            for name in set(_DEFINED.findall(text or "")):
                found.setdefault(name, []).append(path)
        return dict(found)

    def defining(self, name: str) -> Sequence[str]:
        """The Python files that define this last part of a dotted name; tests only if no other."""
        paths = self._defined.get(name, ())
        return [path for path in paths if not is_test(path)] or paths


def is_test(path: str) -> bool:
    """Whether the file's place or name says that it holds tests."""
    return bool(_TESTS.search(path))


def module_parts(path: str) -> list[str]:
    """A Python file's dotted name in parts; a package's is its folder's."""
    parts = path.removesuffix(".py").split("/")
    return parts[:-1] if parts[-1] == "__init__" else parts
