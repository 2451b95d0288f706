"""From what the search tried to what it proposes: the new texts, and the exact edits. Pure."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Sequence

from bot.definitions import parse
from bot.engines.search.model import Candidate, Replacement
from bot.model import Edit, Tree

Read = Callable[[str], str | None]
MAX_SHOWN = 60


def new_texts(candidate: Candidate, read: Read) -> dict[str, str]:
    """The whole new text of each file that a candidate changes."""
    found: dict[str, str] = {}
    for one in sorted(candidate.replacements, reverse=True):
        text = found.get(one.path, read(one.path) or "")
        found[one.path] = text[: one.start] + one.new + text[one.end :]
    return found


def shape(text: str) -> str:
    """What two texts of the same program have in common; the text itself if it does not parse."""
    module = parse(text)
    return text if module is None else ast.dump(module)


def edits(candidate: Candidate, tree: Tree) -> tuple[Edit, ...]:
    """A candidate as edits of whole lines, each of whose old text stands once in its file."""
    found: list[Edit] = []
    for path in dict.fromkeys(one.path for one in candidate.replacements):
        text = tree.read(path) or ""
        parts = sorted(one for one in candidate.replacements if one.path == path)
        spans = [_unique(text, one.start, one.end) for one in parts]
        for start, end in _merged(spans):
            inside = [one for one in parts if start <= one.start and one.end <= end]
            new = _applied(text, start, end, inside)
            found.append(Edit(path, tree.blob(path), text[start:end], new))
    return tuple(found)


def _applied(text: str, start: int, end: int, parts: Sequence[Replacement]) -> str:
    pieces, at = [], start
    for one in parts:
        pieces += [text[at : one.start], one.new]
        at = one.end
    return "".join([*pieces, text[at:end]])


def _unique(text: str, start: int, end: int) -> tuple[int, int]:
    """The span grown to whole lines, and then by more of them until it stands once in the text."""
    start = text.rfind("\n", 0, start) + 1
    end = _line_end(text, max(start, end - 1) if end > start else end)
    while text.find(text[start:end]) != start or text.find(text[start:end], start + 1) != -1:
        if start == 0 and end == len(text):
            break
        start = text.rfind("\n", 0, max(0, start - 1)) + 1 if start else 0
        if text.find(text[start:end]) == start and text.find(text[start:end], start + 1) == -1:
            break
        end = _line_end(text, end)
    return start, end


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def changed_lines(candidate: Candidate, read: Read) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of its first file that go and those that come, without their indentation."""
    path = candidate.path
    before = (read(path) or "").splitlines()
    after = new_texts(candidate, read)[path].splitlines()
    gone: list[str] = []
    come: list[str] = []
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag != "equal":
            gone += [line.strip() for line in before[a1:a2] if line.strip()]
            come += [line.strip() for line in after[b1:b2] if line.strip()]
    return tuple(gone), tuple(come)
