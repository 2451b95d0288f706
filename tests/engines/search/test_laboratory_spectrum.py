"""Only what a test does itself is measured: not how its failure is told, nor what happens once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from bot.engines.search.model import Spectrum, TestRan
from tests.engines.search.workbench import workbench_of_module

PATH = "coins.py"
FILES: Mapping[str, str] = {
    PATH: """\
names = []


def known():
    if not names:
        names.append("penny")
    return names


class Coin:
    def __init__(self, worth):
        self.worth = worth

    def __eq__(self, other):
        return self.worth == other.worth + 1

    def __repr__(self):
        name = known()[0]
        return f"{name} {self.worth}"
""",
    "test_coins.py": """\
import unittest
from coins import Coin, known


def test_is_known():
    assert known() == ["penny"]


def test_is_named():
    assert repr(Coin(2)) == "penny 2"


def test_is_equal():
    assert known()
    assert Coin(1) == Coin(1)


class TestCoin(unittest.TestCase):
    def test_is_equal(self):
        self.assertEqual(Coin(1), Coin(1))
""",
}


@pytest.fixture(scope="module")
def spectrum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spectrum]:
    with workbench_of_module(tmp_path_factory.mktemp("world"), FILES) as made:
        yield made.laboratory.spectrum()


def ran(spectrum: Spectrum, name: str) -> TestRan:
    return next(test for test in spectrum.tests if test.id == f"test_coins.py::{name}")


def line_of(text: str) -> int:
    return FILES[PATH][: FILES[PATH].index(text)].count("\n") + 1


@pytest.mark.parametrize("name", ["test_is_equal", "TestCoin::test_is_equal"])
def test_how_a_failure_is_told_is_no_part_of_the_test(spectrum: Spectrum, name: str) -> None:
    test = ran(spectrum, name)
    assert test.lines is not None
    assert line_of("return self.worth ==") in test.lines[PATH]
    assert line_of("name = known()") not in test.lines[PATH]
    assert "penny 1" in test.message


def test_what_a_test_calls_itself_is(spectrum: Spectrum) -> None:
    lines = ran(spectrum, "test_is_named").lines
    assert lines is not None
    assert line_of("name = known()") in lines[PATH]


def test_what_happens_once_is_told_apart(spectrum: Spectrum) -> None:
    test = ran(spectrum, "test_is_equal")
    assert test.lines is not None
    assert test.again is not None
    assert test.lines[PATH] - test.again[PATH] == {line_of('names.append("penny")')}
