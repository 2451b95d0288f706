"""Exceptions caught or raised that are too narrow, too broad, or others."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "exception-caught",
        """\
def f(x):
    try:
        return int(x)
    except ValueError:
        return 0
""",
        """\
def f(x):
    try:
        return int(x)
    except (ValueError, TypeError):
        return 0
""",
        30,
    ),
    (
        "exception-caught",
        """\
def f(x):
    try:
        return x[0]
    except KeyError:
        return 0
""",
        """\
def f(x):
    try:
        return x[0]
    except IndexError:
        return 0
""",
        120,
    ),
    (
        "exception-caught",
        """\
def f(x):
    try:
        return x[0]
    except (KeyError, TypeError) as e:
        return e
""",
        """\
def f(x):
    try:
        return x[0]
    except KeyError as e:
        return e
""",
        60,
    ),
    (
        "exception-raised",
        """\
def f(x):
    if x:
        raise ValueError('a')
""",
        """\
def f(x):
    if x:
        raise TypeError('a')
""",
        30,
    ),
    (
        "exception-returned",
        """\
def f(x):
    if x:
        return ValueError('a')
""",
        """\
def f(x):
    if x:
        raise ValueError('a')
""",
        60,
    ),
    (
        "exception-swallowed",
        """\
def f(x):
    try:
        g(x)
    except OSError:
        pass
""",
        """\
def f(x):
    try:
        g(x)
    except OSError:
        raise
""",
        40,
    ),
    (
        "exception-protected",
        """\
def f(x):
    y = g(x)
    return y
""",
        """\
def f(x):
    try:
        y = g(x)
    except ValueError:
        pass
    return y
""",
        1500,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)
