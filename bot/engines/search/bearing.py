"""Whether a line bears on the failure, by what its candidates have done to it so far. Pure.

A change of a line that has nothing to do with a failing test leaves its failure just as it was: the
same error, the same values. Where one candidate after the other does, those after them on that line
wait for others. Those that make the test fail otherwise show that the line bears on it.

How much a candidate without effect tells depends on its template: a guard against what does not
happen has none anywhere, another variable nearly always has. That is learnt on the lines that bear
on the failure.
"""

from __future__ import annotations

from collections import Counter

DEAD = 1 / 3
"""How many of the suspicious lines do not bear on the failure,"""
SAME_THERE = 0.98
"""and how many candidates leave the failure as it was there."""
SUPPOSED = 0.9, 4
"""Of a template's candidates, so many are supposed to have no effect anywhere, as if that had been
seen of so many."""
OFTEN = 0.5
"""How much a further candidate without effect counts: those of one line are often alike."""
MOST_ODDS, SURE = 20.0, 0.2
"""The odds that a line does not matter are never more; below the second it is taken to matter."""
LEAST = 0.15
"""What is left of a line's score at the least: it may take a change that nobody has tried yet."""
MENDS = 2.0
"""What a line's score gains once where one of its candidates has mended what it should and broken
something else: perhaps it is the right place and only goes too far."""


class Usual:
    """What candidates do on lines that bear on the failure, by their template."""

    def __init__(self) -> None:
        self._same: Counter[str] = Counter()
        self._all: Counter[str] = Counter()

    def learn(self, template: str, *, is_same: bool) -> None:
        self._same[template] += is_same
        self._all[template] += 1

    def same(self, template: str) -> float:
        """How many of them leave the failure as it was."""
        share, weight = SUPPOSED
        return (share * weight + self._same[template]) / (weight + self._all[template])


class Bearing:
    """What is known of one line; `factor` is what its score is multiplied by, 1 at first."""

    def __init__(self, usual: Usual) -> None:
        self.factor = 1.0
        self._usual = usual
        self._heard: list[tuple[str, bool]] = []
        """What is to be learnt of it once it is known to bear on the failure."""
        self._odds = DEAD / (1 - DEAD)
        """How much likelier it is that the line does not matter than that it does."""
        self._gain = 1.0

    def hear(self, template: str, *, is_same: bool, mends: bool = False) -> None:
        """Whether a candidate has left the failure as it was, or even mended it."""
        if mends:
            self._gain = MENDS
        usual = min(SAME_THERE, self._usual.same(template))
        if is_same:
            self._odds *= (SAME_THERE / usual) ** OFTEN
        else:
            self._odds *= (1 - SAME_THERE) / (1 - usual)
        self._odds = min(MOST_ODDS, self._odds)
        self._heard.append((template, is_same))
        if self._odds < SURE:
            for each, was_same in self._heard:
                self._usual.learn(each, is_same=was_same)
            self._heard.clear()
        self.factor = max(LEAST, 1 / (1 + self._odds) / (1 - DEAD)) * self._gain
