"""What a failing test says, as one number: whether a candidate changes that without mending it."""

from __future__ import annotations

import functools
import re
import sys
import zlib

from .tracing import message_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")
_PLAIN = (str, bytes)
_CONTAINERS = (list, tuple, set, frozenset, dict)
_MOST = 1_000
"""Containers of more elements count as what their kind is."""
_MOST_FRAMES = 60


class Echo:
    """One test's failure, the first of several; `number` is 0 as long as there is none."""

    def __init__(self) -> None:
        self.number = 0
        self._values = 0

    def compared(self, operator: str, left: object, right: object) -> None:
        """An assertion compares these, in vain; its message shows only their beginning and end."""
        for value in (operator, left, right):
            self._values = zlib.crc32(_bytes_of(value), self._values)

    def failed(self, error: BaseException) -> None:
        if self.number:
            return
        said = _ADDRESS.sub("", message_of(error))
        names, trace = [said], error.__traceback__
        while trace is not None and len(names) < _MOST_FRAMES:
            names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        number = zlib.crc32("\0".join(names).encode("utf-8", "replace"), self._values)
        self.number = number or 1


def listen(echo: Callable[[], Echo | None]) -> None:
    """From now on, note the differences that assertions of `unittest` find and do not show."""
    case: Any = getattr(sys.modules.get("unittest.case"), "TestCase", None)
    original = getattr(case, "_truncateMessage", None)
    if original is None:
        return

    @functools.wraps(original)
    def noting(test: Any, message: object, difference: object) -> object:
        current = echo()
        if current is not None:
            current.compared("", "", difference)
        return original(test, message, difference)

    case._truncateMessage = noting


def _bytes_of(value: object) -> bytes:
    kind = type(value)
    try:
        if kind in _PLAIN:
            return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
        if isinstance(value, _CONTAINERS) and kind in _CONTAINERS and len(value) <= _MOST:
            return _ADDRESS.sub("", repr(value)).encode("utf-8", "replace")
    except Exception:  # noqa: BLE001 - what stands in it is the project's, and may raise anything
        pass
    return kind.__name__.encode("utf-8", "replace")


def echo_in(line: str) -> int:
    """The number that a child's line ends with; 0 for none."""
    word = line.rpartition(" ")[2]
    return int(word) if word.isdigit() and len(word) <= 10 else 0
