"""JUnit XML files that a test command left in its tree, found and read without trusting it.

The command may have written links, pipes, folders without end, or nothing, and left a report of an
earlier run in place. What is no regular file, or was there before and is as it was, is passed over.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from bot.evidence import TestResult
from bot.sandbox.reports import MAX_JUNIT_BYTES, merged, parse_junit

_MAX_DEPTH = 20
_MAX_ENTRIES = 200_000
_MAX_FILES = 500
_MAX_BYTES_OF_ALL = 4 * MAX_JUNIT_BYTES

_Identity = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """The files below `tree` that match a git-style pattern, and those there at its making."""

    tree: Path
    spec: GitIgnoreSpec
    before: frozenset[tuple[str, _Identity]]

    @classmethod
    def watch(cls, tree: Path, pattern: str) -> ReportFiles:
        spec = GitIgnoreSpec.from_lines([pattern])
        return cls(tree, spec, frozenset(_matching(tree, spec)))

    def tests(self) -> tuple[tuple[TestResult, ...] | None, tuple[str, ...]]:
        """The tests in the files written since, None where there are none; and what was wrong."""
        found: list[TestResult] = []
        problems: list[str] = []
        room, readable = _MAX_BYTES_OF_ALL, 0
        new = sorted(set(_matching(self.tree, self.spec)) - self.before)
        for path, _ in new[:_MAX_FILES]:
            data = _read(self.tree / path, min(room, MAX_JUNIT_BYTES + 1))
            if data is None:
                continue
            room -= len(data)
            tests, problem = parse_junit(data)
            found += tests
            readable += not problem
            if problem:
                problems.append(problem)
        return (merged(found) if readable else None), tuple(problems)


def _matching(tree: Path, spec: GitIgnoreSpec) -> Iterator[tuple[str, _Identity]]:
    for path, entry in _files(tree):
        if spec.match_file(path):
            found = entry.stat(follow_symlinks=False)
            yield path, (found.st_ino, found.st_ctime_ns, found.st_size)


def _files(tree: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every regular file, with its path below the tree, as far as one look may go."""
    folders, entries = [""], 0
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(tree / folder) as listing:
                for entry in listing:
                    entries += 1
                    if entries > _MAX_ENTRIES:
                        return
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_file(follow_symlinks=False):
                        yield path, entry
                    elif entry.is_dir(follow_symlinks=False) and _is_entered(path):
                        folders.append(path)
        except OSError:
            continue  # the command may have made it unreadable


def _is_entered(folder: str) -> bool:
    return folder.count("/") < _MAX_DEPTH and not folder.endswith("/.git") and folder != ".git"


def _read(path: Path, limit: int) -> bytes | None:
    """The file's first bytes; None if it is not a regular file that may be read."""
    try:
        # O_NONBLOCK: opening a pipe would wait for somebody who writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(limit) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
