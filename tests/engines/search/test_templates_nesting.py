"""Arguments given to the wrong one of two nested calls; both operands in need of a call."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    ("return f(g(a, b))", "return f(g(a), b)", "argument-moved", 300),
    ("return f(g(a), b)", "return f(g(a, b))", "argument-moved", 300),
    ("return f(g(), b)", "return f(g(b))", "argument-moved", 300),
    ("return f(g(a, b=b))", "return f(g(a), b=b)", "argument-moved", 300),
    ("return a.x[1:] + b.x", "return list(a.x[1:]) + list(b.x)", "wrapper-both", 800),
]


@pytest.mark.parametrize(("old", "new", "template", "within"), CASES)
def test_nested_calls(old: str, new: str, template: str, within: int) -> None:
    form = "def h(f, g, a, b, c):\n    {}\n"
    check(template, form.format(old), form.format(new), within)
