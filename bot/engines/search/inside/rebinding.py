"""The quick way to try another value of a name that a module, or a class in it, binds at import.

In the live process the name gets its new value wherever it is bound. What was made of the old one
by then would stay, so failing is believed only where nothing has read the name so far; and passing
never is: for what passes, the project is imported anew.
"""

from __future__ import annotations

import dis
from types import BuiltinMethodType, CodeType

from .belief import Belief

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from types import ModuleType
    from typing import Any

_STORE = "STORE_NAME"
_BINDS = frozenset([_STORE, "IMPORT_NAME"])
_ATTRIBUTES = frozenset(
    ["LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR", "LOAD_SUPER_ATTR"]
)
_NAMES = frozenset(dis.hasname)
_ASKING = ("globals", "locals", "vars", "dir", "eval", "exec")
_MISSING = object()


class NotRebindable(Exception):
    """Why the file has to be imported again."""


class RanBefore:
    """What the code that ran before the first test did with names."""

    def __init__(self, codes: Collection[CodeType]) -> None:
        self._codes = codes
        self._uses: dict[int, _Uses] = {}

    def has_read(self, name: str, files: Collection[str]) -> bool:
        """Whether any of it has read this name where these files bind it, or off anything."""
        return any(
            name in uses.attributes or (name in uses.read and file in files)
            for file, uses in self._with(name)
        )

    def has_looked_at_all(self, files: Collection[str]) -> bool:
        """Whether any of it in these files has asked which names there are."""
        return any(self.has_read(name, files) for name in _ASKING)

    def has_imported(self, name: str, file: str) -> bool:
        return any(name in uses.imported and file == each for each, uses in self._with(name))

    def has_bound(self, name: str, file: str) -> bool:
        """Whether a file binds the name itself, instead of importing it."""
        return any(name in uses.bound and file == each for each, uses in self._with(name))

    def _with(self, name: str) -> Iterator[tuple[str, _Uses]]:
        for code in self._codes:
            if name in code.co_names:
                uses = self._uses.get(id(code))
                if uses is None:
                    uses = self._uses[id(code)] = _Uses(code)
                yield code.co_filename, uses


class _Uses:
    """The names that a piece of code reads; those of attributes; and those that it binds.

    What it imports by another name is nobody's own any more: it counts as an attribute.
    """

    def __init__(self, code: CodeType) -> None:
        self.read: set[str] = set()
        self.attributes: set[str] = set()
        self.bound: set[str] = set()
        self.imported: set[str] = set()
        imported = ""
        for instruction in dis.get_instructions(code):
            kind, name = instruction.opname, instruction.argval
            if kind == "EXTENDED_ARG":
                continue
            if imported and (kind != _STORE or name != imported):
                self.attributes.add(imported)
            elif kind == _STORE and not imported:
                self.bound.add(name)
            imported = name if kind == "IMPORT_FROM" else ""
            if imported:
                self.imported.add(imported)
            if instruction.opcode in _NAMES and not imported and kind not in _BINDS:
                (self.attributes if kind in _ATTRIBUTES else self.read).add(name)


class Rebinding:
    """Another value for one name, everywhere it is bound to the value that it has."""

    def __init__(self, spaces: Sequence[Space], value: CodeType, belief: Belief) -> None:
        self.belief = belief
        self._spaces = spaces
        self._value = value
        self._old = spaces[0].get()

    def put(self) -> None:
        """May raise whatever making the new value raises."""
        value = self._spaces[0].made(self._value)
        for space in self._spaces:
            space.set(value)

    def take_back(self) -> None:
        for space in self._spaces:
            space.set(self._old)


class Space:
    """One name in a module, or in a class of it."""

    def __init__(self, name: str, module: ModuleType, owner: type | None = None) -> None:
        self._name = name
        self._module = module
        self._owner = owner

    @property
    def file(self) -> str:
        return self._module.__file__ or ""

    def get(self) -> object:
        try:
            return vars(self._owner or self._module).get(self._name, _MISSING)
        except Exception:  # noqa: BLE001 - anything may stand where modules do
            return _MISSING

    def set(self, value: object) -> None:
        if self._owner is not None:
            setattr(self._owner, self._name, value)
        else:
            vars(self._module)[self._name] = value

    def made(self, value: CodeType) -> object:
        names: Mapping[str, Any] = vars(self._owner) if self._owner else vars(self._module)
        return eval(value, vars(self._module), dict(names))


def rebinding(
    name: str,
    classes: Sequence[str],
    value: CodeType,
    module: ModuleType,
    others: Sequence[ModuleType],
    ran: RanBefore,
) -> Rebinding:
    """Another value for the name that this module, or a class in it, binds: there, and wherever it
    was imported from there."""
    own = Space(name, module, _class_in(module, classes))
    old = own.get()
    if old is _MISSING:
        raise NotRebindable("the name is not there")
    if not ran.has_bound(name, own.file):
        raise NotRebindable("nobody has seen how it was bound")
    if classes and (hasattr(type(old), "__get__") or hasattr(type(old), "__set_name__")):
        raise NotRebindable("its class has made something of it")
    found = [own]
    elsewhere = (Space(name, other) for other in others if other is not module and not classes)
    for space in elsewhere:
        if space.get() is old and not ran.has_bound(name, space.file):
            found.append(space)
        elif space.get() is old and ran.has_imported(name, space.file):
            raise NotRebindable("a file that imports it binds it, too")
    files = {space.file for space in found}
    is_read = ran.has_read(name, files) or ran.has_looked_at_all(files)
    return Rebinding(found, value, Belief.NOTHING if is_read else Belief.FAILING)


def _class_in(module: ModuleType, names: Sequence[str]) -> type | None:
    """The class; none of a kind that does something with what its body binds."""
    owner: Any = None
    for name in names:
        owner = vars(owner or module).get(name)
        if type(owner) is not type or owner.__name__ != name:
            raise NotRebindable("its class is of a kind of its own")
        if not isinstance(owner.__init_subclass__, BuiltinMethodType):
            raise NotRebindable("its class makes something of it")
    return owner if names else None
