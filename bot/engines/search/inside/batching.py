"""Several candidates in one child, one after the other, as long as none leaves anything behind.

A fork costs many times what a short test does: every page that the child touches is copied. So the
tests that a change has to mend are run for several candidates in one child. It ends with the first
that leaves anything behind: in memory, then the others go on in a new child; in the tree or as a
process, then they are left to be tried alone. So is whatever passes: only failing is decided here.
"""

from __future__ import annotations

import os
import signal
import time

from .belief import least
from .bounded import Alarm
from .echoing import echo_in
from .editing import edited
from .forking import children, exit_now
from .holding import Holding
from .running import Told
from .stages import number_in
from .swapping import Swap, put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .forking import Attempt, Telling
    from .keeping import Kept
    from .lasting import Lasting
    from .rebinding import Rebinding
    from .running import Collected
    from .tracing import Places

    Answer = dict[str, Any]
    Edits = dict[str, list[tuple[int, int, str]]]

FIRST_MORE_S = 0.05
"""What the first of a child may take more of the processor: it has the pages copied."""
HARD_S = 0.25
"""So much later the child is ended with a candidate that does not let itself be ended."""


class Member:
    """One candidate of a batch: its number there, its edits, and what they come to live."""

    def __init__(self, number: int, edits: Edits, swaps: Sequence[Swap | Rebinding]) -> None:
        self.number = number
        self.edits = edits
        self.swaps = swaps
        self.belief = least(swaps)

    def goes_after(self, lasting: Lasting) -> bool:
        """Whether it leaves alone what lasts of the base's tests."""
        functions = [swap for swap in self.swaps if isinstance(swap, Swap)]
        depends = lasting.depends_on([swap.old for swap in functions])
        return len(functions) == len(self.swaps) and not depends


def groups(members: Sequence[Member], lasting: Lasting | None) -> list[tuple[list[Member], bool]]:
    """Those to run together, and whether after the same tests at the base."""
    if lasting is None:
        return [([*members], False)]
    after = [member for member in members if member.goes_after(lasting)]
    others = [member for member in members if member not in after]
    return [(after, True), (others, False)]


def run(
    telling: Telling,
    members: Sequence[Member],
    stage: Answer,
    tests: Collected,
    kept: Kept,
    holding: Holding,
    places: Places,
) -> None:
    """In the child: try one after the other, until one has left something behind."""
    more, own = FIRST_MORE_S, os.getpid()
    before: Edits = {}
    for member in members:
        telling.test("b", member.number)
        seconds, more = stage["cpu"] + more, 0.0
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds + HARD_S)
        kept.take_turn(member.number)
        for path in before.keys() - member.edits.keys():
            kept.write(path, kept.text(path))
        for path, edits in member.edits.items():
            kept.write(path, edited(kept.text(path), edits))
        before = member.edits
        told, is_touched = Told(telling), kept.is_touched()
        with Alarm(seconds, places.stack) as alarm:
            is_put = put(member.swaps)
            if is_put:
                tests.run(stage["tests"], told)
            elif is_put is False:
                telling.test("f", stage["tests"][0])
        if os.getpid() != own:
            exit_now(1)  # a copy that the candidate has made of it
        for swap in member.swaps:
            swap.take_back()
        telling.test("t" if alarm.has_rung else "e", member.number)
        if is_touched() or children():
            return
        if told.has_escaped or not holding.is_as_before():
            telling.say("n")
            return


def follow(
    attempt: Attempt, stage: Answer, spared: Sequence[int] = ()
) -> tuple[dict[int, Answer], bool]:
    """In the parent: what became of those that the child has begun, by their numbers.

    And whether the next ones may go on in a new child: the tree is as it was.
    """
    must = frozenset(stage["tests"])
    found: dict[int, Answer] = {}
    member, test, began, passed = -1, -1, 0.0, 0
    may_go_on = False
    try:
        for line in attempt.lines():
            kind, number = line[:1], number_in(line[1:])
            if kind == "b":
                member, test, began, passed = number, -1, time.monotonic(), 0
                attempt.extend(stage["wall"])
            elif kind == "s":
                test = number
            elif kind == "p":
                passed += 1
            elif kind in ("f", "k") and number in must:
                ended = {"end": "failed", "test": number, "passed": passed, "echo": echo_in(line)}
                found.setdefault(member, ended)
            elif kind == "n":
                may_go_on = True
            elif kind == "t":
                found[member] = {"end": "timed out", "test": test, "passed": passed}
            if kind in ("e", "t"):
                found.setdefault(member, {"end": "open"})["seconds"] = _since(began)
    finally:
        attempt.end(spared)
    if member not in found and not attempt.is_done:
        end = "timed out" if attempt.timed_out else "died"
        found[member] = {"end": end, "test": test, "passed": passed, "seconds": _since(began)}
    return found, may_go_on


def _since(began: float) -> float:
    return round(time.monotonic() - began, 5)
