"""A moment of each target, the same examples every time; `python -m bench.fuzz` goes on."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.targets import TARGETS, Target

few_and_many = pytest.mark.parametrize(
    "examples", [20, pytest.param(200, marks=pytest.mark.thorough)]
)


@few_and_many
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_nothing_but_a_clear_refusal_comes_back(target: Target, examples: int) -> None:
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(target.strategy)
    def check(made: object) -> None:
        target.check(made)

    check()
