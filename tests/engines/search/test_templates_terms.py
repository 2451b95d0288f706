"""A term, factor or part of a sequence that is missing."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "term-number",
        """\
def f(n, k: int):
    return g(n, k)
""",
        """\
def f(n, k: int):
    return g(n, k - 1)
""",
        20,
    ),
    (
        "term-number",
        """\
def f(n: int, k: int):
    return g(n)
""",
        """\
def f(n: int, k: int):
    return g(n - k)
""",
        60,
    ),
    (
        "term-number",
        """\
def f(x: float):
    return g(x)
""",
        """\
def f(x: float):
    return g(x ** 2)
""",
        200,
    ),
    (
        "term-sequence",
        """\
def f(xs: list, ys: list):
    return xs
""",
        """\
def f(xs: list, ys: list):
    return ys + xs
""",
        60,
    ),
    (
        "term-slice",
        """\
def f(xs: list, k: int):
    return g(xs)
""",
        """\
def f(xs: list, k: int):
    return g(xs[k:])
""",
        200,
    ),
    (
        "term-slice",
        """\
def f(xs, k):
    first = xs[:k]
    return first, sorted(xs)
""",
        """\
def f(xs, k):
    first = xs[:k]
    return first, sorted(xs[k:])
""",
        60,
    ),
    (
        "return-test",
        """\
def f(n: int):
    n -= 1
    return True
""",
        """\
def f(n: int):
    n -= 1
    return n == 0
""",
        40,
    ),
    (
        "kept-best",
        """\
def f(xs):
    best = 0
    for x in xs:
        best = x
    return best
""",
        """\
def f(xs):
    best = 0
    for x in xs:
        best = max(best, x)
    return best
""",
        360,
    ),
    (
        "comparison-number",
        """\
def f(xs):
    if len(xs) == 0:
        return xs
""",
        """\
def f(xs):
    if len(xs) <= 1:
        return xs
""",
        80,
    ),
    (
        "expression-named",
        """\
def f(a, b):
    return a.go(b)
""",
        """\
def f(a, b):
    return b
""",
        20,
    ),
    (
        "target",
        """\
def f(d, e, k):
    x = e[k]
    d[k] = 1
""",
        """\
def f(d, e, k):
    x = e[k]
    e[k] = 1
""",
        100,
    ),
    (
        "method-or-assignment",
        """\
def f(d, x):
    d.a.update(x)
""",
        """\
def f(d, x):
    d.a = x
""",
        200,
    ),
    (
        "assignment-or-method",
        """\
def f(x):
    xs = []
    xs = x
    return xs
""",
        """\
def f(x):
    xs = []
    xs.append(x)
    return xs
""",
        200,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_a_variable_that_holds_the_value_is_used() -> None:
    before = "def f(form, text):\n    made = Parser(form)\n    return Parser(form).find(text)\n"
    after = before.replace("return Parser(form)", "return made")
    check("expression-named", before, after, 100)
