"""Which names a node can use, of what kind they seem to be, and how functions want to be called.

It answers for one file, from its text alone. What is not seen there (a name from `import *`, an
attribute set by `setattr`) does not exist here; the search only offers less for it.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.engines.search import kinds
from bot.engines.search.source import Function, Scope, Source

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module | ast.Lambda
BUILTINS = frozenset(dir(builtins))
LESSONS = 2
"""What is known of one name may tell of another that came before it in the text."""
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Called:
    """How a function wants to be called; `self` and `cls` of methods left out."""

    name: str
    positional: tuple[str, ...]
    required: int
    keyword_only: tuple[str, ...] = ()
    takes_any: bool = False

    @property
    def keywords(self) -> tuple[str, ...]:
        return self.positional + self.keyword_only


@dataclass(frozen=True, slots=True)
class Visible:
    """The names that one function, class body or module can use."""

    local: tuple[str, ...]
    """Parameters, then what is bound in the function, in the order of the text."""
    parameters: tuple[str, ...]
    outer: tuple[str, ...]
    """Bound in functions around it."""
    module: tuple[str, ...]
    kinds: Mapping[str, str]
    """Of names, and of attributes as `.name`."""
    owner: str = ""
    """What methods call their object: `self` or `cls`."""
    members: tuple[str, ...] = ()
    """Attributes and methods of the class around it."""
    all: frozenset[str] = field(default_factory=frozenset)


class Names:
    """The names of one file, looked up lazily."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._visible: dict[ast.AST, Visible] = {}
        self._homes: dict[ast.AST, ast.AST] = {}
        self._bound: dict[ast.AST, dict[str, str]] = {}
        self._members: dict[ast.ClassDef, dict[str, str]] = {}
        self.module = self._bindings(source.tree)
        self.attributes = Counter(n.attr for n in source.nodes if isinstance(n, ast.Attribute))
        self.attributes_on = self._attributes_by_object()
        self._functions = self._signatures()

    # -- what is visible

    def around(self, node: ast.AST) -> Visible:
        """What can be used where `node` stands."""
        home = self.home_of(node)
        if home not in self._visible:
            self._visible[home] = self._look(home)
        return self._visible[home]

    def home_of(self, node: ast.AST) -> ast.AST:
        """The innermost function, class or module whose names the node sees first."""
        found = self._homes.get(node)
        if found is None:
            found = self._homes[node] = self._find_home(node)
        return found

    def _find_home(self, node: ast.AST) -> ast.AST:
        child = node
        for up in self.source.ancestors(node):
            if isinstance(up, Function | ast.ClassDef):
                if isinstance(child, ast.stmt) and child in up.body:
                    return up
            elif isinstance(up, ast.Module):
                return up
            child = up
        return self.source.tree

    def _look(self, home: ast.AST) -> Visible:
        mine = {} if isinstance(home, ast.Module) else self._bindings(home)
        outer: dict[str, str] = {}
        for up in self.source.ancestors(home):
            if isinstance(up, Function):
                outer = {**self._bindings(up), **outer}
        owner, members = self._membership(home)
        parameters = tuple(_parameters(home)) if isinstance(home, Function) else ()
        found = {**self.module, **outer, **mine}
        seen = {f".{name}": kind for name, kind in members.items()}
        return Visible(
            tuple(mine),
            parameters,
            tuple(outer),
            tuple(self.module),
            {**found, **seen},
            owner,
            tuple(members),
            frozenset(found),
        )

    def _membership(self, home: ast.AST) -> tuple[str, dict[str, str]]:
        function = home if isinstance(home, Function) else None
        while function is not None and not isinstance(
            self.source.parents.get(function), ast.ClassDef
        ):
            function = self.source.function_of(function)
        owner_class = self.source.parents.get(function) if function else None
        if function is None or not isinstance(owner_class, ast.ClassDef):
            return "", {}
        first = next(_parameters(function), "")
        owner = first if first in ("self", "cls", "mcs") else ""
        return owner, self.members_of(owner_class)

    def members_of(self, owner: ast.ClassDef) -> dict[str, str]:
        """The attributes and methods that the class's own text shows, with their kinds."""
        if owner not in self._members:
            self._members[owner] = self._members_now(owner)
        return self._members[owner]

    def _members_now(self, owner: ast.ClassDef) -> dict[str, str]:
        found: dict[str, str] = dict(self._bindings(owner))
        for node in ast.walk(owner):
            if isinstance(node, ast.Attribute) and plain_name(node.value) in ("self", "cls"):
                found.setdefault(node.attr, "")
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
                target = node.targets[0]
                if isinstance(target.value, ast.Name) and target.value.id == "self":
                    found[target.attr] = found.get(target.attr) or kinds.of(node.value, {})
        return found

    # -- what is bound where

    def _bindings(self, home: ast.AST) -> dict[str, str]:
        if home not in self._bound:
            found: dict[str, str] = {}
            if isinstance(home, Function):
                _bind_parameters(home, found)
            for node in own_nodes(home):
                _bind(node, found)
            for _ in range(LESSONS):
                for node in own_nodes(home):
                    _learn(node, found)
            self._bound[home] = found
        return self._bound[home]

    # -- functions and attributes

    def _signatures(self) -> dict[str, list[Called]]:
        found: dict[str, list[Called]] = defaultdict(list)
        for node in self.source.nodes:
            if isinstance(node, Function):
                parent = self.source.parents.get(node)
                called = _called(node, in_class=isinstance(parent, ast.ClassDef))
                name = node.name
                if name == "__init__" and isinstance(parent, ast.ClassDef):
                    name = parent.name
                found[name].append(called)
        return found

    def signature(self, call: ast.Call) -> Called | None:
        """How the function that is called here is declared, if the file says so and is clear."""
        func = call.func
        name = func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")
        found = self._functions.get(name, [])
        if isinstance(func, ast.Attribute):
            owner = self.source.class_of(call)
            if owner is None or not isinstance(func.value, ast.Name | ast.Call):
                return found[0] if len(found) == 1 else None
        return found[0] if found else None

    @property
    def functions(self) -> Mapping[str, list[Called]]:
        return self._functions

    def _attributes_by_object(self) -> dict[str, Counter[str]]:
        """Which attributes the file uses on what (`self`, `node.value`), and how often."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for node in self.source.nodes:
            if isinstance(node, ast.Attribute):
                found[plain_name(node.value)][node.attr] += 1
        return found


def plain_name(node: ast.AST) -> str:
    """`a`, `a.b`, `a.b()` as text; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = plain_name(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    if isinstance(node, ast.Call):
        inner = plain_name(node.func)
        return f"{inner}()" if inner else ""
    return ""


def own_nodes(home: ast.AST) -> Iterator[ast.AST]:
    """The nodes of one scope: nested functions and classes are seen, not entered."""
    todo: list[ast.AST] = list(reversed(getattr(home, "body", [])))
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, Scope):
            continue
        if isinstance(node, ast.Lambda):
            continue
        todo.extend(reversed(list(ast.iter_child_nodes(node))))


