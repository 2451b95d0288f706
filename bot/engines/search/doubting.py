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
MAX_SHOWN = 60
_INSTEAD = ("False", "to hold"), ("True", "not to hold")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A candidate with a constant for a condition that it brings, and what it says as a clause if
    that passes every test too."""

    instead: Candidate
    clause: str


def doubts(candidate: Candidate, read: Read) -> Iterator[Doubt]:
    """The candidate with `False` and with `True` for each of its new conditions.

    But no loop is made to go on for ever.
    """
    for path, text in new_texts(candidate, read).items():
        old = read(path) or ""
        try:
            before, after = Source(path, old), Source(path, text)
        except SyntaxError:
            continue
        for node in _new_conditions(before, after):
            start, end = after.span(node)
            shown = one_line(after.text[start:end], MAX_SHOWN)
            is_loop = isinstance(after.parents.get(node), ast.While)
            for constant, ever in _INSTEAD[:1] if is_loop else _INSTEAD:
                made = text[:start] + constant + text[end:]
                instead = _changed(candidate, path, old, made)
                yield Doubt(instead, f"no test needs its condition `{shown}` {ever}")


def _new_conditions(before: Source, after: Source) -> list[ast.expr]:
    """What was not asked before, the innermost."""
    known = Counter(map(ast.dump, _conditions(before)))
    found: list[ast.expr] = []
    for node in _conditions(after):
        dump = ast.dump(node)
        if known[dump] > 0:
            known[dump] -= 1
        else:
            found.append(node)
    around: set[ast.AST] = set()
    for node in found:
        above = after.parents.get(node)
        while above is not None and above not in around:
            around.add(above)
            above = after.parents.get(above)
    return [node for node in found if node not in around]


def _conditions(source: Source) -> Iterator[ast.expr]:
    """What is asked, as a whole and in its parts."""
    for node in source.nodes:
        match node:
            case ast.If() | ast.While() | ast.IfExp():
                yield node.test
            case ast.comprehension():
                yield from node.ifs
            case ast.BoolOp():
                yield from node.values


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
