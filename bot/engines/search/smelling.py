"""Signs that a candidate fits the tests and not the code: read from the change itself. Pure.

A change that passes every test can still be wrong, and the fewer tests there are, the more ways
there are to be. Each sign here is one that people would ask about in a review.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Callable, Collection, Iterator

from bot.definitions import parse
from bot.engines.search.model import Candidate
from bot.engines.search.patching import new_texts
from bot.engines.search.said_by_tests import constants

Read = Callable[[str], str | None]
_COMMON = frozenset(["0", "1", "-1", "2", "''", '""', "None", "True", "False", "b''", "0.0", "1.0"])
"""Literals that stand in every test and say nothing."""


def smells(candidate: Candidate, read: Read, literals: Collection[str] = ()) -> tuple[str, ...]:
    """What looks as if it fits the tests only, each as a clause about the change.

    `literals` are those that the failing tests' own source holds.
    """
    found: list[str] = []
    for path, text in new_texts(candidate, read).items():
        old, new = parse(read(path) or ""), parse(text)
        if old is not None and new is not None:
            found += _signs(old, new, frozenset(literals) - _COMMON)
    return tuple(dict.fromkeys(found))


def _signs(old: ast.Module, new: ast.Module, literals: frozenset[str]) -> Iterator[str]:
    before, after = _Counts(old), _Counts(new)
    gone = before.statements - after.statements
    come = after.statements - before.statements
    if sum(gone.values()) > sum(come.values()):
        yield "it only takes code away"
    if after.swallowed - before.swallowed:
        yield "it keeps an error from being raised"
    lost = [name for name in before.handled - after.handled if not _covered(name, after.handled)]
    if lost and after.handlers == before.handlers:
        yield f"it does not handle {min(lost)} any more"
    if after.fixed_conditions > before.fixed_conditions:
        yield "it makes a condition constant"
    for kind, ways in (("returns", after.returned), ("looks for", after.compared)):
        had = before.returned if kind == "returns" else before.compared
        special = (ways - had).keys() & literals
        if special:
            yield f"it {kind} {min(special)}, which stands in the failing test"


def _covered(name: str, handled: Collection[str]) -> bool:
    """Whether a class that this built-in exception inherits from is handled as well."""
    one = getattr(builtins, name, None)
    above = {each.__name__ for each in one.__mro__[1:]} if isinstance(one, type) else set()
    return bool(above.intersection(handled))


class _Counts:
    """What a module has how often, for the signs above."""

    def __init__(self, module: ast.Module) -> None:
        self.statements: Counter[str] = Counter()
        self.returned: Counter[str] = Counter()
        self.compared: Counter[str] = Counter()
        self.swallowed: Counter[str] = Counter()
        """What handlers keep, that do not raise it or another error instead;"""
        self.handled: Counter[str] = Counter()
        """and what they catch at all."""
        self.handlers = 0
        self.fixed_conditions = 0
        for node in ast.walk(module):
            self._count(node)

    def _count(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass):
            self.statements[type(node).__name__] += 1
        if isinstance(node, ast.Return) and node.value is not None:
            self.returned.update(constants(node.value))
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                self.compared.update(constants(side))
        if isinstance(node, ast.ExceptHandler):
            names = _names(node.type) or {"BaseException"}
            self.handlers += 1
            self.handled.update(names)
            if not isinstance(node.body[-1], ast.Raise):
                self.swallowed.update(names)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            self.swallowed["suppress"] += 1
        if isinstance(node, ast.If | ast.IfExp | ast.While) and _is_fixed(node.test):
            self.fixed_conditions += not isinstance(node, ast.While)
        if isinstance(node, ast.BoolOp):
            self.fixed_conditions += sum(_is_fixed(value) for value in node.values)


def _is_fixed(test: ast.expr) -> bool:
    bare = test.operand if isinstance(test, ast.UnaryOp) else test
    return isinstance(bare, ast.Constant)


def _names(node: ast.expr | None) -> set[str]:
    if node is None:
        return set()
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {ast.unparse(part) for part in parts}
