"""The quick way to try a candidate: give the live functions new code, and import nothing again.

It is taken only where it comes to the same as importing the edited file: all that the edit changes
is code of functions that exist, that nothing has run yet, and whose closures stay as they are; or,
to see what fails, the value of a name that nothing has read yet.
"""

from __future__ import annotations

import ast
import gc
import os
import sys
from collections import Counter
from types import CodeType, FunctionType

from .rebinding import NotRebindable, RanBefore, Rebinding, spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import FrameType, ModuleType
    from typing import Any

    Edit = tuple[int, int, str]
    Key = tuple[str, int, str]

_FUTURES = 0
for _name in __import__("__future__").all_feature_names:
    _FUTURES |= getattr(__import__("__future__"), _name).compiler_flag
_SHALLOW = (
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_name",
    "co_exceptiontable",
)


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


class RanEarly:
    """Which code of the tree ran before the first test: at import, in collection."""

    def __init__(self, tree: str) -> None:
        self._tree = os.path.realpath(tree) + os.sep
        self._codes: dict[int, CodeType] = {}  # code objects take long to hash

    def start(self) -> None:
        sys.setprofile(self._called)

    def stop(self) -> list[CodeType]:
        """The code of the tree that has run, that of modules and of classes' bodies too."""
        sys.setprofile(None)
        ran = self._codes.values()
        return [code for code in ran if _real(code.co_filename).startswith(self._tree)]

    def _called(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self._codes[id(frame.f_code)] = frame.f_code


def key_of(code: CodeType) -> Key:
    return _real(code.co_filename), code.co_firstlineno, code.co_name


_reals: dict[str, str] = {}


def _real(path: str) -> str:
    found = _reals.get(path)
    if found is None:
        found = _reals[path] = os.path.realpath(path)
    return found


class Swap:
    """Another code for one function."""

    def __init__(self, function: FunctionType, new: CodeType) -> None:
        self.old = function.__code__
        self._function = function
        self._new = new

    def put(self) -> None:
        self._function.__code__ = self._new

    def take_back(self) -> None:
        self._function.__code__ = self.old


def put(swaps: Sequence[Swap | Rebinding]) -> bool:
    """Whether that went well; importing the file would end as it did not."""
    try:
        for swap in swaps:
            swap.put()
    except (Exception, SystemExit):  # noqa: BLE001 - it is the candidate's own
        return False
    return True


def binds_values(swaps: Sequence[Swap | Rebinding]) -> bool:
    """Whether only failing is to be believed of them."""
    return any(isinstance(swap, Rebinding) for swap in swaps)


class NewValue:
    """What an edit makes of a statement that binds one name, in a module or in classes in it."""

    def __init__(self, classes: tuple[str, ...], name: str, value: CodeType) -> None:
        self.classes = classes
        self.name = name
        self.value = value


class Swaps:
    """Finds, for an edit, which live functions get which code, and which names which value.

    `modules` are the project's, by their files in the tree.
    """

    def __init__(
        self,
        tree: str,
        ran_early: Sequence[CodeType],
        modules: Mapping[str, Sequence[ModuleType]],
    ) -> None:
        self._tree = os.path.realpath(tree) + os.sep
        self._ran_early = {key_of(code) for code in ran_early if _is_function(code)}
        self._ran = RanBefore(ran_early)
        self._modules = modules
        self._live: dict[Key, list[FunctionType]] = {}
        self._running: set[Key] = set()
        self._files: dict[str, _File] = {}
        self._look_around()

    def plan(self, path: str, base: str, edits: Sequence[Edit]) -> list[Swap | Rebinding]:
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = _File(os.path.join(self._tree, path), base)
        swaps: list[Swap | Rebinding] = []
        for change in file.changed(edits):
            if isinstance(change, NewValue):
                swaps.append(self._rebinding(path, change))
            else:
                swaps += self._swaps(*change)
        return swaps

    def _rebinding(self, path: str, new: NewValue) -> Rebinding:
        own = self._modules.get(path, ())
        if len(own) != 1:
            raise NotSwappable("its file is not imported, or several times")
        everywhere = [module for found in self._modules.values() for module in found]
        try:
            found = spaces(new.name, new.classes, own[0], everywhere, self._ran)
        except NotRebindable as reason:
            raise NotSwappable(str(reason)) from reason
        return Rebinding(found, new.value)

    def _look_around(self) -> None:
        for found in gc.get_objects():
            kind = type(found)
            if kind is FunctionType:
                key = self._key(found.__code__)
                if key:
                    self._live.setdefault(key, []).append(found)
            else:
                code = getattr(found, _RUNNING[kind.__name__], None) if kind in _runs else None
                key = self._key(code) if code else None
                if key:
                    self._running.add(key)

    def _key(self, code: CodeType) -> Key | None:
        key = key_of(code)
        return key if key[0].startswith(self._tree) else None

    def _with_code(self, old: CodeType) -> list[FunctionType]:
        """The live functions with this code. Two lambdas of a line may look the same."""
        found = self._live.get(key_of(old), [])
        alike = [function for function in found if same(old, function.__code__)]
        if len({id(function.__code__) for function in alike}) > 1:
            raise NotSwappable("several functions look like it")
        return alike

    def _swaps(self, old: CodeType, new: CodeType) -> Iterator[Swap]:
        key = key_of(old)
        if key in self._ran_early:
            raise NotSwappable("it ran while the tests were collected")
        if key in self._running:
            raise NotSwappable("it is running")
        live = self._with_code(old)
        if not live:
            raise NotSwappable("nothing has it")
        yield from (Swap(function, new) for function in live)
        for inner, newer in _pairs(old, new):
            if not same(inner, newer):
                yield from self._inner(inner, newer)

    def _inner(self, old: CodeType, new: CodeType) -> Iterator[Swap]:
        """What exists already of a function inside of one; the rest comes with the outer one."""
        key = key_of(old)
        if key in self._ran_early or key in self._running:
            raise NotSwappable("a part of it ran while the tests were collected")
        for function in self._with_code(old):
            if old.co_freevars != new.co_freevars:
                raise NotSwappable("its closure changes")
            yield Swap(function, new)
        for inner, newer in _pairs(old, new):
            yield from self._inner(inner, newer)


class _Place:
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


class _File:
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
            if _has_function(place.code):
                yield from _changed(place.code, self._compiled(place, own))
            else:
                yield self._new_value(place, own)

    def _new_value(self, place: _Place, edits: Sequence[Edit]) -> NewValue:
        """What a statement binds its name to, where that is all that it does."""
        if not place.is_plain or self._bound[place.classes, place.name] != 1:
            raise NotSwappable("it changes what runs at import")
        _, node = self._parsed(place, edits)
        if _bound_by(node) != place.name or not isinstance(node, _BINDINGS) or not node.value:
            raise NotSwappable("it binds another name")
        value = ast.Expression(node.value)
        try:
            code = compile(value, self._name, "eval", self._flags, dont_inherit=True)
        except _UNREADABLE as error:
            raise NotSwappable("it is no statement by itself") from error
        return NewValue(place.classes, place.name, code)

    def _places_in(
        self, body: Sequence[ast.stmt], classes: tuple[str, ...], is_plain: bool = True
    ) -> Iterator[_Place]:
        """Inner ones first, for the first that holds an edit is the one to compile."""
        for node in body:
            if isinstance(node, ast.ClassDef) and first_line(node.body[0]) > node.lineno:
                inner = is_plain and not node.decorator_list
                yield from self._places_in(node.body, (*classes, node.name), inner)
            yield _Place(classes, is_plain, node, *self._span(node))

    def _place(self, edit: Edit) -> int:
        for index, place in enumerate(self._places):
            if place.start <= edit[0] and edit[1] <= place.end:
                return index
        raise NotSwappable("it is between the statements of the module")

    def _compiled(self, place: _Place, edits: Sequence[Edit]) -> CodeType:
        module, _ = self._parsed(place, edits)
        try:
            code: CodeType = compile(module, self._name, "exec", self._flags, dont_inherit=True)
        except _UNREADABLE as error:
            raise NotSwappable("it is no statement by itself") from error
        return code

    def _parsed(self, place: _Place, edits: Sequence[Edit]) -> tuple[ast.Module, ast.stmt]:
        """The statement as the edits make it, with what stands around it, and alone."""
        moved = [(start - place.start, end - place.start, new) for start, end, new in edits]
        header = self._imports + place.header()
        text = header + edited(self._text[place.start : place.end], moved)
        try:
            module = ast.parse(text)
            body = own = module.body[1 if self._imports else 0 :]
            for _ in place.classes:
                body = body[0].body  # type: ignore[attr-defined] # the header's own
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
    for inner, newer in _pairs(old, new):
        if same(inner, newer):
            continue
        if _is_function(inner) and _is_function(newer):
            if inner.co_freevars != newer.co_freevars:
                raise NotSwappable("its closure changes")
            yield inner, newer
        else:
            yield from _changed(inner, newer)


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & 0x2)  # CO_NEWLOCALS; class bodies and modules lack CO_OPTIMIZED


