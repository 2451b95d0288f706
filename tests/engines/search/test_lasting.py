"""What a project builds at its first call is made once for several candidates, and by its own."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from bot.engines.search.inside.forking import Attempt, Telling
from bot.engines.search.inside.holding import Holding
from bot.engines.search.inside.keeping import Kept
from bot.engines.search.inside.lasting import Lasting, read, tell
from bot.engines.search.inside.tracing import Places

SOURCE = """
table = None
asked = 0

def heavy(number):
    total = 0
    for each in range(2000):
        total += each
    return number + 4

def built():
    global table
    if table is None:
        table = [heavy(number) for number in range(20)]
    return table

def following(number):
    return built()[number]

def light(number):
    return number + 4

shared = {"port": 8000}

def overwriting():
    shared["port"] = 9000
    return shared["port"]

def counting():
    global asked
    asked += 1
    return following(1)
"""


class Notes:
    """Takes the place of both ends of what a child tells."""

    def __init__(self) -> None:
        self.lines_told: list[str] = []
        self.is_done = True

    def say(self, line: str) -> None:
        self.lines_told.append(line)

    def lines(self) -> Iterator[str]:
        yield from self.lines_told

    def end(self, spared: Sequence[int] = ()) -> None:
        pass


class Untouched:
    def __init__(self, is_touched: bool = False) -> None:
        self._touched = is_touched

    def is_touched(self) -> Callable[[], bool]:
        return lambda: self._touched


@pytest.fixture
def project(tmp_path: Path) -> ModuleType:
    path = tmp_path / "lasting_project.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("lasting_project", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def looked_at(
    project: ModuleType, run: Callable[[], object], is_touched: bool = False
) -> Lasting | None:
    notes = Notes()
    assert project.__file__
    tell(
        cast("Telling", notes),
        lambda: cast("None", run()),
        cast("Kept", Untouched(is_touched)),
        lambda: Holding([project], frozenset([project.__name__])),
        Places(str(Path(project.__file__).parent)),
    )
    return read(cast("Attempt", notes))


def depends(lasting: Lasting, function: Any) -> bool:
    return lasting.depends_on([function.__code__])


def test_it_depends_on_what_had_a_part_in_building_it(project: ModuleType) -> None:
    lasting = looked_at(project, lambda: project.following(1))
    assert lasting is not None
    for name in ("heavy", "built"):
        assert depends(lasting, getattr(project, name))
    for name in ("following", "light"):
        assert not depends(lasting, getattr(project, name))


def test_where_nothing_is_left_behind_nothing_lasts(project: ModuleType) -> None:
    assert looked_at(project, lambda: project.heavy(1)) is None


def test_what_is_otherwise_after_each_run_does_not_last(project: ModuleType) -> None:
    assert looked_at(project, project.counting) is None


def test_what_every_run_leaves_behind_alike_was_built_by_none(project: ModuleType) -> None:
    """It may be the defect, whose traces the right change would meet."""
    assert looked_at(project, project.overwriting) is None


def test_what_changes_the_tree_does_not_last(project: ModuleType) -> None:
    assert looked_at(project, lambda: project.following(1), is_touched=True) is None


@pytest.mark.parametrize("said", ["j{", "j[1]", 'j[["a"]]', "jnull"])
def test_a_child_that_talks_nonsense_is_not_believed(said: str) -> None:
    notes = Notes()
    notes.say(said)
    assert read(cast("Attempt", notes)) is None


def test_a_child_that_ended_early_is_not_believed() -> None:
    notes = Notes()
    notes.say("j" + json.dumps([["a.py", 1, "f"]]))
    notes.is_done = False
    assert read(cast("Attempt", notes)) is None
