"""Which lines of which Python files a commit changes, as far as running tests can tell. Pure."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from bot.evidence import Change, Lines
from bot.model import Commit, Tree


def change_of(commit: Commit, diff: str, head: Tree) -> Change:
    """The Python files that `commit` adds or edits, and their changed lines that can run.

    `diff` is git's own, `head` the tree of the commit.
    """
    modules = [c.path for c in commit.changes if c.path.endswith(".py") and c.status in "AM"]
    added = _added(diff)
    lines = []
    for path in modules:
        can_run = _statements(head.read(path) or "")
        numbers = tuple(sorted(added.get(path, set()) & can_run))
        if numbers:
            lines.append(Lines(path, numbers))
    return Change(modules=tuple(modules), lines=tuple(lines))


def _added(diff: str) -> dict[str, set[int]]:
    """The numbers, in the new file, of each file's added lines."""
    try:
        files = PatchSet(diff)
    except UnidiffParseError:
        return {}
    return {
        file.path: {
            line.target_line_no
            for hunk in file
            for line in hunk
            if line.is_added and line.target_line_no is not None
        }
        for file in files
    }


def _statements(source: str) -> set[int]:
    """The first lines of statements; empty if this is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return set(_first_lines(module))


def _first_lines(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.stmt) and not _is_docstring(node):
            yield node.lineno


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
