"""Telling plausible candidates apart by what they do on the same inputs. Pure.

The inputs were tried inside the sandbox (`inside/behaving.py`); what came back is hostile and is
read here as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_OUTCOMES = 2_000


class _Version(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    outcome: list[str] = Field(max_length=MAX_OUTCOMES)
    example: list[bool] = Field(max_length=MAX_OUTCOMES)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    kept: int = Field(ge=0, le=MAX_OUTCOMES)
    recorded: int = Field(ge=0, le=MAX_OUTCOMES)
    varied: int = Field(ge=0, le=MAX_OUTCOMES)
    versions: list[_Version] = Field(max_length=200)


@dataclass(frozen=True)
class Behaviour:
    """What one version did: an outcome for each input, and which documented examples held.

    The first `recorded` inputs are the tests' own, and `kept` of them those of passing tests, where
    the base may be taken to be right. An outcome starts with `v` (a value), `r` (it
    raised) or `h` (it did not end), then a type's name; empty where nothing is known.
    """

    outcomes: tuple[str, ...]
    examples: tuple[bool, ...]
    recorded: int
    kept: int = 0

    @cached_property
    def hangs(self) -> int:
        return sum(outcome.startswith("h") for outcome in self.outcomes)

    @cached_property
    def raises(self) -> int:
        return sum(outcome.startswith("r") for outcome in self.outcomes)

    @cached_property
    def types(self) -> frozenset[str]:
        """Of the values that it answered the tests with."""
        known = (outcome.split(" ") for outcome in self.outcomes[: self.recorded])
        return frozenset(words[1] for words in known if words[0] == "v")

    @property
    def is_constant(self) -> bool:
        """Whether it answers everything alike."""
        values = [outcome for outcome in self.outcomes if outcome.startswith("v")]
        return len(values) > 5 and len(set(values)) == 1

    @property
    def only_lacks_answers(self) -> bool:
        """Whether every call that failing tests make ends without an answer."""
        failing = [one for one in self.outcomes[self.kept : self.recorded] if one]
        return bool(failing) and all(one.startswith(("r", "h")) for one in failing)

    def spoiled(self, base: Behaviour) -> int:
        """How many calls of passing tests end otherwise than they do at the base."""
        pairs = zip(self.outcomes[: self.kept], base.outcomes, strict=False)
        return sum(one != two for one, two in pairs if one and two)

    def changed(self, base: Behaviour) -> float:
        """The share of the base's answers that are another one now."""
        pairs = zip(self.outcomes, base.outcomes, strict=False)
        both = [(one, two) for one, two in pairs if one.startswith("v") and two.startswith("v")]
        return sum(one != two for one, two in both) / len(both) if both else 0.0

    def worsened(self, base: Behaviour) -> int:
        """How many inputs that the base has an answer to end without one."""
        pairs = zip(self.outcomes, base.outcomes, strict=False)
        return sum(two.startswith("v") and one.startswith(("r", "h")) for one, two in pairs)

    def is_like(self, other: Behaviour) -> bool:
        """Whether both did the same wherever that is known; False where it is nowhere."""
        pairs = zip(self.outcomes, other.outcomes, strict=False)
        both = [(one, two) for one, two in pairs if one and two]
        return bool(both) and all(one == two for one, two in both)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one candidate does and what the base does, on the same inputs.

    Candidates that do the same have the same `kind`. `peers` are all that it was compared with,
    itself among them.
    """

    own: Behaviour
    base: Behaviour
    kind: int
    peers: tuple[Behaviour, ...]


NOTHING = Behaviour((), (), 0)


def unseen(count: int) -> list[Seen]:
    """Nothing is known, so each is taken to be of a kind of its own."""
    return [Seen(NOTHING, NOTHING, kind, (NOTHING,)) for kind in range(count)]


def read_seen(said: object, places: Sequence[int]) -> list[Seen]:
    """What came back for the base and for candidates, which have these places among all.

    Where it is not what it should be, nothing is known.
    """
    found = _behaviours(said, len(places) + 1)
    if found is None:
        return [replace(one, kind=at) for one, at in zip(unseen(len(places)), places, strict=True)]
    base, *each = found
    numbers = kinds(each)
    return [
        Seen(own, base, places[kind], tuple(each)) for own, kind in zip(each, numbers, strict=True)
    ]


def _behaviours(said: object, count: int) -> list[Behaviour] | None:
    try:
        known = _Said.model_validate(said)
    except (ValidationError, RecursionError):
        return None
    if len(known.versions) != count:
        return None
    total = known.recorded + known.varied
    return [
        Behaviour(_padded(one.outcome, total), tuple(one.example), known.recorded, known.kept)
        for one in known.versions
    ]


def kinds(behaviours: Sequence[Behaviour]) -> tuple[int, ...]:
    """For each the index of the first that does the same, which may be its own."""
    numbers: list[int] = []
    for at, one in enumerate(behaviours):
        firsts = sorted(set(numbers))
        alike = (first for first in firsts if one.is_like(behaviours[first]))
        numbers.append(next(alike, at))
    return tuple(numbers)


def _padded(outcomes: list[str], total: int) -> tuple[str, ...]:
    """An outcome for each input; where there are too few, the version died or was too slow."""
    kept = [one[:200] for one in outcomes[:total]]
    return (*kept, *[""] * (total - len(kept)))
