"""What a failing test got is looked for in the code, and written as the test waited for it."""

from __future__ import annotations

import pytest

from bot.engines.search.differences import differences, substitutions
from bot.engines.search.generating import Hints
from bot.engines.search.localising import localise
from bot.engines.search.model import Outcome, Spectrum, TestRan
from tests.engines.search.trying import PATH, made, search

PYTEST = """\
AssertionError: assert '30 few seconds' == '30 seconds'

  - 30 seconds
  + 30 few seconds
  ?    ++++"""
UNITTEST = """\
AssertionError: '30 few seconds' != '30 seconds'
- 30 few seconds
?   ----
+ 30 seconds
"""
LISTS = "AssertionError: assert [1, {'a': '30 few seconds'}] == [1, {'a': '30 seconds'}]"
RAISED = """\
AssertionError: Regex pattern did not match.
  Expected regex: '30\\\\ seconds'
  Actual message: '30 few seconds'"""
QUOTED = """\
AssertionError: Regex pattern did not match.
  Expected regex: "it's 30 seconds"
  Actual message: "it's 30 few seconds\""""
SEARCHED = "AssertionError: Regex didn't match: '30 seconds$' not found in '30 few seconds'"
RAISED_AS_IT_IS = 'AssertionError: "^30\\ seconds" does not match "30 few seconds"'
LONG = """\
AssertionError: assert 'aaaaaaaaaaaa...few seconds'...
  Full diff:
  - 30 seconds
  + 30 few seconds"""


@pytest.mark.parametrize(
    "message",
    [PYTEST, UNITTEST, LISTS, RAISED, QUOTED, SEARCHED, RAISED_AS_IT_IS, LONG],
)
def test_words_too_many_are_found_with_what_stands_around_them(message: str) -> None:
    found = {(each.old, each.new): each.weight for each in differences([message])}
    assert found["few ", ""] < found["few seconds", "seconds"]
    assert ("seconds", "few seconds") in found, "which side the test waits for is not known"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "AssertionError: assert 'a b c' == 'x y z'",
        "AssertionError: assert 1 == 'a'",
        "- a",
        "'",
        'AssertionError: "[a-z]+ b c" does not match "x b c"',
    ],
)
def test_other_texts_do_not_differ_in_words(message: str) -> None:
    assert not differences([message])


CODE = """\
class Dutch(Locale):
    names = {
        "second": "{0} second",
        "seconds": "{0} few seconds",
    }
"""


def test_the_literal_is_written_so_that_the_text_comes_out() -> None:
    fixed = CODE.replace("few ", "")
    hints = Hints(differences=differences([PYTEST]))
    found = search(CODE, fixed, "text-expected", hints)
    assert found is not None
    assert found.rank <= 4
    assert found.text == fixed


def test_an_f_string_keeps_its_fields() -> None:
    code = "def told(few, seconds):\n    return f'{few} few {seconds!r} and few seconds'\n"
    fixed = code.replace("and few", "and")
    found = search(code, fixed, "text-expected", Hints(differences=differences([PYTEST])))
    assert found is not None
    assert found.text == fixed


def test_the_line_that_has_the_text_is_suspected() -> None:
    """It runs at import, and a class that inherits from this one reads it."""
    ran = TestRan(id="t", outcome=Outcome.FAILED, seconds=0.1, lines={PATH: frozenset({7})})
    code = f"{CODE}\ndef shown():\n    return 1\n"
    texts = [each.old for each in differences([PYTEST])]
    found = localise(Spectrum((ran,)), {PATH: code}.get, texts=texts)
    assert 2 in {each.line for each in found}
    assert 2 not in {each.line for each in localise(Spectrum((ran,)), {PATH: code}.get)}


def test_pytest_says_it_as_it_is_read() -> None:
    with pytest.raises(AssertionError) as failure, pytest.raises(KeyError, match=r"30\ seconds"):
        raise KeyError("30 few seconds")
    assert ("few ", "") in {(each.old, each.new) for each in differences([str(failure.value)])}


def test_a_letter_is_not_found_in_the_middle_of_words() -> None:
    code = "ALPHA = 'alpha b'\nB = 'b'\nGAMMA = 'gamma'\n"
    hints = Hints(differences=differences(["AssertionError: assert 'b' == 'a'"]))
    wanted = {code.replace("'b'", "'a'"), code.replace(" b'", " a'")}
    assert set(made(code, "text-expected", hints)) == wanted


def test_the_more_words_around_a_difference_the_more_it_weighs() -> None:
    found = {each.old: each.weight for each in differences(["assert 'b' == 'a'"])}
    assert max(found.values()) < 1.0


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("a_b_c", "a-b-c", {("_", "-"), ("-", "_")}),
        ("|a|\n|b | c|", "|a|\n|b \\\\| c|", {("|", "\\|"), ("\\", "")}),
        ("a < b", "a &lt; b", {("<", "&lt;"), ("&lt;", "<")}),
        ("see here", "see here and there", {(" and there", "")}),
        ("a | b", "a \\\\| b", {("|", "\\|"), ("\\", "")}),
        ("a b c", "a  b  c", {(" ", "")}),
        ("one", "two", set()),
        ("a b", "a, c", set()),
        ("", "x", set()),
    ],
)
def test_what_stands_for_what_wherever_two_texts_differ(
    one: str, other: str, found: set[tuple[str, str]]
) -> None:
    message = f"AssertionError: '{one}' != '{other}'".replace("\n", "\\n")
    assert set(substitutions([message])) == found
