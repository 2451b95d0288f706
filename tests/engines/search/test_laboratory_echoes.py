"""A candidate that fails tells whether the test failed just as it does at the base."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.engines.search.model import Candidate
from tests.engines.search.workbench import Workbench, workbench, workbench_of_module
from tests.scratch import Scratch

CODE = """\
def page(title):
    idle = len(title) + 1
    head = "<h1>" + title + "</h1>"
    body = "." * 200
    middle = "-"
    return head + body + middle + body


def parts(title):
    seen = object()
    return [title, "b", seen]


def price(value):
    if value > 5:
        raise ValueError("too much")
    return value
"""
TESTS = """\
import unittest
from shop import page, parts, price


def test_long():
    assert page("a") == "<h1>b</h1>" + "." * 200 + "+" + "." * 200


def test_address():
    assert parts("a") == ["c"]


def test_raises():
    assert price(7) == 7


class Test(unittest.TestCase):
    def test_unittest(self):
        self.assertEqual(page("a"), "<h1>b</h1>" + "." * 200 + "+" + "." * 200)
"""
UNITTEST = """\
import unittest
from shop import page

""" + TESTS[TESTS.index("class Test") :]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    files = {"shop.py": CODE, "test_shop.py": TESTS}
    with workbench_of_module(tmp_path_factory.mktemp("echoes"), files) as made:
        yield made


def is_same(bench: Workbench, test: str, candidates: list[Candidate]) -> list[bool | None]:
    spectrum = bench.laboratory.spectrum()
    (wanted,) = [one.id for one in spectrum.failing if one.id.endswith(test)]
    with closing(bench.laboratory.evaluate(candidates, spectrum, wanted=[wanted])) as found:
        heard = {one.candidate: one for one in found}
    assert not any(one.plausible for one in heard.values())
    return [heard[candidate].is_same for candidate in candidates]


@pytest.mark.parametrize("test", ["test_long", "test_unittest"])
def test_another_value_is_heard_also_in_the_middle_of_a_long_one(
    bench: Workbench, test: str
) -> None:
    idle = bench.change("shop.py", "+ 1", "- 1")
    ends = bench.change("shop.py", '"<h1>"', '"<h2>"')
    middle = bench.change("shop.py", '"-"', '"="')
    assert is_same(bench, test, [idle, ends, middle]) == [True, False, False]


def test_another_value_is_heard_where_unittest_runs_the_tests(scratch: Scratch) -> None:
    files = {"shop.py": CODE, "test_shop.py": UNITTEST}
    with workbench(scratch, files, command="python -m unittest") as made:
        idle = made.change("shop.py", "+ 1", "- 1")
        middle = made.change("shop.py", '"-"', '"="')
        assert is_same(made, "test_unittest", [idle, middle]) == [True, False]


def test_where_an_object_lies_in_memory_is_no_difference(bench: Workbench) -> None:
    idle = bench.change("shop.py", "seen = object()", "seen = object()\n    seen = object()")
    other = bench.change("shop.py", '"b"', '"c"')
    assert is_same(bench, "test_address", [idle, other]) == [True, False]


def test_another_error_is_heard(bench: Workbench) -> None:
    idle = bench.change("shop.py", "value > 5", "value >= 5")
    text = bench.change("shop.py", "too much", "too many")
    unreached = bench.change("shop.py", "return value\n", "return 2\n")
    assert is_same(bench, "test_raises", [idle, text, unreached]) == [True, False, True]
