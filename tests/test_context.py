"""An engine sees whole definitions as the base has them, and knows what it does not see."""

from __future__ import annotations

import pytest

from bot.context import BUDGET_CHARS, WHOLE_FILE_LINES, WINDOW_LINES, excerpts, lines_of
from bot.model import Place
from tests.scratch import MemoryTree

FILLER = "".join(f"X{number} = {number}\n" for number in range(200))
LONG = f'''\
"""Doc."""

import os
from a import (
    b,
)

{FILLER}

class Tool:
    @property
    def name(self):
        """Text
def fake(): not the end
        """
        return os.name

{FILLER}
def twice(): return 1


def twice(): return 2
'''
TREE = MemoryTree(
    {
        "short.py": "def f():\r\n    return 1",
        "long.py": LONG,
        "long.txt": FILLER,
        "huge.py": "def f():\n" + "    x = 1\n" * (BUDGET_CHARS // 8),
        "broken.py": FILLER + "def f(:\n",
        "latin.py": b"\xe9",
        "empty.py": "",
    }
)


def test_a_short_file_is_shown_whole_with_its_own_line_ends() -> None:
    (shown,) = excerpts([Place("short.py", "f")], TREE)
    assert (shown.text, shown.first, shown.last, shown.total) == (
        "def f():\r\n    return 1",
        1,
        2,
        2,
    )
    assert shown.note == ""


def test_of_a_long_file_the_imports_and_the_whole_definition_are_shown() -> None:
    imports, around, definition = excerpts([Place("long.py", "Tool.name")], TREE)
    assert around.text == "class Tool:\n"
    assert imports.text == "import os\nfrom a import (\n    b,\n)\n"
    assert definition.text.startswith("    @property\n    def name(self):\n")
    assert definition.text.endswith("        return os.name\n")
    lines = LONG.splitlines(keepends=True)
    for shown in (imports, definition):
        assert shown.text == "".join(lines[shown.first - 1 : shown.last])
        assert shown.total == len(lines)


def test_every_definition_of_an_ambiguous_name_is_shown() -> None:
    shown = excerpts([Place("long.py", "twice")], TREE)
    texts = [excerpt.text for excerpt in shown[1:]]
    assert texts == ["def twice(): return 1\n", "def twice(): return 2\n"]


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [(0, 1, 1 + WINDOW_LINES), (100, 70, 130), (200, 170, 200), (9999, 170, 200)],
)
def test_where_only_a_line_is_known_its_surroundings_are_shown(
    line: int, first: int, last: int
) -> None:
    (shown,) = excerpts([Place("long.txt", "", line)], TREE)
    assert (shown.first, shown.last, shown.total) == (first, last, 200)
    assert shown.text == "".join(FILLER.splitlines(keepends=True)[first - 1 : last])


def test_a_file_that_does_not_parse_is_shown_around_its_line() -> None:
    (shown,) = excerpts([Place("broken.py", "f", 201)], TREE)
    assert shown.text.endswith("def f(:\n")


def test_no_line_is_shown_twice() -> None:
    places = [Place("long.py", "Tool"), Place("long.py", "Tool.name"), Place("short.py")]
    shown = excerpts([*places, *places], TREE)
    assert [(excerpt.path, excerpt.first) for excerpt in shown] == [
        ("long.py", 3),
        ("long.py", LONG.splitlines().index("class Tool:") + 1),
        ("short.py", 1),
    ]
    lines = [(e.path, n) for e in shown for n in range(e.first, e.last + 1)]
    assert len(lines) == len(set(lines))


def test_overlapping_windows_do_not_repeat_lines() -> None:
    shown = excerpts([Place("long.txt", "", 100), Place("long.txt", "", 110)], TREE)
    lines = [n for excerpt in shown for n in range(excerpt.first, excerpt.last + 1)]
    assert lines == list(range(70, 141))


def test_what_is_too_long_is_said_and_never_cut_silently() -> None:
    huge, short = excerpts([Place("huge.py", "f"), Place("short.py")], TREE)
    assert huge.text == ""
    assert huge.note == f"lines 1-{huge.total} are too long to show here"
    assert short.text
    assert sum(len(e.text) for e in (huge, short)) <= BUDGET_CHARS


def test_what_cannot_be_read_is_passed_over() -> None:
    places = [Place("latin.py"), Place("gone.py"), Place("empty.py")]
    assert excerpts(places, TREE) == ()


