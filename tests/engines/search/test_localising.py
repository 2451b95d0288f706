"""The statement that a person would look at first is among the first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.engines.search.localising import (
    Formula,
    Named,
    barinel,
    dstar,
    is_code,
    localise,
    ochiai,
)
from bot.engines.search.model import Outcome, Spectrum, Suspect, TestRan

CALC = """\
import re

LIMIT = 3
OTHER = 4
WORD = re.compile(
    "a+",
)


def clamp(value, top=LIMIT):
    if value > top:
        return top - 1
    return value


class Shape:
    sides = 4

    def area(self, length):
        return (
            length
            * self.sides
        )

    def name(self):
        try:
            return WORD.match("a")
        except ValueError:
            return None
"""


def failing(
    name: str,
    lines: dict[str, set[int]] | None,
    frames: tuple[tuple[str, int], ...] = (),
) -> TestRan:
    traced = None if lines is None else {path: frozenset(each) for path, each in lines.items()}
    return TestRan(id=name, outcome=Outcome.FAILED, seconds=0.1, lines=traced, frames=frames)


def passing(name: str, lines: dict[str, set[int]] | None) -> TestRan:
    traced = None if lines is None else {path: frozenset(each) for path, each in lines.items()}
    return TestRan(id=name, outcome=Outcome.PASSED, seconds=0.1, lines=traced)


def ranked(*tests: TestRan, named: tuple[Named, ...] = (), **files: str) -> tuple[Suspect, ...]:
    texts = {"calc.py": CALC, **{f"{name}.py": text for name, text in files.items()}}
    return localise(Spectrum(tests), texts.get, named=named)


def suspicion(suspects: tuple[Suspect, ...], line: int, path: str = "calc.py") -> float:
    found = [each.suspicion for each in suspects if (each.path, each.line) == (path, line)]
    assert len(found) <= 1
    return found[0] if found else 0.0


def test_what_only_failing_tests_run_comes_first() -> None:
    found = ranked(failing("f", {"calc.py": {11, 12}}), passing("p", {"calc.py": {11, 13}}))
    assert (found[0].path, found[0].line) == ("calc.py", 12)
    assert suspicion(found, 11) < suspicion(found, 12)
    assert suspicion(found, 13) == 0


def test_what_a_project_does_once_says_nothing_of_the_test_that_came_first() -> None:
    """The failing test is traced where it is the first to run, the passing ones after others."""
    first = failing("f", {"calc.py": {11, 12, 13}})
    others = [passing(name, {"calc.py": {11, 13}}) for name in "pqrs"]
    after = replace(first, again={"calc.py": frozenset({11, 13})})
    assert suspicion(ranked(first, *others), 12) > suspicion(ranked(first, *others), 13)
    found = ranked(after, *others)
    assert 0 < suspicion(found, 12) == suspicion(found, 13)


def test_tests_that_were_not_traced_say_nothing() -> None:
    found = ranked(failing("f", {"calc.py": {11, 12}}), passing("p", None))
    assert suspicion(found, 11) == suspicion(found, 12) > 0


def test_a_statement_over_several_lines_is_one_suspect() -> None:
    found = ranked(failing("f", {"calc.py": {20, 21, 22}}))
    assert [each.line for each in found if 19 <= each.line <= 23] == [20]


def test_the_line_that_raised_is_believed_more() -> None:
    frames = (("test_calc.py", 3), ("calc.py", 11), ("calc.py", 13))
    found = ranked(failing("f", {"calc.py": {11, 12, 13}}, frames))
    assert suspicion(found, 13) > suspicion(found, 11) > suspicion(found, 12)


def test_what_made_the_value_that_broke_is_believed_more() -> None:
    text = """\
def shown(cells, joined):
    found = []
    for cell in cells:
        text = cell if cell else 0
        width = len(joined)
        found.append(text.strip())
    text = ""
    return found
