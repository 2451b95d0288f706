"""Candidates are told apart by what they do with the arguments that tests give, and near ones."""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.engines.search.differing import read_seen
from bot.engines.search.inside.behaving import compare
from bot.engines.search.inside.values import told

BASE = '''
LIMIT = 10

def largest(values, at_least=0):
    """The largest of them.

    >>> largest([1, 3, 2])
    3
    """
    best = at_least
    for value in values:
        if value < best:
            best = value
    return best

class Counter:
    def __init__(self, start):
        self.count = start

    def add(self, more):
        self.count += more
        return self.count < LIMIT
'''
Load = Callable[[str], ModuleType]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    def loaded(text: str) -> ModuleType:
        path = (tmp_path / "under_repair.py").resolve()
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("under_repair", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules["under_repair"] = module
        spec.loader.exec_module(module)
        return module

    yield loaded
    sys.modules.pop("under_repair", None)


def asked(
    module: ModuleType, texts: list[str], function: str, call: Callable[[], object]
) -> dict[str, Any]:
    request = {
        "file": module.__file__,
        "texts": texts,
        "functions": [function],
        "tests": [],
        "failing": ["a test"],
        "inputs": 30,
    }
    return compare(request, lambda _: call())


def test_versions_that_do_the_same_are_told_from_those_that_do_not(load: Load) -> None:
    module = load(BASE)
    right = BASE.replace("value < best", "value > best")
    also_right = BASE.replace("value < best", "best < value")
    wrong = BASE.replace("return best", "return 3")
    texts = [BASE, right, also_right, wrong]
    said = asked(module, texts, "largest", lambda: module.largest([1, 3, 2]))
    base, one, same, other = (version["outcome"] for version in said["versions"])
    assert said["recorded"] == 1
    assert len(base) == said["recorded"] + said["varied"] > 15
    assert one == same
    assert one != base
    assert one != other


def test_documented_examples_are_tried(load: Load) -> None:
    module = load(BASE)
    right = BASE.replace("value < best", "value > best")
    said = asked(module, [BASE, right], "largest", lambda: module.largest([1]))
    assert [version["example"] for version in said["versions"]] == [[False], [True]]


def test_a_method_is_called_on_the_object_that_it_had(load: Load) -> None:
    module = load(BASE)
    texts = [BASE, BASE.replace("self.count <", "self.count <="), BASE.replace("= 10", "= 1000")]
    said = asked(module, texts, "Counter.add", lambda: module.Counter(4).add(6))
    outcomes = [version["outcome"][0] for version in said["versions"]]
    assert outcomes[1] == outcomes[2] != outcomes[0]


@pytest.mark.parametrize(
    "body",
    ["while True: pass", "import os; os._exit(3)", "raise SystemExit", "return largest(values)"],
)
def test_whatever_a_version_does_the_others_are_told(load: Load, body: str) -> None:
    module = load(BASE)
    hostile = BASE.replace("    best = at_least\n", f"    {body}\n")
    said = asked(module, [BASE, hostile, BASE], "largest", lambda: module.largest([2, 1]))
    base, _, same = (version["outcome"] for version in said["versions"])
    assert base == same


def test_a_test_that_never_ends_is_left(load: Load) -> None:
    module = load(BASE)

    def test() -> None:
        module.largest([5])
        while True:
            pass

    said = asked(module, [BASE], "largest", test)
    assert said["recorded"] == 1


def test_of_many_tests_that_never_end_the_beginnings_are_recorded(load: Load) -> None:
    module = load(BASE)

    def run(names: list[str]) -> None:
        module.largest([int(names[0])])
        while True:
            pass

    failing = [str(number) for number in range(4)]
    request = {"file": module.__file__, "texts": [BASE], "functions": ["largest"], "inputs": 30}
    said = compare({**request, "tests": [], "failing": failing}, run)
    assert said["recorded"] == len(failing)


def test_equal_values_are_told_alike_wherever_they_live() -> None:
    class Box:
        def __init__(self, inner: object) -> None:
            self.inner = inner

    class Tag:
        __slots__ = ("name",)

        def __init__(self, name: str) -> None:
            self.name = name

        def __repr__(self) -> str:
            return f"<{self.name} @ {id(self)} {object.__repr__(self)}>"

    assert told(Box([1, {"a": 2.0}])) == told(Box([1, {"a": 2.0}]))
    assert told(Box([1])) != told(Box([2]))
    assert told({3, 1, 2}) == told({2, 3, 1})
    assert told({Tag("a"), Tag("b")}) == told({Tag("b"), Tag("a")})
    assert told(Tag("a")) != told(Tag("b"))
    endless: list[object] = []
    endless.append(endless)
    assert "again" in told(endless)


def test_calls_of_passing_tests_are_told_from_those_of_failing_ones(load: Load) -> None:
    module = load(BASE)
    request = {
        "file": module.__file__,
        "texts": [BASE, BASE.replace("return best", "return best or 7")],
        "functions": ["largest"],
        "tests": ["passes"],
        "failing": ["fails"],
        "inputs": 3,
    }
    calls = {"passes": [], "fails": [1, 3, 2]}
    said = compare(request, lambda names: module.largest(calls[names[0]]))
    (seen,) = read_seen(said, [0])
    assert (seen.own.kept, seen.own.recorded) == (1, 2)
    assert seen.own.spoiled(seen.base) == 1
    assert seen.base.spoiled(seen.base) == 0


def test_functions_are_found_where_the_collector_of_garbage_was_told_to_leave_them(
    load: Load,
) -> None:
    module = load(BASE)
    gc.freeze()
    try:
        said = asked(module, [BASE], "largest", lambda: module.largest([1]))
    finally:
        gc.unfreeze()
    assert said["recorded"] == 1


LINKED = """
class Link:
    def __init__(self, value, rest=None):
        self.value = value
        self.rest = rest

def length(link):
    count = 0
    while link:
        link = link.rest
        count += 1
    return count
"""


def test_the_parts_of_a_structure_are_inputs_too(load: Load) -> None:
    module = load(LINKED)
    one = module.Link(1, module.Link(2, module.Link(3)))
    wrong_for_short = LINKED.replace("return count", "return max(2, count)")
    said = asked(module, [LINKED, wrong_for_short], "length", lambda: module.length(one))
    right, wrong = (version["outcome"] for version in said["versions"])
    assert said["recorded"] == 1
    assert len(right) == 3
    assert right[0] == wrong[0]
    assert right != wrong
