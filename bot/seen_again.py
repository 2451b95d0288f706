"""A pull request's body, when the same problem is reflected on again: each new record once. Pure.

The hidden marker at the start of a body says which reflections it names; whatever it lists is never
added again. Only the marker and the one line below it are touched, both written by the bot alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.untrusted import for_code, inert, one_line

MAX_AGAIN = 100
"""A body lists at most so many later reflections."""
MAX_NAMED = 20
MAX_ID_CHARS = 100

_START = re.compile(
    r"(?P<open>\s*<!-- bot:marker )(?P<data>\{[^\n]*\})(?P<close> -->\s*### What was observed\s+)"
    r"In reflections? (?P<ids>[^\n]*?)(?:, and again in (?P<again>[^\n]*))?:(?=\r?\n)"
)


@dataclass(frozen=True, slots=True)
class _Marked:
    """The start of a body: what the marker holds, and the line that names the reflections."""

    match: re.Match[str]
    data: dict[str, Any]
    again: tuple[str, ...]

    @property
    def known(self) -> set[str]:
        named = self.data.get("reflections")
        return {*self.again, *(map(str, named) if isinstance(named, list) else ())}


def unlisted(body: str, ids: Sequence[str]) -> tuple[str, ...]:
    """Those of the ids that the body does not name yet, as far as it has room for them.

    None where a person took the marker away or rewrote what stands below it.
    """
    marked = _read(body)
    if marked is None:
        return ()
    new = [id_ for id_ in dict.fromkeys(ids) if _plain(id_) not in marked.known]
    return tuple(new[: max(0, MAX_AGAIN - len(marked.again))])


def with_reflections(body: str, ids: Sequence[str]) -> str:
    """The body with these ids added to its marker and its line, each once."""
    new = unlisted(body, ids)
    marked = _read(body)
    if marked is None or not new:
        return body
    again = (*marked.again, *dict.fromkeys(map(_plain, new)))
    text = json.dumps(marked.data | {"again": again})
    for character in "<>@#":
        text = text.replace(character, f"\\u{ord(character):04x}")
    named = ", ".join(for_code(id_, MAX_ID_CHARS) for id_ in again[:MAX_NAMED])
    if len(again) > MAX_NAMED:
        named += f" and {len(again) - MAX_NAMED} more"
    start = marked.match
    line = f"In reflections {start['ids']}, and again in {named}:"
    return f"{start['open']}{text}{start['close']}{line}{body[start.end() :]}"


def _read(body: str) -> _Marked | None:
    match = _START.match(body)
    if match is None:
        return None
    try:
        data = json.loads(match["data"])
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    again = data.get("again", [])
    if not isinstance(again, list):
        return None
    return _Marked(match, data, tuple(id_ for id_ in again if isinstance(id_, str)))


def _plain(id_: str) -> str:
    """An id as a marker holds it."""
    return one_line(inert(id_), MAX_ID_CHARS)
