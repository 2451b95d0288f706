"""What a test of the base leaves behind in memory, to be made once for all candidates of a child.

A project may build at the first call what it then keeps: tables, a parser, an instance of its own.
To build that anew takes a child for each candidate, and can take many times as long as the test. So
the test is run at the base first, where that leaves the same behind however often it runs; but not
for those candidates that change what has a part in building it.
"""

from __future__ import annotations

import json
import sys
from collections import Counter

from .codes import inside_of, key_of
from .forking import children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, FrameType
    from typing import Any

    from .codes import Key
    from .forking import Attempt, Telling
    from .holding import Holding
    from .keeping import Kept
    from .tracing import Places


class Lasting:
    """What the tests leave behind at the base, the same however often they run; `makers` are the
    functions that run otherwise the second time."""

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
    is_touched, holding = kept.is_touched(), holding_now()
    first = _counted(places, run)
    leaves_something = not holding.is_as_before()
    second = _counted(places, run)
    is_the_same_again = holding.is_as_before() and not is_touched() and not children()
    if leaves_something and is_the_same_again:
        lines = first.keys() | second.keys()
        makers = {line[0] for line in lines if first[line] != second[line]}
        if makers:  # else it is no thing that is built once, and may be the very defect
            telling.say("j" + json.dumps(sorted(makers)))


def read(attempt: Attempt, spared: Sequence[int] = ()) -> Lasting | None:
    """In the parent: what a child has told; None where nothing lasts."""
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


def _counted(places: Places, run: Callable[[], None]) -> Counter[tuple[Key, int]]:
    """How often each line of the tree runs, by its function."""
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

    sys.settrace(called)
    try:
        run()
    finally:
        sys.settrace(None)
    return Counter({(key_of(codes[code]), at): times for (code, at), times in ran.items()})
