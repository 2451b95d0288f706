"""An argument that a function should refuse, where a test has waited for an error in vain."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from bot.engines.search.said_by_tests import Awaited
from tests.engines.search.trying import made, search

BEFORE = '''\
class Refused(Exception):
    pass


def sliced(items, n):
    """Parts of n items each."""
    return [items[at : at + n] for at in range(0, len(items), n)]
'''


def after(test: str, error: str, said: str) -> str:
    refusal = f'    if {test}:\n        raise {error}("{said}")\n'
    return BEFORE.replace("    return", f"{refusal}    return")


@pytest.mark.parametrize(
    ("said_by_test", "test", "error", "said"),
    [
        ("DID NOT RAISE <class 'ValueError'>", "n < 0", "ValueError", "n must not be negative"),
        ("ValueError not raised", "n <= 0", "ValueError", "n must be positive"),
        ("DID NOT RAISE <class 'shop.Refused'>", "not items", "Refused", "items must not be empty"),
        (
            "AssertionError: TypeError not raised by sliced",
            "not isinstance(n, int)",
            "TypeError",
            "n must be an integer",
        ),
    ],
)
def test_it_refuses_what_the_test_waits_for(
    said_by_test: str, test: str, error: str, said: str
) -> None:
    found = search(BEFORE, after(test, error, said), "refusal", Hints(errors=(said_by_test,)))
    assert found is not None
    assert found.rank <= 60


def test_an_error_that_is_not_known_there_is_not_raised() -> None:
    hints = Hints(errors=("Failed: DID NOT RAISE <class 'shop.Unknown'>",))
    wanted = after("n < 0", "Unknown", "n must not be negative")
    assert search(BEFORE, wanted, "refusal", hints) is None


def test_without_a_test_that_waits_for_an_error_nothing_is_refused() -> None:
    wanted = after("n < 0", "ValueError", "n must not be negative")
    assert search(BEFORE, wanted, "refusal") is None


INSIDE = """\
def parsed(text, strict):
    if strict:
        parts = text.split(",")
        return parts[0]
    return None
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "        return parts[0]\n",
            "        if not parts:\n"
            "            raise ValueError('parts must not be empty')\n"
            "        return parts[0]\n",
        ),
        (
            "        parts = ",
            "        if not isinstance(strict, int):\n"
            "            raise ValueError('strict must be an integer')\n"
            "        parts = ",
        ),
        ("    return None\n", "    raise ValueError()\n"),
        ("        return parts[0]\n", "        raise ValueError('strict')\n"),
    ],
)
def test_it_refuses_further_inside_and_instead_of_returning(old: str, new: str) -> None:
    """The first of two texts is what was just made, the second what was asked about."""
    hints = Hints(errors=("IndexError: list",), awaited=[Awaited("ValueError")])
    found = search(INSIDE, INSIDE.replace(old, new), "", hints)
    assert found is not None
    assert found.candidate.template.startswith("refusal")


def test_it_says_what_the_test_wants_to_read() -> None:
    hints = Hints(
        errors=("Failed: DID NOT RAISE ValueError",), awaited=[Awaited("ValueError", "no parts")]
    )
    wanted = INSIDE.replace("    return None\n", "    raise ValueError('no parts')\n")
    assert search(INSIDE, wanted, "refusal-instead", hints) is not None


def test_an_assertion_that_a_test_waits_for_is_one() -> None:
    hints = Hints(errors=("IndexError: list",), awaited=[Awaited("AssertionError", "no text")])
    wanted = INSIDE.replace("    if strict", "    assert text, 'no text'\n    if strict")
    assert search(INSIDE, wanted, "refusal", hints) is not None


@pytest.mark.parametrize(
    "errors", [("AssertionError: assert 1 == 2",), ("Failed: DID NOT RAISE KeyError",)]
)
def test_nothing_is_refused_for_a_test_that_fails_from_something_else(
    errors: tuple[str, ...],
) -> None:
    wanted = INSIDE.replace("    return None\n", "    raise ValueError()\n")
    hints = Hints(errors=errors, awaited=[Awaited("ValueError")])
    assert search(INSIDE, wanted, "refusal-instead", hints) is None


WAITING = Hints(errors=("IndexError: list",), awaited=[Awaited("ValueError")])


def test_nothing_is_put_between_an_if_and_its_elif() -> None:
    text = """\
def f(a, b):
    if a:
        x = 1
    elif b:
        x = 2
    else:
        x = 3
    return x
"""
    found = made(text, "refusal", WAITING)
    assert found
    assert all("        x = 1\n    elif b:\n" in one for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "def f(xs):\n    ys = [v * 2 for v in xs]\n    return ys[0]\n",
        "def f(xs):\n    if any(v > 3 for v in xs):\n        return xs\n    return None\n",
    ],
    ids=["made", "asked about"],
)
def test_what_is_a_variable_of_a_comprehension_is_none_after_it(text: str) -> None:
    found = made(text, "refusal", WAITING)
    assert any("xs" in one or "ys" in one for one in found)
    assert not any("if v " in one or "not v:" in one for one in found)


@pytest.mark.parametrize(
    "text",
    ["class Told(Exception):\n    pass\n", "try:\n    import x\nexcept ImportError:\n    pass\n"],
    ids=["in a class", "in a module"],
)
def test_nothing_is_refused_outside_of_functions(text: str) -> None:
    assert not made(text, "refusal-instead", WAITING)


@pytest.mark.parametrize(
    "said",
    [
        "Failed: DID NOT RAISE <class 'shop.errors.refused'>",
        "AssertionError: (<class 'KeyError'>, <class 'shop.refused'>) not raised",
    ],
)
def test_errors_of_any_name_are_raised_as_both_runners_name_them(said: str) -> None:
    text = "from shop import refused\n\n\ndef f(n):\n    return n\n"
    found = made(text, "refusal", Hints(errors=(said,)))
    assert any('raise refused("n must not be negative")' in one for one in found)


def test_many_texts_that_a_test_may_want_leave_room_for_many_conditions() -> None:
    many = [Awaited("ValueError", f"it is {number}") for number in range(40)]
    found = made(BEFORE, "refusal", Hints(errors=("IndexError: list",), awaited=many))
    assert len({one.partition("        raise")[0] for one in found}) > 15


@pytest.mark.parametrize(
    ("before", "test"),
    [
        ("def f(*parts):\n    return parts[0]\n", "not parts"),
        (
            "class A:\n    def f(self, given):\n        self.rules = given['rules']\n"
            "        return 1\n",
            "not isinstance(self.rules, dict)",
        ),
    ],
    ids=["as many as there are", "an attribute"],
)
def test_it_refuses_whatever_is_there_to_be_refused(before: str, test: str) -> None:
    assert any(f"    if {test}:\n" in one for one in made(before, "refusal", WAITING))
