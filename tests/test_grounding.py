"""A name counts only where the tree confirms it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.definitions import definitions
from bot.grounding import MAX_CANDIDATES, MAX_PLACES, Grounder, ground
from bot.model import Place
from bot.tree_index import TreeIndex
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
        "loading fails",
        "load fails",
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


# ------------------------------------------------------------------------- written like code

WORDS = MemoryTree(
    {
        "store.py": (
            "def load():\n    return 1\n\n\nclass Cache:\n    def run(self):\n        return 2\n\n"
            "    def stop(self):\n        return 3\n\n\nclass Worker:\n    def run(self):\n"
            "        return 4\n"
        ),
        "app/core/engine.py": "class Engine:\n    async def start_up(self): ...\n\n"
        "def boot(): ...\n",
        "tests/test_store.py": "class TestStore:\n    def test_load(self): ...\n",
        "json/decoder.py": "def decode(): ...\n",
        "decoder.py": "def decode(): ...\n",
        "src/client.ts": "export function fetchAll(url: string) {\n  return 1;\n}\n",
        "src/main/java/com/acme/Foo.java": "class Foo {\n  void bar() {\n  }\n}\n",
        "web/index.js": "const x = 1\n",
    }
)


def places(text: str, tree: MemoryTree = WORDS) -> list[tuple[str, str, int]]:
    return [(place.path, place.symbol, place.line) for place in ground([text], tree)]


@pytest.mark.parametrize(
    "text",
    [
        "The load in store.py was high",
        "store.py could not load the data",
        "I could not load store.py",
        "we had to run it; see store.py",
        "It failed to load in store.py",
    ],
)
def test_an_english_word_is_no_symbol(text: str) -> None:
    """The original took every "load" and "run" of a sentence for a function of that name."""
    assert places(text) == [("store.py", "", 0)]


@pytest.mark.parametrize(
    "text",
    [
        "`load` in store.py",
        "'load' of store.py is wrong",
        "load() fails, see store.py",
        "the function load in store.py",
        "the load function (store.py)",
        "store.py: load fails",
        "load in store.py fails",
        "store.load fails",
    ],
)
def test_a_word_written_like_code_is_one(text: str) -> None:
    assert places(text) == [("store.py", "load", 0)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tests/test_store.py::TestStore::test_load[1-a] failed",
         [("tests/test_store.py", "TestStore.test_load", 0)]),
        ("app.core.engine.Engine.start_up hangs", [("app/core/engine.py", "Engine.start_up", 0)]),
        ("core.engine.boot hangs", [("app/core/engine.py", "boot", 0)]),
        ("app.core.engine is slow to import", [("app/core/engine.py", "", 0)]),
        ("C:\\work\\agent\\app\\core\\engine.py:3: broken", [("app/core/engine.py", "", 3)]),
        ("app\\core\\engine.py is broken", [("app/core/engine.py", "", 0)]),
        ("    at fetchAll (/srv/x/src/client.ts:1:17)", [("src/client.ts", "fetchAll", 1)]),
        ("    at file:///srv/x/web/index.js:1:1", [("web/index.js", "", 1)]),
        ("\tat com.acme.Foo.bar(Foo.java:2)", [("src/main/java/com/acme/Foo.java", "bar", 2)]),
        ("`Cache.run` in store.py", [("store.py", "Cache.run", 0)]),
        ("`run` at store.py:6", [("store.py", "Cache.run", 6)]),
        ("start_up hangs", [("app/core/engine.py", "Engine.start_up", 0)]),
        ("`boot` hangs", [("app/core/engine.py", "boot", 0)]),
        ("Engine hangs", []),
        ("`decode` fails", []),
        ("start hangs", []),
    ],
)  # fmt: skip
def test_what_tools_write_is_found(text: str, found: list[tuple[str, str, int]]) -> None:
    assert places(text) == found


def test_of_a_traceback_the_frame_that_broke_comes_first() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/srv/app/core/engine.py", line 4, in boot\n'
        '  File "/srv/store.py", line 7, in run\n'
        '  File "/usr/lib/python3.11/json/scanner.py", line 9, in scan\nKeyError: 1\n'
    )
    assert places(text) == [("store.py", "Cache.run", 7), ("app/core/engine.py", "boot", 4)]


@pytest.mark.parametrize(
    "path",
    [
        "/usr/lib/python3.11/decoder.py",
        "/usr/lib/python3/dist-packages/decoder.py",
        "/home/ada/.venv/lib/python3.12/site-packages/other/decoder.py",
        "node_modules/x/web/other/index.js",
        "C:\\Python311\\Lib\\decoder.py",
        "https://github.com/x/y/blob/main/store.py",
    ],
)
def test_installed_code_is_not_the_repositorys(path: str) -> None:
    assert places(f"{path} is broken") == []


def test_installed_code_of_the_repository_itself_is() -> None:
    text = 'File "/opt/venv/lib/python3.11/site-packages/app/core/engine.py", line 4, in boot'
    assert places(text) == [("app/core/engine.py", "boot", 4)]


def test_folders_that_do_not_agree_are_not_guessed() -> None:
    tree = MemoryTree({"a/util.py": "", "b/util.py": "", "c/d/util.py": ""})
    assert places("elsewhere/util.py broke", tree) == []
    assert places("b/util.py broke", tree) == [("b/util.py", "", 0)]
    assert [p.ambiguous for p in ground(["util.py broke"], tree)] == [True, True, True]
    assert [p.ambiguous for p in ground(["d/util.py broke"], tree)] == [False]


def test_ambiguous_names_are_candidates_up_to_a_limit() -> None:
    (one, other) = ground(["`run` in store.py"], WORDS)
    assert (one.symbol, other.symbol) == ("Cache.run", "Worker.run")
    assert one.ambiguous
    assert other.ambiguous
    many = MemoryTree({f"p{number}/util.py": "" for number in range(20)})
    assert len(ground(["util.py"], many)) == MAX_CANDIDATES


def test_places_of_the_format_come_first() -> None:
    found = Grounder(WORDS).ground(["`load` in store.py"], ["tests/test_store.py:2", "gone.py:1"])
    assert [(p.path, p.line) for p in found] == [("tests/test_store.py", 2), ("store.py", 0)]


def test_the_tree_is_indexed_once() -> None:
    class Counting(MemoryTree):
        listed = 0

        def paths(self) -> tuple[str, ...]:
            self.listed += 1
            return super().paths()

    tree = Counting({"store.py": "def load(): ...\n"})
    grounder = Grounder(tree)
    for _ in range(100):
        assert grounder.ground(["`load` in store.py, and `nothing_here`"])
        assert not grounder.ground(["`nothing_here` and gone.py"])
    assert tree.listed <= 3


PIECES = st.sampled_from(
    ["store.py", "/", "\\", ":", "::", "run", "`", "(", ")", ".", "File \"", '", line 1, in run',
     "C:", "at ", "Cache", "\n", " in ", "9" * 30, "[x]", "../", "site-packages/", "\ud800", "é"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join), st.lists(st.text()))
def test_whatever_is_written_only_real_places_come_out(text: str, fields: list[str]) -> None:
    for place in Grounder(WORDS).ground([text], [*fields, text]):
        assert WORDS.blob(place.path)
        assert not place.symbol or place.symbol in TreeIndex(WORDS).names(place.path)
