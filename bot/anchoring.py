"""Whether a change still stands on the code it was made for, after the base has moved. Pure.

Text can merge where meaning does not: a line is still there, but the function around it is another
one. So an edit moves along only if the function or class that encloses it is as it was.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from bot.definitions import Definition, outline


def shifted(path: str, old: str, new: str, head: str) -> str:
    """What encloses the change from `old` to `head` and differs in `new`; empty if nothing does.

    `old` and `new` are the file at the base the change was made on and at the one it is to go to.
    """
    if old == new:
        return ""
    if not path.endswith(".py"):
        return path
    before, after = outline(old), outline(new)
    lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for first, last in _changed(lines, head.splitlines(keepends=True)):
        around = _innermost(before, first, last)
        if around is None:
            continue  # between definitions the merge itself compares what is around
        bodies = [_text(lines, one) for one in before if one.name == around.name]
        if bodies != [_text(new_lines, one) for one in after if one.name == around.name]:
            return f"{around.name} in {path}"
    return ""


def _changed(old: list[str], head: list[str]) -> list[tuple[int, int]]:
    """First and last line, from 1, of each stretch of `old` that `head` replaces or adds to."""
    matcher = SequenceMatcher(None, old, head, autojunk=False)
    return [
        (max(1, first + (first < last)), max(1, last))
        for tag, first, last, _, _ in matcher.get_opcodes()
        if tag != "equal"
    ]


def _innermost(definitions: tuple[Definition, ...], first: int, last: int) -> Definition | None:
    around = [one for one in definitions if one.first <= first and last <= one.last]
    return min(around, key=lambda one: one.last - one.first, default=None)


def _text(lines: list[str], definition: Definition) -> str:
    return "".join(lines[definition.first - 1 : definition.last])
