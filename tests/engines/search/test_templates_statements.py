"""Statements deleted, moved, pulled out of a block or into one."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "statement-deleted",
        """\
def f(a):
    a.sort()
    return a
""",
        """\
def f(a):
    return a
""",
        40,
    ),
    (
        "statement-deleted",
        """\
def f(a):
    if a:
        a.sort()
    return a
""",
        """\
def f(a):
    if a:
        pass
    return a
""",
        60,
    ),
    (
        "statement-moved",
        """\
def f(a):
    b = a
    a += 1
    return b
""",
        """\
def f(a):
    a += 1
    b = a
    return b
""",
        60,
    ),
    (
        "statement-moved",
        """\
def f(a):
    one(a)
    two(a)
    three(a)
""",
        """\
def f(a):
    two(a)
    three(a)
    one(a)
""",
        60,
    ),
    (
        "statement-outward",
        """\
def f(xs):
    for x in xs:
        g(x)
        return x
""",
        """\
def f(xs):
    for x in xs:
        g(x)
    return x
""",
        30,
    ),
    (
        "statement-outward",
        """\
def f(xs):
    for x in xs:
        n = 0
        n += x
""",
        """\
def f(xs):
    n = 0
    for x in xs:
        n += x
""",
        60,
    ),
    (
        "statement-inward",
        """\
def f(xs, n):
    for x in xs:
        g(x)
    n += 1
""",
        """\
def f(xs, n):
    for x in xs:
        g(x)
        n += 1
""",
        60,
    ),
    (
        "loop-keyword",
        """\
def f(xs):
    for x in xs:
        if x:
            break
        g(x)
""",
        """\
def f(xs):
    for x in xs:
        if x:
            continue
        g(x)
""",
        60,
    ),
    (
        "loop-exit",
        """\
def f(xs):
    for x in xs:
        if x:
            y = x
""",
        """\
def f(xs):
    for x in xs:
        if x:
            y = x
            break
""",
        300,
    ),
    (
        "block-unwrapped",
        """\
def f(a):
    if a.ok:
        a.go()
        a.stop()
    return a
""",
        """\
def f(a):
    a.go()
    a.stop()
    return a
""",
        60,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)
