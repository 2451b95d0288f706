"""Wrong operators come early: there are few of them."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "comparison-ends",
        """\
def overlaps(a, b):
    return a.start <= b.end and b.start <= a.end
""",
        """\
def overlaps(a, b):
    return a.start < b.end and b.start < a.end
""",
        40,
    ),
    (
        "comparison-ends",
        """\
def inside(low, x, high):
    return low < x < high
""",
        """\
def inside(low, x, high):
    return low <= x <= high
""",
        40,
    ),
    (
        "comparison",
        """\
def f(a, b):
    return a < b
""",
        """\
def f(a, b):
    return a <= b
""",
        10,
    ),
    (
        "comparison",
        """\
def f(x):
    if x != None:
        return 1
    return 2
""",
        """\
def f(x):
    if x is not None:
        return 1
    return 2
""",
        20,
    ),
    (
        "comparison",
        """\
def f(x):
    return x is 'a'
""",
        """\
def f(x):
    return x == 'a'
""",
        20,
    ),
    (
        "comparison",
        """\
def f(x, ys):
    return x == ys
""",
        """\
def f(x, ys):
    return x in ys
""",
        60,
    ),
    (
        "comparison",
        """\
def f(x, ys):
    return (x  # one
            not in ys)
""",
        """\
def f(x, ys):
    return (x  # one
            in ys)
""",
        10,
    ),
    (
        "comparison-chain",
        """\
def f(i, n):
    return i < n
""",
        """\
def f(i, n):
    return 0 <= i < n
""",
        100,
    ),
    (
        "comparison-chain",
        """\
def f(a, b, c):
    return a < b < c
""",
        """\
def f(a, b, c):
    return a < b
""",
        220,
    ),
    (
        "arithmetic",
        """\
def f(a, b):
    return a / b
""",
        """\
def f(a, b):
    return a // b
""",
        20,
    ),
    (
        "arithmetic",
        """\
def f(a, b):
    return (a) + (b)
""",
        """\
def f(a, b):
    return (a) - (b)
""",
        20,
    ),
    (
        "arithmetic-operand",
        """\
def f(a, b):
    return a + b
""",
        """\
def f(a, b):
    return a
""",
        60,
    ),
    (
        "arithmetic-operand",
        """\
def f(a, b):
    return a - b
""",
        """\
def f(a, b):
    return b - a
""",
        60,
    ),
    (
        "arithmetic-grouping",
        """\
def f(a, b, c):
    return a + b * c
""",
        """\
def f(a, b, c):
    return (a + b) * c
""",
        60,
    ),
    (
        "arithmetic-grouping",
        """\
def f(a, b, c):
    return a - (b - c)
""",
        """\
def f(a, b, c):
    return a - b - c
""",
        60,
    ),
    (
        "boolean",
        """\
def f(a, b):
    return a and b
""",
        """\
def f(a, b):
    return a or b
""",
        10,
    ),
    (
        "boolean-grouping",
        """\
def f(a, b, c):
    return a or b and c
""",
        """\
def f(a, b, c):
    return (a or b) and c
""",
        60,
    ),
    (
        "augmented",
        """\
def f(a, n=0):
    n -= a
    return n
""",
        """\
def f(a, n=0):
    n += a
    return n
""",
        20,
    ),
    (
        "augmented",
        """\
def f(n):
    n ^= n - 1
    return n
""",
        """\
def f(n):
    n &= n - 1
    return n
""",
        40,
    ),
    (
        "augmented",
        """\
def f(xs, n=0):
    for x in xs:
        n += x
    return n
""",
        """\
def f(xs, n=0):
    for x in xs:
        n = x
    return n
""",
        30,
    ),
    (
        "assignment-operator",
        """\
def f(xs):
    n = 0
    for x in xs:
        n = x
    return n
""",
        """\
def f(xs):
    n = 0
    for x in xs:
        n += x
    return n
""",
        30,
    ),
    (
        "unary",
        """\
def f(a):
    return not a
""",
        """\
def f(a):
    return a
""",
        10,
    ),
    (
        "unary",
        """\
def f(a, b):
    return not (a and b)
""",
        """\
def f(a, b):
    return not a and b
""",
        60,
    ),
    (
        "negated-number",
        """\
def f(a):
    return abs(a)
""",
        """\
def f(a):
    return -abs(a)
""",
        320,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)
