"""Conditions negated, widened, narrowed, replaced."""

from __future__ import annotations

from itertools import islice

import pytest

from bot.engines.search.generating import generate
from tests.engines.search.trying import PATH, applied, check, everywhere, search

CASES = [
    (
        "condition-negated",
        """\
def f(a):
    if a:
        return 1
    return 2
""",
        """\
def f(a):
    if not a:
        return 1
    return 2
""",
        10,
    ),
    (
        "condition-negated",
        """\
def f(a):
    return 1 if a.ok() else 2
""",
        """\
def f(a):
    return 1 if not a.ok() else 2
""",
        40,
    ),
    (
        "conjunct-dropped",
        """\
def f(a, b):
    if a and b:
        return 1
    return 2
""",
        """\
def f(a, b):
    if a:
        return 1
    return 2
""",
        15,
    ),
    (
        "conjunct-added",
        """\
def f(a, b):
    if b.ok:
        return a
    return b
""",
        """\
def f(a, b):
    if b.ok and a:
        return a
    return b
""",
        100,
    ),
    (
        "conjunct-added",
        """\
def f(a):
    if a.ok:
        return 1
    return 2
""",
        """\
def f(a):
    if a and a.ok:
        return 1
    return 2
""",
        60,
    ),
    (
        "conjunct-added",
        """\
def f(a, n):
    while a > 1:
        a -= 1
    if n > 2:
        return a
    return n
""",
        """\
def f(a, n):
    while a > 1 and n > 2:
        a -= 1
    if n > 2:
        return a
    return n
""",
        80,
    ),
    (
        "conjunct-added",
        """\
def f(a, b, c):
    if a or b:
        return c
""",
        """\
def f(a, b, c):
    if (a or b) and c:
        return c
""",
        100,
    ),
    (
        "condition-replaced",
        """\
def f(a, b):
    if a.x > 1:
        return 1
    if b:
        return 2
""",
        """\
def f(a, b):
    if a.x > 1:
        return 1
    if a.x > 1:
        return 2
""",
        400,
    ),
    (
        "condition-asked",
        """\
def f(a):
    if a:
        return 1
    return 2
""",
        """\
def f(a):
    if a is not None:
        return 1
    return 2
""",
        20,
    ),
    (
        "condition-asked",
        """\
def f(x):
    return 1 if type(x) == int else 2
""",
        """\
def f(x):
    return 1 if isinstance(x, int) else 2
""",
        60,
    ),
    (
        "condition-asked",
        """\
def f(x):
    if 'a' in x:
        return 1
""",
        """\
def f(x):
    if x.startswith('a'):
        return 1
""",
        80,
    ),
    (
        "condition-fixed",
        """\
def f(x):
    if x.ok:
        return 1
""",
        """\
def f(x):
    if True:
        return 1
""",
        40,
    ),
    (
        "condition-loop",
        """\
def f(queue):
    while True:
        queue.pop()
""",
        """\
def f(queue):
    while queue:
        queue.pop()
""",
        30,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


@pytest.mark.parametrize("new", ["check(x) is False", "check(x) is None"])
def test_not_true_is_not_the_same_as_false_or_none(new: str) -> None:
    form = "def f(check, x):\n    if {}:\n        return 1\n    return 2\n"
    check("condition-asked", form.format("not check(x)"), form.format(new), 200)


@pytest.mark.parametrize("test", ["x.isdigit()", "not x.startswith(y)", "isinstance(x, y)"])
def test_what_is_never_none_is_not_asked_for_it(test: str) -> None:
    call = test.removeprefix("not ")
    text = f"def f(x, y):\n    if {test}:\n        return y\n    return x\n"
    for new in (f"{call} is None", f"{call} is not None"):
        assert search(text, text.replace(test, new), template="condition-asked") is None


@pytest.mark.parametrize(
    "statement",
    ["if not x:\n        return 1", "return 1 if not x else 2", "return not x", "y = not x or z"],
)
def test_nothing_is_negated_twice(statement: str) -> None:
    text = f"def f(x, z):\n    {statement}\n    g(not z)\n    if not z:\n        return 3\n"
    every = generate({PATH: text}.get, everywhere(text))
    found = [applied(text, candidate) for candidate in islice(every, 3_000)]
    assert not [one for one in found if "not not" in one]
    assert any(statement.replace("not x", "x") in one for one in found)
