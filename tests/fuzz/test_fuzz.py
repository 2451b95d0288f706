"""A moment of each target, the same examples every time; `python -m bench.fuzz` goes on."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.targets import TARGETS, Target

EXAMPLES = 60


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_nothing_but_a_clear_refusal_comes_back(target: Target) -> None:
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(target.strategy)
    def check(made: object) -> None:
        target.check(made)

    check()
