"""Code objects: what a function is known by, and whether two do the same."""

from __future__ import annotations

import os
from types import CodeType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Key = tuple[str, int, str]

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


def key_of(code: CodeType) -> Key:
    return real(code.co_filename), code.co_firstlineno, code.co_name


_reals: dict[str, str] = {}


def real(path: str) -> str:
    found = _reals.get(path)
    if found is None:
        found = _reals[path] = os.path.realpath(path)
    return found


def is_function(code: CodeType) -> bool:
    return bool(code.co_flags & 0x2)  # CO_NEWLOCALS; class bodies and modules lack CO_OPTIMIZED


def has_function(code: CodeType) -> bool:
    return any(is_function(inner) or has_function(inner) for inner in _inside(code))


def inside_of(code: CodeType) -> Iterator[CodeType]:
    """The code itself, and all that is inside of it."""
    yield code
    for inner in _inside(code):
        yield from inside_of(inner)


def pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
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
    return shallow_same(old, new) and all(same(*pair) for pair in pairs(old, new))


def _same_const(old: object, new: object) -> bool:
    if isinstance(old, CodeType):
        return isinstance(new, CodeType)
    return type(old) is type(new) and repr(old) == repr(new)  # 0.0 == -0.0 == False
