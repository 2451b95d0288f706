"""Changes that fit the tests and not the code are known by what they do."""

from __future__ import annotations

import pytest

from bot.engines.search.model import Candidate, Outcome, Replacement, TestRan
from bot.engines.search.said_by_tests import Awaited, Missing, awaited, literals_of, missing, plain
from bot.engines.search.smelling import smells
from tests.scratch import MemoryTree

BASE = """\
def pick(values, at):
    at = abs(at)
    if at < 0:
        raise ValueError(at)
    for value in values:
        if value > at:
            return value
    return None
"""
LITERALS = frozenset(["7", "'a'"])


def found(old: str, new: str) -> tuple[str, ...]:
    at = BASE.index(old)
    change = Replacement("a.py", at, at + len(old), new)
    candidate = Candidate(replacements=(change,), template="t", score=1.0)
    return smells(candidate, MemoryTree({"a.py": BASE}).read, LITERALS)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("        raise ValueError(at)\n", "        pass\n", "it only takes code away"),
        ("return None", "return 7", "it returns 7, which stands in the failing test"),
        ("value > at", "value > at and value != 7", "it looks for 7, which stands"),
        ("at = abs(at)", "at = at", "it makes a statement do nothing"),
        ("return value", "return value.replace('nd', 'th')", "it replaces 'nd' wherever that"),
        ("    for value in values:", "    for value in [at]:", "it leaves `values` without use"),
        ("value > at", "True", "it makes a condition constant"),
        ("value > at", "value > at or True", "it makes a condition constant"),
        (
            "    return None\n",
            "    try:\n        return values[0]\n    except Exception:\n        return None\n",
            "it keeps an error from being raised",
        ),
    ],
)
def test_it_is_said_what_looks_made_for_the_tests(old: str, new: str, said: str) -> None:
    assert any(one.startswith(said) for one in found(old, new)), found(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value > at", "value >= at"),
        ("at < 0", "at <= 0"),
        ("at = abs(at)", "at = values"),
        ("return None", "return 0"),
        ("return None", "return at"),
        ("if at < 0", "if not values or at < 0"),
        ("    return None\n", "    if not values:\n        return at\n    return None\n"),
        ("raise ValueError(at)", "return None"),
    ],
)
def test_ordinary_changes_are_above_suspicion(old: str, new: str) -> None:
    assert found(old, new) == ()


HANDLED = """\
def read(table, name):
    try:
        return table[name]
    except KeyError as error:
        raise ValueError(name) from error
"""


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("except (KeyError, IndexError) as error", ()),
        ("except LookupError as error", ()),
        ("except IndexError as error", ("it does not handle KeyError any more",)),
    ],
)
def test_a_handler_that_raises_may_handle_more_and_not_less(
    new: str, said: tuple[str, ...]
) -> None:
    old = "except KeyError as error"
    at = HANDLED.index(old)
    change = Replacement("a.py", at, at + len(old), new)
    candidate = Candidate(replacements=(change,), template="t", score=1.0)
    assert smells(candidate, MemoryTree({"a.py": HANDLED}).read) == said


KEPT = """\
def read(table, name):
    try:
        return table[name]
    except LookupError:
        return None

def other():
    try:
        return table()
    except Exception:
        return None
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("except LookupError", "except KeyError", ()),
        ("except LookupError", "except (LookupError, IndexError)", ()),
        ("except LookupError", "except OSError", ("keeps", "LookupError")),
        ("except LookupError", "except Exception", ("keeps",)),
        ("except Exception", "except IOError", ()),
    ],
    ids=["narrower", "said twice", "another", "wider", "by another name"],
)
def test_a_handler_is_compared_with_what_it_was(old: str, new: str, said: tuple[str, ...]) -> None:
    at = KEPT.index(old)
    change = Replacement("a.py", at, at + len(old), new)
    candidate = Candidate(replacements=(change,), template="t", score=1.0)
    signs = smells(candidate, MemoryTree({"a.py": KEPT}).read)
    assert len(signs) == len(said)
    assert all(word in sign for word, sign in zip(said, signs, strict=True))


@pytest.mark.parametrize(
    ("old", "new"),
    [("IOError", "OSError"), ("errors.NotFound", "NotFound")],
)
def test_the_same_error_by_another_name_is_the_same(old: str, new: str) -> None:
    text = KEPT.replace("LookupError", old)
    at = text.index(old)
    change = Replacement("a.py", at, at + len(old), new)
    candidate = Candidate(replacements=(change,), template="t", score=1.0)
    assert smells(candidate, MemoryTree({"a.py": text}).read) == ()


AWAITING = """\
import unittest
import pytest

