"""A change of a file of reflections is the bot's own only while it is worked out anew, exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.config import Outcome
from bot.gate import standing
from bot.ledger import HeadRecord
from bot.model import Commit, FileChange, Kind, Marks, Sha, Tree
from bot.snapshot import Snapshot
from bot.write_back import Origin, own_marks, taken_back, write_back
from tests.observed import BASE, COMMIT, CONFIG, HEAD, HEAD_RECORD, PULL, snapshot
from tests.scratch import MemoryTree

FILE = "reflections.json"
BEFORE = '[{"id": "r-1", "outcome": "bad"}, {"id": "r-2", "outcome": "bad"}]\n'
AFTER = BEFORE.replace('"r-1", "outcome": "bad"', '"r-1", "outcome": "bad", "status": "resolved"')
BOTH = AFTER.replace('"r-2", "outcome": "bad"', '"r-2", "outcome": "bad", "status": "resolved"')
MARKS = (Marks(FILE, ("r-1",)),)
RECORD = HEAD_RECORD.model_copy(update={"marks": MARKS})
REVERT = RECORD.model_copy(update={"change": Kind.REVERT, "reflections": ("revert-of-x",)})
MARKED = FileChange(
    path=FILE, status="M", old_mode="100644", new_mode="100644", added=20, removed=20
)
FIX = replace(COMMIT, changes=(*COMMIT.changes, MARKED))
ON = f"reflections.write_back = true\n{CONFIG}"
REF = ON.replace('name = "reflections"\n', 'name = "reflections"\nref = "notes"\n')
OTHER_FILES = ON.replace('name = "reflections"\n', 'name = "reflections"\nfiles = ["x.json"]\n')


def seen(
    before: str = BEFORE,
    after: str = AFTER,
    record: HeadRecord = RECORD,
    config: str = ON,
    commit: Commit = FIX,
) -> Snapshot:
    trees: dict[Sha, Tree] = {BASE: MemoryTree({FILE: before}), HEAD: MemoryTree({FILE: after})}
    world = snapshot(PULL, records=(record,), config=config, commits=(commit,))
    return replace(world, trees=trees.get)


def test_a_write_back_counts_neither_as_protected_nor_as_a_change() -> None:
    """Twenty lines more than the rule allows are not there for it."""
    world = seen()
    assert own_marks(FIX, RECORD, world) == {FILE}
    assert standing(PULL, world).decision.outcome is Outcome.MERGE


@pytest.mark.parametrize(
    "world",
    [
        seen(after=AFTER + "\n"),
        seen(after=AFTER.replace('"r-2"', '"r-3"')),
        seen(after=BOTH),
        seen(after=BEFORE),
        seen(after=""),
        seen(config=CONFIG),
        seen(config=REF),
        seen(config=OTHER_FILES),
        seen(record=HEAD_RECORD),
        seen(record=RECORD.model_copy(update={"reflections": ("r-2",)})),
        seen(record=RECORD.model_copy(update={"sources": ("another",)})),
        seen(commit=replace(FIX, parents=(Sha("a" * 40),))),
        seen(commit=replace(FIX, parents=(BASE, Sha("a" * 40)))),
        seen(record=REVERT),
    ],
)
def test_anything_else_in_that_file_is_protected(world: Snapshot) -> None:
    (commit,) = world.commits
    assert own_marks(commit, world.record_of(PULL), world) == frozenset()
    decision = standing(PULL, world).decision
    assert decision.outcome is Outcome.REVIEW
    ward = next(one for one in decision.weighed if one.rule == "built-in: protected paths")
    assert ward.matches is (world.config.source[0].files != ("x.json",))


def test_a_revert_reopens_exactly_what_was_marked() -> None:
    world = seen(before=AFTER, after=BEFORE, record=REVERT)
    assert own_marks(FIX, REVERT, world) == {FILE}
    more = BEFORE.replace("bad", "worse", 1)
    assert own_marks(FIX, REVERT, seen(before=AFTER, after=more, record=REVERT)) == frozenset()
    back = taken_back(MARKS, MemoryTree({FILE: BOTH}), MemoryTree({FILE: BEFORE}))
    assert [file.text for file in back.files] == [BOTH.replace(', "status": "resolved"', "", 1)]


@pytest.mark.parametrize(
    ("files", "config", "taken", "paths", "notes"),
    [
        ({FILE: BEFORE}, ON, (), [FILE], 0),
        ({FILE: BEFORE, "a/reflections.jsonl": '{"id": "r-1", "outcome": "x"}\n'}, ON, (),
         [FILE, "a/reflections.jsonl"], 0),
        ({FILE: BEFORE}, CONFIG, (), [], 0),
        ({FILE: BEFORE}, REF, (), [], 0),
        ({FILE: BEFORE}, ON, (FILE,), [], 0),
        ({FILE: BOTH}, ON, (), [], 0),
        ({"other.json": BEFORE}, ON, (), [], 0),
        ({FILE: BEFORE + " " * 1_000_000}, ON, (), [], 1),
    ],
)  # fmt: skip
def test_only_files_of_the_base_that_its_own_sources_read_are_marked(
    files: dict[str, str], config: str, taken: tuple[str, ...], paths: list[str], notes: int
) -> None:
    world = snapshot(config=config)
    origin = Origin(("r-1",), ("reflections",))
    back = write_back(origin, MemoryTree(files), world.config, taken)
    assert sorted(file.path for file in back.files) == sorted(paths)
    assert [mark.path for mark in back.marks] == [file.path for file in back.files]
    assert len(back.notes) == notes
