"""Whether a line bears on the failure, by what its candidates have done to it so far. Pure.

A change of a line that has nothing to do with a failing test leaves its failure just as it was: the
same error, the same values. Where one candidate after the other does, those after them on that line
wait for others. On the line of the defect many leave it as it was, too, but not all of them: the
first that makes the test fail otherwise shows that the line bears on it.
"""

from __future__ import annotations

DEAD = 1 / 3
"""How many of the suspicious lines do not bear on the failure,"""
SAME_THERE = 0.98
"""and how many candidates leave the failure as it was there."""
ALIKE = 1.5
"""Elsewhere as many do as do not, more or less: the larger, the less more or less. (Both numbers of
a beta distribution; measured on the lines of repairs: between 24 and 83 of 100.)"""
MENDS = 2.0
"""What a line's score gains once where one of its candidates has mended what it should and broken
something else: perhaps it is the right place and only goes too far."""


class Bearing:
    """What is known of one line; `factor` is what its score is multiplied by, 1 at first."""

    def __init__(self) -> None:
        self.factor = 1.0
        self._same = 0
        self._odds = DEAD / (1 - DEAD)
        """How much likelier it is that the line does not matter than that it does."""
        self._gain = 1.0

    def hear(self, *, is_same: bool, mends: bool = False) -> None:
        """Whether a candidate has left the failure as it was, or even mended it."""
        if mends:
            self._gain = MENDS
        if is_same:
            self._odds *= SAME_THERE * (2 * ALIKE + self._same) / (ALIKE + self._same)
            self._same += 1
        else:
            self._odds = 0.0
        self.factor = self._gain / (1 - DEAD) / (1 + self._odds)
