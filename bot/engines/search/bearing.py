"""Whether a line bears on the failure, by what its candidates have done to it so far. Pure.

A candidate that changes a line which has nothing to do with a failing test leaves its failure just
as it was: the same error, the same values. On the line of the defect most candidates make it fail
otherwise. So each candidate that fails tells something of its line, and those after it on lines
that do not matter wait for those on lines that do.
"""

from __future__ import annotations

import math

SAME_ELSEWHERE = 0.9
"""How many candidates leave the failure as it was, on lines that do not bear on it;"""
SAME_HERE = 0.5
"""and on those that do: a guard against what never happens changes nothing there either."""
BEARS = 0.5
"""How many suspicious lines bear on the failure."""
MENDS = 2.0
"""What a line's score gains once where one of its candidates has mended what it should and broken
something else: perhaps it is the right place and only goes too far."""
LEAST = 0.1
"""What is left of a line's score at the least: it may take a change that nobody has tried yet."""
_SAME = math.log(SAME_ELSEWHERE / SAME_HERE)
_OTHER = math.log((1 - SAME_ELSEWHERE) / (1 - SAME_HERE))
_SURE = 6.0


class Bearing:
    """What is known of one line; `factor` is what its score is multiplied by, 1 at first."""

    def __init__(self) -> None:
        self.factor = 1.0
        self._gain = 1.0
        self._odds = 0.0
        """The logarithm of how much likelier it is by now that the line does not matter."""

    def hear(self, *, is_same: bool, mends: bool = False) -> None:
        """Whether a candidate has left the failure as it was, or even mended it."""
        if mends:
            self._gain = MENDS
        self._odds += _SAME if is_same else _OTHER
        self._odds = max(-_SURE, min(_SURE, self._odds))
        bears = BEARS / (BEARS + (1 - BEARS) * math.exp(self._odds))
        self.factor = max(LEAST, bears / BEARS) * self._gain
