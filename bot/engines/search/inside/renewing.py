"""Making live functions what another text of their file says, without importing it again.

Functions get their new code and defaults, and names of the module and of its classes their new
plain values. That is not the same as importing the text, but near enough to compare with.
"""

from __future__ import annotations

import inspect
import types

from .bounded import Alarm, TooLong
from .values import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def renew(text: str, live: list[types.FunctionType], module: types.ModuleType | None) -> bool:
    """Give these functions what the text has for them; False where that cannot be done."""
    code = compile(text, _file_of(live), "exec", dont_inherit=True)
    new = dict(_named(code))
    if module is not None:
        _renew_values(module, code)
    for function in live:
        ours = new.get(function.__qualname__)
        if ours is None:
            continue
        if ours.co_freevars != function.__code__.co_freevars:
            return False
        function.__code__ = ours
        _renew_defaults(function, module)
    return True


def _file_of(live: list[types.FunctionType]) -> str:
    return live[0].__code__.co_filename if live else "<file>"


def _named(code: types.CodeType, prefix: str = "") -> Iterator[tuple[str, types.CodeType]]:
    """Every function's code by its qualified name; of several alike, the last."""
    for one in code.co_consts:
        if isinstance(one, types.CodeType) and not one.co_name.startswith("<"):
            name = prefix + one.co_name
            yield name, one
            is_function = one.co_flags & inspect.CO_OPTIMIZED
            yield from _named(one, name + (".<locals>." if is_function else "."))


_FRESH = "amendbot fresh values"


def _renew_values(module: types.ModuleType, code: types.CodeType) -> None:
    """Names of the module, and of its classes, that now have another plain value."""
    names: dict[str, Any] = {
        key: value
        for key, value in vars(module).items()
        if key.startswith("__") and key.endswith("__")
    }
    with Alarm(1.0):
        try:
            exec(code, names)
        except (Exception, TooLong, SystemExit):  # noqa: BLE001 - it is not our code
            return
    module.__dict__[_FRESH] = names
    for key, value in names.items():
        old = module.__dict__.get(key)
        if isinstance(value, type) and isinstance(old, type):
            for inner, ours in vars(value).items():
                if _is_plain(ours) and _differs(ours, vars(old).get(inner)):
                    setattr(old, inner, ours)
        elif key != _FRESH and _is_plain(value) and _differs(value, old):
            module.__dict__[key] = value


def _renew_defaults(function: types.FunctionType, module: types.ModuleType | None) -> None:
    fresh = (module.__dict__.get(_FRESH) or {}) if module is not None else {}
    new: Any = fresh
    for part in function.__qualname__.split("."):
        new = new.get(part) if isinstance(new, dict) else vars(new).get(part) if new else None
        new = getattr(new, "__func__", new)
        if not isinstance(new, (type, types.FunctionType)):
            return
    if isinstance(new, types.FunctionType) and new.__code__ == function.__code__:
        function.__defaults__ = new.__defaults__
        function.__kwdefaults__ = new.__kwdefaults__


def _is_plain(value: object) -> bool:
    kinds = (type, types.FunctionType, types.ModuleType, classmethod, staticmethod, property)
    return not isinstance(value, kinds) and not callable(value)


def _differs(one: object, other: object) -> bool:
    return told(one) != told(other)
