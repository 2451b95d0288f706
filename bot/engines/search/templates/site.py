"""Where templates work: one file with its names, and how a template says what it would change.

A template is a function from one node to variants; this module has what most of them need, so that
each stays a few lines long.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeGuard, TypeVar

from bot.engines.search import kinds
from bot.engines.search.differences import Difference
from bot.engines.search.said_by_tests import Awaited, missing
from bot.engines.search.scope import BUILTINS, Names, Visible, free_names
from bot.engines.search.source import Block, Function, Source
from bot.engines.search.spelling import similarity
from bot.engines.search.templates.writing import (
    ATOM,
    NOT,
    joined,
    level_of,
    level_wanted,
)

LONGEST_BORROWED = 100
"""Characters of an expression that may be borrowed for another place."""
UNREAD = 1.3
"""What a name that nothing reads yet weighs, near or far."""
MOST_WORDS = 60
_WORD = re.compile(r"[A-Za-z_][\w-]+")


class Edit(NamedTuple):
    start: int
    end: int
    new: str


class Variant(NamedTuple):
    """One change that a template offers; `weight` is how likely it is among its family, <= 1.

    Without words of its own, `said` is empty and the first edit speaks for itself.
    """

    edits: tuple[Edit, ...]
    weight: float
    said: str


P = ParamSpec("P")
T = TypeVar("T")
Propose = Callable[[ast.AST, "Site"], Iterable[Variant]]


@dataclass(frozen=True, slots=True)
class Template:
    """A family member: what it is called, which nodes it looks at, what it offers for one."""

    name: str
    nodes: tuple[type[ast.AST], ...]
    propose: Callable[..., Iterable[Variant]]


@dataclass(frozen=True, slots=True)
class Hints:
    """What the incident and the failing tests say. All of it is untrusted and only orders."""

    words: frozenset[str] = frozenset()
    """Identifiers that the incident or the messages of failing tests name."""
    errors: tuple[str, ...] = ()
    """Types and messages of the failing tests' errors."""
    literals: frozenset[str] = frozenset()
    """Strings that the failing tests compare with."""
    differences: Sequence[Difference] = ()
    """Where the texts differ that they have compared."""
    substitutions: Sequence[tuple[str, str]] = ()
    """What stands in one of those texts where the other has what."""
    awaited: Sequence[Awaited] = ()
    """Errors that they wait for."""
    raised: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """The errors by the paths and lines of the code that they came from."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An expression of the file that could be borrowed."""

    text: str
    node: ast.expr
    start: int
    level: int
    kind: str
    names: frozenset[str]
    home: ast.AST


