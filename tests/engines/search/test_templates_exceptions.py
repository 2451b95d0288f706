"""Exceptions caught or raised that are too narrow, too broad, or others."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from bot.engines.search.said_by_tests import Awaited
from tests.engines.search.trying import check, made, search

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


TRANSLATED = """\
def read(text):
    number = int(text)
    return number
"""


@pytest.mark.parametrize(("text", "said"), [("", "Refused()"), ("no: x", "Refused('no: x')")])
def test_an_error_is_raised_as_the_one_that_the_test_waits_for(text: str, said: str) -> None:
    before = f"class Refused(Exception):\n    pass\n\n\n{TRANSLATED}"
    after = before.replace(
        "    number = int(text)\n",
        "    try:\n        number = int(text)\n"
        f"    except ValueError as error:\n        raise {said} from error\n",
    )
    error = "ValueError: invalid literal for int()"
    hints = Hints(errors=(error,), awaited=[Awaited("Refused", text)])
    found = search(before, after, "exception-protected", hints)
    assert found is not None
    assert found.rank <= 150


SHOP = """\
class Shop:
    def one(self, name):
        raise ValueError("cannot read from %s" % name)

    def two(self, table, key):
        error("early")
        found = table[key]
        return found

    def three(self):
        raise ValueError("not there")
"""


def test_an_error_is_raised_as_elsewhere_if_all_its_names_are_there() -> None:
    found = made(SHOP, "exception-protected", Hints(errors=("KeyError: 'x'",)))
    inside = [one for one in found if "try:\n            found = " in one]
    assert any('raise ValueError("not there") from exc' in one for one in inside)
    assert not any(one.count("% name)") > 1 for one in inside), "there is no name"


def test_the_name_of_a_caught_error_is_not_one_that_the_function_uses() -> None:
    found = made(SHOP, "exception-protected", Hints(errors=("KeyError: 'x'",)))
    assert any("as exc:" in one for one in found)
    assert not any("found = table[key]\n        except KeyError as error" in one for one in found)


def test_a_text_with_from_in_it_stays_whole() -> None:
    text = SHOP.replace(" % name", "").replace("from %s", "from it")
    found = made(text, "exception-protected", Hints(errors=("KeyError: 'x'",)))
    assert any('raise ValueError("cannot read from it") from exc' in one for one in found)
