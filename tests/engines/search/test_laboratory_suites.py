"""Suites of other kinds are searched with as well, and without bubblewrap, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.engines.search.laboratory import CannotTest
from bot.engines.search.model import Candidate, Outcome
from bot.sandbox.isolation import without_bubblewrap
from tests.engines.search.workbench import workbench
from tests.scratch import Scratch

PLAIN = {
    "calc.py": (
        "def half(value):\n    return value / 2\n\n\ndef low(value):\n    return value > 1\n"
    ),
    "tests/__init__.py": "",
    "tests/test_calc.py": (
        "import unittest\nimport calc\n\n\nclass Half(unittest.TestCase):\n"
        "    def test_half(self):\n        self.assertEqual(calc.half(3), 1)\n\n"
        "    def test_low(self):\n        self.assertFalse(calc.low(1))\n\n"
        "    @unittest.skip('not now')\n    def test_skipped(self):\n        pass\n"
    ),
}


def test_a_suite_of_unittest_needs_no_pytest(scratch: Scratch) -> None:
    with workbench(scratch, PLAIN, command="python -m unittest") as plain:
        spectrum = plain.laboratory.spectrum()
        outcomes = {test.id.rpartition(".")[2]: test.outcome for test in spectrum.tests}
        assert outcomes == {"test_half": Outcome.FAILED, "test_low": Outcome.PASSED}
        (failing,) = spectrum.failing
        assert failing.lines is not None
        assert failing.lines["calc.py"] == {2}
        right = plain.change("calc.py", "value / 2", "value // 2")
        other = plain.change("calc.py", "value > 1", "value > 0")
        both = Candidate(
            replacements=right.replacements + other.replacements, template="", score=1.0
        )
        for quick in (True, False):
            tried = plain.laboratory.evaluate([right, both], spectrum, quick=quick)
            assert [(j.plausible, j.broke.rpartition(".")[2]) for j in tried] == [
                (True, ""),
                (False, "test_low"),
            ]


def test_a_file_that_cannot_be_collected_is_a_test_that_fails(scratch: Scratch) -> None:
    files = {
        "names.py": "ALL = []\nFIRST = ALL[0]\n",
        "other.py": "VALUE = 1\n",
        "test_names.py": "import names\n\n\ndef test_all():\n    assert names.FIRST == 1\n",
        "test_other.py": "import other\n\n\ndef test_value():\n    assert other.VALUE == 1\n",
    }
    with workbench(scratch, files) as broken:
        spectrum = broken.laboratory.spectrum()
        assert [test.id for test in spectrum.failing] == ["test_names.py"]
        tried = broken.laboratory.evaluate(
            [
                broken.change("names.py", "ALL = []", "ALL = [2]"),
                broken.change("names.py", "ALL = []", "ALL = [1]"),
            ],
            spectrum,
        )
        assert [judged.plausible for judged in tried] == [False, True]


@pytest.mark.parametrize("confines", [pytest.param(True, marks=pytest.mark.thorough), False])
def test_it_works_without_bubblewrap(scratch: Scratch, confines: bool) -> None:
    isolation = without_bubblewrap("as asked")
    isolation = replace(isolation, confines=confines and isolation.confines)
    with workbench(scratch, PLAIN, workers=2, isolation=isolation) as plain:
        spectrum = plain.laboratory.spectrum()
        tried = plain.laboratory.evaluate(
            [
                plain.change("calc.py", "value / 2", "open('left', 'w').close() or value // 2"),
                plain.change("calc.py", "value / 2", "__import__('os').kill(1, 9)"),
                plain.change("calc.py", "value / 2", "value // 2"),
            ],
            spectrum,
        )
        assert [judged.plausible for judged in tried] == [True, False, True]


def test_a_suite_that_cannot_even_start_is_one_sentence(scratch: Scratch) -> None:
    files = {"test_x.py": "def test_x(): pass\n", "conftest.py": "import no_such_module\n"}
    with (
        workbench(scratch, files) as broken,
        pytest.raises(CannotTest, match=r"^The tests cannot be collected: .*\.$"),
    ):
        _ = broken.laboratory.tests
