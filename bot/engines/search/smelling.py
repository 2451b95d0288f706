"""Signs that a candidate fits the tests and not the code: read from the change itself. Pure.

A change that passes every test can still be wrong, and the fewer tests there are, the more ways
there are to be. Each sign here is one that people would ask about in a review.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.definitions import parse
from bot.engines.search.model import Candidate
from bot.engines.search.patching import new_texts
from bot.engines.search.said_by_tests import constants

_Variable = tuple[str, str]
Read = Callable[[str], str | None]
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_LEAVING = (ast.Return, ast.Continue, ast.Break)
_BUILTINS = frozenset(dir(builtins))
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
    yield from _of_handlers(before.handlers - after.handlers, after.handlers - before.handlers)
    for asked in sorted((after.unrelated - before.unrelated).elements()):
        yield f"its condition `{asked}` has nothing to do with what it guards"
    for literal in sorted((after.replaced - before.replaced).elements()):
        yield f"it replaces {literal} wherever that stands in a text"
    for _, name in sorted((after.unread - before.unread).keys() & before.read.keys()):
        yield f"it leaves `{name}` without use"
    if after.orders_equals > before.orders_equals:
        yield "it asks for the greater one where equality is asked"
    if after.idle > before.idle:
        yield "it makes a statement do nothing"
    if after.fixed_conditions > before.fixed_conditions:
        yield "it makes a condition constant"
    for kind, ways in (("returns", after.returned), ("looks for", after.compared)):
        had = before.returned if kind == "returns" else before.compared
        special = (ways - had).keys() & literals
        if special:
            yield f"it {kind} {min(special)}, which stands in the failing test"


def _of_handlers(gone: Counter[_Handler], come: Counter[_Handler]) -> Iterator[str]:
    """Of the handlers that are not in both texts. One may well handle more, or less of a kind."""
    kept = {name for handler in gone if handler.keeps for name in handler.names}
    if any(not _covered(name, kept) for one in come if one.keeps for name in one.names):
        yield "it keeps an error from being raised"
    handled = {name for handler in come for name in handler.names}
    lost = [
        name
        for handler in gone
        for name in handler.names
        if not _covered(name, handled) and not any(_covered(one, [name]) for one in handled)
    ]
    if handled and lost:
        yield f"it does not handle {min(lost)} any more"


def _covered(name: str, handled: Collection[str]) -> bool:
    """Whether this exception is handled, or a class that the built-in one inherits from."""
    one = getattr(builtins, name, None)
    above = {each.__name__ for each in one.__mro__} if isinstance(one, type) else set()
    return name in handled or bool(above.intersection(handled))


@dataclass(frozen=True, slots=True)
class _Handler:
    names: frozenset[str]
    """What it catches."""
    keeps: bool
    """Whether it does not raise that, nor another error instead."""


class _Counts:
    """What a module has how often, for the signs above."""

    def __init__(self, module: ast.Module) -> None:
        self.statements: Counter[str] = Counter()
        self.returned: Counter[str] = Counter()
        self.compared: Counter[str] = Counter()
        self.handlers: Counter[_Handler] = Counter()
        self.replaced: Counter[str] = Counter()
        """Words and numbers that texts are rid of."""
        self.fixed_conditions = 0
        self.read, self.unread = _uses(module)
        """Parameters and variables, each with its function's name: used there, and not."""
        self.orders_equals = sum(map(_orders, ast.walk(module)))
        """Comparisons by order in what says whether two are equal."""
        self.idle = 0
        """Assignments of what is there already."""
        self.unrelated = Counter(_unrelated(module.body, frozenset()))
        """What conditions ask about, if nothing that they decide has to do with it."""
        for node in ast.walk(module):
            self._count(node)

    def _count(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass):
            self.statements[type(node).__name__] += 1
        match node:
            case ast.Assign(value=ast.Name() | ast.Attribute() as value):
                self.idle += ast.unparse(value) in map(ast.unparse, node.targets)
            case ast.Return(value=ast.expr() as value):
                self.returned.update(constants(value))
            case ast.Compare():
                for side in (node.left, *node.comparators):
                    self.compared.update(constants(side))
            case ast.ExceptHandler():
                self._handles(_parts(node.type), keeps=not isinstance(node.body[-1], ast.Raise))
            case ast.Call():
                self._count_call(node)
            case ast.If() | ast.IfExp():
                self.fixed_conditions += _is_fixed(node.test)
            case ast.BoolOp():
                self.fixed_conditions += sum(map(_is_fixed, node.values))

    def _count_call(self, node: ast.Call) -> None:
        if ast.unparse(node.func).endswith("suppress"):
            self._handles(node.args, keeps=True)
        match node:
            case ast.Call(func=ast.Attribute(attr="replace"), args=[ast.Constant(value=old), *_]):
                if any(letter.isalnum() for letter in str(old)):
                    self.replaced[repr(old)] += 1

    def _handles(self, types: Sequence[ast.expr], *, keeps: bool) -> None:
        names = frozenset(map(_name, types)) or frozenset(["BaseException"])
        self.handlers[_Handler(names, keeps)] += 1


def _uses(module: ast.Module) -> tuple[Counter[_Variable], Counter[_Variable]]:
    read: Counter[_Variable] = Counter()
    unread: Counter[_Variable] = Counter()
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
            used = {one.id for one in names if not isinstance(one.ctx, ast.Store)}
            bound = {one.id for one in names if isinstance(one.ctx, ast.Store)}
            bound |= {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
            read.update((node.name, name) for name in bound & used)
            unread.update((node.name, name) for name in bound - used)
    return read, unread


def _orders(node: ast.AST) -> int:
    if isinstance(node, ast.FunctionDef) and node.name in ("__eq__", "__ne__"):
        return sum(isinstance(inner, _ORDERS) for inner in ast.walk(node))
    return 0


def _unrelated(block: Sequence[ast.AST], later: frozenset[str]) -> Iterator[str]:
    """Of the conditions in a block, those that share no name with what they guard, be it inside of
    them or what is skipped. An answer or an error needs none. `later` are the names used after."""
    for node in reversed(block):
        own = frozenset(_names_in(node))
        if isinstance(node, ast.If) and not node.orelse and not _answers(node.body[-1]):
            decided = {name for each in node.body for name in _names_in(each)}
            decided |= later if isinstance(node.body[-1], _LEAVING) else frozenset()
            asked = set(_names_in(node.test)) - _BUILTINS
            if asked and decided and not asked & decided:
                yield ast.unparse(node.test)
        inside = later
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside = frozenset()
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            inside = later | own
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _unrelated(getattr(node, name, ()), inside)
        later |= own


def _answers(node: ast.stmt) -> bool:
    if isinstance(node, ast.Return) and node.value is not None:
        return not (isinstance(node.value, ast.Constant) and node.value.value is None)
    return isinstance(node, ast.Raise)


def _names_in(node: ast.AST) -> Iterator[str]:
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))


def _is_fixed(test: ast.expr) -> bool:
    bare = test.operand if isinstance(test, ast.UnaryOp) else test
    return isinstance(bare, ast.Constant)


def _parts(node: ast.expr | None) -> Sequence[ast.expr]:
    if node is None:
        return ()
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _name(node: ast.expr) -> str:
    """Its last name, and of one that has several (`IOError`) the one that it says itself."""
    last = ast.unparse(node).rpartition(".")[2]
    one = getattr(builtins, last, None)
    return one.__name__ if isinstance(one, type) else last
