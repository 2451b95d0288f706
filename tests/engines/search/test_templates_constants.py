"""Wrong constants: numbers, truth, emptiness, a name that should stand there."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check, search

CASES = [
    (
        "number",
        """\
def f(x):
    return x * 3
""",
        """\
def f(x):
    return x * 4
""",
        20,
    ),
    (
        "number",
        """\
def f(x):
    y = 0
    return x * y
""",
        """\
def f(x):
    y = 1
    return x * y
""",
        30,
    ),
    (
        "number",
        """\
def f(xs):
    best = 0
    return best
""",
        """\
def f(xs):
    best = float('-inf')
    return best
""",
        40,
    ),
    (
        "truth",
        """\
def f(x):
    return g(x, deep=True)
""",
        """\
def f(x):
    return g(x, deep=False)
""",
        30,
    ),
    (
        "truth",
        """\
def f(x):
    y = None
    return y
""",
        """\
def f(x):
    y = []
    return y
""",
        20,
    ),
    (
        "name-for-constant",
        """\
def f(limit):
    return g(10)
""",
        """\
def f(limit):
    return g(limit)
""",
        60,
    ),
    (
        "constant-for-name",
        """\
def f(a):
    return g(a)
""",
        """\
def f(a):
    return g(None)
""",
        300,
    ),
    (
        "empty-value",
        """\
def f(x):
    y = {}
    return y
""",
        """\
def f(x):
    y = set()
    return y
""",
        40,
    ),
    (
        "empty-value",
        """\
def f(x):
    return []
""",
        """\
def f(x):
    return [[]]
""",
        60,
    ),
    (
        "initial-value",
        """\
def f(a, b):
    c = a.first
    d = b
    return c, d
""",
        """\
def f(a, b):
    c = a.first
    d = a.first
    return c, d
""",
        80,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


@pytest.mark.parametrize(
    "value", ["x + 2", "2 + x", "x - 2", "x * 2", "2 * x", "x // 2", "x / 2", "x ** 2"]
)
def test_what_would_have_no_effect_is_dropped_and_not_made_so(value: str) -> None:
    neutral = "0" if "+" in value or "-" in value else "1"
    text = f"def f(x):\n    return {value}\n"
    assert search(text, text.replace("2", "3")) is not None
    assert search(text, text.replace("2", neutral)) is None
    assert search(text, "def f(x):\n    return x\n") is not None
