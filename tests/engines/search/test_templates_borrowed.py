"""A missing statement taken from nearby, with the names that are in scope here."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "statement-before",
        """\
def f(a):
    a.lock()
    a.go()
    a.lock()
    a.stop()
    a.end()
""",
        """\
def f(a):
    a.lock()
    a.go()
    a.lock()
    a.stop()
    a.lock()
    a.end()
""",
        400,
    ),
    (
        "statement-before",
        """\
def g(left):
    left = left.strip()
    return left


def f(right):
    return right
""",
        """\
def g(left):
    left = left.strip()
    return left


def f(right):
    right = right.strip()
    return right
""",
        400,
    ),
    (
        "statement-after",
        """\
def f(xs, n):
    for x in xs:
        if x:
            n += 1
        else:
            g(x)
""",
        """\
def f(xs, n):
    for x in xs:
        if x:
            n += 1
        else:
            g(x)
            n += 1
""",
        100,
    ),
    (
        "statement-made",
        """\
class A:
    def __init__(self, n):
        self.m = 1
""",
        """\
class A:
    def __init__(self, n):
        self.m = 1
        self.n = n
""",
        60,
    ),
    (
        "statement-made",
        """\
class A(B):
    def __init__(self, n):
        self.n = n
""",
        """\
class A(B):
    def __init__(self, n):
        super().__init__()
        self.n = n
""",
        100,
    ),
    (
        "statement-made",
        """\
def f(xs, i: int):
    while i < 9:
        g(xs[i])
""",
        """\
def f(xs, i: int):
    while i < 9:
        g(xs[i])
        i += 1
""",
        300,
    ),
    (
        "statement-instead",
        """\
def f(a):
    a.one()
    a.two()
    return a
""",
        """\
def f(a):
    a.one()
    a.one()
    return a
""",
        160,
    ),
    (
        "expression-borrowed",
        """\
def f(a, b):
    c = a.first.name
    return b.go(a.name)
""",
        """\
def f(a, b):
    c = a.first.name
    return b.go(a.first.name)
""",
        300,
    ),
    (
        "expression-longer",
        """\
def f(a, b):
    c = str(a)
    return b.go(a)
""",
        """\
def f(a, b):
    c = str(a)
    return b.go(str(a))
""",
        80,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_of_a_long_function_the_nearest_statements_are_borrowed() -> None:
    many = "".join(f"    v{n} = made(v{n - 1}, v{n - 2}, a)\n" for n in range(2, 40))
    before = f"""\
def f(a, made):
    v0 = v1 = a
{many}    try:
        a.flush()
        a.close()
    finally:
        made(a)
"""
    after = before.replace("        made(a)\n", "        a.close()\n        made(a)\n")
    check("statement-before", before, after)
