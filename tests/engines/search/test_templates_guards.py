"""A missing guard: which test, and what happens then, by what the function returns."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from tests.engines.search.trying import check, search

CASES = [
    (
        "guard",
        """\
def f(xs: list):
    return sum(xs) / len(xs)
""",
        """\
def f(xs: list):
    if not xs:
        return 0
    return sum(xs) / len(xs)
""",
        140,
    ),
    (
        "guard",
        """\
def f(x):
    y = x.name
    print(y)
""",
        """\
def f(x):
    if x is None:
        return
    y = x.name
    print(y)
""",
        30,
    ),
    (
        "guard",
        """\
def f(xs):
    for x in xs:
        print(x.name)
""",
        """\
def f(xs):
    for x in xs:
        if not x:
            continue
        print(x.name)
""",
        40,
    ),
    (
        "guard",
        """\
def f(a, b: int):
    return a / b
""",
        """\
def f(a, b: int):
    if b == 0:
        return 0
    return a / b
""",
        140,
    ),
    (
        "guard-borrowed",
        """\
def f(a, b):
    if a.ok == 3:
        return None
    c = b.go(a)
    return c
""",
        """\
def f(a, b):
    if a.ok == 3:
        return None
    if a.ok == 3:
        return None
    c = b.go(a)
    return c
""",
        160,
    ),
    (
        "guard-around",
        """\
def f(total, unit):
    total *= unit
    return total
""",
        """\
def f(total, unit):
    if total:
        total *= unit
    return total
""",
        150,
    ),
    (
        "guard-parameter",
        """\
def f(x, seen=None):
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
        150,
    ),
    (
        "fallback",
        """\
def f(xs):
    for x in xs:
        print(x)
""",
        """\
def f(xs):
    for x in xs or []:
        print(x)
""",
        40,
    ),
    (
        "conditional-value",
        """\
def f(x):
    y = x.name
    return y
""",
        """\
def f(x):
    y = x.name if x else None
    return y
""",
        120,
    ),
    (
        "conditional-value",
        """\
def f(lines):
    text = b'\\n'.join(lines) + b'\\n'
    return text
""",
        """\
def f(lines):
    text = b'\\n'.join(lines) + b'\\n' if lines else b''
    return text
""",
        200,
    ),
    (
        "fallback",
        """\
PORTS = {}


class A:
    def f(self):
        return self.port

    def g(self, scheme):
        self.port = PORTS.get(self.scheme)
""",
        """\
PORTS = {}


class A:
    def f(self):
        return self.port or PORTS.get(self.scheme)

    def g(self, scheme):
        self.port = PORTS.get(self.scheme)
""",
        400,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_what_is_emptied_is_asked_for_first() -> None:
    before = "def f(found):\n    found['stack'].pop()\n"
    after = "def f(found):\n    if found['stack']:\n        found['stack'].pop()\n"
    found = search(
        before, after, "guard-around", Hints(errors=("IndexError: pop from empty list",))
    )
    assert found is not None
    assert found.rank < 60
