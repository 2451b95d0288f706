"""What a node can use: names in scope with their kinds, members, and how functions are called."""

from __future__ import annotations

import ast

import pytest

from bot.engines.search import kinds
from bot.engines.search.scope import Called, Names, free_names
from bot.engines.search.source import Source

TEXT = """\
import os
from things import Thing, helper

LIMIT = 10


def outer(values: list[str], *rest, flag=False, **more):
    count = 0
    text = values[0].strip()

    def inner(x):
        return x + count

    for i, value in enumerate(values):
        count += i
    return count


class Box:
    size = 3

    def __init__(self, width, name=""):
        self.width = width
        self.items = []

    @staticmethod
    def make(a, b=1):
        return Box(a)

    def area(self):
        here = self.width
        return here
"""


def names() -> Names:
    return Names(Source("a.py", TEXT))


def at(found: Names, line: int) -> ast.stmt:
    return next(n for n in found.source.nodes if isinstance(n, ast.stmt) and n.lineno == line)


def test_a_function_sees_its_own_names_then_the_modules() -> None:
    found = names()
    visible = found.around(at(found, 8))
    assert visible.parameters == ("values", "flag", "rest", "more")
    assert set(visible.local) == {
        "values", "flag", "rest", "more", "count", "text", "inner", "i", "value",
    }  # fmt: skip
    assert {"os", "Thing", "LIMIT", "outer", "Box"} <= set(visible.module)
    assert visible.owner == ""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("values", "list"),
        ("rest", "tuple"),
        ("more", "dict"),
        ("flag", "bool"),
        ("count", "int"),
        ("text", "str"),
        ("inner", "function"),
        ("i", "int"),
        ("os", "module"),
        ("Thing", "class"),
        ("LIMIT", "int"),
        ("value", ""),
    ],
)
def test_kinds_are_guessed_from_the_text(name: str, kind: str) -> None:
    found = names()
    assert found.around(at(found, 8)).kinds[name] == kind


@pytest.mark.parametrize(
    "body",
    [
        "return xs[:n]",
        "return xs[n:]",
        "return xs[::n]",
        "return list(range(1, n))",
        "return n < len(xs)",
        "m = len(xs)\n    return m - n",
        "return k >= n and k == xs[k:]",
    ],
)
def test_what_counts_is_a_number(body: str) -> None:
    found = Names(Source("a.py", f"def f(xs, n, k):\n    {body}\n"))
    assert found.around(at(found, 2)).kinds["n"] == "int"


def test_what_is_repeated_need_not_be_a_number() -> None:
    found = Names(Source("a.py", "def f(xs, n):\n    return n * len(xs)\n"))
    assert not found.around(at(found, 2)).kinds["n"]


def test_a_nested_function_sees_the_outer_ones_names() -> None:
    found = names()
    visible = found.around(at(found, 12))
    assert visible.local == ("x",)
    assert "count" in visible.outer


def test_a_method_knows_its_objects_members() -> None:
    found = names()
    visible = found.around(at(found, 32))
    assert visible.owner == "self"
    assert {"size", "width", "items", "make", "area"} <= set(visible.members)
    assert visible.kinds[".items"] == "list"
    assert "width" not in visible.all


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("Box(1)", Called("__init__", ("width", "name"), 1)),
        ("outer([])", Called("outer", ("values",), 1, ("flag",), takes_any=True)),
        ("x.make(1)", Called("make", ("a", "b"), 1)),
        ("unknown(1)", None),
    ],
)
def test_calls_are_matched_with_declarations(call: str, expected: Called | None) -> None:
    found = Names(Source("a.py", TEXT + f"\n{call}\n"))
    node = next(n for n in reversed(found.source.nodes) if isinstance(n, ast.Call))
    assert found.signature(node) == expected


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("a + f(b)", {"a", "f", "b"}),
        ("[x for x in xs if x > y]", {"xs", "y"}),
        ("lambda x: x + y", {"y"}),
        ("z = z + 1", {"z"}),
        ("q = [x for x in xs]", {"xs"}),
    ],
)
def test_free_names_are_those_needed_from_around(text: str, free: set[str]) -> None:
    (statement,) = ast.parse(text).body
    node = statement.value if isinstance(statement, ast.Expr) else statement
    assert free_names(node) == free


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("b','.join(x)", "bytes"),
        ("x.replace(b'a', b'b') + y", "bytes"),
        ("x.strip().replace('a', 'b')", "str"),
        ("b'a'.decode()", "str"),
        ("x.startswith(b'a')", "bool"),
    ],
)
def test_what_methods_make_of_bytes_are_bytes(text: str, kind: str) -> None:
    assert kinds.of(ast.parse(text, mode="eval").body, {}) == kind
