"""One stage of trying a candidate: some tests in a child, until one fails that must not."""

from __future__ import annotations

import json
import time

from .echoing import echo_in
from .forking import Attempt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Answer = dict[str, Any]

_WALL_TIMES = 3.0
"""Of the processor time that a measured test may take, its wall time: others work here, too."""


def follow(attempt: Attempt, stage: Answer, spared: Sequence[int] = ()) -> Answer:
    """How a stage ends that runs in a child.

    `end` is `passed`, `failed`, `timed out` or `died`; `test` is the one at fault, -1 for none;
    `passed` is how many passed that had to.
    """
    must = set(stage["tests"]) - set(stage.get("may_fail", ()))
    passed: set[int] = set()
    started = -1
    answer: Answer = {}
    try:
        for line in attempt.lines():
            kind, number = line[:1], number_in(line[1:])
            if kind == "s":
                started = number
            elif kind == "p":
                passed.add(number)
            elif kind == "c" or (kind in ("f", "k") and number in must):
                answer = {"end": "failed", "test": number, "echo": echo_in(line)}
                break
    finally:
        attempt.end(spared)
    left = min(must - passed, default=-1)
    if not answer:
        if attempt.timed_out:
            answer = {"end": "timed out", "test": started}
        elif not attempt.is_done:
            answer = {"end": "died", "test": started}
        else:
            answer = {"end": "passed" if left < 0 else "failed", "test": left}
    answer["passed"] = len(passed & must)
    return answer


def measured(attempt: Attempt, each: float, spared: Sequence[int] = ()) -> Answer:
    """What a child that measures the base tells: `[number, kind, seconds, echo]` each, details.

    A test that was under way when the child ended has timed out (`t`) or died with it (`d`).
    """
    results: list[list[Any]] = []
    details: list[Any] = []
    started, began = -1, 0.0
    try:
        for line in attempt.lines():
            kind, rest = line[:1], line[1:]
            if kind == "j":
                details.append(json.loads(rest))
            elif kind == "s":
                started, began = number_in(rest), time.monotonic()
                attempt.extend(_WALL_TIMES * each)
            elif kind in ("p", "f", "k"):
                seconds = int(rest.split(" ")[1]) / 1e6
                results.append([number_in(rest), kind, seconds, echo_in(rest)])
                started = -1
            elif kind == "t":
                results.append([number_in(rest), kind, round(time.monotonic() - began, 5), 0])
                started = -1
    except (ValueError, IndexError):
        pass  # a test that tells stories of its own
    finally:
        attempt.end(spared)
    if started >= 0:
        kind = "t" if attempt.timed_out else "d"
        results.append([started, kind, round(time.monotonic() - began, 5), 0])
    return {"results": results, "details": details}


def number_in(rest: str) -> int:
    """The number that a child's line has after its first letter; -1 where it has none."""
    word = rest.partition(" ")[0]
    return int(word) if word.isdigit() else -1
