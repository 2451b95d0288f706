"""Branches that are exchanged, chained wrongly, or lack an `else`."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "branch-swapped",
        """\
def f(a):
    if a:
        return one(a)
    else:
        return two(a)
""",
        """\
def f(a):
    if a:
        return two(a)
    else:
        return one(a)
""",
        30,
    ),
    (
        "branch-chain",
        """\
def f(a, b):
    if a > 1:
        b = 1
    if a > 2:
        b = 2
    return b
""",
        """\
def f(a, b):
    if a > 1:
        b = 1
    elif a > 2:
        b = 2
    return b
""",
        60,
    ),
    (
        "branch-chain",
        """\
def f(a, b):
    if a > 1:
        b = 1
    elif a > 2:
        b = 2
    return b
""",
        """\
def f(a, b):
    if a > 1:
        b = 1
    if a > 2:
        b = 2
    return b
""",
        60,
    ),
    (
        "branch-chain",
        """\
def f(a):
    if a.ok:
        one(a)
    else:
        two(a)
""",
        """\
def f(a):
    if a.ok:
        one(a)
    two(a)
""",
        60,
    ),
    (
        "branch-else",
        """\
def f(a):
    if a.ok:
        one(a)
    two(a)
""",
        """\
def f(a):
    if a.ok:
        one(a)
    else:
        two(a)
""",
        80,
    ),
    (
        "branch-loop-else",
        """\
def f(xs):
    for x in xs:
        g(x)
    else:
        h(xs)
""",
        """\
def f(xs):
    for x in xs:
        g(x)
    h(xs)
""",
        40,
    ),
    (
        "branch-value",
        """\
def f(a, b, c):
    return a if c else b
""",
        """\
def f(a, b, c):
    return b if c else a
""",
        30,
    ),
    (
        "branch-or",
        """\
def f(a, b):
    c = a or b
    return c
""",
        """\
def f(a, b):
    c = a if a is not None else b
    return c
""",
        60,
    ),
    (
        "branch-loop",
        """\
def f(s):
    if s.startswith('a'):
        s = s[1:]
    return s
""",
        """\
def f(s):
    while s.startswith('a'):
        s = s[1:]
    return s
""",
        80,
    ),
    (
        "branch-swapped",
        """\
def f(a, b):
    if a:
        return one(a)
    elif b:
        two()
        return two(b)
    return None
""",
        """\
def f(a, b):
    if b:
        two()
        return two(b)
    elif a:
        return one(a)
    return None
""",
        80,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)
