"""Values in words that are the same for the same value, whatever its address or its process."""

from __future__ import annotations

import hashlib
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_TOLD_CHARS = 20_000
MAX_ITEMS = 200
"""So many items of an endless value are looked at."""
_ADDRESS = re.compile("0x[0-9a-fA-F]{6,}")


def told(value: object) -> str:
    """A value in words that are the same for the same value, whatever its address."""
    pieces: list[str] = []
    _tell(value, pieces, [MAX_TOLD_CHARS], [], 0)
    return "".join(pieces)


def _tell(value: Any, pieces: list[str], room: list[int], around: list[int], depth: int) -> None:
    if room[0] <= 0:
        return
    if value is None or isinstance(value, (bool, int, str, bytes)):
        said = repr(value)[:2000]
    elif isinstance(value, float):
        said = f"{value:.10g}"
    elif isinstance(value, type) or callable(value):
        said = getattr(value, "__qualname__", type(value).__name__)
    elif id(value) in around or depth > 30:
        said = "<again>"
    else:
        pieces.append(type(value).__name__ + "(")
        for part in _parts(value):
            _tell(part, pieces, room, [*around, id(value)], depth + 1)
            pieces.append(",")
        said = ")"
    room[0] -= len(said) + 1
    pieces.append(said)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in list(value.items())[:MAX_ITEMS]:
            yield key
            yield inner
    elif isinstance(value, (set, frozenset)):
        yield from sorted(told(one) for one in list(value)[:MAX_ITEMS])
    elif isinstance(value, (list, tuple)) or hasattr(type(value), "__next__"):
        for count, inner in enumerate(value):
            if count == MAX_ITEMS:
                break
            yield inner
    else:
        yield from _attributes(value)


def _attributes(value: Any) -> Iterator[Any]:
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict) and attributes:
        for key in sorted(map(str, attributes)):
            yield key
            yield attributes.get(key)
    elif getattr(type(value), "__repr__", None) is not object.__repr__:
        yield _ADDRESS.sub("", repr(value).replace(str(id(value)), ""))


def digest(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:12]
