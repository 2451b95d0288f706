"""A name counts only where the tree confirms it."""

from __future__ import annotations

import time

import pytest

from bot.grounding import MAX_PLACES, definitions, ground
from bot.model import Place
from tests.scratch import MemoryTree

TOOLS = '''\
import functools


class Outer:
    """Text with
def fake(self): a dedented line inside a string
    """

    class Inner:
        def run(self):
            return 1

    @functools.cache
    def run(self):
        def helper():
            return 2

        return helper()


async def fetch(url):
    return url


@functools.wraps(
    fetch
)
def wrapped():
    if True:
        def conditional():
            return 3
    return conditional


def run():
    return 4


def run():
    return 5
'''
TREE = MemoryTree(
    {
        "llm.py": "def dummy_function(text):\n    return text.split()[0]\n",
        "tools.py": TOOLS,
        "a/util.py": "def load(): ...\n",
        "b/util.py": "def load(): ...\n",
        "broken.py": "def load(:\n",
        "bom.py": "\ufeffdef load(): ...\n",
        "raw.py": "def load():\n    return '\\d'\n",
        "notes.md": "dummy_function\n",
        "latin.py": b"\xe9",
        "link.py": "llm.py",
        "größe.py": "def load(): ...\n",
        "sub-dir/my-file.test.ts": "export {}\n",
    },
    {"link.py": "120000"},
)


def found(text: str) -> list[tuple[str, str, int]]:
    return [(place.path, place.symbol, place.line) for place in ground([text], TREE)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("The function 'dummy_function' in 'llm.py' does not", [("llm.py", "dummy_function", 0)]),
        ("`dummy_function` (llm.py).", [("llm.py", "dummy_function", 0)]),
        ("llm.dummy_function fails, see llm.py", [("llm.py", "dummy_function", 0)]),
        ("dummy_function() fails in ./llm.py", [("llm.py", "dummy_function", 0)]),
        ("in llm.py", [("llm.py", "", 0)]),
        ("in llm.py:12", [("llm.py", "", 12)]),
        ("llm.py:12, and again llm.py", [("llm.py", "", 12)]),
        ("llm.py, and then llm.py:12", [("llm.py", "", 12)]),
        ('File "/home/ada/agent/llm.py", line 2, in x', [("llm.py", "", 2)]),
        ("/home/ada/agent/llm.py:2: broken", [("llm.py", "", 2)]),
        ("C:\\agent\\llm.py is broken", [("llm.py", "", 0)]),
        ("größe.py: load", [("größe.py", "load", 0)]),
        ("sub-dir/my-file.test.ts broke", [("sub-dir/my-file.test.ts", "", 0)]),
        ("notes.md says dummy_function", [("notes.md", "", 0)]),
        ("fetch in tools.py", [("tools.py", "fetch", 0)]),
        ("wrapped in tools.py", [("tools.py", "wrapped", 0)]),
        ("Outer in tools.py", [("tools.py", "Outer", 0)]),
        ("Outer.run in tools.py", [("tools.py", "Outer.run", 0)]),
        ("Inner.run in tools.py", [("tools.py", "Outer.Inner.run", 0)]),
        ("helper in tools.py", [("tools.py", "Outer.run.helper", 0)]),
        ("conditional in tools.py", [("tools.py", "wrapped.conditional", 0)]),
        ("Outer and Outer.run in tools.py", [("tools.py", "Outer.run", 0)]),
        ("fake in tools.py", [("tools.py", "", 0)]),
        ("load in a/util.py", [("a/util.py", "load", 0)]),
        ("load in src/b/util.py", [("b/util.py", "load", 0)]),
        ("load in bom.py", [("bom.py", "load", 0)]),
        ("load in raw.py", [("raw.py", "load", 0)]),
        ("load in broken.py", [("broken.py", "", 0)]),
        ("load in latin.py", [("latin.py", "", 0)]),
    ],
)
def test_what_is_named_is_found(text: str, places: list[tuple[str, str, int]]) -> None:
    assert found(text) == places


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dummy_function fails",
        "gone.py is broken",
        "xllm.py is broken",
        "llm.pyc is broken",
        "link.py is broken",
        "version 1.2.3, e.g. this",
    ],
)
def test_what_the_tree_does_not_confirm_is_nothing(text: str) -> None:
    assert found(text) == []


def test_every_place_of_an_ambiguous_name_is_reported() -> None:
    assert {symbol for _, symbol, _ in found("run in tools.py")} == {
        "run",
        "Outer.run",
        "Outer.Inner.run",
    }
    assert [path for path, _, _ in found("load in util.py")] == ["a/util.py", "b/util.py"]


def test_places_come_in_the_order_they_are_named_and_not_without_end() -> None:
    assert [path for path, _, _ in found("tools.py calls llm.py")] == ["tools.py", "llm.py"]
    tree = MemoryTree({f"f{number}.py": "" for number in range(20)})
    places = ground([" ".join(tree.paths())], tree)
    assert places == tuple(Place(path) for path in tree.paths()[:MAX_PLACES])


def test_names_are_collected_over_all_texts() -> None:
    assert ground(["dummy_function failed", "in llm.py"], TREE) == (
        Place("llm.py", "dummy_function"),
    )


def test_definitions_are_whole_with_their_decorators() -> None:
    lines = TOOLS.splitlines()
    spans = definitions(TOOLS)
    assert set(spans) == {
        "Outer",
        "Outer.Inner",
        "Outer.Inner.run",
        "Outer.run",
        "Outer.run.helper",
        "fetch",
        "wrapped",
        "wrapped.conditional",
        "run",
    }
    shown = {
        name: (lines[first - 1], lines[last - 1]) for name, ((first, last), *_) in spans.items()
    }
    assert shown["Outer"] == ("class Outer:", "        return helper()")
    assert shown["Outer.run"] == ("    @functools.cache", "        return helper()")
    assert shown["fetch"] == ("async def fetch(url):", "    return url")
    assert shown["wrapped"] == ("@functools.wraps(", "    return conditional")
    assert len(spans["run"]) == 2


@pytest.mark.parametrize("source", ["def f(:", "\x00", "(" * 100_000, "x = " + "-" * 100_000])
def test_what_does_not_parse_has_no_definitions(source: str) -> None:
    assert definitions(source) == {}


@pytest.mark.parametrize("piece", ["a", "a/", "a.", "/", "-", "_", "a.b/", 'File "', "0f", "\n"])
def test_a_hostile_text_costs_little_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    start = time.perf_counter()
    assert found(text) == []
    assert time.perf_counter() - start < 2
