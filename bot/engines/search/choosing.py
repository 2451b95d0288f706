"""Which of several plausible candidates is proposed, and how sure that is. Pure.

Everything that is known of a candidate becomes a factor of its *weight*, so that each can be read
by itself and set from measurements. Candidates that do the same on the same inputs are of one kind;
the kind that weighs most wins, and of it the candidate that weighs most.

The confidence is

    share of the winning kind's weight x tests / (tests + 1) x usual x clean x searched

with the tests that execute the changed line. `usual` is below 1 where changes of that sort are
rarely right at such a place, `clean` where something speaks against this one, `searched` where time
ended before many others were tried. So a single test is never enough for policy, which asks a
person below one half (`bot.built_in_rules.SURE_ENOUGH`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.engines.search.differing import Seen
from bot.engines.search.model import Candidate

SMELL = 0.08
"""What a weight keeps for each sign that a candidate fits the tests only."""
HANGS = 0.2
"""What is left for one that does not end on inputs on which others do,"""
OFTEN = 3
"""so many of them, for once it may just be slow."""
RAISES = 0.3
"""What is left for one that raises wherever others do not; in proportion for a part of that."""
OTHER_TYPE = 0.5
SPOILED = 0.15
CHANGED = 0.2
"""What is left for one that changes every answer, where another changes none;"""
CHANGED_BESIDE = 0.01
"""and that, where the tests fail for want of an answer and say nothing against those there are."""
WORSENED = 0.15
CONSTANT = 0.1
EXAMPLE = 0.1
"""What is left for each documented example that others meet and it does not."""
MANY = 0.4
"""Candidates of a kind are often the same idea, so n of them weigh as the best, n to this."""
PER_LINE = 0.8
"""What is left for every line more that changes."""
USUAL = 0.3
"""Candidates with at least this score are of a usual sort."""
UNUSUAL = 0.3
"""How fast it gets doubtful below: the exponent of the score's part of that."""
CLEAN, SMELLY = 0.97, 0.4
MANY_TRIED = 100
"""Where as many were tried, others that pass would probably have been among them."""
LEAST_SEARCHED = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausible:
    """A candidate that passes what it should, with what is known of it.

    `order` counts the candidates that were tried before it; `lines` those that it changes.
    """

    candidate: Candidate
    order: int
    lines: int = 1
    smells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A plausible candidate with its weight, and the number of its kind.

    `against` says in clauses what speaks against it.
    """

    plausible: Plausible
    weight: float
    kind: int
    against: tuple[str, ...] = ()

    @property
    def candidate(self) -> Candidate:
        return self.plausible.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The candidates, the best first, and how sure it is that the first is right."""

    ranked: tuple[Weighed, ...]
    shares: Mapping[int, float] = field(default_factory=dict)
    """Kind -> its share of all weight."""

    @property
    def best(self) -> Weighed | None:
        return self.ranked[0] if self.ranked else None

    def share(self, weighed: Weighed) -> float:
        return self.shares.get(weighed.kind, 0.0)

    def doubted(self, clauses: Mapping[Candidate, tuple[str, ...]]) -> Choice:
        """The same choice, with more that speaks against some without making others likelier."""
        ranked = (
            replace(one, against=(*one.against, *clauses.get(one.candidate, ())))
            for one in self.ranked
        )
        return replace(self, ranked=tuple(ranked))

    def without(self, weighed: Weighed) -> Choice:
        """What is left when one turns out to be wrong."""
        return _ranked([one for one in self.ranked if one is not weighed])


def choose(found: Sequence[Plausible], seen: Sequence[Seen]) -> Choice:
    """Order plausible candidates; `seen` says what each of them does."""
    weighed = []
    for one, did in zip(found, seen, strict=True):
        factors = _factors(one, did)
        weight = math.prod(factors.values()) * _prior(one, found)
        against = tuple(clause for clause in factors if clause)
        weighed.append(Weighed(plausible=one, weight=weight, kind=did.kind, against=against))
    return _ranked(weighed)


def _ranked(weighed: Sequence[Weighed]) -> Choice:
    kinds: dict[int, list[float]] = {}
    for one in weighed:
        kinds.setdefault(one.kind, []).append(one.weight)
    sums = {kind: max(weights) * (len(weights) ** MANY) for kind, weights in kinds.items()}
    total = sum(sums.values()) or 1.0
    shares = {kind: found / total for kind, found in sums.items()}

    def place(one: Weighed) -> tuple[float, float, int]:
        return -shares[one.kind], -one.weight, one.plausible.order

    return Choice(ranked=tuple(sorted(weighed, key=place)), shares=shares)


def confidence(
    choice: Choice,
    weighed: Weighed,
    tests: int,
    *,
    tried: int = MANY_TRIED,
    is_doubted: bool = False,
) -> float:
    """How sure it is that this one is right, from 0 to 1; `tests` execute the changed line, so many
    candidates were `tried`, if there were more that were not, and more speaks against it."""
    tested = max(1, tests) / (max(1, tests) + 1)
    usual: float = min(1.0, max(0.0, weighed.candidate.score) / USUAL) ** UNUSUAL
    clean = SMELLY if weighed.against or is_doubted else CLEAN
    searched = max(LEAST_SEARCHED, math.sqrt(min(1.0, tried / MANY_TRIED)))
    return round(choice.share(weighed) * tested * usual * clean * searched, 2)


def _prior(one: Plausible, found: Sequence[Plausible]) -> float:
    """How likely it was before it was tried, compared with the likeliest."""
    best = max(other.candidate.score for other in found)
    return max(1e-6, one.candidate.score / best) if best > 0 else 1.0


def _factors(one: Plausible, did: Seen) -> dict[str, float]:
    """What speaks for less weight, by what it says against; what only orders has no words."""
    own, peers = did.own, did.peers
    found = dict.fromkeys(one.smells, SMELL)
    quiet = PER_LINE ** max(0, one.lines - 1)
    excess = own.raises - min(other.raises for other in peers)
    quiet *= RAISES ** (excess / max(1, len(own.outcomes)))
    change = own.changed(did.base) - min(other.changed(did.base) for other in peers)
    found[""] = quiet * (CHANGED_BESIDE if did.base.only_lacks_answers else CHANGED) ** change
    if own.hangs >= OFTEN and not all(other.hangs for other in peers):
        found["it does not end on inputs on which others do"] = HANGS
    if own.types - did.base.types and did.base.types:
        found["it answers with another type than before"] = OTHER_TYPE
    if own.is_constant and not did.base.is_constant:
        found["it answers everything alike"] = CONSTANT
    if own.worsened(did.base) > min(other.worsened(did.base) for other in peers):
        found["it has no answer to inputs that were answered before"] = WORSENED
    if own.spoiled(did.base):
        found["calls that passing tests make end otherwise with it"] = SPOILED
    missed = max(sum(other.examples) for other in peers) - sum(own.examples)
    if missed > 0:
        found["documented examples do not hold with it"] = EXAMPLE**missed
    return found
