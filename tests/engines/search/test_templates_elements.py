"""Tuples, lists, sets and dictionaries with an element too many or too few."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from tests.engines.search.trying import check, search

CASES = [
    (
        "element-shared",
        """\
def grid(width, height):
    return [[0] * width] * height
""",
        """\
def grid(width, height):
    return [[0] * width for _ in range(height)]
""",
        20,
    ),
    (
        "element-swapped",
        """\
def f(a, b):
    return a, b
""",
        """\
def f(a, b):
    return b, a
""",
        30,
    ),
    (
        "element-dropped",
        """\
def f(a):
    return [1, 2, a]
""",
        """\
def f(a):
    return [1, 2]
""",
        60,
    ),
    (
        "element-alone",
        """\
def f(kinds, a):
    kinds[a] = (a.kind + a.sort) * 2,
    return kinds
""",
        """\
def f(kinds, a):
    kinds[a] = (a.kind + a.sort) * 2
    return kinds
""",
        10,
    ),
    (
        "element-alone",
        """\
def f(a):
    return (yield (a,))
""",
        """\
def f(a):
    return (yield a)
""",
        30,
    ),
    (
        "element-added",
        """\
def f(x):
    return isinstance(x, (int, float))
""",
        """\
def f(x):
    return isinstance(x, (int, float, str))
""",
        60,
    ),
    (
        "element-added",
        """\
A = 1
B = 2
C = 3


def f(x):
    return x in (A, B)
""",
        """\
A = 1
B = 2
C = 3


def f(x):
    return x in (A, B, C)
""",
        340,
    ),
    (
        "element-added",
        """\
def f(c):
    return c in [' ', ',']
""",
        r"""def f(c):
    return c in [' ', ',', '\t']
""",
        200,
    ),
    (
        "element-choice",
        """\
def f(x):
    return isinstance(x, list)
""",
        """\
def f(x):
    return isinstance(x, (list, tuple))
""",
        150,
    ),
    (
        "element-choice",
        """\
A = 1
B = 2


def f(x):
    return x == A
""",
        """\
A = 1
B = 2


def f(x):
    return x in (A, B)
""",
        420,
    ),
    (
        "element-unpacked",
        """\
def f(xs):
    return [xs, 1]
""",
        """\
def f(xs):
    return [*xs, 1]
""",
        180,
    ),
    (
        "element-listed",
        """\
def f(xs, x):
    return xs + x
""",
        """\
def f(xs, x):
    return xs + [x]
""",
        100,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_words_of_the_tests_are_written_as_their_neighbours_are() -> None:
    before = "ENDS = ('HAVING', 'RETURNING')\n"
    after = "ENDS = ('HAVING', 'RETURNING', 'INTO')\n"
    found = search(before, after, hints=Hints(literals=frozenset({"select 1 into baz"})))
    assert found is not None
    assert found.candidate.template == "element-added"
    assert found.rank < 100
