"""Signatures that change while their callers stay behind.

A change that every old call fits passes. Otherwise the calls are looked up, in the file itself and
by name in the others; only a call that fitted before and does not now refuses the patch.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import Parameter, Signature

from bot.model import Finding
from bot.vetting.source import (
    After,
    Defined,
    NewText,
    dotted,
    functions,
    is_python,
    parse,
    shape,
    words,
)

_TRANSPARENT = words(
    "staticmethod classmethod abstractmethod override cache lru_cache wraps contextmanager "
    "asynccontextmanager final deprecated"
)
"""Decorators that leave a function's parameters as they are; of others nothing is known."""
_COMMON = words("read write close open run start stop send call execute update load save").union(
    *map(dir, (str, list, dict, set, bytes, int))
)
"""Methods that many unrelated objects have: a call of one says nothing about whose it is."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A function whose parameters no longer take every call they took before."""

    name: str
    before: Signature
    now: Signature
    owner: str
    """The class it is a method of, or empty."""

    @property
    def is_public(self) -> bool:
        parts = self.name.split(".")
        return all(not part.startswith("_") or part == "__init__" for part in parts)


def changed_signatures(file: NewText, before: str) -> Iterator[Changed]:
    """The functions of the file that take fewer calls than before, public or not."""
    old, new = parse(before), parse(file.text)
    if old is None or new is None or not is_python(file.path, file.text):
        return
    known = functions(old)
    for name, function in functions(new).items():
        was = known.get(name)
        if was is None or shape(was.node.args) == shape(function.node.args):
            continue
        if not (_is_transparent(was) and _is_transparent(function)):
            continue
        one, other = _signature(was), _signature(function)
        if not _takes_all(one, other):
            owner = name.rpartition(".")[0] if function.owner is not None else ""
            yield Changed(name, one, other, owner)


def left_behind(file: NewText, after: After) -> Iterator[Finding]:
    """Each changed function with the first caller that no longer fits it."""
    for changed in changed_signatures(file, after.before(file)):
        where = _first_misfit(changed, file, after)
        if where:
            said = f"{changed.name} in {file.path} changes its parameters, but {where} calls it"
            yield Finding("signature", file.path, f"{said} as before")


def _first_misfit(changed: Changed, file: NewText, after: After) -> str:
    last = changed.name.rpartition(".")[2]
    word = changed.owner.rpartition(".")[2] if last == "__init__" else last
    others = after.mentioning(word, file.path)
    for path, text in [(file.path, file.text), *others]:
        module = parse(text)
        if module is None:
            continue
        for call in _calls(changed, file.path, path, module):
            if _misfit(changed, call):
                return f"line {call.lineno} of {path}"
    return ""


# ------------------------------------------------------------------------------ what fits


def _is_transparent(function: Defined) -> bool:
    for decorator in function.node.decorator_list:
        name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if name.rpartition(".")[2] not in _TRANSPARENT:
            return False
    return True


