"""How far what a test does in the live process tells what it would do after an import."""

from __future__ import annotations

from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    Answer = dict[str, Any]

    class Believed(Protocol):
        belief: Belief


class Belief(IntEnum):
    """What of a candidate's outcome is to be believed."""

    NOTHING = 0
    """It changes what has had an effect by now. Passing tells that it is worth its import."""
    FAILING = 1
    ALL = 2


def least(swaps: Sequence[Believed]) -> Belief:
    """Of a candidate with several parts."""
    return min((swap.belief for swap in swaps), default=Belief.ALL)


def believed(answer: Answer, belief: Belief) -> Answer:
    """What becomes of a candidate that tests have been run for: `anew` to be imported at once,
    `refused` to be imported some time; what is `open` stays so."""
    if belief is Belief.ALL:
        return answer
    if answer["end"] == "passed":
        return {**answer, "end": "anew"}
    if belief is Belief.NOTHING and answer["end"] != "open":
        why = "it had its effect at import"
        return {**answer, "end": "refused", "why": why, "is_tried": True}
    return answer
