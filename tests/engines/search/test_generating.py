"""What the search relies on: candidates that are valid, new, fair, confined, the same each time."""

from __future__ import annotations

import ast
from collections import Counter
from itertools import islice

import pytest

from bot.engines.search import ranking
from bot.engines.search.generating import Hints, Limits, generate
from bot.engines.search.model import Suspect
from bot.engines.search.templates import ALL
from tests.engines.search.trying import PATH, applied, everywhere

TEXT = '''\
"""What is sold."""
import re

WORD = re.compile(r"[a-z]+\\s*=")  # a name


class Till:
    """A till."""

    def __init__(self, prices, tax=0):
        self.prices = prices
        self.tax = tax

    def total(self, names):
        total = 0
        for name in names:  # every one
            if name not in self.prices:
                continue
            total += self.prices[name]
        return total * (1 + self.tax)


async def read(stream, size=10, *, strict=True):
    try:
        data = stream.read(size)
    except (OSError, ValueError) as error:
        raise RuntimeError(f"cannot read: {error}") from error
    else:
        return [part.strip() for part in data.split(",") if part]
'''


def lines(text: str, **suspicion: float) -> list[Suspect]:
    """Suspects by a piece of their line's text."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        for words, value in suspicion.items():
            if words.replace("_", " ") in line.replace("_", " "):
                found.append(Suspect(PATH, number, value))
    return found


def test_every_candidate_parses_and_differs_and_no_two_are_alike() -> None:
    before = ast.dump(ast.parse(TEXT))
    seen = Counter[str]()
    for candidate in generate({PATH: TEXT}.get, everywhere(TEXT)):
        after = applied(TEXT, candidate)
        seen[ast.dump(ast.parse(after))] += 1
        assert candidate.said
        assert candidate.line >= 1
    assert before not in seen
    assert len(seen) > 3_000
    # A statement moved down is the next one moved up; few such twins may slip through.
    assert sum(count - 1 for count in seen.values()) < len(seen) * 0.03


def test_comments_and_layout_outside_of_the_change_survive() -> None:
    for candidate in islice(generate({PATH: TEXT}.get, everywhere(TEXT)), 500):
        (*_, last) = sorted(candidate.replacements)
        assert TEXT[last.end :] == applied(TEXT, candidate)[-len(TEXT[last.end :]) or None :]


def test_the_same_search_offers_the_same_candidates_in_the_same_order() -> None:
    hints = Hints(words=frozenset({"tax", "prices"}), literals=frozenset({"a", "b", "12"}))
    once, again = (
        list(islice(generate({PATH: TEXT}.get, everywhere(TEXT), hints=hints), 800))
        for _ in range(2)
    )
    assert once == again


def test_more_suspicious_lines_come_first() -> None:
    suspects = lines(TEXT, not_in_self=1.0, total__=0.1, total_0=0.05)
    first = list(islice(generate({PATH: TEXT}.get, suspects), 10))
    assert {candidate.line for candidate in first} == {17}


def test_one_huge_line_does_not_starve_the_others() -> None:
    huge = " + ".join(f"call_{n}(a{n}, b{n}[{n}])" for n in range(60))
    text = f"def f(a, b):\n    c = {huge}\n    return a < b\n"
    suspects = [Suspect(PATH, 2, 1.0), Suspect(PATH, 3, 0.5)]
    first = list(islice(generate({PATH: text}.get, suspects), 100))
    assert "comparison" in {one.template for one in first if one.line == 3}


def test_lines_and_nodes_are_capped() -> None:
    limits = Limits(per_line=30, per_node=2)
    made = list(generate({PATH: TEXT}.get, everywhere(TEXT), limits=limits))
    anchored = Counter(candidate.line for candidate in made)
    assert len(made) <= 30 * len(everywhere(TEXT))
    assert max(anchored.values()) <= 90  # insertions before the next statement count there


@pytest.mark.parametrize(
    "path", ["tests/test_a.py", "test_a.py", "pkg/a_test.py", "conftest.py", "pkg/tests/b.py"]
)
def test_tests_are_never_changed(path: str) -> None:
    text = "def f(a, b):\n    return a < b\n"
    assert list(generate({path: text}.get, [Suspect(path, 2, 1.0)])) == []


def test_only_allowed_symbols_are_changed() -> None:
    made = generate(
        {PATH: TEXT}.get, everywhere(TEXT), allowed=lambda _, symbol: symbol == "Till.total"
    )
    assert {candidate.symbol for candidate in made} == {"Till.total"}


@pytest.mark.parametrize("text", ["def f(:\n", "\x00", None])
def test_a_file_that_cannot_be_read_offers_nothing(text: str | None) -> None:
    assert list(generate({PATH: text}.get, [Suspect(PATH, 1, 1.0)])) == []


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_inserted_lines_end_like_the_files_own(newline: str) -> None:
    text = TEXT.replace("\n", newline)
    for candidate in islice(generate({PATH: text}.get, everywhere(text)), 1_500):
        after = applied(text, candidate)
        assert after.count("\r\n") == (after.count("\n") if newline == "\r\n" else 0)


def test_what_stands_behind_other_characters_is_changed_exactly() -> None:
    text = "def f(a, b):\n    return 'žluťoučký 日本', a < b  # é\n"
    (first,) = islice(generate({PATH: text}.get, [Suspect(PATH, 2, 1.0)]), 1)
    assert applied(text, first) == text.replace("<", "<=")


@pytest.mark.parametrize(
    ("error", "template"),
    [
        ("TypeError: 'NoneType' object is not iterable", "guard"),
        ("KeyError: 'a'", "key-default"),
        ("IndexError: list index out of range", "bound-index"),
        ("ZeroDivisionError: division by zero", "guard"),
        ("TypeError: f() missing 1 required positional argument: 'x'", "argument-added"),
        ("AttributeError: 'date' object has no attribute 'splitlines'", "wrapper"),
        ("NameError: name 'x' is not defined", "variable"),
        ("UnicodeDecodeError: 'utf-8' codec", "exception-caught"),
        ("Failed: DID NOT RAISE <class 'ValueError'>", "exception-raised"),
    ],
)
def test_an_error_raises_the_templates_it_points_at(error: str, template: str) -> None:
    assert ranking.error_factors([error])[template] > 1
    assert ranking.error_factors(["AssertionError: assert 1 == 2"]) == {}


def test_ranking_names_only_templates_that_exist() -> None:
    names = {template.name for template in ALL}
    assert len(names) == len(ALL)
    assert set(ranking.PRIORS) == names
    raised = {name for error in ranking.ERRORS.values() for name in error.split()}
    assert raised <= names


def test_no_prior_exceeds_what_lines_are_opened_for() -> None:
    most = max(ranking.PRIORS.values())
    assert most * 2 <= ranking.MOST


def test_an_error_points_at_its_templates_most_of_all_on_the_line_it_came_from() -> None:
    text = """\
def shown(key, value):
    first = "%s: " % value
    return first + "%s!" % key
"""
    error = "TypeError: not enough arguments for format string"
    everywhere = [Suspect(PATH, 2, 0.8), Suspect(PATH, 3, 0.5)]

    def places(hints: Hints) -> dict[str, int]:
        made = generate({PATH: text}.get, everywhere, hints=hints)
        return {applied(text, each): at for at, each in enumerate(islice(made, 300))}

    fixed = text.replace("% key", "% (key,)")
    here = places(Hints(errors=(error,), raised={(PATH, 3): error}))
    anywhere = places(Hints(errors=(error,)))
    assert here[fixed] < anywhere[fixed] < places(Hints()).get(fixed, 300)
