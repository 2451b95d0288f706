"""Signs that a candidate fits the tests and not the code: read from the change itself. Pure.

A change that passes every test can still be wrong, and the fewer tests there are, the more ways
there are to be. Each sign here is one that people would ask about in a review.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from bot.definitions import parse
from bot.engines.search.model import Candidate, TestRan
from bot.engines.search.patching import new_texts
from bot.tree_index import is_test

Read = Callable[[str], str | None]
_COMMON = frozenset(["0", "1", "-1", "2", "''", '""', "None", "True", "False", "b''", "0.0", "1.0"])
"""Literals that stand in every test and say nothing."""
_BROAD = frozenset(["Exception", "BaseException"])
_EXIT = (ast.Return, ast.Raise, ast.Continue, ast.Break)


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
    if after.swallowing > before.swallowing:
        yield "it keeps an error from being raised"
    if after.fixed_conditions > before.fixed_conditions:
        yield "it makes a condition constant"
    for kind, ways in (("returns", after.returned), ("looks for", after.compared)):
        had = before.returned if kind == "returns" else before.compared
        special = (ways - had).keys() & literals
        if special:
            yield f"it {kind} {min(special)}, which stands in the failing test"


class _Counts:
    """What a module has how often, for the signs above."""

    def __init__(self, module: ast.Module) -> None:
        self.statements: Counter[str] = Counter()
        self.returned: Counter[str] = Counter()
        self.compared: Counter[str] = Counter()
        self.swallowing = 0
        self.fixed_conditions = 0
        for node in ast.walk(module):
            self._count(node)

    def _count(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass):
            self.statements[type(node).__name__] += 1
        if isinstance(node, ast.Return) and node.value is not None:
            self.returned.update(_constants(node.value))
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                self.compared.update(_constants(side))
        if isinstance(node, ast.ExceptHandler):
            names = _names(node.type)
            self.swallowing += len(names) + 3 * bool(not names or names & _BROAD)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            self.swallowing += 1
        if isinstance(node, ast.If | ast.IfExp | ast.While) and _is_fixed(node.test):
            self.fixed_conditions += not isinstance(node, ast.While)
        if isinstance(node, ast.BoolOp):
            self.fixed_conditions += sum(_is_fixed(value) for value in node.values)


def _is_fixed(test: ast.expr) -> bool:
    bare = test.operand if isinstance(test, ast.UnaryOp) else test
    return isinstance(bare, ast.Constant)


def _constants(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant):
        return [repr(node.value)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return [ast.unparse(node)]
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return [ast.unparse(node), *(text for one in node.elts for text in _constants(one))]
    return []


def _names(node: ast.expr | None) -> set[str]:
    if node is None:
        return set()
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {ast.unparse(part) for part in parts}


# --------------------------------------------------------------------------- the failing tests


def literals_of(tests: Sequence[TestRan], read: Read) -> frozenset[str]:
    """The literals that stand in the functions of these tests, as Python writes them."""
    found: set[str] = set()
    for path, names in _by_file(tests).items():
        module = parse(read(path) or "")
        for node in ast.walk(module) if module else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.expr):
                        found.update(_constants(inner))
    return frozenset(found)


def plain(literals: Collection[str]) -> frozenset[str]:
    """What the strings among literals say, and the numbers as they are written."""
    found: set[str] = set()
    for text in literals:
        node = ast.parse(text, mode="eval").body
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Constant | ast.UnaryOp):
            found.add(text)
    return frozenset(found)


def _by_file(tests: Sequence[TestRan]) -> dict[str, set[str]]:
    """The files of tests -> the names of their functions, from ids and from what they executed."""
    found: dict[str, set[str]] = {}
    for test in tests:
        bare = test.id.split("[", 1)[0]
        name = re.split(r"::|\.", bare)[-1]
        paths = {bare.split("::", 1)[0]} if "::" in bare else set()
        paths |= {path for path in (test.lines or {}) if is_test(path)}
        for path in paths:
            found.setdefault(path, set()).add(name)
    return found
