"""An edit of a file as what it changes: code of functions, or values of names bound at import."""

from __future__ import annotations

import ast
from collections import Counter
from types import CodeType

from .codes import has_function, is_function, pairs, same, shallow_same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    Edit = tuple[int, int, str]

_FUTURES = 0
for _name in __import__("__future__").all_feature_names:
    _FUTURES |= getattr(__import__("__future__"), _name).compiler_flag
_IMPORTS = (ast.Import, ast.ImportFrom)
_BINDINGS = (ast.Assign, ast.AnnAssign)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


class NotSwappable(Exception):
    """Why the file has to be imported again."""


def spans_in(edits: Sequence[Sequence[Any]]) -> list[Edit]:
    """Edits as they arrive in a message."""
    return [(int(start), int(end), str(new)) for start, end, new in edits]


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with each span replaced; none overlaps another."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


class NewValue:
    """What an edit makes of a statement that binds one name, in a module or in classes in it."""

    def __init__(self, classes: tuple[str, ...], name: str, value: CodeType) -> None:
        self.classes = classes
        self.name = name
        self.value = value


class Place:
    """A statement of a module, or of a class in it, that can be compiled by itself."""

    def __init__(
        self, classes: tuple[str, ...], is_plain: bool, node: ast.stmt, start: int, end: int
    ) -> None:
        self.classes = classes
        self.is_plain = is_plain
        """Whether nothing decorates those classes."""
        self.kind = type(node)
        self.line = first_line(node)
        self.start = start
        self.end = end
        self.name = _bound_by(node)
        self.code: CodeType | None = None

    def header(self) -> str:
        """Classes around it as it has them, for names beginning with `__` and for `super()`."""
        return "".join(" " * at + f"class {name}:\n" for at, name in enumerate(self.classes))