def free_names(node: ast.AST) -> frozenset[str]:
    """The names an expression or statement reads that it does not bind itself."""
    read: set[str] = set()
    bound: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            (read if isinstance(inner.ctx, ast.Load) else bound).add(inner.id)
        elif isinstance(inner, ast.arg):
            bound.add(inner.arg)
    inside = isinstance(node, ast.stmt)
    return frozenset(read - bound if not inside else read - _bound_inside(node))


def _bound_inside(node: ast.AST) -> set[str]:
    """Names that comprehensions and lambdas in a statement bind."""
    bound: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.arg):
            bound.add(inner.arg)
        elif isinstance(inner, ast.comprehension):
            bound.update(n.id for n in ast.walk(inner.target) if isinstance(n, ast.Name))
    return bound


def _parameters(function: Function) -> Iterator[str]:
    arguments = function.args
    for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield arg.arg
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            yield extra.arg


def _bind_parameters(function: Function, found: dict[str, str]) -> None:
    arguments = function.args
    placed = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(placed) - len(arguments.defaults))
    pairs = [*zip(placed, [*defaults, *arguments.defaults], strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for arg, default in pairs:
        found[arg.arg] = kinds.of_annotation(arg.annotation) or kinds.of(default, {})
    if arguments.vararg:
        found[arguments.vararg.arg] = "tuple"
    if arguments.kwarg:
        found[arguments.kwarg.arg] = "dict"


def _bind(node: ast.AST, found: dict[str, str]) -> None:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        found.setdefault(node.id, "")
    elif isinstance(node, Function):
        found[node.name] = "function"
    elif isinstance(node, ast.ClassDef):
        found[node.name] = "class"
    elif isinstance(node, ast.Import):
        for alias in node.names:
            found[alias.asname or alias.name.split(".")[0]] = "module"
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            name = alias.asname or alias.name
            found[name] = "class" if name[:1].isupper() and not name.isupper() else ""
    elif isinstance(node, ast.ExceptHandler) and node.name:
        found[node.name] = "exception"


def _learn(node: ast.AST, found: dict[str, str]) -> None:
    """Kinds from what names are bound to and how they are used; the first guess stays."""
    for name, kind in _lessons(node, found):
        if kind and not found.get(name, "?"):
            found[name] = kind


def _lessons(node: ast.AST, found: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What one node tells of the kinds of names."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        yield node.targets[0].id, kinds.of(node.value, found)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, kinds.of_annotation(node.annotation)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, kinds.of(node.value, found)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield node.value.id, kinds.USES.get(node.attr, "")
    elif isinstance(node, ast.For):
        yield _loop_kind(node)
    elif isinstance(node, ast.BinOp | ast.Compare):
        yield from _counted(node, found)
    else:
        yield from _counts(node)


def _counted(node: ast.BinOp | ast.Compare, found: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names that are calculated with, or measured against, a whole number."""
    if isinstance(node, ast.Compare):
        one, two = node.left, node.comparators[0]
        if not isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            return
    else:
        one, two = node.left, node.right
        if not isinstance(node.op, ast.Add | ast.Sub | ast.FloorDiv | ast.Mult | ast.Pow):
            return
    repeats = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)  # perhaps a sequence
    for name, other in ((one, two), (two, one)):
        if isinstance(name, ast.Name):
            number = isinstance(other, ast.Constant) and isinstance(other.value, int)
            if number or (not repeats and kinds.of(other, found) == "int"):
                yield name.id, "int"


def _counts(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that say where a slice or a range ends."""
    ends: Iterable[ast.expr | None] = ()
    if isinstance(node, ast.Slice):
        ends = (node.lower, node.upper, node.step)
    elif isinstance(node, ast.Call) and plain_name(node.func) == "range":
        ends = node.args
    for end in ends:
        if isinstance(end, ast.Name):
            yield end.id, "int"


def _loop_kind(node: ast.For) -> tuple[str, str]:
    if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name):
        target = node.target
        if node.iter.func.id == "range" and isinstance(target, ast.Name):
            return target.id, "int"
        if node.iter.func.id == "enumerate" and isinstance(target, ast.Tuple):
            first = target.elts[0]
            return (first.id, "int") if isinstance(first, ast.Name) else ("", "")
    return "", ""


def _called(function: Function, *, in_class: bool) -> Called:
    arguments = function.args
    names = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args)]
    required = len(names) - len(arguments.defaults)
    static = any(plain_name(d) == "staticmethod" for d in function.decorator_list)
    if in_class and names and not static:
        names, required = names[1:], required - 1
    takes_any = arguments.vararg is not None or arguments.kwarg is not None
    extra = tuple(arg.arg for arg in arguments.kwonlyargs)
    return Called(function.name, tuple(names), max(0, required), extra, takes_any)
