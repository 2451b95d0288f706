"""A dense world each time, and where there is time the state machine; `bench.life` goes on."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.life.machine import LIVES, GitHubLife, Life, LocalLife
from tests.life.program import Options
from tests.life.walk import Happening, Walk, play

WORLDS = 5
STEPS = 8


def _happens(name: str, **choices: object) -> Happening:
    return Happening(name, choices)


def _on(act: str, which: int) -> Happening:
    return _happens("on_a_pull", act=act, which=which, who=0)


def _in_main(act: str) -> Happening:
    return _happens("to_the_repository", act=act, who=0)


WITH_ALL_OPTIONS = Walk(
    _happens(
        "begin",
        config="tight",
        options=Options(write_back=True, via="auto-merge"),
        skew=90,
        functions=("gamma", "alpha", "beta"),
        ticks=1,
        mood="bad",
    ),
    (
        _happens("configure", config="usual"),
        _happens(
            "tick_while_somebody_acts",
            slow=True, after=1, act="says “/bot explain” on", which=0, who=0,
        ),
        _happens("tick", slow=True, rehearsed=True),
        _on("puts bot:hold on", 1),
        _happens("tick", slow=True, rehearsed=False),
        _on("takes bot:hold off", 1),
        _happens(
            "tick_while_somebody_acts",
            slow=False, after=0, act="pushes to the branch of", which=0, who=1,
        ),
        _on("closes", 0),
        _on("says “/bot revert” on", 2),
        _happens(
            "tick_while_the_repository_changes",
            slow=False, after=4, act="pushes something else to main", who=0,
        ),
        _on("puts bot:hold on", 1),
        _happens(
            "tick_while_the_repository_changes",
            slow=False, after=1, act="sets refs/bot/paused", who=0,
        ),
        _in_main("removes refs/bot/paused"),
    ),
)  # fmt: skip
"""Holds, a “no”, a person's commit, a moved base, a revert and a pause meet the bot in mid-tick."""


@pytest.mark.parametrize(
    "life",
    [GitHubLife, pytest.param(LocalLife, marks=pytest.mark.thorough)],
    ids=lambda life: life.forge,
)
def test_where_much_happens_at_once_the_bot_does_no_harm_and_comes_to_rest(
    life: type[Life],
) -> None:
    violation = play(life, WITH_ALL_OPTIONS)
    assert violation is None, str(violation)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a bot that crashes leaves its git behind
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
