"""Off by one: the nearest neighbours of an index, slice, range or limit."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "bound-index",
        """\
def f(xs, i):
    return xs[i]
""",
        """\
def f(xs, i):
    return xs[i - 1]
""",
        150,
    ),
    (
        "bound-index",
        """\
def f(xs):
    return xs[0]
""",
        """\
def f(xs):
    return xs[-1]
""",
        20,
    ),
    (
        "bound-index-or-slice",
        """\
def f(xs):
    return xs[0] + xs
""",
        """\
def f(xs):
    return xs[:1] + xs
""",
        200,
    ),
    (
        "bound-slice",
        """\
def f(xs, n):
    return xs[:n]
""",
        """\
def f(xs, n):
    return xs[:n + 1]
""",
        40,
    ),
    (
        "bound-slice",
        """\
def f(xs, n):
    return xs[n:]
""",
        """\
def f(xs, n):
    return xs[:n]
""",
        40,
    ),
    (
        "bound-slice",
        """\
def f(xs):
    return xs[1:]
""",
        """\
def f(xs):
    return xs[1:-1]
""",
        40,
    ),
    (
        "bound-whole",
        """\
def f(xs: list):
    return max(xs)
""",
        """\
def f(xs: list):
    return max(xs[1:])
""",
        200,
    ),
    (
        "bound-range",
        """\
def f(n):
    return list(range(n))
""",
        """\
def f(n):
    return list(range(n + 1))
""",
        10,
    ),
    (
        "bound-range",
        """\
def f(n):
    return list(range(n))
""",
        """\
def f(n):
    return list(range(1, n))
""",
        20,
    ),
    (
        "bound-range",
        """\
def f(n):
    return list(range(0, n))
""",
        """\
def f(n):
    return list(range(1, n))
""",
        20,
    ),
    (
        "bound-comparison",
        """\
def f(xs):
    return len(xs) > 0
""",
        """\
def f(xs):
    return len(xs) > 1
""",
        20,
    ),
    (
        "bound-comparison",
        """\
def f(i, n):
    while i < n:
        i += 1
    return i
""",
        """\
def f(i, n):
    while i < n - 1:
        i += 1
    return i
""",
        200,
    ),
    (
        "bound-number",
        """\
def f(xs):
    return len(xs)
""",
        """\
def f(xs):
    return len(xs) - 1
""",
        30,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_the_first_item_if_there_is_one() -> None:
    before = "def f(lines):\n    return [lines[0]] + lines[1:]\n"
    after = "def f(lines):\n    return lines[:1] + lines[1:]\n"
    check("bound-index-or-slice", before, after, 500)
