"""Whether a patch may become a commit, and whether a commit is what its patch said.

Pure and structural. Its author is treated as an attacker: `vet_edits` judges what was asked for
before anything is built, `vet_commit` judges git's own account of what was built. Each question has
a module of its own in `bot.vetting`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.config import PatchConfig
from bot.model import Commit, FileChange, Finding, Patch, Tree
from bot.protected import is_test
from bot.vetting.elision import elision, stubs
from bot.vetting.imports import unresolved
from bot.vetting.names import undefined, vanished
from bot.vetting.paths import bad_path, bad_target, collision
from bot.vetting.signatures import left_behind
from bot.vetting.source import After, NewText
from bot.vetting.syntax import broken_syntax, changes_nothing
from bot.vetting.texts import (
    concealed,
    conflict_markers,
    look_alike_names,
    make,
    odd_encoding,
    secrets,
)

__all__ = ["NewText", "Vetted", "vet_commit", "vet_edits"]

REGULAR_MODES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Vetted:
    """The files a patch makes, or why it is refused; one of the two is empty."""

    files: tuple[NewText, ...]
    refused: tuple[Finding, ...]


def vet_edits(patch: Patch, tree: Tree) -> Vetted:
    """Judge the edits of a patch against the tree they are for, and make them in memory."""
    if not patch.edits:
        return Vetted((), (Finding("empty", "", "the patch has no edits"),))
    refused: list[Finding] = []
    files: list[NewText] = []
    taken: list[str] = []
    for path in dict.fromkeys(edit.path for edit in patch.edits):
        finding = bad_path(path) or bad_target(path, tree) or collision(path, taken)
        taken.append(path)
        made = finding or make(path, [edit for edit in patch.edits if edit.path == path], tree)
        if isinstance(made, Finding):
            refused.append(made)
        else:
            files.append(made)
    after = After(tuple(files), tree)
    for file in files:
        refused.extend(_unfit(file, after))
    if not refused:
        nothing = changes_nothing(files, after)
        refused.extend([nothing] if nothing else ())
    return Vetted((), tuple(refused)) if refused else Vetted(tuple(files), ())


def _unfit(file: NewText, after: After) -> Iterator[Finding]:
    """What is wrong with one file; what does not parse is not looked at any closer."""
    before = after.before(file)
    odd = [*concealed(file, before), *odd_encoding(file, before)]
    broken = None if odd else broken_syntax(file, before)
    if odd or broken:
        yield from [*odd, *([broken] if broken else ())]
        yield from conflict_markers(file, before)
        return
    yield from conflict_markers(file, before)
    yield from look_alike_names(file, before)
    yield from secrets(file, before)
    yield from elision(file, before)
    yield from stubs(file, before)
    if not is_test(file.path):
        yield from vanished(file, after)
    yield from undefined(file, after)
    yield from left_behind(file, after)
    yield from unresolved(file, after)


def vet_commit(
    commit: Commit, files: Sequence[NewText], limits: PatchConfig
) -> tuple[Finding, ...]:
    """Judge git's own comparison of the built commit with its parent."""
    refused = list(_unexpected(commit.changes, files))
    if not commit.changes:
        refused.append(Finding("no change", "", "the patch changes nothing"))
    if len(commit.changes) > limits.max_files:
        refused.append(
            Finding(
                "too large",
                "",
                f"{len(commit.changes)} files change; patch.max_files is {limits.max_files}",
            )
        )
    lines = sum(change.lines for change in commit.changes)
    if lines > limits.max_lines:
        refused.append(
            Finding("too large", "", f"{lines} lines change; patch.max_lines is {limits.max_lines}")
        )
    return tuple(refused)


def _unexpected(changes: Sequence[FileChange], files: Sequence[NewText]) -> Iterator[Finding]:
    """What git's account of a commit holds beyond ordinary changes to the files of the patch."""
    asked = {file.path: file.mode for file in files}
    for change in changes:
        finding = bad_path(change.path)
        if finding:
            yield finding
        if change.path not in asked:
            yield Finding("unasked", change.path, f"{change.path} changes, but no edit names it")
        if change.status not in ("A", "M"):
            yield Finding("unasked", change.path, f"{change.path} is removed or changes its type")
        if change.new_mode not in REGULAR_MODES:
            yield Finding("file type", change.path, f"{change.path} is not a regular file")
        elif change.old_mode != change.new_mode and (
            change.old_mode != "000000" or change.new_mode != asked.get(change.path)
        ):
            yield Finding("mode change", change.path, f"{change.path} changes its mode")
        if change.added is None:
            yield Finding("binary", change.path, f"{change.path} is binary")