def test_a_file_of_just_the_limit_is_whole() -> None:
    tree = MemoryTree({"a.txt": "x\n" * WHOLE_FILE_LINES, "b.txt": "x\n" * (WHOLE_FILE_LINES + 1)})
    at, above = excerpts([Place("a.txt"), Place("b.txt")], tree)
    assert (at.last, above.last) == (WHOLE_FILE_LINES, 1 + WINDOW_LINES)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\r\nc\rd", ["a\n", "b\r\n", "c\r", "d"]),
        ("a\x0cb\x1cc\u2028d\n", ["a\x0cb\x1cc\u2028d\n"]),
        ("", []),
    ],
)
def test_lines_are_counted_as_python_counts_them(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


# ------------------------------------------------------------------- what is around a definition

STEPS = "    x += 1\n" * 40
SERVICE = f'''\
import os

{FILLER}

def helper(x):
    return x + 1


def unrelated(x):
    return x - 1


def long_helper(
    x,
):
    """Long."""
{STEPS}    return x


class Service:
    """Serves."""

    async def serve(self, x):
        def inner(y):
            return helper(y)

        return inner(x) + self.other(x) + long_helper(x)

    def other(self, x):
        return x
'''
AROUND = MemoryTree(
    {
        "app/service.py": SERVICE,
        "app/main.py": "from app.service import Service\n\n\nasync def main():\n"
        "    await Service().serve(1)\n",
        "tests/test_service.py": "from app.service import Service\n\n\nasync def test_serve():\n"
        "    assert await Service().serve(1) == 44\n",
        "docs/serve.md": "serve(1)\n",
        "web/app.ts": FILLER + "function render(a) {\n  return a\n}\n" + FILLER,
        "notes.txt": FILLER + "the needle\n" + FILLER,
    }
)


def shown(place: Place) -> dict[tuple[str, int, int], str]:
    found = excerpts([place], AROUND)
    for one in found:
        lines = lines_of(AROUND.read(one.path) or "")
        assert one.text == "".join(lines[one.first - 1 : one.last]), "1-based and inclusive"
        assert one.total == len(lines)
    return {(one.path, one.first, one.last): one.text for one in found}


def test_what_it_calls_and_who_calls_it_are_shown_too() -> None:
    texts = list(shown(Place("app/service.py", "Service.serve")).values())
    whole = "\n".join(texts)
    assert "    async def serve(self, x):\n        def inner(y):" in whole
    assert "class Service:\n" in whole
    assert "def helper(x):\n    return x + 1\n" in whole
    assert "def long_helper(\n    x,\n):\n" in whole
    assert whole.count("    x += 1\n") == 0, "of a long definition the signature is enough"
    assert "unrelated" not in whole
    assert "    def other(self, x):\n        return x\n" in whole
    assert "await Service().serve(1) == 44" in whole
    assert "    await Service().serve(1)\n" in whole
    assert "docs" not in str(
        [path for path, _, _ in shown(Place("app/service.py", "Service.serve"))]
    )


def test_tests_come_before_other_callers() -> None:
    paths = [path for path, _, _ in shown(Place("app/service.py", "Service.serve"))]
    assert paths[-2:] == ["tests/test_service.py", "app/main.py"]


def test_a_line_alone_shows_the_definition_it_stands_in() -> None:
    line = SERVICE.splitlines().index("def unrelated(x):") + 2
    texts = shown(Place("app/service.py", "", line)).values()
    assert "def unrelated(x):\n    return x - 1\n" in texts


def test_without_a_parser_a_window_around_the_symbol_is_shown() -> None:
    ((_, first, last),) = shown(Place("web/app.ts", "render"))
    assert first < 201 < last
    ((_, first, last),) = shown(Place("notes.txt", "needle"))
    assert first < 201 < last
    ((_, first, last),) = shown(Place("notes.txt", "", 201))
    assert (first, last) == (201 - WINDOW_LINES, 201 + WINDOW_LINES)


def test_a_definition_cut_by_a_dedented_string_is_whole() -> None:
    """The original's regex stopped at a line in a docstring, and missed `async def`."""
    source = FILLER + 'async def f():\n    """Text\ndef g(): not the end\n    """\n    return 1\n'
    found = excerpts([Place("f.py", "f")], MemoryTree({"f.py": source}))
    assert found[-1].text == source[len(FILLER) :]


def test_what_does_not_fit_is_named_with_its_lines() -> None:
    source = "def big():\n" + "    x = 1\n" * 4000 + "\n\ndef small():\n    return 1\n"
    tree = MemoryTree({"big.py": source})
    found = excerpts([Place("big.py", "big"), Place("big.py", "small")], tree)
    assert found[0].note == "lines 1-4001 are too long to show here"
    assert found[0].text == ""
    assert found[1].text == "def small():\n    return 1\n"