def remembered(
    make: Callable[Concatenate[Site, P], T],
) -> Callable[Concatenate[Site, P], T]:
    """Works something out once for a site and its other arguments. Nobody may change it then."""

    @wraps(make)
    def recall(site: Site, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (make, args, tuple(kwargs.items()))
        if key not in site.memory:
            site.memory[key] = make(site, *args, **kwargs)
        found: T = site.memory[key]
        return found

    return recall


@dataclass(slots=True)
class Site:
    """One file under repair."""

    source: Source
    names: Names
    hints: Hints = field(default_factory=Hints)
    memory: dict[Hashable, Any] = field(default_factory=dict)
    """What is `remembered`."""
    _near: dict[tuple[ast.AST, int, str], list[tuple[float, str]]] = field(default_factory=dict)
    _uses: dict[ast.AST, dict[str, list[int]]] = field(default_factory=dict)

    # -- reading

    def text(self, node: ast.AST) -> str:
        return self.source.segment(node)

    def operand(self, node: ast.expr, wanted: int = ATOM) -> str:
        """The expression's text, in parentheses if it binds looser than wanted."""
        return joined(self.source.segment(node), level_of(node), wanted)

    def negation(self, node: ast.expr) -> tuple[str, int]:
        """The text of the opposite condition, and how it binds; never `not not`."""
        if _is_not(node):
            return self.text(node.operand), level_of(node.operand)
        return f"not {self.operand(node, NOT)}", NOT

    def visible(self, node: ast.AST) -> Visible:
        return self.names.around(node)

    def kind(self, node: ast.AST) -> str:
        return kinds.of(node, self.visible(node).kinds)

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self.source.parents.get(node)

    def is_tested(self, node: ast.AST) -> bool:
        """Whether the expression is read as true or false."""
        up = self.parent(node)
        if isinstance(up, ast.If | ast.While | ast.IfExp | ast.Assert):
            return up.test is node
        if isinstance(up, ast.comprehension):
            return node in up.ifs
        return isinstance(up, ast.BoolOp) or (
            isinstance(up, ast.UnaryOp) and isinstance(up.op, ast.Not)
        )

    @remembered
    def hinted_words(self) -> list[str]:
        """Keys that were missing, and the words within the strings that failing tests have."""
        words = dict.fromkeys(one.key for one in missing(self.hints.errors))
        for text in sorted(self.hints.literals, key=lambda one: (len(one), one)):
            words.update(dict.fromkeys(_WORD.findall(text)))
        return list(words)[:MOST_WORDS]

    # -- changing expressions

    def swap(
        self, node: ast.expr, new: str, weight: float = 1.0, *, level: int = ATOM, said: str = ""
    ) -> Variant:
        """The expression replaced by other text, whose loosest operator binds as `level`."""
        parent = self.parent(node)
        if new.startswith("not ") and level == NOT and _is_not(parent):
            return self.swap(parent, new.removeprefix("not "), weight, level=NOT, said=said)
        start, end = self.source.span(node)
        if self.source.text[start - 1 : start] + self.source.text[end : end + 1] != "()":
            new = joined(new, level, level_wanted(parent, node))
        if isinstance(node, ast.GeneratorExp) and self._is_sole_argument(node):
            new = f"({new})"
        return Variant((Edit(start, end, new),), weight, said)

    def _is_sole_argument(self, node: ast.expr) -> bool:
        parent = self.parent(node)
        return isinstance(parent, ast.Call) and self.source.end(parent) == self.source.end(node)

    def change(self, start: int, end: int, new: str, weight: float, said: str) -> Variant:
        return Variant((Edit(start, end, new),), weight, said)

    # -- changing statements

    def insert_before(
        self, statement: ast.stmt, lines: Sequence[str], weight: float, said: str = ""
    ) -> Variant | None:
        """New lines before the statement, at its indentation; theirs is relative to it.

        None before an `elif`, which they would cut off from its `if`.
        """
        indent, at = self.source.indent_of(statement), self.source.statement_start(statement)
        if indent is None or self.source.text.startswith("elif", self.source.start(statement)):
            return None
        text = "".join(f"{line}{self.source.newline}{indent}" for line in lines)
        return Variant((Edit(at, at, text),), weight, said)

    def insert_after(
        self, statement: ast.stmt, lines: Sequence[str], weight: float, said: str = ""
    ) -> Variant | None:
        indent = self.source.indent_of(statement)
        if indent is None or not self.source.stands_alone(statement):
            return None
        at = self.source.statement_end(statement)
        text = "".join(f"{self.source.newline}{indent}{line}" for line in lines)
        return Variant((Edit(at, at, text),), weight, said)

    def rewrite(self, statement: ast.stmt, new: str, weight: float, said: str = "") -> Variant:
        start, end = self.source.statement_start(statement), self.source.end(statement)
        return Variant((Edit(start, end, new),), weight, said)

    def shifted(self, text: str, by: str) -> str:
        """The lines after the first, indented by so much more."""
        return text.replace("\n", "\n" + by)

    def shifted_back(self, text: str, indent: str, to: str) -> str:
        """The lines after the first, moved from one indentation to a smaller one."""
        newline = self.source.newline
        lines = text.split(newline)
        moved = [to + line.removeprefix(indent) if line.strip() else line for line in lines[1:]]
        return newline.join([lines[0], *moved])

    # -- what is around

    def block(self, statement: ast.stmt) -> Block:
        return self.source.block_of(statement)

    def uses(self, home: ast.AST) -> dict[str, list[int]]:
        """On which lines the home (a function, a class, the module) names what."""
        found = self._uses.get(home)
        if found is None:
            found = defaultdict(list)
            for node in ast.walk(home):
                if isinstance(node, ast.Name):
                    found[node.id].append(node.lineno)
                elif isinstance(node, ast.arg):
                    found[node.arg].append(node.lineno)
            self._uses[home] = found
        return found

    def names_near(self, node: ast.AST, kind: str = "") -> list[tuple[float, str]]:
        """Names usable at the node, the likeliest first: near, of the kind, mentioned.

        Names of the module's own functions and classes are left out; see `callables_near`.
        """
        home, line = self.names.home_of(node), getattr(node, "lineno", 1)
        known = self._near.get((home, line, kind))
        if known is None:
            known = self._near[home, line, kind] = self._look_near(node, home, line, kind)
        return known

    def _look_near(
        self, node: ast.AST, home: ast.AST, line: int, kind: str
    ) -> list[tuple[float, str]]:
        visible = self.visible(node)
        uses, unread = self.uses(home), self.unread(home)
        found: dict[str, float] = {}
        for names, base in ((visible.local, 1.0), (visible.outer, 0.7), (visible.module, 0.3)):
            for name in names:
                has = visible.kinds.get(name, "")
                if name in found or (base < 0.5 and has in ("function", "class", "module")):
                    continue
                weight = base * (1.0 if kinds.alike(kind, has) else 0.3)
                weight *= UNREAD if name in unread else self.nearness(uses.get(name, ()), line)
                found[name] = weight * self.mention(name)
        return sorted(((w, n) for n, w in found.items()), key=lambda pair: (-pair[0], pair[1]))

    def nearness(self, lines: Iterable[int], line: int) -> float:
        distance = min((abs(line - at) for at in lines), default=40)
        return 1.0 / (1.0 + distance / 12)

    @remembered
    def unread(self, home: ast.AST) -> frozenset[str]:
        """Names that a function binds and never reads: each of them may be what was forgotten."""
        if not isinstance(home, Function):
            return frozenset()
        bound: set[str] = set(self.names.around(home.body[0]).parameters)
        read: set[str] = set()
        for node in ast.walk(home):
            if isinstance(node, ast.Name):
                (bound if isinstance(node.ctx, ast.Store) else read).add(node.id)
        forgotten = {name for name in bound - read if not name.startswith("_")}
        return frozenset(forgotten - {"self", "cls"})

    def mention(self, *words: str) -> float:
        """More than one where the incident names one of the words."""
        return 1.5 if self.hints.words and not self.hints.words.isdisjoint(words) else 1.0

    def likeness(self, one: str, other: str) -> float:
        """From 0.4 to 1: how likely one name was written where the other was meant."""
        return 0.4 + 0.6 * similarity(one, other)

    # -- borrowing

    @remembered
    def pool(self) -> dict[ast.AST, list[Seen]]:
        """Expressions of the file worth borrowing, by the function or class they are in."""
        found: dict[ast.AST, list[Seen]] = defaultdict(list)
        for node in self.source.nodes:
            if isinstance(node, ast.expr) and self._is_worth_borrowing(node):
                text = self.text(node)
                if len(text) <= LONGEST_BORROWED and "\n" not in text:
                    home = self.names.home_of(node)
                    start = self.source.start(node)
                    kind = kinds.of(node, self.visible(node).kinds)
                    names = free_names(node)
                    found[home].append(Seen(text, node, start, level_of(node), kind, names, home))
        return found

    def _is_worth_borrowing(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Name):
            return isinstance(node.ctx, ast.Load)
        return isinstance(
            node, ast.Call | ast.BinOp | ast.BoolOp | ast.Compare | ast.UnaryOp | ast.Constant
        )

    def borrowable(self, node: ast.AST, *, far: bool = False) -> Iterator[tuple[float, Seen]]:
        """Expressions of the same function, then (`far`) of the same class and file, whose names
        are all usable at the node; each text once, with how near it is."""
        visible = self.visible(node)
        home = self.names.home_of(node)
        start = self.source.start(node)
        own = sorted(self.pool().get(home, ()), key=lambda seen: abs(seen.start - start))
        texts: set[str] = set()
        for rank, seen in enumerate(own):
            if seen.text not in texts:
                texts.add(seen.text)
                yield 1.0 / (1.0 + rank / 25), seen
        if not far:
            return
        owner = self.source.class_of(home) if isinstance(home, Function) else None
        for other in self._other_homes(home, owner):
            base = 0.5 if owner is not None and self.source.class_of(other) is owner else 0.25
            for seen in self.pool()[other]:
                if seen.text not in texts and self.usable(seen.names, visible):
                    texts.add(seen.text)
                    yield base, seen

    def _other_homes(self, home: ast.AST, owner: ast.ClassDef | None) -> list[ast.AST]:
        others = [other for other in self.pool() if other is not home]
        near = getattr(home, "lineno", 0)

        def order(other: ast.AST) -> tuple[bool, int]:
            apart = owner is None or self.source.class_of(other) is not owner
            return apart, abs(getattr(other, "lineno", 0) - near)

        return sorted(others, key=order)[:60]

    def usable(self, names: Iterable[str], visible: Visible) -> bool:
        return all(name in visible.all or name in BUILTINS for name in names)


def _is_not(node: ast.AST | None) -> TypeGuard[ast.UnaryOp]:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
