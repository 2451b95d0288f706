"""The quick way to try a candidate: give the live functions new code, and import nothing again.

It comes to the same as importing the edited file where all that the edit changes is code of
functions that exist, of which nothing that differs has run yet, and whose closures stay as they
are; as far as what fails goes, too, where it is the value of a name that nothing has read yet. What
has run or was read by then is tried as well, but not believed: it only tells which import is worth
its time at once.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from types import CodeType, FunctionType

from .belief import Belief
from .codes import is_function, key_of, pairs, real, same, shallow_same
from .editing import File, NewValue, NotSwappable
from .rebinding import NotRebindable, RanBefore, Rebinding, rebinding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType, ModuleType

    from .codes import Key
    from .editing import Edit


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
        return [code for code in ran if real(code.co_filename).startswith(self._tree)]

    def _called(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self._codes[id(frame.f_code)] = frame.f_code


class Swap:
    """Another code for one function."""

    def __init__(self, function: FunctionType, new: CodeType, belief: Belief) -> None:
        self.old = function.__code__
        self.belief = belief
        self._function = function
        self._new = new

    def put(self) -> None:
        self._function.__code__ = self._new

    def take_back(self) -> None:
        self._function.__code__ = self.old


def put(swaps: Sequence[Swap | Rebinding]) -> bool | None:
    """Whether a candidate is in its place; False where importing it fails as well, None where
    that is not known."""
    try:
        for swap in swaps:
            swap.put()
    except re.error:
        return False
    except BaseException:  # noqa: BLE001 - it is the candidate's own; time that is up shows itself
        return None
    return True


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
        self._ran_early = {key_of(code) for code in ran_early if is_function(code)}
        self._ran = RanBefore(ran_early)
        self._modules = modules
        self._live: dict[Key, list[FunctionType]] = {}
        self._running: set[Key] = set()
        self._files: dict[str, File] = {}
        self._look_around()

    def plan(self, path: str, base: str, edits: Sequence[Edit]) -> list[Swap | Rebinding]:
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = File(os.path.join(self._tree, path), base)
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
            return rebinding(new.name, new.classes, new.value, own[0], everywhere, self._ran)
        except NotRebindable as reason:
            raise NotSwappable(str(reason)) from reason

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

    def _has_run(self, old: CodeType, new: CodeType, around: bool = False) -> bool:
        """Whether a part that differs ran while the tests were collected: the body of a class did
        where the function around it did."""
        ran = key_of(old) in self._ran_early if is_function(old) else around
        if ran and not shallow_same(old, new):
            return True
        return any(self._has_run(*pair, ran) for pair in pairs(old, new))

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
        if key in self._running:
            raise NotSwappable("it is running")
        live = self._with_code(old)
        if not live:
            raise NotSwappable("nothing has it")
        belief = Belief.NOTHING if self._has_run(old, new) else Belief.ALL
        yield from (Swap(function, new, belief) for function in live)
        for inner, newer in pairs(old, new):
            if not same(inner, newer):
                yield from self._inner(inner, newer, belief)

    def _inner(self, old: CodeType, new: CodeType, belief: Belief) -> Iterator[Swap]:
        """What exists already of a function inside of one; the rest comes with the outer one."""
        key = key_of(old)
        if key in self._running:
            raise NotSwappable("a part of it is running")
        for function in self._with_code(old):
            if old.co_freevars != new.co_freevars:
                raise NotSwappable("its closure changes")
            yield Swap(function, new, belief)
        for inner, newer in pairs(old, new):
            yield from self._inner(inner, newer, belief)


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
