"""Bugs of a collection with thin tests: a few stay visible, and all of them judge, hidden."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from bench._collections import Bug, python_files, read_collection
from bench._running import Runner, put
from bench._thinning import test_functions, with_tests
from bench._trees import Files, place_of
from bot.tree_index import is_test

SECONDS = 90.0
FAILING = 2
PASSING = 4


def collect(collection: Path, folder: Path) -> Iterator[Bug]:
    """Write every bug of a collection with thin tests; one that then shows no more is left out."""
    runner = Runner(SECONDS)
    for bug in read_collection(collection):
        failed = runner.run(bug.src).failed
        copied = Bug(folder / bug.name)
        shutil.rmtree(copied.folder, ignore_errors=True)
        shutil.copytree(bug.folder, copied.folder, symlinks=True)
        if failed and thin(copied, failed, runner):
            yield copied
        else:
            shutil.rmtree(copied.folder)


def thin(bug: Bug, failed: frozenset[str], runner: Runner) -> bool:
    """Hide all but a few tests of a bug. Returns whether one that fails is still among them."""
    kept = _kept(bug, failed)
    hidden: Files = {}
    for path in python_files(bug.src):
        text = (bug.src / path).read_text()
        tests = set(test_functions(text)) if is_test(path) else set()
        if not tests or (path in kept and kept[path] is None):
            continue
        hidden[path] = text
        left = with_tests(text, kept[path] or ()) if path in kept else None
        put(bug.src / path, left)
        put(bug.fixed / path, left)
    for path, whole in hidden.items():
        put(bug.folder / "hidden" / path, whole)
    return bool(runner.run(bug.src).failed)


def _kept(bug: Bug, failed: frozenset[str]) -> dict[str, set[str] | None]:
    """The tests to keep of the files with failing ones; None where they are made as they run."""
    drawn = random.Random(bug.name)
    places = sorted({place_of(test) for test in failed})
    chosen = drawn.sample(places, min(FAILING, len(places)))
    kept: dict[str, set[str] | None] = {}
    for path in sorted({path for path, _ in chosen}):
        known = set(test_functions((bug.src / path).read_text())) if path.endswith(".py") else set()
        failing = {name for where, name in places if where == path}
        mine = {name for where, name in chosen if where == path}
        if not mine <= known:
            kept[path] = None
            continue
        others = sorted(known - failing)
        kept[path] = mine | set(drawn.sample(others, min(PASSING, len(others))))
    return kept
