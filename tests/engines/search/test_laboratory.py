"""The base is measured as it is, and a candidate is judged as a fresh run of pytest would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice

import pytest

from bot.engines.search.evaluating import Until
from bot.engines.search.model import Candidate, Judged, Outcome, Replacement, Spectrum
from tests.engines.search.workbench import Workbench, workbench_of_module

SHOP = """\
import functools
import re

LIMIT = 3
WORD = re.compile("^[a-z]+$")


def clamp(value, top=LIMIT):
    if value >= top:
        return top - 1
    return value


class Basket:
    tax = 2

    def __init__(self):
        self.__items = []

    def add(self, price):
        self.__items.append(price)
        return len(self.__items)

    def total(self):
        return sum(self.__items) + self.tax

    @property
    def empty(self):
        return not self.__items


class Gift(Basket):
    def total(self):
        return super().total() - 2


def twice(function):
    @functools.wraps(function)
    def inner(value):
        return function(function(value))

    return inner


@twice
def raised(value):
    return value + 1


def adder(step):
    def add(value):
        return value + step

    return add


async def later(value):
    return value


def known():
    return ["a", "b"]


def waits(value):
    while value:
        pass
    return True
"""

TESTS = """\
import asyncio, pathlib, subprocess, sys, unittest
import pytest
from shop import core


@pytest.mark.parametrize("value", [1, 3, 5])
def test_clamp(value):
    assert core.clamp(value) == min(value, 3)


def test_waits():
    assert core.waits(1)


def test_basket(basket, journal):
    journal.append("basket")
    assert basket.add(3) == 1 and basket.total() == 5 and not basket.empty


def test_journal(journal):
    assert journal == ["basket"]  # shares its state with the test before


def test_gift():
    assert core.Gift().total() == 0


def test_raised():
    assert core.raised(1) == 3


def test_adder():
    assert core.adder(2)(3) == 5


def test_later():
    assert asyncio.run(core.later(4)) == 4


def test_word():
    assert core.WORD.match("abc") and not core.WORD.match("a1")


@pytest.mark.parametrize("name", core.known())
def test_known(name):
    assert name in ("a", "b")


@pytest.mark.skip
def test_skipped():
    pass


@pytest.mark.xfail
def test_expected():
    assert 0