class File:
    """One file at its base: the spans of its statements, and their code when asked."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        try:
            module = ast.parse(text)
            self._flags = compile(text, name, "exec", dont_inherit=True).co_flags & _FUTURES
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise NotSwappable("the base cannot be read") from error
        self._starts = _starts_of_lines(text)
        self._places = list(self._places_in(module.body, ()))
        self._bound = Counter(_bound_outside_functions(module.body))
        names = sorted(set(_imported(module.body)))
        self._imports = f"import {', '.join(names)}\n" if names else ""
        """For the compiler makes calls of what the module imports other than those of the rest."""

    def changed(self, edits: Sequence[Edit]) -> Iterator[tuple[CodeType, CodeType] | NewValue]:
        """The functions whose code differs, as they were and as they would be; the new values."""
        by_place: dict[int, list[Edit]] = {}
        for edit in edits:
            by_place.setdefault(self._place(edit), []).append(edit)
        for index, own in by_place.items():
            place = self._places[index]
            if place.code is None:
                place.code = self._compiled(place, ())
            if has_function(place.code):
                yield from _changed(place.code, self._compiled(place, own))
            else:
                yield self._new_value(place, own)

    def _new_value(self, place: Place, edits: Sequence[Edit]) -> NewValue:
        """What a statement binds its name to, where that is all that it does."""
        within = [(place.classes[:at], name) for at, name in enumerate(place.classes)]
        bound = [self._bound[each] for each in (*within, (place.classes, place.name))]
        if not place.is_plain or set(bound) != {1}:
            raise NotSwappable("it changes what runs at import")
        _, node = self._parsed(place, edits)
        if _bound_by(node) != place.name or not isinstance(node, _BINDINGS) or not node.value:
            raise NotSwappable("it binds another name")
        if not all(self._has_kept(name, place.classes) for name in _names(node.value)):
            raise NotSwappable("what it reads was something else then")
        value = ast.Expression(node.value)
        try:
            code = compile(value, self._name, "eval", self._flags, dont_inherit=True)
        except _UNREADABLE as error:
            raise NotSwappable("it is no statement by itself") from error
        return NewValue(place.classes, place.name, code)

    def _has_kept(self, name: str, classes: tuple[str, ...]) -> bool:
        """Whether a name means after import what it meant when the statement ran."""
        is_own = bool(classes) and self._bound[classes, name] > 0
        return not is_own and self._bound[(), name] < 2 and not name.startswith("__")

    def _places_in(
        self, body: Sequence[ast.stmt], classes: tuple[str, ...], is_plain: bool = True
    ) -> Iterator[Place]:
        """Inner ones first, for the first that holds an edit is the one to compile."""
        for node in body:
            if isinstance(node, ast.ClassDef) and first_line(node.body[0]) > node.lineno:
                inner = is_plain and not node.decorator_list
                yield from self._places_in(node.body, (*classes, node.name), inner)
            yield Place(classes, is_plain, node, *self._span(node))

    def _place(self, edit: Edit) -> int:
        for index, place in enumerate(self._places):
            if place.start <= edit[0] and edit[1] <= place.end:
                return index
        raise NotSwappable("it is between the statements of the module")

    def _compiled(self, place: Place, edits: Sequence[Edit]) -> CodeType:
        module, _ = self._parsed(place, edits)
        try:
            code: CodeType = compile(module, self._name, "exec", self._flags, dont_inherit=True)
        except _UNREADABLE as error:
            raise NotSwappable("it is no statement by itself") from error
        return code

    def _parsed(self, place: Place, edits: Sequence[Edit]) -> tuple[ast.Module, ast.stmt]:
        """The statement as the edits make it, with what stands around it, and alone."""
        moved = [(start - place.start, end - place.start, new) for start, end, new in edits]
        header = self._imports + place.header()
        text = header + edited(self._text[place.start : place.end], moved)
        try:
            module = ast.parse(text)
            body = own = module.body[1 if self._imports else 0 :]
            for _ in place.classes:
                around = body[0]
                assert isinstance(around, ast.ClassDef)  # the header's own
                body = around.body
            if len(body) != 1 or len(own) != 1 or type(body[0]) is not place.kind:
                raise NotSwappable("it is another statement")
            for node in own:
                ast.increment_lineno(node, place.line - 1 - header.count("\n"))
        except _UNREADABLE as error:
            # It might be whole with what follows; then importing it says so.
            raise NotSwappable("it is no statement by itself") from error
        return module, body[0]

    def _span(self, node: ast.stmt) -> tuple[int, int]:
        """From the start of its first line, with its indentation, to its last character."""
        last = node.end_lineno or node.lineno
        line = self._text[self._starts[last - 1] : self._starts[last]]
        column = len(line.encode("utf-8")[: node.end_col_offset].decode("utf-8", "ignore"))
        return self._starts[first_line(node) - 1], self._starts[last - 1] + column


def _imported(body: Sequence[ast.stmt]) -> Iterator[str]:
    """The names that imports bind in a module, in whatever blocks they stand."""
    for node in body:
        if isinstance(node, _IMPORTS):
            for each in node.names:
                if each.name != "*":
                    yield each.asname or each.name.partition(".")[0]
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _imported([n for n in ast.walk(node) if isinstance(n, _IMPORTS)])


def _names(node: ast.expr) -> list[str]:
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]


def _bound_by(node: ast.stmt) -> str:
    """The one name that a statement binds and does nothing else; empty for any other."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    target = targets[0]
    if not isinstance(node, _BINDINGS) or len(targets) > 1 or not isinstance(target, ast.Name):
        return ""
    return "" if target.id.startswith("__") else target.id


def _bound_outside_functions(
    nodes: Iterable[ast.AST], classes: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each name that is bound at import, as often as it is, with the classes around it."""
    for node in nodes:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            if not isinstance(node, ast.Lambda):
                yield classes, node.name
            if isinstance(node, ast.ClassDef):
                yield from _bound_outside_functions(node.body, (*classes, node.name))
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield classes, node.id
        elif isinstance(node, ast.alias):
            yield classes, node.asname or node.name.partition(".")[0]
        else:
            yield from _bound_outside_functions(ast.iter_child_nodes(node), classes)


def first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def _starts_of_lines(text: str) -> list[int]:
    """Where each line starts, as the parser counts lines."""
    starts, at = [0], 0
    for line in text.replace("\r\n", "\0\n").replace("\r", "\n").split("\n"):
        at += len(line) + 1
        starts.append(at)
    return starts


def _changed(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The outermost functions that differ, below code that ran at import and must not differ."""
    if not shallow_same(old, new):
        raise NotSwappable("it changes what runs at import")
    for inner, newer in pairs(old, new):
        if same(inner, newer):
            continue
        if is_function(inner) and is_function(newer):
            if inner.co_freevars != newer.co_freevars:
                raise NotSwappable("its closure changes")
            yield inner, newer
        else:
            yield from _changed(inner, newer)
