"""What a test of the base leaves behind in memory, to be made once for all candidates of a child.

A project may build at the first call what it then keeps: tables, a parser, an instance of its own.
To build that anew for each candidate can take many times as long as the test itself. So the test is
run at the base first, where that leaves the same behind however often it runs; but not for those
candidates that change what has a part in building it.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter

from .forking import children
from .swapping import inside_of, key_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, FrameType
    from typing import Any

    from .forking import Attempt, Telling
    from .holding import Holding
    from .keeping import Kept
    from .swapping import Key
    from .tracing import Places

TIMES_LONGER = 2.0
LEAST_S = 0.003
"""The first run takes at least so many times as long as the second, and so much longer, or it is
not worth it."""


class Lasting:
    """That it is worth it to run the test at the base first; `makers` are the functions that run
    otherwise the second time."""

    def __init__(self, makers: frozenset[Key]) -> None:
        self._makers = makers

    def depends_on(self, codes: Sequence[CodeType]) -> bool:
        """Whether what lasts may be another with other code instead of this."""
        return any(key_of(inner) in self._makers for code in codes for inner in inside_of(code))


def tell(
    telling: Telling,
    run: Callable[[], None],
    kept: Kept,
    holding_now: Callable[[], Holding],
    places: Places,
) -> None:
    """In a child: `run` the tests twice, and tell what was otherwise the second time."""
    is_touched = kept.is_touched()
    first, took = _counted(places, run)
    holding = holding_now()
    second, took_again = _counted(places, run)
    lasts = holding.is_as_before() and not is_touched() and not children()
    if lasts and took > max(TIMES_LONGER * took_again, took_again + LEAST_S):
        lines = first.keys() | second.keys()
        makers = {line[0] for line in lines if first[line] != second[line]}
        telling.say("j" + json.dumps(sorted(makers)))


def read(attempt: Attempt, spared: Sequence[int] = ()) -> Lasting | None:
    """In the parent: what a child has told; None where it is not worth it."""
    makers: frozenset[Key] | None = None
    try:
        for line in attempt.lines():
            if line[:1] == "j":
                makers = frozenset(
                    (path, first, name) for path, first, name in json.loads(line[1:])
                )
    except (ValueError, TypeError):
        makers = None
    finally:
        attempt.end(spared)
    return Lasting(makers) if makers is not None and attempt.is_done else None


def _counted(places: Places, run: Callable[[], None]) -> tuple[Counter[tuple[Key, int]], float]:
    """How often each line of the tree runs, by its function; and the processor's seconds."""
    ran: Counter[tuple[int, int]] = Counter()
    codes: dict[int, CodeType] = {}

    def called(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        code = frame.f_code
        if places.path(code.co_filename) is None:
            return None
        codes[id(code)] = code  # which take long to hash
        return line

    def line(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
        if event == "line":
            ran[id(frame.f_code), frame.f_lineno] += 1
        return line

    began = time.process_time()
    sys.settrace(called)
    try:
        run()
    finally:
        sys.settrace(None)
    took = time.process_time() - began
    return Counter({(key_of(codes[code]), at): times for (code, at), times in ran.items()}), took
