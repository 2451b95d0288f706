"""What loops run over, what they filter and make."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "loop-over",
        """\
def f(d):
    for k, v in d:
        g(k, v)
""",
        """\
def f(d):
    for k, v in d.items():
        g(k, v)
""",
        80,
    ),
    (
        "loop-over",
        """\
def f(xs):
    for x in xs:
        xs.remove(x)
""",
        """\
def f(xs):
    for x in list(xs):
        xs.remove(x)
""",
        60,
    ),
    (
        "loop-variables",
        """\
def f(d):
    for k, v in d:
        g(k, v)
""",
        """\
def f(d):
    for v, k in d:
        g(k, v)
""",
        20,
    ),
    (
        "loop-filter",
        """\
def f(xs):
    return [x.a for x in xs]
""",
        """\
def f(xs):
    return [x.a for x in xs if x]
""",
        80,
    ),
    (
        "loop-filter",
        """\
def f(xs):
    return [x.a for x in xs if x.b]
""",
        """\
def f(xs):
    return [x.a for x in xs]
""",
        220,
    ),
    (
        "loop-element",
        """\
def f(xs):
    return [xs for x in xs]
""",
        """\
def f(xs):
    return [x for x in xs]
""",
        40,
    ),
    (
        "loop-result",
        """\
def f(xs):
    return (x for x in xs)
""",
        """\
def f(xs):
    return [x for x in xs]
""",
        220,
    ),
    (
        "loop-nesting",
        """\
def f(a, b):
    for x in a:
        for y in b:
            yield x, y
""",
        """\
def f(a, b):
    for y in b:
        for x in a:
            yield x, y
""",
        40,
    ),
    (
        "lambda-captured",
        """\
def f(xs):
    for x in xs:
        g(lambda: x)
""",
        """\
def f(xs):
    for x in xs:
        g(lambda x=x: x)
""",
        80,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_a_filter_asks_for_an_attribute() -> None:
    before = "def f(fields):\n    fields[0].hidden\n    return [field for field in fields]\n"
    before = before.replace("fields[0]", "field = fields[0]\n    field")
    after = before.replace("in fields]", "in fields if not field.hidden]")
    check("loop-filter", before, after, 600)
