"""Rows of tables: one too many, one more for a name, one more for what the tests say."""

from __future__ import annotations

import pytest

from bot.engines.search.differences import Difference
from bot.engines.search.generating import Hints
from tests.engines.search.trying import check, made, search

CASES = [
    (
        "row-named",
        """\
def f(a, b):
    return {'a': a}
""",
        """\
def f(a, b):
    return {'a': a, 'b': b}
""",
        60,
    ),
    (
        "row-dropped",
        """\
SIZES = {'a': 1, 'b': 2, 'c': 3}
""",
        """\
SIZES = {'a': 1, 'c': 3}
""",
        80,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{'a': 1, 'b': 2, 'c': 3}", "{'a': 1, 'c': 3}"),
        ("{'b': 2, 'c': 3}", "{'c': 3}"),
        ("{'a': 1, 'b': 2}", "{'a': 1}"),
        (
            "{\n    'a': 1,  # one\n    'b': 2,  # two\n    'c': 3,\n}",
            "{\n    'a': 1,  # one\n    'c': 3,\n}",
        ),
        ("{\n    'a': 1,  # one\n    'b': 2\n}", "{\n    'a': 1\n}"),
    ],
    ids=["between", "first", "last", "on its own line", "the last on its own line"],
)
def test_a_row_goes_with_its_comma_and_its_comment(before: str, after: str) -> None:
    found = search(f"X = {before}\n", f"X = {after}\n", "row-dropped")
    assert found is not None
    assert found.text == f"X = {after}\n"


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        ("'ROW': Word,\n    'KEY': Name,\n    'SET': Word", "Word"),
        ("'PIPE': 'PIPE',\n    'KEY': 'KEY'", "'ROW_FORMAT'"),
        ("'KEY': Name,\n    'SET': Word", "Word"),
    ],
    ids=["as many others", "as itself", "as the last one"],
)
def test_a_table_gets_a_row_for_a_word_of_the_tests_on_a_line_of_its_own(
    rows: str, value: str
) -> None:
    head = "class Word:\n    pass\n\n\nclass Name:\n    pass\n\n\nWORDS = {\n    "
    after = f"{head}{rows},\n    'ROW_FORMAT': {value},\n}}\n"
    hints = Hints(literals=frozenset({"alter table a row_format=dynamic"}))
    found = search(f"{head}{rows},\n}}\n", after, hints=hints)
    assert found is not None
    assert (found.candidate.template, found.text) == ("row-added", after)
    assert found.rank < 120


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        ("'TOP': Kind.TOP,\n    'KEY': Kind.NAME", "'MINUS': Kind.EXCEPT"),
        ("Kind.TOP: called('TOP'),\n    Kind.KEY: called('NAME')", "Kind.MINUS: called('EXCEPT')"),
        ("'top': 'up',\n    'key': 'name'", "'minus': 'except'"),
        ("'top': {0: 'up'},\n    'key': {0: 'name'}", "'minus': {0: 'except'}"),
    ],
    ids=["attribute", "attribute as key", "text", "text inside"],
)
def test_a_row_has_what_one_text_of_a_failing_test_has_and_the_other_has_not(
    rows: str, row: str
) -> None:
    head = "WORDS = {\n    "
    apart = (Difference("MINUS", "EXCEPT", 0.6), Difference("EXCEPT", "MINUS", 0.6))
    after = f"{head}{rows},\n    {row},\n}}\n"
    found = search(f"{head}{rows},\n}}\n", after, hints=Hints(differences=apart))
    assert found is not None
    assert (found.candidate.template, found.text) == ("row-added", after)
    assert found.rank < 30


@pytest.mark.parametrize("comma", ["", ","])
def test_a_new_row_leaves_the_last_ones_comment_where_it_is(comma: str) -> None:
    before = f"X = {{\n    'top': 'top',\n    'key': 'key'{comma}  # why\n}}\n"
    after = f"X = {{\n    'top': 'top',\n    'key': 'key',  # why\n    'new': 'new'{comma}\n}}\n"
    found = search(before, after, "row-added", Hints(differences=[Difference("new", "", 0.6)]))
    assert found is not None
    assert found.text == after


def test_words_in_which_texts_differ_come_before_all_others() -> None:
    text = "X = {\n    'top': 'top',\n    'key': 'key',\n}\n"
    many = frozenset(f"{letter}{number}" for letter in "abcdef" for number in range(20))
    hints = Hints(literals=many, differences=[Difference("new", "", 0.6)])
    assert any("'new': 'new'" in one for one in made(text, "row-added", hints)[:5])
