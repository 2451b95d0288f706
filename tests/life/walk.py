"""A random walk through the state machine: more different worlds in less time than by shrinking.

A world is data, so that one that showed what must never be can be played again and made shorter.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.life.judge import Violation
from tests.life.machine import CHOICES, Life

TICKS = tuple(name for name in CHOICES if name.startswith("tick"))
OTHERS = tuple(name for name in CHOICES if name not in (*TICKS, "begin"))
WEIGHTS = {"tick": 3, "on_a_pull": 8, "to_the_repository": 3, "tick_with_a_fault": 2,
           "tick_while_somebody_acts": 3, "tick_while_the_repository_changes": 2}  # fmt: skip
"""What is more likely than the rest."""


@dataclass(frozen=True)
class Happening:
    """One thing that happens, by the machine's name for it, and the choices about it."""

    name: str
    choices: Mapping[str, object]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.choices.items())})"


@dataclass(frozen=True)
class Walk:
    """How a world begins, and what happens there."""

    begin: Happening
    happenings: tuple[Happening, ...]

    @classmethod
    def random(cls, chance: random.Random, length: int) -> Walk:
        names = [name for name in CHOICES if name != "begin"]
        weights = [WEIGHTS.get(name, 1) for name in names]
        chosen = chance.choices(names, weights, k=length)
        return cls(_drawn("begin", chance), tuple(_drawn(name, chance) for name in chosen))


def _drawn(name: str, chance: random.Random) -> Happening:
    choices = {what: chance.choice(values) for what, values in CHOICES[name].items()}
    return Happening(name, choices)


def play(life: type[Life], walk: Walk) -> Violation | None:
    """What must never be and was, in the world that this walk leads through."""
    machine = life()
    try:
        try:
            for happening in (walk.begin, *walk.happenings):
                getattr(machine, happening.name)(**happening.choices)
        finally:
            machine.teardown()
    except Violation as violation:
        return violation
    return None


def shortened(life: type[Life], walk: Walk, violation: Violation) -> tuple[Walk, Violation]:
    """As few of the happenings as still lead to a violation, and that violation."""
    size = len(walk.happenings) // 2
    while size:
        start = 0
        while start < len(walk.happenings):
            kept = walk.happenings[:start] + walk.happenings[start + size :]
            shorter = replace(walk, happenings=kept)
            found = play(life, shorter)
            if found is None:
                start += size
            else:
                walk, violation = shorter, found
        size //= 2
    return walk, violation
