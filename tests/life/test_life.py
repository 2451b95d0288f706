"""A moment of the state machine, the same worlds every time; `python -m bench.life` goes on."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.life.machine import LIVES, Life

WORLDS = 2
STEPS = 4


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.forge)
def test_whatever_people_and_faults_do_the_bot_does_no_harm_and_comes_to_rest(
    life: type[Life],
) -> None:
    short = settings(
        max_examples=WORLDS,
        stateful_step_count=STEPS,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(life, settings=short)