"""
    run = {"shown.py": set(range(2, 7))}
    found = ranked(failing("f", run, frames=(("shown.py", 6),)), shown=text)
    by_line = {line: suspicion(found, line, "shown.py") for line in range(2, 8)}
    assert by_line[6] > by_line[4] > by_line[3]
    assert by_line[2] == by_line[4], "it reads both of them"
    assert by_line[7] == 0, "no failing test came there"


@pytest.mark.parametrize("symbol", ["clamp", "calc.clamp"])
def test_what_the_incident_names_is_believed_more(symbol: str) -> None:
    lines = {"calc.py": {11, 12, 20}}
    plain = ranked(failing("f", lines))
    told = ranked(failing("f", lines), named=(Named("calc.py", symbol),))
    assert suspicion(told, 12) > suspicion(plain, 12)
    assert suspicion(told, 20) == suspicion(plain, 20)


def test_a_named_line_is_a_suspect_even_where_no_test_went() -> None:
    found = ranked(failing("f", {"calc.py": {11}}), named=(Named("calc.py", line=28),))
    assert suspicion(found, 28) > 0.5


def test_without_any_lines_what_is_named_is_all_there_is() -> None:
    found = ranked(failing("f", None), named=(Named("calc.py", "clamp"),))
    assert suspicion(found, 12) > suspicion(found, 20) > 0


@pytest.mark.parametrize(
    ("ran", "bound"),
    [(27, 5), (20, 17), (11, 10)],
    ids=["a constant of the module", "an attribute of the class", "a default"],
)
def test_what_runs_at_import_is_lent_suspicion_by_its_readers(ran: int, bound: int) -> None:
    found = ranked(failing("f", {"calc.py": {ran}}))
    assert 0 < suspicion(found, bound) < suspicion(found, ran)
    assert suspicion(found, 4) == 0


def test_a_constant_is_found_in_the_file_that_it_is_imported_from() -> None:
    user = "from pkg.calc import LIMIT\n\n\ndef low(value):\n    return value < LIMIT\n"
    texts = {"src/pkg/calc.py": CALC, "src/pkg/user.py": user}
    for importing in ("pkg.calc", ".calc"):
        texts["src/pkg/user.py"] = user.replace("pkg.calc", importing)
        spectrum = Spectrum((failing("f", {"src/pkg/user.py": {5}}),))
        found = localise(spectrum, texts.get)
        assert suspicion(found, 3, "src/pkg/calc.py") > 0


def test_a_handler_is_a_place_of_its_own() -> None:
    found = ranked(failing("f", {"calc.py": {28, 29}}), passing("p", {"calc.py": {26, 27}}))
    assert suspicion(found, 28) > 0


def test_only_the_wanted_failures_count() -> None:
    tests = (failing("f", {"calc.py": {11}}), failing("g", {"calc.py": {20}}))
    found = localise(Spectrum(tests), {"calc.py": CALC}.get, wanted=("g",))
    assert suspicion(found, 20) > 0
    assert suspicion(found, 11) == 0


@pytest.mark.parametrize("formula", [ochiai, barinel, dstar])
def test_every_formula_stays_between_nothing_and_certainty(formula: Formula) -> None:
    tests = (failing("f", {"calc.py": {11, 12}}), passing("p", {"calc.py": {11}}))
    found = localise(Spectrum(tests), {"calc.py": CALC}.get, formula=formula)
    assert found[0].line == 12
    assert all(0 < suspect.suspicion <= 1 for suspect in found)


@pytest.mark.parametrize("text", [None, "def broken(:\n"])
def test_a_file_that_cannot_be_read_has_no_suspects(text: str | None) -> None:
    assert localise(Spectrum((failing("f", {"calc.py": {1}}),)), lambda _: text) == ()


@pytest.mark.parametrize(
    ("path", "editable"),
    [
        ("calc.py", True),
        ("src/pkg/testing_tools.py", True),
        ("test_calc.py", False),
        ("pkg/calc_test.py", False),
        ("tests/support.py", False),
        ("conftest.py", False),
        ("pkg/conftest.py", False),
        ("setup.py", False),
        ("data.json", False),
        ("", False),
    ],
)
def test_tests_and_their_support_are_never_suspects(path: str, editable: bool) -> None:
    assert is_code(path) is editable


def test_a_class_attribute_is_suspected_for_who_reads_it_and_not_for_a_parameter_called_alike() -> (
    None
):
    text = """\
class Base:
    names = {}
    spare = {}

    def told(self, spare):
        return self.names[spare]
"""
    others = "".join(f"class Other{n}:\n    names = {{}}\n" for n in range(4))
    one = ranked(failing("f", {"t.py": {6}}), t=text)
    assert suspicion(one, 2, "t.py") > 0.5
    assert suspicion(one, 3, "t.py") < 0.5, "it is only one of the class"
    many = ranked(failing("f", {"t.py": {6}}), t=text + others)
    assert 0 < suspicion(many, 8, "t.py") < suspicion(one, 2, "t.py")


def test_several_bindings_of_one_attribute_are_those_of_one_class() -> None:
    text = "class Base:\n    names = {}\n    names['a'] = 1\n\n    def told(self):\n"
    found = ranked(failing("f", {"t.py": {6}}), t=f"{text}        return self.names\n")
    assert suspicion(found, 2, "t.py") > 0.5


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("TABLE['last'] = key\n    return TABLE", 5),
        ("TABLE.append(key)\n    return TABLE", 5),
        ("global TABLE\n    TABLE += 1\n    return TABLE", 7),
    ],
    ids=["an item", "a call", "declared global"],
)
def test_what_a_function_changes_and_reads_is_still_the_modules(body: str, line: int) -> None:
    text = f"TABLE = made()\n\n\ndef f(key):\n    {body}\n"
    found = ranked(failing("f", {"t.py": {line}}), t=text)
    assert suspicion(found, 1, "t.py") > 0.5


@pytest.mark.parametrize(
    "text",
    [
        "TABLE = made()\n\n\ndef f(TABLE):\n    return TABLE\n",
        "TABLE = made()\n\n\ndef f(xs):\n  for TABLE in xs: x = TABLE\n",
        "TABLE = made()\ndef f():\n  TABLE = 1\n  def g():\n    return TABLE\n  return g\n",
    ],
    ids=["a parameter", "a loop", "of the function around"],
)
def test_a_variable_lends_nothing_to_what_the_module_calls_alike(text: str) -> None:
    found = ranked(failing("f", {"t.py": {5}}), t=text)
    assert suspicion(found, 1, "t.py") == 0


def test_a_docstring_is_no_suspect_for_what_it_says() -> None:
    text = 'def f():\n    """Says no."""\n    return "Says no"\n'
    ran = failing("f", {"t.py": {2, 3}})
    found = localise(Spectrum((ran,)), {"t.py": text}.get, texts=["Says no"])
    assert suspicion(found, 3, "t.py") > suspicion(found, 2, "t.py")
