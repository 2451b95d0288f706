"""Dictionary access that needs a default, or another key."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "key-default",
        """\
def f(d: dict, k):
    return d[k]
""",
        """\
def f(d: dict, k):
    return d.get(k)
""",
        60,
    ),
    (
        "key-default",
        """\
def f(d, k):
    d[k] = d[k] + 1
""",
        """\
def f(d, k):
    d[k] = d.get(k, 0) + 1
""",
        420,
    ),
    (
        "key-demanded",
        """\
def f(d, k):
    return d.get(k)
""",
        """\
def f(d, k):
    return d[k]
""",
        80,
    ),
    (
        "key-demanded",
        """\
def f(d, k):
    return d.pop(k)
""",
        """\
def f(d, k):
    return d.pop(k, None)
""",
        40,
    ),
    (
        "attribute-default",
        """\
def f(x):
    return x.name
""",
        """\
def f(x):
    return getattr(x, 'name', None)
""",
        200,
    ),
    (
        "key-other",
        """\
def f(d):
    a = d['one']
    return d['two']
""",
        """\
def f(d):
    a = d['one']
    return d['one']
""",
        60,
    ),
    (
        "subscript",
        """\
def f(d, k):
    a = d[k]
    return g(d)
""",
        """\
def f(d, k):
    a = d[k]
    return g(d[k])
""",
        150,
    ),
    (
        "subscript-order",
        """\
def f(m, i, j):
    return m[i][j]
""",
        """\
def f(m, i, j):
    return m[j][i]
""",
        40,
    ),
    (
        "membership",
        """\
def f(d, k):
    return k in d
""",
        """\
def f(d, k):
    return k in d.values()
""",
        340,
    ),
    (
        "term-added",
        """\
def f(a: str, b: str):
    return a + b
""",
        """\
def f(a: str, b: str):
    return a + ' ' + b
""",
        360,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)
