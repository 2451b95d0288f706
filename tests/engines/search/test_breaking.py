"""What candidates break is met early by those that come after, if it passes alone at the base."""

from __future__ import annotations

from bot.engines.search.breaking import LONGEST_S, MOST, Breakable


def proven(breakable: Breakable, *failing: int) -> None:
    while (test := breakable.to_prove()) is not None:
        breakable.proven(test, passes=test not in failing)


def test_the_ones_most_have_broken_come_first() -> None:
    breakable = Breakable(dict.fromkeys(range(MOST + 5), 0.001))
    for test in (3, *range(MOST + 5), 3, 8, 8):
        breakable.broke(test)
    proven(breakable)
    chosen = breakable.chosen()
    assert set(chosen[:2]) == {3, 8}
    assert len(chosen) == MOST


def test_what_fails_alone_or_has_not_been_run_alone_is_not_met_early() -> None:
    breakable = Breakable({1: 0.1, 2: 0.1, 3: 0.1})
    for test in (1, 2, 3):
        breakable.broke(test)
    assert breakable.to_prove() == 1
    assert breakable.chosen() == []
    breakable.proven(1, passes=True)
    proven(breakable, 2)
    assert sorted(breakable.chosen()) == [1, 3]
    assert breakable.to_prove() is None


def test_together_they_take_no_longer_than_is_worth_it() -> None:
    breakable = Breakable({1: LONGEST_S * 2, 2: LONGEST_S * 0.9, 3: LONGEST_S * 0.5, 4: 0.01})
    for test in (1, 1, 2, 2, 3, 4, 99):
        breakable.broke(test)
    proven(breakable)
    assert breakable.chosen() == [2, 4]
