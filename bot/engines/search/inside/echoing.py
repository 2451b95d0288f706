"""What a failing test says, as one number: whether a candidate changes that without mending it."""

from __future__ import annotations

import functools
import re
import sys
import zlib
from collections import deque

from .tracing import message_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]+|(?<=\bid=')\d+")
_MOST_VALUES = 2_000
_MOST_FRAMES = 60


class Echo:
    """One test's failure; `number` is 0 as long as there is none."""

    def __init__(self) -> None:
        self.number = 0
        self._values = 0

    def compared(self, operator: str, left: object, right: object) -> None:
        """An assertion compares these, in vain; its message shows only their beginning and end."""
        self._values = _digest([operator, left, right], self._values)

    def failed(self, error: BaseException) -> None:
        names, trace = [without_addresses(message_of(error))], error.__traceback__
        while trace is not None and len(names) < _MOST_FRAMES:
            names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        self.number = _digest(names, self._values) or 1


def without_addresses(text: str) -> str:
    """Where an object lies in memory is another place each time."""
    return _ADDRESS.sub("", text)


def listen(echo: Callable[[], Echo | None]) -> None:
    """From now on, note the differences that assertions of `unittest` find and do not show."""
    case: Any = getattr(sys.modules.get("unittest.case"), "TestCase", None)
    original = getattr(case, "_truncateMessage", None)
    if original is None:
        return

    @functools.wraps(original)
    def noting(test: Any, message: object, difference: object) -> object:
        current = echo()
        if current is not None and isinstance(difference, str):
            current.compared("", "", without_addresses(difference))
        return original(test, message, difference)

    case._truncateMessage = noting


def _digest(values: Sequence[object], digest: int) -> int:
    """Of plain values, and of those in containers; of others their kinds. It calls nothing that
    the project has defined."""
    pending: deque[object] = deque(values)
    for _ in range(_MOST_VALUES):
        if not pending:
            break
        found = pending.popleft()
        kind = type(found)
        data = kind.__name__.encode("utf-8", "replace")
        if kind is str:
            data += str(found).encode("utf-8", "replace")
        elif kind is bytes and isinstance(found, bytes):
            data += found
        elif kind in (int, float, complex, bool):
            data += b"%d" % hash(found)
        elif kind in (list, tuple) and isinstance(found, (list, tuple)):
            data += b"%d" % len(found)
            pending.extend(found[:_MOST_VALUES])
        elif kind is dict and isinstance(found, dict):
            data += b"%d" % len(found)
            pending.extend(part for pair in list(found.items())[:_MOST_VALUES] for part in pair)
        elif kind in (set, frozenset) and isinstance(found, (set, frozenset)):
            data += b"%d" % sum(hash(one) for one in found if type(one) in (str, int, bytes))
        digest = zlib.crc32(data, digest)
    return digest


def echo_in(line: str) -> int:
    """The number that a child's line ends with; 0 for none."""
    word = line.rpartition(" ")[2]
    return int(word) if word.isdigit() and len(word) <= 10 else 0
