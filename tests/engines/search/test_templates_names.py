"""Another variable, attribute, method or function that is in scope."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "attribute",
        """\
def hours(worked):
    return worked.seconds / 3600
""",
        """\
def hours(worked):
    return worked.total_seconds() / 3600
""",
        40,
    ),
    (
        "attribute",
        """\
def host(name):
    return name.lstrip("www.")
""",
        """\
def host(name):
    return name.removeprefix("www.")
""",
        20,
    ),
    (
        "variable",
        """\
def message(text):
    body = text.encode()
    return {"length": len(text)}, body
""",
        """\
def message(text):
    body = text.encode()
    return {"length": len(body)}, body
""",
        20,
    ),
    (
        "variable",
        """\
def f(first, second):
    return first + first
""",
        """\
def f(first, second):
    return first + second
""",
        20,
    ),
    (
        "variable",
        """\
def f(xs):
    for i, x in enumerate(xs):
        print(i)
""",
        """\
def f(xs):
    for i, x in enumerate(xs):
        print(x)
""",
        60,
    ),
    (
        "variable-target",
        """\
def f(a):
    low = a
    low = a + 1
    high = 0
    return low, high
""",
        """\
def f(a):
    low = a
    high = a + 1
    high = 0
    return low, high
""",
        400,
    ),
    (
        "member",
        """\
class A:
    def __init__(self, n):
        self.n = n

    def f(self):
        return n
""",
        """\
class A:
    def __init__(self, n):
        self.n = n

    def f(self):
        return self.n
""",
        60,
    ),
    (
        "attribute",
        """\
def f(x):
    return x.start + x.end - x.start
""",
        """\
def f(x):
    return x.start + x.end - x.end
""",
        20,
    ),
    (
        "attribute",
        """\
def f(s):
    return s.find('a')
""",
        """\
def f(s):
    return s.rfind('a')
""",
        40,
    ),
    (
        "attribute",
        """\
def f(s):
    return s.lstrip()
""",
        """\
def f(s):
    return s.rstrip()
""",
        40,
    ),
    (
        "attribute-dropped",
        """\
def f(a):
    return g(a.value)
""",
        """\
def f(a):
    return g(a)
""",
        20,
    ),
    (
        "attribute-dropped",
        """\
def f(name, o):
    return o.name
""",
        """\
def f(name, o):
    return name
""",
        60,
    ),
    (
        "attribute-object",
        """\
def f(a, b):
    return a.size + b.name + a.name
""",
        """\
def f(a, b):
    return a.size + b.name + b.name
""",
        120,
    ),
    (
        "function",
        """\
def f(xs):
    return min(xs)
""",
        """\
def f(xs):
    return max(xs)
""",
        15,
    ),
    (
        "function",
        """\
def load_all(a):
    return a


def load_one(a):
    return a


def f(x):
    return load_one(x)
""",
        """\
def load_all(a):
    return a


def load_one(a):
    return a


def f(x):
    return load_all(x)
""",
        60,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_an_exception_is_asked_for_its_text() -> None:
    before = "def f(x):\n    try:\n        g(x)\n    except KeyError as e:\n        h(e.args[0])\n"
    check("exception-text", before, before.replace("e.args[0]", "str(e)"), 60)