def _signature(function: Defined) -> Signature:
    """What a caller gives: a method's first parameter is not among it."""
    arguments = function.node.args
    only, both = Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD
    names = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args)]
    required = len(names) - len(arguments.defaults)
    parameters = [
        Parameter(
            name,
            only if place < len(arguments.posonlyargs) else both,
            default=None if place >= required else Parameter.empty,
        )
        for place, name in enumerate(names)
    ]
    marks = {dotted(decorator) for decorator in function.node.decorator_list}
    if function.owner is not None and "staticmethod" not in marks:
        parameters = parameters[1:]
    if arguments.vararg:
        parameters.append(Parameter(arguments.vararg.arg, Parameter.VAR_POSITIONAL))
    for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        value = Parameter.empty if default is None else None
        parameters.append(Parameter(arg.arg, Parameter.KEYWORD_ONLY, default=value))
    if arguments.kwarg:
        parameters.append(Parameter(arguments.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(parameters)


def _takes_all(before: Signature, now: Signature) -> bool:
    """Whether every call that fitted `before` fits `now` and means the same parameters."""
    old, new = _positional(before), _positional(now)
    kinds = {parameter.kind for parameter in now.parameters.values()}
    variadic = {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
    if variadic & {parameter.kind for parameter in before.parameters.values()} - kinds:
        return False
    for place, parameter in enumerate(old):
        if place >= len(new):
            if not kinds >= variadic:
                return False
        elif not _replaces(parameter, new[place]):
            return False
    if any(parameter.default is Parameter.empty for parameter in new[len(old) :]):
        return False
    return _keywords_fit(before, now, Parameter.VAR_KEYWORD in kinds)


def _keywords_fit(before: Signature, now: Signature, takes_any: bool) -> bool:
    for name, parameter in before.parameters.items():
        if parameter.kind is Parameter.KEYWORD_ONLY:
            other = now.parameters.get(name)
            if other is None and not takes_any:
                return False
            if other is not None and not _replaces(parameter, other):
                return False
    return all(
        parameter.default is not Parameter.empty or name in before.parameters
        for name, parameter in now.parameters.items()
        if parameter.kind is Parameter.KEYWORD_ONLY
    )


def _positional(signature: Signature) -> list[Parameter]:
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return [p for p in signature.parameters.values() if p.kind in kinds]


def _replaces(old: Parameter, new: Parameter) -> bool:
    if old.default is not Parameter.empty and new.default is Parameter.empty:
        return False
    if old.kind is Parameter.POSITIONAL_ONLY:
        return True
    return old.name == new.name and new.kind is not Parameter.POSITIONAL_ONLY


def _misfit(changed: Changed, call: ast.Call) -> bool:
    """Whether a call fitted before and does not fit, or means other parameters, now."""
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return False
    names = [keyword.arg for keyword in call.keywords]
    if None in names:
        return False
    before, now = (_bound(signature, call) for signature in (changed.before, changed.now))
    if before is None:
        return False
    if now is None:
        return True
    moved = set(changed.before.parameters) & set(changed.now.parameters)
    pairs = zip(_positional(changed.before), _positional(changed.now), strict=False)
    return any(
        one.name != other.name and {one.name, other.name} <= moved
        for one, other in list(pairs)[: len(call.args)]
    )


def _bound(signature: Signature, call: ast.Call) -> inspect.BoundArguments | None:
    try:
        return signature.bind(*call.args, **{str(k.arg): k.value for k in call.keywords})
    except TypeError:
        return None


# ------------------------------------------------------------------------------ who calls


def _calls(changed: Changed, home: str, path: str, module: ast.Module) -> Iterator[ast.Call]:
    """The calls in one file that are meant for this function, as far as names tell."""
    last = changed.name.rpartition(".")[2]
    own = _own_class_calls(changed, module) if home == path and changed.owner else set()
    wanted = changed.owner.rpartition(".")[2] if last == "__init__" else last
    names = _local_names(wanted, home, path, module)
    modules = _local_modules(home, path, module)
    instances = _Instances(changed, home, path, module)
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        called = dotted(node.func)
        head, _, attribute = called.rpartition(".")
        by_name = called in names or (attribute == wanted and head in modules)
        if not changed.owner or last == "__init__":
            if by_name:
                yield node
        elif (
            isinstance(node.func, ast.Attribute)
            and node.func.attr == last
            and (id(node) in own or instances.has(node.func.value))
        ):
            yield node


def _own_class_calls(changed: Changed, module: ast.Module) -> set[int]:
    """The calls on `self` or `cls` inside the class itself."""
    owner = changed.owner.rpartition(".")[2]
    return {
        id(node)
        for holder in ast.walk(module)
        if isinstance(holder, ast.ClassDef) and holder.name == owner
        for node in ast.walk(holder)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("self", "cls")
    }


def _parts(path: str) -> list[str]:
    parts = path.removesuffix(".py").split("/")
    return [part for part in parts if part != "__init__"]


def _local_names(name: str, home: str, path: str, module: ast.Module) -> set[str]:
    """What a name of the home module is called here, where it is imported from there."""
    if home == path:
        return {name}
    return {
        alias.asname or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and _means(node, home)
        for alias in node.names
        if alias.name == name
    }


def _means(node: ast.ImportFrom, home: str) -> bool:
    """Whether the module, or a package it is in, is what is imported from."""
    if not node.module:
        return node.level > 0
    return node.module.rpartition(".")[2] in _parts(home)


def _local_modules(home: str, path: str, module: ast.Module) -> set[str]:
    """What the home module itself is called here."""
    if home == path:
        return set()
    parts = _parts(home)
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name for a in node.names if parts and a.name == parts[-1]}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if parts and alias.name.split(".")[-1] == parts[-1]:
                    found.add(alias.asname or alias.name)
    return found


class _Instances:
    """Which expressions of a file are objects of the class whose method changed."""

    def __init__(self, changed: Changed, home: str, path: str, module: ast.Module) -> None:
        self._last = changed.name.rpartition(".")[2]
        owner = changed.owner.rpartition(".")[2]
        self._classes = _local_names(owner, home, path, module) if owner else set()
        self._variables: set[str] = set()
        self._rare = self._last not in _COMMON and not _defined_elsewhere(self._last, owner, module)
        for node in ast.walk(module):
            if isinstance(node, ast.Assign) and self._made(node.value):
                self._variables |= {t.id for t in node.targets if isinstance(t, ast.Name)}

    def has(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name) and (node.id in self._variables or node.id in self._classes):
            return node.id in self._variables
        return self._made(node) or (self._rare and bool(self._classes))

    def _made(self, node: ast.expr) -> bool:
        """Whether this is `Class(...)`, or a chain of calls that starts with it."""
        while isinstance(node, (ast.Call, ast.Attribute)):
            if isinstance(node, ast.Call) and dotted(node.func) in self._classes:
                return True
            node = node.func if isinstance(node, ast.Call) else node.value
        return False


def _defined_elsewhere(name: str, owner: str, module: ast.Module) -> bool:
    return any(
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name
        for holder in ast.walk(module)
        if isinstance(holder, ast.ClassDef) and holder.name != owner
        for node in holder.body
    )
