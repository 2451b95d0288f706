"""Functions and classes themselves: decorators, `self`, bases."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "decorator",
        """\
class A:
    def make(cls):
        return cls()
""",
        """\
class A:
    @classmethod
    def make(cls):
        return cls()
""",
        40,
    ),
    (
        "decorator",
        """\
class A:
    @property
    def go(self):
        return self.x
""",
        """\
class A:
    def go(self):
        return self.x
""",
        200,
    ),
    (
        "receiver",
        """\
class A:
    def go():
        return 1
""",
        """\
class A:
    def go(self):
        return 1
""",
        10,
    ),
    (
        "receiver",
        """\
class A:
    def go(x, y):
        return x
""",
        """\
class A:
    def go(self, x, y):
        return x
""",
        30,
    ),
    (
        "asynchronous",
        """\
async def g():
    return 1


def f():
    return g()
""",
        """\
async def g():
    return 1


async def f():
    return g()
""",
        40,
    ),
    (
        "base-class",
        """\
class A:
    pass


class B:
    pass


class C(A):
    pass
""",
        """\
class A:
    pass


class B:
    pass


class C(B):
    pass
""",
        60,
    ),
    (
        "super-arguments",
        """\
class A(B):
    def go(self, x, y=1):
        return super().go(x)
""",
        """\
class A(B):
    def go(self, x, y=1):
        return super().go(x, y)
""",
        60,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)