class Test(unittest.TestCase):
    def test_one(self):
        with self.assertRaisesRegex(shop.Refused, r"^not\\.here$"):
            read(1)
        with self.assertRaises((KeyError, TypeError)):
            read(2)

def test_two():
    with pytest.raises(ValueError, match="too much"):
        read(3)
    with pytest.raises(known_errors()):
        read(4)

def test_three():
    with pytest.raises(AssertionError) as error:
        read(5)
    assert error.value.args == ("there is nothing", 1)

def test_four():
    for each in known:
        with pytest.raises(KeyError, match=re.escape("a (b)") if each else None):
            read(each)
    with pytest.raises(ValueError, match=re.escape("a (b)")):
        assert read("select a from b") == 1

def test_five():
    with pytest.raises(KeyError, match=r"(a|b) is \\d+"):
        read(1)
    with pytest.raises(KeyError, match=r"it costs 2 \\$"):
        read(1)
"""


@pytest.mark.parametrize(
    ("test", "errors"),
    [
        (
            "test_a.py::Test::test_one",
            [Awaited("Refused", "not.here"), Awaited("KeyError"), Awaited("TypeError")],
        ),
        (
            "test_a.py::test_three",
            [Awaited("AssertionError"), Awaited("AssertionError", "there is nothing")],
        ),
        ("test_a.py::test_two", [Awaited("ValueError", "too much")]),
        ("test_a.py::test_four", [Awaited("KeyError"), Awaited("ValueError", "a (b)")]),
        ("test_a.py::test_five", [Awaited("KeyError"), Awaited("KeyError", "it costs 2 $")]),
    ],
)
def test_the_errors_that_a_test_waits_for_are_read(test: str, errors: list[Awaited]) -> None:
    ran = TestRan(id=test, outcome=Outcome.FAILED, seconds=0.1)
    assert list(awaited([ran], MemoryTree({"test_a.py": AWAITING}).read)) == errors


def test_literals_are_those_of_the_failing_test_alone() -> None:
    text = (
        "def test_one():\n    assert f(3) == 'x'\n\n\ndef test_two():\n    assert f(4) == [5, -6]\n"
    )
    ran = TestRan(id="tests/test_a.py::test_two[4]", outcome=Outcome.FAILED, seconds=0.1)
    tree = MemoryTree({"tests/test_a.py": text})
    assert literals_of([ran], tree.read) == {"4", "[5, -6]", "5", "-6", "6"}


def test_generators_are_told_strings_as_they_are_and_numbers_as_they_are_written() -> None:
    assert plain(["'a\\nb'", "4", "-6", "[5, -6]", "2.50"]) == {"a\nb", "4", "-6", "2.50"}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("KeyError: 'delay'", [Missing("delay")]),
        (
            "AssertionError: assert 'delay' in {'start': 1, 'idle_for': 0}\n +  where",
            [Missing("delay", ("start", "idle_for"))],
        ),
        ("AssertionError: 'delay' not found in ['start']", [Missing("delay", ("start",))]),
        ("AssertionError: assert 'delay' == 'start'", []),
        ("KeyError: 3", []),
    ],
)
def test_what_was_looked_for_in_vain_is_read(message: str, found: list[Missing]) -> None:
    assert list(missing([message])) == found


def test_equality_is_no_matter_of_order() -> None:
    text = "class Row:\n    def __eq__(self, other):\n        return self.at == other.at\n"
    at = text.index("==")
    change = Replacement("a.py", at, at + 2, ">=")
    candidate = Candidate(replacements=(change,), template="t", score=1.0)
    assert smells(candidate, MemoryTree({"a.py": text}).read) == (
        "it asks for the greater one where equality is asked",
    )


ASKING = """\
def check(token, after, context):
    if token == 1:
        context["stack"].pop()
    elif token == 2:
        print(after)
    for each in context:
        show(each)
    return token
"""


@pytest.mark.parametrize(
    ("guard", "is_strange"),
    [
        ("if not after:\n            return None\n        ", True),
        ("if not context:\n            return None\n        ", False),
        ("if not token:\n            return None\n        ", False),
        ("if not after:\n            raise ValueError(after)\n        ", False),
        ("if after:\n            ", True),
        ("if context:\n            ", False),
        ("if isinstance(after, str):\n            after = [after]\n        ", False),
    ],
)
def test_a_condition_should_have_to_do_with_what_it_decides(guard: str, is_strange: bool) -> None:
    at = ASKING.index('context["stack"]')
    change = Replacement("a.py", at, at, guard)
    candidate = Candidate(replacements=(change,), template="t", score=1.0)
    signs = smells(candidate, MemoryTree({"a.py": ASKING}).read)
    assert any("nothing to do with" in sign for sign in signs) is is_strange
