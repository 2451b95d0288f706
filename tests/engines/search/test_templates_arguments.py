"""Arguments swapped, dropped, added, renamed; defaults and parameters."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "argument-added",
        """\
def rounded(amount, cent):
    return amount.quantize(cent)
""",
        """\
def rounded(amount, cent):
    return amount.quantize(cent, rounding='ROUND_HALF_UP')
""",
        20,
    ),
    (
        "argument-swapped",
        """\
def f(a, b):
    return pow(a, b)
""",
        """\
def f(a, b):
    return pow(b, a)
""",
        5,
    ),
    (
        "argument-swapped",
        """\
def f(a, b):
    return a.join(b)
""",
        """\
def f(a, b):
    return b.join(a)
""",
        40,
    ),
    (
        "argument-dropped",
        """\
def f(x):
    return int(x, 10)
""",
        """\
def f(x):
    return int(x)
""",
        60,
    ),
    (
        "argument-dropped",
        """\
def f(x):
    return g(
        x,
        key=1,
        last=2,
    )
""",
        """\
def f(x):
    return g(x, last=2)
""",
        100,
    ),
    (
        "argument-added",
        """\
def g(a, deep=False):
    return a


def f(x, deep):
    return g(x)
""",
        """\
def g(a, deep=False):
    return a


def f(x, deep):
    return g(x, deep=deep)
""",
        60,
    ),
    (
        "argument-added",
        """\
def f(x):
    y = g(x, strict=True)
    return g(x + 1)
""",
        """\
def f(x):
    y = g(x, strict=True)
    return g(x + 1, strict=True)
""",
        80,
    ),
    (
        "argument-added",
        """\
def f(p):
    return open(p)
""",
        """\
def f(p):
    return open(p, encoding='utf-8')
""",
        20,
    ),
    (
        "argument-added",
        """\
def f(xs):
    return sorted(xs)
""",
        """\
def f(xs):
    return sorted(xs, reverse=True)
""",
        40,
    ),
    (
        "argument-added",
        """\
def f(xs):
    return max(x for x in xs)
""",
        """\
def f(xs):
    return max((x for x in xs), default=0)
""",
        40,
    ),
    (
        "argument-added",
        """\
def f(k, o={}):
    return g()
""",
        """\
def f(k, o={}):
    return g(k)
""",
        200,
    ),
    (
        "argument-replaced",
        """\
def f(a, b):
    c = a.items
    return g(b)
""",
        """\
def f(a, b):
    c = a.items
    return g(a.items)
""",
        80,
    ),
    (
        "argument-keyword",
        """\
def g(a, left=0, right=0):
    return a


def f(x):
    return g(x, left=2)
""",
        """\
def g(a, left=0, right=0):
    return a


def f(x):
    return g(x, right=2)
""",
        200,
    ),
    (
        "argument-starred",
        """\
def f(xs):
    return g(xs)
""",
        """\
def f(xs):
    return g(*xs)
""",
        20,
    ),
    (
        "default",
        """\
def f(x, deep=True):
    return deep
""",
        """\
def f(x, deep=False):
    return deep
""",
        40,
    ),
    (
        "default",
        """\
def f(x, seen=[]):
    seen.append(x)
    return seen
""",
        """\
def f(x, seen=None):
    if seen is None:
        seen = []
    seen.append(x)
    return seen
""",
        60,
    ),
    (
        "default",
        '''\
def f(x, *, seen: dict = {}):
    """Doc."""
    return seen
''',
        '''\
def f(x, *, seen: dict = None):
    """Doc."""
    if seen is None:
        seen = {}
    return seen
''',
        60,
    ),
    (
        "parameters",
        """\
def f(a, b):
    return a
""",
        """\
def f(b, a):
    return a
""",
        80,
    ),
    (
        "call-added",
        """\
def f(x):
    return x.name
""",
        """\
def f(x):
    return x.name()
""",
        150,
    ),
    (
        "call-dropped",
        """\
def f(x):
    return x.path()
""",
        """\
def f(x):
    return x.path
""",
        20,
    ),
    (
        "call-dropped",
        """\
def f(x):
    yield g(x)
""",
        """\
def f(x):
    yield x
""",
        30,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_a_parameter_that_nothing_reads_is_passed_on_before_further_keywords() -> None:
    before = "def f(items, start, total, **more):\n    return g(h(items, **more), start)\n"
    after = (
        "def f(items, start, total, **more):\n    return g(h(items, total=total, **more), start)\n"
    )
    check("argument-added", before, after, 60)
