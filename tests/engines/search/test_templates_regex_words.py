"""Regular expressions that lack a word of the tests, or an edge."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from tests.engines.search.trying import search

CASES = [
    (r"(IF|FOR|WHILE)\b", r"(IF|FOR|WHILE|CASE)\b", "regex-word"),
    (r"[a-z]\w*(?=\s*\.)", r"[a-z]\w*(?=\s*\.(?!\d))", "regex-edge"),
    (r"\s*--?([a-z]+)", r"\s*(?<!\S)--?([a-z]+)", "regex-edge"),
]


@pytest.mark.parametrize(("old", "new", "template"), CASES)
def test_a_pattern_gets_a_word_or_an_edge(old: str, new: str, template: str) -> None:
    form = "import re\n\nTHING = re.compile(r'{}')\n"
    hints = Hints(literals=frozenset({"SELECT CASE foo"}))
    found = search(form.format(old), form.format(new), hints=hints)
    assert found is not None
    assert found.candidate.template == template
    assert found.rank < 800


def test_words_of_another_case_are_not_offered() -> None:
    form = "import re\n\nTHING = re.compile(r'{}')\n"
    hints = Hints(literals=frozenset({"SELECT CASE foo"}))
    assert search(form.format("(IF|FOR)"), form.format("(IF|FOR|foo)"), hints=hints) is None