def _has_function(code: CodeType) -> bool:
    return any(_is_function(inner) or _has_function(inner) for inner in _inside(code))


def inside_of(code: CodeType) -> Iterator[CodeType]:
    """The code itself, and all that is inside of it."""
    yield code
    for inner in _inside(code):
        yield from inside_of(inner)


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The code objects inside of both, by their place; unlike numbers of them end early."""
    yield from zip(_inside(old), _inside(new))


def _inside(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]


def shallow_same(old: CodeType, new: CodeType) -> bool:
    """Whether they do the same but for what the code inside of them does."""
    if any(getattr(old, name, None) != getattr(new, name, None) for name in _SHALLOW):
        return False
    if len(old.co_consts) != len(new.co_consts):
        return False
    return all(map(_same_const, old.co_consts, new.co_consts))


def same(old: CodeType, new: CodeType) -> bool:
    return shallow_same(old, new) and all(same(*pair) for pair in _pairs(old, new))


def _same_const(old: object, new: object) -> bool:
    if isinstance(old, CodeType):
        return isinstance(new, CodeType)
    return type(old) is type(new) and repr(old) == repr(new)  # 0.0 == -0.0 == False


def _empty() -> Iterator[None]:
    yield


async def _never() -> None:
    pass


async def _nothing() -> Iterator[None]:  # type: ignore[misc] # only its type counts
    yield


_coroutine = _never()
_runs = {type(_empty()), type(_coroutine), type(_nothing())}
_coroutine.close()
_RUNNING = {"generator": "gi_code", "coroutine": "cr_code", "async_generator": "ag_code"}
