"""Conditions that a change brings and that the tests do not need. Pure.

A condition is proven where some test needs it to hold and another one needs it not to. Where every
test also passes with a constant in its place, nothing says that it is right.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bot.engines.search.model import Candidate, Replacement
from bot.engines.search.patching import new_texts
from bot.engines.search.source import Source
from bot.untrusted import one_line

Read = Callable[[str], str | None]
Span = tuple[int, int]
MAX_SHOWN = 60
_HOLDS, _NEVER_HOLDS = ("True", "not to hold"), ("False", "to hold")
"""Each constant, and what of the condition no test needs where that passes."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A candidate with a constant for a condition that it brings.

    As clauses, what it says where that passes every test too, and where there is no time to see it.
    """

    instead: Candidate
    unneeded: str
    unseen: str


@dataclass(frozen=True, slots=True)
class _Condition:
    node: ast.expr
    constants: tuple[tuple[str, str], ...] = (_NEVER_HOLDS, _HOLDS)
    """What can stand in its place without another meaning of what is around it."""


def doubts(candidate: Candidate, read: Read) -> Iterator[Doubt]:
    """The candidate with `False` and with `True` for each of its new conditions.

    But no loop's own condition is made to hold for ever.
    """
    for path, text in new_texts(candidate, read).items():
        old = read(path) or ""
        try:
            before, after = Source(path, old), Source(path, text)
        except SyntaxError:
            continue
        for condition in _new_conditions(before, after, candidate):
            start, end = after.span(condition.node)
            shown = one_line(after.text[start:end], MAX_SHOWN)
            for constant, ever in condition.constants:
                made = text[:start] + constant + text[end:]
                instead = _changed(candidate, path, old, made)
                yield Doubt(
                    instead,
                    unneeded=f"no test needs its condition `{shown}` {ever}",
                    unseen=f"there was no time to see whether tests need its condition `{shown}`",
                )


def _new_conditions(before: Source, after: Source, candidate: Candidate) -> list[_Condition]:
    """What was not asked before where the candidate changes something, the innermost."""
    gone, come = _spans(candidate, before.path)
    known = Counter(ast.dump(each.node) for each in _conditions(before, gone))
    found: list[_Condition] = []
    for condition in _conditions(after, come):
        dump = ast.dump(condition.node)
        if known[dump] > 0:
            known[dump] -= 1
        else:
            found.append(condition)
    around: set[ast.AST] = set()
    for condition in found:
        above = after.parents.get(condition.node)
        while above is not None and above not in around:
            around.add(above)
            above = after.parents.get(above)
    return [condition for condition in found if condition.node not in around]


def _spans(candidate: Candidate, path: str) -> tuple[list[Span], list[Span]]:
    """What is replaced in the old text of a file, and what stands there in the new one."""
    gone: list[Span] = []
    come: list[Span] = []
    moved = 0
    for change in sorted(one for one in candidate.replacements if one.path == path):
        gone.append((change.start, change.end))
        come.append((change.start + moved, change.start + moved + len(change.new)))
        moved += len(change.new) - (change.end - change.start)
    return gone, come


def _conditions(source: Source, spans: list[Span]) -> Iterator[_Condition]:
    """What is asked in these spans, as a whole and in its parts."""
    asked = [one for node in source.nodes for one in _asked(node)]
    decided = {one.node for one in asked}
    values = (
        _Condition(value, (_NEVER_HOLDS if isinstance(node.op, ast.Or) else _HOLDS,))
        for node in source.nodes
        if isinstance(node, ast.BoolOp) and node not in decided
        for value in node.values[:-1]
    )
    for condition in (*asked, *values):
        start, end = source.span(condition.node)
        if any(start <= last and first <= end for first, last in spans):
            yield condition


def _asked(node: ast.AST) -> Iterator[_Condition]:
    match node:
        case ast.If() | ast.IfExp() | ast.Assert():
            yield from map(_Condition, _parts(node.test))
        case ast.While():
            yield from (_Condition(part, (_NEVER_HOLDS,)) for part in _parts(node.test))
        case ast.comprehension():
            yield from (_Condition(part) for test in node.ifs for part in _parts(test))
        case ast.match_case(guard=ast.expr() as guard):
            yield from map(_Condition, _parts(guard))


def _parts(test: ast.expr) -> Iterator[ast.expr]:
    yield test
    if isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _parts(value)


def _changed(candidate: Candidate, path: str, old: str, new: str) -> Candidate:
    """The candidate with this text for one of its files."""
    start = _alike(old, new)
    same = min(_alike(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    own = Replacement(path, start, len(old) - same, new[start : len(new) - same])
    others = (one for one in candidate.replacements if one.path != path)
    return replace(candidate, replacements=(own, *others))


def _alike(one: str, other: str) -> int:
    """How many characters at their start are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
