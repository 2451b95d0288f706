"""What the project holds between two tests, to see whether one has left something behind.

What a test can meet of an earlier one is what the modules hold that it runs: their variables, the
containers and objects in them, what functions and classes keep, and the process's surroundings.
"""

from __future__ import annotations

import functools
import itertools
import os
import random
import sys
import threading
from collections import deque
from types import (
    CellType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

MOST = 5_000
"""So many objects are looked at, the nearest first."""
MOST_EACH = 200
"""So many of what one container holds."""
_PLAIN = (int, float, complex, bool, str, bytes, type(None))
_WARNED = "__warningregistry__"
_IGNORED = frozenset(["__builtins__", _WARNED, "tearDown_exceptions"])
"""The last is a list that `unittest` makes anew for each run of a class."""
_CACHED = type(functools.lru_cache()(lambda: None))
_LOCKS = (type(threading.Lock()), type(threading.RLock()))


class Holding:
    """What some modules hold. It calls nothing that the project has defined.

    `own` are the names of all modules of the project.
    """

    def __init__(self, modules: Sequence[ModuleType], own: frozenset[str]) -> None:
        self._modules = modules
        self._own = own
        self._marks = self._look()

    def is_as_before(self) -> bool:
        """Whether nothing has changed since the last look."""
        before, self._marks = self._marks, self._look()
        return before == self._marks

    def _look(self) -> list[object]:
        try:
            return self._marks_now()
        except Exception:  # noqa: BLE001 - a metaclass may raise anything; then it has changed
            return [object()]

    def _marks_now(self) -> list[object]:
        marks = list(_surroundings())
        seen: set[int] = set()
        pending: deque[object] = deque(vars(module) for module in self._modules)
        while pending and len(marks) < MOST:
            found = pending.popleft()
            if type(found) in _PLAIN:
                marks.append(found)
            else:
                marks.append(id(found))
                if id(found) not in seen:
                    seen.add(id(found))
                    pending.extend(self._inside(found, marks))
        return marks

    def _inside(self, found: Any, marks: list[object]) -> Iterable[object]:
        kind = type(found)
        if issubclass(kind, dict):
            marks.append(dict.__len__(found) - dict.__contains__(found, _WARNED))
            return _entries(dict.items(found))
        for sort in (list, tuple, set, frozenset, deque):
            if issubclass(kind, sort):
                marks.append(sort.__len__(found))
                return itertools.islice(sort.__iter__(found), MOST_EACH)
        if kind is FunctionType:
            return self._of_function(found)
        if issubclass(kind, type):
            return self._of_class(found)
        if kind in (staticmethod, classmethod):
            return (found.__func__,)
        if kind is property:
            return (found.fget, found.fset)
        if kind is MethodType:
            return (found.__self__, found.__func__)
        marks.append(_state(found))
        return self._of_object(found)

    def _of_class(self, found: type) -> Iterable[object]:
        if found.__module__ in self._own:
            return _entries(vars(found).items())
        return ()

    def _of_function(self, found: FunctionType) -> Iterator[object]:
        if found.__module__ in self._own:
            yield found.__defaults__
            yield found.__kwdefaults__
            yield found.__dict__
        for cell in found.__closure__ or ():
            yield _content(cell)

    def _of_object(self, found: object) -> Iterator[object]:
        kind = type(found)
        if kind.__module__ in self._own:
            for each in kind.__mro__:
                for value in list(vars(each).values()):
                    if type(value) is MemberDescriptorType:
                        try:
                            yield value.__get__(found)
                        except AttributeError:
                            continue
            try:
                yield object.__getattribute__(found, "__dict__")
            except AttributeError:
                return


def _entries(items: Iterable[tuple[object, object]]) -> Iterator[object]:
    for key, value in itertools.islice(items, MOST_EACH):
        if type(key) is not str or key not in _IGNORED:
            yield key
            yield value


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _state(found: Any) -> object:
    """What changes in an object of the standard library while it stays where it is."""
    kind = type(found)
    if kind is _CACHED:
        return found.cache_info()[1::2]  # without how often it was of use
    if kind is itertools.count or kind in _LOCKS:
        return repr(found)
    return found.getstate() if kind is random.Random else None


def _surroundings() -> Iterator[object]:
    yield dict(os.environ)
    yield os.getcwd()
    yield list(sys.path)
    yield random.getstate()
    yield threading.active_count()
    yield sys.getrecursionlimit()
