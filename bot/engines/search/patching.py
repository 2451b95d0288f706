"""From what the search tried to what it proposes: the new texts, and the exact edits. Pure."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Mapping, Sequence

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


def differing_parts(old: str, new: str) -> list[tuple[str, str]]:
    """The parts of two texts that differ, innermost first, each as it stands in either."""
    before, after = parse(old), parse(new)
    if before is None or after is None:
        return []
    found: list[tuple[str, str]] = []
    pair: tuple[ast.AST, ast.AST] | None = (before, after)
    while pair is not None:
        one, other = pair
        if isinstance(one, ast.expr | ast.stmt) and isinstance(other, ast.expr | ast.stmt):
            parts = ast.get_source_segment(old, one), ast.get_source_segment(new, other)
            found.append((parts[0] or "", parts[1] or ""))
        pair = _inside(one, other)
    return found[::-1]


def _inside(one: ast.AST, other: ast.AST) -> tuple[ast.AST, ast.AST] | None:
    """The only two parts of two nodes that differ; None where there are more, or none."""
    if type(one) is not type(other):
        return None
    unlike: list[tuple[ast.AST, ast.AST]] = []
    for name, ours in ast.iter_fields(one):
        theirs = getattr(other, name, None)
        mine, others = (part if isinstance(part, list) else [part] for part in (ours, theirs))
        if len(mine) != len(others):
            return None
        for left, right in zip(mine, others, strict=True):
            if isinstance(left, ast.AST) and isinstance(right, ast.AST):
                if ast.dump(left) != ast.dump(right):
                    unlike.append((left, right))
            elif left != right:
                return None
    return unlike[0] if len(unlike) == 1 else None


_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
    ast.Is: ast.IsNot,
    ast.In: ast.NotIn,
}


def turns_round(candidate: Candidate, read: Read) -> bool:
    """Whether all that it does is to make a condition its opposite."""
    path = candidate.path
    for pair in differing_parts(read(path) or "", new_texts(candidate, read)[path]):
        old, new = (parse(part) for part in pair)
        if old is None or new is None or len(old.body) != 1 or len(new.body) != 1:
            continue
        one, other = old.body[0], new.body[0]
        if isinstance(one, ast.Expr) and isinstance(other, ast.Expr):
            return _are_opposite(one.value, other.value)
    return False


def _are_opposite(one: ast.expr, other: ast.expr) -> bool:
    for inner, outer in ((one, other), (other, one)):
        if isinstance(outer, ast.UnaryOp) and isinstance(outer.op, ast.Not):
            return ast.dump(outer.operand) == ast.dump(inner)
    if not isinstance(one, ast.Compare) or not isinstance(other, ast.Compare):
        return False
    operators = type(one.ops[0]), type(other.ops[0])
    is_opposite = operators in _OPPOSITE.items() or operators[::-1] in _OPPOSITE.items()
    parts = [ast.dump(ast.Tuple([each.left, *each.comparators])) for each in (one, other)]
    return is_opposite and len(one.ops) == len(other.ops) == 1 and parts[0] == parts[1]
