"""Every state of an open pull request has a sentence, and the page that lists them is true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import bot.obstacles
from bot.obstacles import STATES, Obstacle, State
from tests.states import EXAMPLES, page, sentence_of

PAGE = Path(__file__).parent.parent / "docs" / "states.md"


def test_the_page_of_states_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.states > docs/states.md"


def test_every_state_is_listed_once_and_has_an_example() -> None:
    named = [state.name for state in STATES]
    assert sorted(EXAMPLES) == sorted(set(named))
    assert len(named) == len(set(named))
    assert set(STATES) == set(_defined())


def _defined() -> Iterator[State]:
    yield from (value for value in vars(bot.obstacles).values() if isinstance(value, State))


@pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])
def test_a_state_keeps_from_the_merge_and_says_so(state: State) -> None:
    stands = EXAMPLES[state.name].stands
    assert not stands.ready
    assert stands.has(state.obstacle)
    assert sentence_of(state)[-1] == "."
    order = [STATES.index(reason.state) for reason in stands.reasons]
    assert order == sorted(order), "the weightiest stands first"


@pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])
def test_people_are_asked_only_where_they_can_do_something(state: State) -> None:
    asks = state.obstacle is Obstacle.REVIEW
    assert not asks or state.who in ("a person", "a maintainer")
