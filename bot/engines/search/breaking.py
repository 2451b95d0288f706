"""Passing tests that candidates have broken, for those that come after to meet early. Pure.

Where a suite takes long, most of the time goes to candidates that mend the failing test by breaking
others, and they tend to break the same ones. A test that fails where it runs alone tells nothing,
so each is first run alone at the base.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

MOST = 12
LONGEST_S = 1.0
"""What all of those chosen may take together, at the base."""


class Breakable:
    """`seconds` is how long each passing test takes, by its number."""

    def __init__(self, seconds: Mapping[int, float]) -> None:
        self._seconds = seconds
        self._broken: Counter[int] = Counter()
        self._passes_alone: dict[int, bool | None] = {}
        """None while that is being found out."""

    def broke(self, test: int) -> None:
        if self._seconds.get(test, LONGEST_S) < LONGEST_S:
            self._broken[test] += 1

    def to_prove(self) -> int | None:
        """A test that has to be run alone at the base before anybody meets it early."""
        for test in self._broken:
            if test not in self._passes_alone:
                self._passes_alone[test] = None
                return test
        return None

    def proven(self, test: int, *, passes: bool) -> None:
        self._passes_alone[test] = passes

    def chosen(self) -> list[int]:
        """The ones that most have broken."""
        found: list[int] = []
        left = LONGEST_S
        for test, _ in self._broken.most_common():
            if self._passes_alone.get(test) and self._seconds[test] <= left and len(found) < MOST:
                left -= self._seconds[test]
                found.append(test)
        return found
