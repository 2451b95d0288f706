"""The write-back: a fix marks the reflections it answers as resolved, in their own files. Pure.

A merge and a revert carry it along with the fix. Only files that the base branch has are touched,
and only such that a source reads from the work tree; never those of another ref. A change of such a
file is the bot's own only while it is, byte for byte, what is worked out here anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from bot.config import Config
from bot.ledger import HeadRecord
from bot.model import Commit, Kind, Marks, Tree
from bot.snapshot import Snapshot
from bot.sources.marking import marked, unmarked
from bot.vetting.source import NewText


@dataclass(frozen=True, slots=True)
class Origin:
    """The reflections that a change answers, and the sources that they came from."""

    reflections: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WriteBack:
    """The files as they are to be, what is marked in them, and what people should know of it."""

    files: tuple[NewText, ...] = ()
    marks: tuple[Marks, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(file.path for file in self.files)


def write_back(
    origin: Origin, tree: Tree, config: Config, taken: Collection[str] = ()
) -> WriteBack:
    """What marks these reflections in this tree; `taken` are paths that the fix itself changes."""
    if not config.reflections.write_back:
        return WriteBack()
    files, marks, notes = [], [], []
    for path in _paths(origin.sources, tree, config):
        text = tree.read(path)
        if text is None or path in taken:
            continue
        done = marked(text, origin.reflections)
        if done.problem:
            notes.append(f"{path} {done.problem}, so no reflection is marked as resolved in it")
        elif done.ids:
            files.append(NewText(path, tree.mode(path), done.text))
            marks.append(Marks(path, done.ids))
    return WriteBack(tuple(files), tuple(marks), tuple(notes))


def taken_back(marks: Collection[Marks], now: Tree, before: Tree) -> WriteBack:
    """What makes the marked records of the tree `now` what they were in the tree `before`."""
    files, left = [], []
    for mark in marks:
        text, old = now.read(mark.path), before.read(mark.path)
        if text is None or old is None:
            continue
        reopened = unmarked(text, old, mark.reflections)
        if reopened != text:
            files.append(NewText(mark.path, now.mode(mark.path), reopened))
            left.append(mark)
    return WriteBack(tuple(files), tuple(left))


def own_marks(
    commit: Commit | None, record: HeadRecord | None, snapshot: Snapshot
) -> frozenset[str]:
    """The changed paths that are nothing but the bot's own write-back, as configured today."""
    if commit is None or record is None or not snapshot.config.reflections.write_back:
        return frozenset()
    ours = _spec(record.sources, snapshot.config)
    return frozenset(filter(ours.match_file, worked_out(commit, record, snapshot)))


def worked_out(commit: Commit, record: HeadRecord, snapshot: Snapshot) -> frozenset[str]:
    """The files of its marks that are what they should be, worked out anew from its parent."""
    if not record.marks or len(commit.parents) != 1:
        return frozenset()
    base, head = snapshot.trees(commit.parents[0]), snapshot.trees(commit.sha)
    if base is None or head is None:
        return frozenset()
    return frozenset(mark.path for mark in record.marks if _is_worked_out(mark, record, base, head))


def _is_worked_out(mark: Marks, record: HeadRecord, base: Tree, head: Tree) -> bool:
    before, after = base.read(mark.path), head.read(mark.path)
    if before is None or after is None or base.mode(mark.path) != head.mode(mark.path):
        return False
    if record.change is Kind.REVERT:
        return marked(after, mark.reflections).text == before
    known = set(mark.reflections) <= set(record.reflections)
    return known and marked(before, mark.reflections).text == after


def _paths(sources: Collection[str], tree: Tree, config: Config) -> Iterator[str]:
    spec = _spec(sources, config)
    return (path for path in tree.paths() if spec.match_file(path))


def _spec(sources: Collection[str], config: Config) -> GitIgnoreSpec:
    """Which files these sources read from the work tree."""
    patterns = [
        pattern
        for source in config.source
        if source.name in sources and source.kind == "files" and not source.ref
        for pattern in source.files
    ]
    return GitIgnoreSpec.from_lines(patterns)
