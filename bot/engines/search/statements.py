"""The statements of files, and what runs at import that they depend on. Pure.

A line stands for the whole of the statement that starts there; of a compound statement only its
header counts, and each handler of a `try` and each case of a `match` is one of its own.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from bot.definitions import parse
from bot.engines.search.differences import places

Read = Callable[[str], str | None]
"""A path's text; None where it has none."""
Place = tuple[str, int]
"""A path and the line that a statement starts on."""


class Files:
    """Eligible files as they are asked for."""

    def __init__(self, read: Read, eligible: Callable[[str], bool]) -> None:
        self._read = read
        self._eligible = eligible
        self._known: dict[str, File | None] = {}

    def get(self, path: str) -> File | None:
        if path not in self._known:
            text = self._read(path) if self._eligible(path) else None
            module = parse(text) if text is not None else None
            self._known[path] = File(path, module) if module is not None else None
        return self._known[path]

    def find(self, module: str, level: int, asker: str) -> File | None:
        """The file of a module that another file imports from."""
        parts = module.split(".") if module else []
        folder = PurePosixPath(asker).parent
        if level > len(folder.parents) + 1:
            return None
        if level:
            roots = [folder.parents[level - 2] if level > 1 else folder]
        else:
            roots = [PurePosixPath(), PurePosixPath("src"), folder, *folder.parents]
        for root in dict.fromkeys(roots):
            base = root.joinpath(*parts)
            for path in (f"{base}.py", str(base / "__init__.py")):
                file = self.get(path)
                if file is not None:
                    return file
        return None


@dataclass(frozen=True, slots=True)
class Around:
    """What a statement stands in: where its function and its classes start, 0 for no function.

    `defining` is where the function starts if it has defaults or decorators that ran at import.
    """

    function: int = 0
    classes: tuple[int, ...] = ()
    prefix: str = ""
    defining: int = 0
    in_class_body: bool = False

    @property
    def at_import(self) -> bool:
        return not self.function


OUTSIDE = Around()


@dataclass(frozen=True, slots=True)
class _Import:
    module: str
    level: int
    name: str


