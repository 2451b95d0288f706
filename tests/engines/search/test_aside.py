"""What takes an import has its turn when it is worth its time, the earlier ones first."""

from __future__ import annotations

from itertools import count

import pytest

from bot.engines.search.aside import DOUBTED_TIMES, SUPPOSED_TIMES, Aside


def first_due(aside: Aside[str]) -> int:
    return next(place for place in count() if aside.is_due(place))


@pytest.mark.parametrize("times", [1, 5, 50])
def test_it_waits_for_as_many_others_as_it_takes_times_as_long(times: int) -> None:
    aside: Aside[str] = Aside()
    aside.put("tenth", 9, is_doubted=False)
    assert first_due(aside) == 10 * SUPPOSED_TIMES, "nothing is measured yet"
    aside.took(1.0, 100, is_anew=False)
    aside.took(0.01 * times, 1, is_anew=True)
    assert first_due(aside) == 10 * times


def test_one_that_failed_in_the_live_process_waits_longer_and_is_not_lost() -> None:
    aside: Aside[str] = Aside()
    aside.put("doubted", 0, is_doubted=True)
    aside.put("late", int(DOUBTED_TIMES) + 1, is_doubted=False)
    aside.put("early", int(DOUBTED_TIMES) - 2, is_doubted=False)
    assert [aside.take() for _ in range(3)] == ["early", "doubted", "late"]
    assert not aside


def test_nothing_is_due_where_nothing_waits() -> None:
    assert not Aside[str]().is_due(10**9)
