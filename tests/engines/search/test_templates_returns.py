"""What is returned or yielded: another value, a missing one."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "return-value",
        """\
def f(a):
    b = a + 1
    return a
""",
        """\
def f(a):
    b = a + 1
    return b
""",
        20,
    ),
    (
        "return-value",
        """\
def f(a):
    return True if a > 1 else False
    return a > 2
""",
        """\
def f(a):
    return True if a > 1 else False
    return not a > 2
""",
        80,
    ),
    (
        "return-element",
        """\
def f(a, b):
    return a, b
""",
        """\
def f(a, b):
    return a
""",
        60,
    ),
    (
        "return-missing",
        """\
def f(a):
    g(a)
""",
        """\
def f(a):
    return g(a)
""",
        15,
    ),
    (
        "return-missing",
        """\
def f(a):
    b = g(a)
""",
        """\
def f(a):
    b = g(a)
    return b
""",
        20,
    ),
    (
        "return-test",
        """\
def f(xs):
    n = 0
    for x in xs:
        n += x
    return True
""",
        """\
def f(xs):
    n = 0
    for x in xs:
        n += x
    return n == 0
""",
        100,
    ),
    (
        "yield",
        """\
def f(xs):
    for x in xs:
        yield x.all()
""",
        """\
def f(xs):
    for x in xs:
        yield from x.all()
""",
        60,
    ),
    (
        "yield",
        """\
def f(t):
    if t:
        f(t.left)
        yield t
""",
        """\
def f(t):
    if t:
        yield from f(t.left)
        yield t
""",
        100,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)