class File:
    """One file that parses."""

    def __init__(self, path: str, module: ast.Module) -> None:
        self.path = path
        self.starts: dict[int, int] = {}
        """For each line of a statement's own text, the line that it starts on."""
        self.around: dict[int, Around] = {}
        self._symbols: list[tuple[str, int, int]] = []
        self._bound: dict[str, list[int]] = defaultdict(list)
        self._attributes: dict[str, list[tuple[int, int]]] = defaultdict(list)
        """By name: where the class starts, and where it binds one."""
        self._of_class: dict[int, list[int]] = defaultdict(list)
        self._imported: dict[str, _Import] = {}
        self._reads: dict[int, set[str]] = defaultdict(set)
        self._read_attributes: dict[int, set[tuple[str, str]]] = defaultdict(set)
        self._local: dict[tuple[int, str], list[int]] = defaultdict(list)
        """Where a function binds a name, or changes its value."""
        self._own: set[tuple[int, str]] = set()
        """Which names are a function's own variables."""
        self._shared: set[tuple[int, str]] = set()
        """Which names a function declares `global` or `nonlocal`."""
        self._outer: dict[int, int] = {}
        """The function that a function stands in."""
        self._texts: list[tuple[int, str]] = []
        self._walk(module.body, OUTSIDE)

    def spans(self, symbol: str) -> list[tuple[int, int]]:
        """The lines of what has this dotted name, or ends in it; all lines for no name."""
        if not symbol:
            return [(1, 1 << 60)]
        exact = [(first, last) for name, first, last in self._symbols if name == symbol]
        tail = symbol.rpartition(".")[2]
        return exact or [
            (first, last) for name, first, last in self._symbols if name.rpartition(".")[2] == tail
        ]

    def attributes_of(self, first: int) -> Sequence[int]:
        """Where the class that starts there binds its own attributes."""
        return self._of_class.get(first, ())

    def writing(self, text: str) -> set[int]:
        """Where a literal with that text in it stands."""
        return {line for line, each in self._texts if places(text, each)}

    def made_by(self, line: int) -> Iterator[int]:
        """Where its function binds the variables that the statement starting here reads."""
        function = self.around.get(line, OUTSIDE).function
        for name in sorted(self._reads.get(line, ())) if function else ():
            yield from (at for at in self._local.get((function, name), ()) if at != line)

    def depends_on(self, line: int, files: Files) -> Iterator[tuple[Place, int]]:
        """What was bound at import that the statement starting here reads, and among how many:
        an attribute may be that of any class that has one of that name."""
        around = self.around.get(line, OUTSIDE)
        for name in self._reads.get(line, ()):
            if not self._is_variable(name, around.function):
                yield from ((place, 1) for place in self._binding(name, files))
            if around.in_class_body:
                yield from (((self.path, at), 1) for _, at in self._attributes.get(name, ()))
        for owner, name in self._read_attributes.get(line, ()):
            found = self._attributes.get(name, ())
            classes = len({first for first, _ in found})
            yield from (((self.path, at), classes) for _, at in found)
            yield from ((place, 1) for place in self._in_module(owner, name, files))
        if around.defining:
            yield (self.path, around.defining), 1

    def _is_variable(self, name: str, function: int) -> bool:
        """Whether a name that a function reads is a variable of it, or of one that it stands in."""
        while function:
            if (function, name) in self._own and (function, name) not in self._shared:
                return True
            function = self._outer.get(function, 0)
        return False

    def _binding(self, name: str, files: Files) -> Iterator[Place]:
        yield from ((self.path, at) for at in self._bound.get(name, ()))
        source = self._imported.get(name)
        if source is not None:
            yield from self._there(files.find(source.module, source.level, self.path), source.name)

    def _in_module(self, owner: str, name: str, files: Files) -> Iterator[Place]:
        """What `owner.name` is where `owner` is a module that this file imports."""
        source = self._imported.get(owner)
        if source is not None:
            module = f"{source.module}.{source.name}".strip(".")
            yield from self._there(files.find(module, source.level, self.path), name)

    def _there(self, file: File | None, name: str) -> Iterator[Place]:
        if file is not None and file is not self:
            yield from ((file.path, at) for at in file._bound.get(name, ()))

    # --------------------------------------------------------------------------------- reading

    def _walk(self, body: Sequence[ast.AST], around: Around) -> None:
        for node in body:
            first, last = _header(node)
            for line in range(first, last + 1):
                self.starts[line] = first
            self.around[first] = around
            if around.at_import:
                self._note_binding(node, first, around)
            else:
                for name in _bound_by(node):
                    self._local[around.function, name].append(first)
                self._note_variables(node, around.function)
            self._note_imports(node)
            self._note_reads(node, first)
            self._walk(list(_blocks(node)), self._inside(node, first, last, around))

    def _inside(self, node: ast.AST, first: int, last: int, around: Around) -> Around:
        if isinstance(node, ast.ClassDef):
            inner = replace(around, classes=(*around.classes, first), in_class_body=True)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            ran = around.at_import and _has_import_part(node)
            self._own.update((first, name) for name in _parameters(node))
            self._outer[first] = around.function
            inner = replace(
                around, function=first, defining=first if ran else 0, in_class_body=False
            )
        else:
            return around
        name = f"{around.prefix}{node.name}"
        self._symbols.append((name, first, node.end_lineno or last))
        return replace(inner, prefix=f"{name}.")

    def _note_variables(self, node: ast.AST, function: int) -> None:
        if isinstance(node, ast.Global | ast.Nonlocal):
            self._shared.update((function, name) for name in node.names)
        else:
            self._own.update((function, name) for name in _variables(node))

    def _note_binding(self, node: ast.AST, first: int, around: Around) -> None:
        for name in _bound_by(node):
            if around.in_class_body:
                self._attributes[name].append((around.classes[-1], first))
                self._of_class[around.classes[-1]].append(first)
            else:
                self._bound[name].append(first)

    def _note_imports(self, node: ast.AST) -> None:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                source = _Import(node.module or "", node.level, alias.name)
                self._imported[alias.asname or alias.name] = source
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname or "." not in alias.name:
                    self._imported[alias.asname or alias.name] = _Import("", 0, alias.name)

    def _note_reads(self, node: ast.AST, first: int) -> None:
        alone = node.value if isinstance(node, ast.Expr) else None  # it may be a docstring
        for part in _own_parts(node):
            for inner in ast.walk(part):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
                    self._reads[first].add(inner.id)
                elif isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Load):
                    owner = inner.value.id if isinstance(inner.value, ast.Name) else ""
                    self._read_attributes[first].add((owner, inner.attr))
                elif isinstance(inner, ast.Constant) and inner is not alone:
                    self._texts += [(first, text) for text in [inner.value] if type(text) is str]


_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def _blocks(node: ast.AST) -> Iterator[ast.AST]:
    """The statements, handlers and cases directly below."""
    for name in _BLOCKS:
        yield from getattr(node, name, ())


def _own_parts(node: ast.AST) -> Iterator[ast.AST]:
    """The expressions of a statement, without the statements in it."""
    blocks = set(map(id, _blocks(node)))
    yield from (child for child in ast.iter_child_nodes(node) if id(child) not in blocks)


def _header(node: ast.AST) -> tuple[int, int]:
    """First and last line of a statement, handler or case, without the blocks in it."""
    placed: Any = getattr(node, "pattern", node)
    first: int = placed.lineno
    decorators: Sequence[ast.expr] = getattr(node, "decorator_list", ())
    first = min([first, *(decorator.lineno for decorator in decorators)])
    below = [_header(child)[0] for child in _blocks(node)]
    if below:
        return first, max(first, min(below) - 1)
    return first, getattr(node, "end_lineno", None) or first


def _bound_by(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds, or whose value it changes: `NAMES.update(...)`."""
    if isinstance(node, ast.Assign):
        targets: Sequence[ast.expr] = node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        targets = [node.target]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        targets = [node.value.func]
    else:
        return
    for target in targets:
        for inner in ast.walk(target):
            if isinstance(inner, ast.Name):
                yield inner.id


def _variables(node: ast.AST) -> Iterator[str]:
    """The names that a statement or handler makes variables of its function."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.ExceptHandler):
        yield from filter(None, [node.name])
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    for part in _own_parts(node):
        for inner in ast.walk(part):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                yield inner.id


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    own = node.args
    named = [*own.posonlyargs, *own.args, *own.kwonlyargs, own.vararg, own.kwarg]
    yield from (each.arg for each in named if each is not None)


def _has_import_part(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function has defaults or decorators, which run at import."""
    arguments = node.args
    return bool(node.decorator_list or arguments.defaults or any(arguments.kw_defaults))
