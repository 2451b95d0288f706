"""What is heard of a line's candidates tells whether the line matters, and never rules it out."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from bot.engines.search.bearing import LEAST, Bearing, Usual
from bot.engines.search.generating import Generation, generate
from bot.engines.search.model import Candidate, Judged, Replacement
from tests.engines.search.trying import PATH, everywhere

TEXT = """\
def noted(items, limit):
    known = len(items) - limit
    return known + items.count(limit)


def total(items, start):
    found = sum(items) - start
    return found + items.index(start)
"""
NOTED = range(1, 4)


GUARD, NAME = "guard", "variable"


def usual() -> Usual:
    """Of lines that matter, where guards seldom have an effect and other names nearly always."""
    found = Usual()
    for number in range(40):
        found.learn(GUARD, is_same=number % 10 != 0)
        found.learn(NAME, is_same=number % 10 == 0)
    return found


def factor(*heard: bool, template: str = NAME, mends: bool = False) -> float:
    found = Bearing(usual())
    for is_same in heard:
        found.hear(template, is_same=is_same, mends=mends)
    return found.factor


def test_a_line_that_changes_nothing_loses_the_more_often_it_does_not() -> None:
    assert factor() == 1.0
    assert 1.0 > factor(True) > factor(True, True) > factor(*[True] * 4)
    assert factor(*[True] * 1_000) == LEAST


def test_what_seldom_has_an_effect_tells_little() -> None:
    assert factor(*[True] * 6, template=GUARD) > factor(True)


def test_what_is_usual_is_learnt_where_lines_matter() -> None:
    usual = Usual()
    at_first = usual.same(NAME)
    Bearing(usual).hear(NAME, is_same=True)
    assert usual.same(NAME) == at_first
    bears = Bearing(usual)
    for is_same in (False, False, False, True):
        bears.hear(NAME, is_same=is_same)
    assert usual.same(NAME) < at_first


def test_what_has_an_effect_weighs_more_than_what_has_none() -> None:
    assert factor(False) > 1.0
    assert factor(*[True] * 2, False) > 1.0
    assert factor(*[True] * 1_000, *[False] * 3) > 1.0


def test_a_line_that_mends_too_much_wins_most() -> None:
    assert factor(False, mends=True) > factor(False, False, False)


def judged(candidate: Candidate, is_same: bool | None) -> Judged:
    return Judged(candidate=candidate, plausible=False, fixed=0, is_same=is_same)


def heard(made: Generation, count: int) -> list[Candidate]:
    """So many candidates, of which those of one function alone change how the test fails."""
    found = []
    for candidate in islice(made, count):
        found.append(candidate)
        made.hear(judged(candidate, candidate.line in NOTED))
    return found


def test_candidates_that_change_the_failure_bring_others_of_their_lines() -> None:
    made = heard(generate({PATH: TEXT}.get, everywhere(TEXT)), 150)
    without = list(islice(generate({PATH: TEXT}.get, everywhere(TEXT)), 150))

    def idle(found: list[Candidate]) -> int:
        return sum(candidate.line in NOTED for candidate in found)

    assert idle(made) < idle(without) / 2


def test_nothing_gets_lost_or_comes_twice_by_it() -> None:
    def texts(found: list[Candidate]) -> list[tuple[Replacement, ...]]:
        return sorted(candidate.replacements for candidate in found)

    every = list(generate({PATH: TEXT}.get, everywhere(TEXT)))
    assert texts(heard(generate({PATH: TEXT}.get, everywhere(TEXT)), 1 << 20)) == texts(every)


def test_what_is_not_known_changes_nothing() -> None:
    made = generate({PATH: TEXT}.get, everywhere(TEXT))
    found = []
    for candidate in islice(made, 200):
        found.append(candidate)
        made.hear(judged(candidate, None))
    assert found == list(islice(generate({PATH: TEXT}.get, everywhere(TEXT)), 200))


def test_what_an_import_shows_counts_where_going_without_it_showed_nothing() -> None:
    def after(*, is_imported: bool) -> list[Candidate]:
        made = generate({PATH: TEXT}.get, everywhere(TEXT))
        first = list(islice(made, 60))
        for candidate in first:
            made.hear(judged(candidate, True))
            if is_imported and candidate.line not in NOTED:
                made.hear(replace(judged(candidate, False), is_again=True))
        return list(islice(made, 60))

    def others(found: list[Candidate]) -> int:
        return sum(candidate.line not in NOTED for candidate in found)

    assert others(after(is_imported=True)) > others(after(is_imported=False))