class TestOld(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.value = 1

    def test_clamp(self):
        self.assertEqual(core.clamp(self.value), 1)


def test_source_is_what_runs():
    program = "from shop import core; print(core.adder(1)(1))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert int(done.stdout) == core.adder(1)(1), done.stderr
    assert "def adder" in pathlib.Path(core.__file__).read_text()
"""

CONFTEST = """\
import pytest
from shop import core


@pytest.fixture(scope="session")
def journal():
    return []


@pytest.fixture
def basket():
    made = core.Basket()
    yield made
    assert not made.empty
"""

FILES: Mapping[str, str] = {
    "src/shop/__init__.py": "",
    "src/shop/core.py": SHOP,
    "tests/conftest.py": CONFTEST,
    "tests/test_core.py": TESTS,
    "pytest.ini": "[pytest]\naddopts = -x --strict-markers\n",
}
CORE = "src/shop/core.py"
IN = "tests/test_core.py::"
RIGHT = ("return top - 1", "return top")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with workbench_of_module(tmp_path_factory.mktemp("world"), FILES) as made:
        yield made


@pytest.fixture(scope="module")
def spectrum(world: Workbench) -> Spectrum:
    return world.laboratory.spectrum(each=5.0)


# --------------------------------------------------------------------------------- measuring


def test_the_tests_come_in_the_suites_own_order(world: Workbench) -> None:
    names = [name.removeprefix(IN) for name in world.laboratory.tests]
    assert names[:5] == [
        "test_clamp[1]",
        "test_clamp[3]",
        "test_clamp[5]",
        "test_waits",
        "test_basket",
    ]
    assert names[-2:] == ["TestOld::test_clamp", "test_source_is_what_runs"]


def test_outcomes_are_what_pytest_says(spectrum: Spectrum) -> None:
    failing = {test.id.removeprefix(IN): test.outcome for test in spectrum.failing}
    assert failing == {
        "test_clamp[3]": Outcome.FAILED,
        "test_clamp[5]": Outcome.FAILED,
        "test_waits": Outcome.TIMED_OUT,
    }


def test_what_was_skipped_or_expected_to_fail_is_left_out(spectrum: Spectrum) -> None:
    names = {test.id.removeprefix(IN) for test in spectrum.tests}
    assert names.isdisjoint({"test_skipped", "test_expected"})
    assert "test_journal" in names


def ran(spectrum: Spectrum, name: str) -> tuple[dict[str, frozenset[int]], tuple[str, int]]:
    test = next(test for test in spectrum.tests if test.id == IN + name)
    assert test.lines is not None
    return dict(test.lines), test.frames[-1] if test.frames else ("", 0)


def line_of(text: str, path: str = CORE) -> int:
    return FILES[path][: FILES[path].index(text)].count("\n") + 1


def test_a_failing_test_tells_its_lines_and_where_it_failed(spectrum: Spectrum) -> None:
    lines, frame = ran(spectrum, "test_clamp[3]")
    assert lines[CORE] == {line_of("if value >= top"), line_of("return top - 1")}
    assert frame == ("tests/test_core.py", line_of("assert core.clamp(value)", frame[0]))
    test = next(test for test in spectrum.tests if test.id == IN + "test_clamp[3]")
    assert test.message.startswith("AssertionError: assert 2 == 3")


def test_a_hanging_test_tells_where_it_hangs(spectrum: Spectrum) -> None:
    lines, frame = ran(spectrum, "test_waits")
    assert line_of("while value:") in lines[CORE]
    assert frame[0] == CORE
    assert frame[1] in (line_of("while value:"), line_of("while value:") + 1)


def test_a_passing_test_tells_its_lines_where_failing_ones_led(spectrum: Spectrum) -> None:
    lines, _ = ran(spectrum, "test_clamp[1]")
    assert lines[CORE] == {line_of("if value >= top"), line_of("    return value\n\n\nclass")}


# -------------------------------------------------------------------------------- candidates

CLAMPED = (IN + "test_clamp[3]", IN + "test_clamp[5]")

EDITS: Mapping[str, tuple[str, str, str]] = {
    # what is edited: old text, new text, the test that it breaks
    "a method": ("len(self.__items)", "len(self.__items) + 1", "test_basket"),
    "a property": ("return not self.__items", "return bool(self.__items)", "test_basket"),
    "a fixture's tear-down": ("self.__items.append(price)", "pass", "test_basket"),
    "a method with super": ("super().total() - 2", "super().total() - 3", "test_gift"),
    "a decorated function": ("return value + 1", "return value + 2", "test_raised"),
    "a decorator": ("function(function(value))", "function(value)", "test_raised"),
    "a decoration": ("@twice\n", "\n", "test_raised"),
    "a closure": ("value + step", "value - step", "test_adder"),
    "a coroutine": ("return value\n\n\ndef known", "return 0\n\n\ndef known", "test_later"),
    "a constant": ('"^[a-z]+$"', '"^[a-z0-9]+$"', "test_word"),
    "an attribute of a class": ("tax = 2", "tax = 4", "test_basket"),
    "a base class": ("Gift(Basket)", "Gift(object)", "test_gift"),
    "what is read while tests are collected": ('["a", "b"]', '["a", "c"]', "test_known[b]"),
    "an import": ("import functools\n", "\n", "test_basket"),
}


def judge(
    world: Workbench, spectrum: Spectrum, *changes: tuple[str, str], quick: bool = True
) -> Judged:
    """What becomes of these changes, made together with the right one."""
    replacements = [
        each for old, new in (RIGHT, *changes) for each in world.change(CORE, old, new).replacements
    ]
    candidate = Candidate(replacements=tuple(replacements), template="by hand", score=1.0)
    tried = world.laboratory.evaluate([candidate], spectrum, CLAMPED, quick=quick)
    return next(tried)


@pytest.mark.parametrize("quick", [True, False])
def test_the_right_change_is_plausible(world: Workbench, spectrum: Spectrum, quick: bool) -> None:
    judged = judge(world, spectrum, quick=quick)
    assert (judged.plausible, judged.fixed, judged.outcome) == (True, 2, Outcome.PASSED)


@pytest.mark.parametrize("edited", EDITS)
def test_what_breaks_a_test_is_not(world: Workbench, spectrum: Spectrum, edited: str) -> None:
    old, new, broken = EDITS[edited]
    judged = judge(world, spectrum, (old, new))
    assert (judged.plausible, judged.outcome) == (False, Outcome.FAILED)
    if edited != "an import":  # that breaks the tests that should pass, too
        assert judged.broke == IN + broken


def test_a_default_counts_as_much_as_a_body(world: Workbench, spectrum: Spectrum) -> None:
    right = world.change(CORE, "top=LIMIT", "top=LIMIT + 1")
    assert next(world.laboratory.evaluate([right], spectrum, CLAMPED)).plausible


def test_all_that_fails_has_to_pass_unless_told_otherwise(
    world: Workbench, spectrum: Spectrum
) -> None:
    right = world.change(CORE, *RIGHT)
    judged = next(world.laboratory.evaluate([right], spectrum))
    assert (judged.plausible, judged.outcome, judged.fixed) == (False, Outcome.TIMED_OUT, 2)


def test_every_one_comes_back_in_its_turn(world: Workbench, spectrum: Spectrum) -> None:
    tried = [world.change(CORE, "return top - 1", f"return top - {n}") for n in range(12)]
    until = Until(most=10)
    judged = list(world.laboratory.evaluate(iter(tried), spectrum, CLAMPED, until))
    assert [each.candidate for each in judged] == tried[:10]
    assert [each.plausible for each in judged] == [True] + [False] * 9


def test_a_search_that_is_left_disturbs_no_later_one(world: Workbench, spectrum: Spectrum) -> None:
    wrong = [world.change(CORE, "return top - 1", f"return top - {n}") for n in range(2, 9)]
    with closing(world.laboratory.evaluate(wrong, spectrum, CLAMPED)) as judged:
        assert not next(judged).plausible
    assert judge(world, spectrum).plausible


def test_a_place_that_is_not_there_is_no_reason_to_end(
    world: Workbench, spectrum: Spectrum
) -> None:
    missing = Replacement("no/such.py", 0, 1, "x")
    lost = Candidate(replacements=(missing,), template="by hand", score=1.0)
    right = world.change(CORE, *RIGHT)
    judged = world.laboratory.evaluate([lost, right], spectrum, CLAMPED)
    assert [each.plausible for each in islice(judged, 2)] == [False, True]
