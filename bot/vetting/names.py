"""Names that others use: none may vanish, and none may be used without being there."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator

from bot.model import Finding
from bot.vetting.source import (
    After,
    NewText,
    classes,
    dotted,
    is_python,
    nodes,
    parse,
    statements,
    words,
)

_NOT_MISSED = words("__init__ __post_init__ __repr__ __str__ __del__ __all__")
_GIVEN = words(
    "__file__ __name__ __doc__ __path__ __spec__ __loader__ __package__ __builtins__ __class__ "
    "__module__ __qualname__ __debug__ __annotations__ __dict__ _ WindowsError unicode basestring "
    "reveal_type get_ipython"
) | frozenset(dir(builtins))


def vanished(file: NewText, after: After) -> Iterator[Finding]:
    """Public names of modules and classes that were there and no longer are."""
    old, new = parse(after.before(file)), parse(file.text)
    if old is None or new is None or not is_python(file.path, file.text):
        return
    package = file.path.endswith("__init__.py")
    before, now = _public(old, package), _public(new, package)
    kept = set(now) | set(_module_bindings(new)) | set(_set_on_self(new))
    if "__getattr__" in now:
        kept |= _strings(new)  # what a module makes on demand it has to name somewhere
    for name in before:
        if (
            name in kept
            or _gone_with_its_class(name, before, kept)
            or _inherited(name, before, new, kept)
        ):
            continue
        said = f"{file.path} no longer has {name}, which others may use"
        yield Finding("vanished", file.path, said)


def _public(module: ast.Module, package: bool) -> dict[str, None]:
    """The dotted names that a module offers, its classes' included, in order."""
    offered = _listed(module)
    found = {
        name: None
        for name in _bindings(module.body, package)
        if _is_public(name) or name in offered
    }
    if package or offered:
        found |= {name: None for name in _module_bindings(module) if package or name in offered}
        found = {name: None for name in found if _is_public(name) or name in offered}
    for name, node in classes(module).items():
        if all(map(_is_public, name.split("."))):
            for inner in _bindings(node.body, False):
                if _is_public(inner):
                    found[f"{name}.{inner}"] = None
    return found


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (name.endswith("__") and name not in _NOT_MISSED)


def _bindings(body: list[ast.stmt], imports: bool) -> Iterator[str]:
    """What a body defines or assigns; with `imports`, also what it imports."""
    for node in statements(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _targets(target)
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            yield from _targets(node.target)
        elif type(node).__name__ == "TypeAlias":
            # Python 3.11's `ast` has no TypeAlias, later ones do.
            yield from _targets(node.name)  # type: ignore[attr-defined, unused-ignore]
        elif imports and isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0]


def _targets(target: ast.expr) -> Iterator[str]:
    yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _module_bindings(module: ast.Module) -> Iterator[str]:
    yield from _bindings(module.body, True)


def _listed(module: ast.Module) -> set[str]:
    """The names in the module's `__all__`."""
    for node in statements(module.body):
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return _strings(node)
    return set()


def _strings(root: ast.AST) -> set[str]:
    return {
        node.value
        for node in ast.walk(root)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _set_on_self(module: ast.Module) -> Iterator[str]:
    """`Class.name` for each attribute that a method sets on `self`."""
    for owner, node in classes(module).items():
        for inner in ast.walk(node):
            if not isinstance(inner, ast.Attribute) or not isinstance(inner.ctx, ast.Store):
                continue
            if dotted(inner) == f"self.{inner.attr}":
                yield f"{owner}.{inner.attr}"


def _gone_with_its_class(name: str, before: Iterable[str], kept: set[str]) -> bool:
    """Whether the finding for the class says it all."""
    owner = name.rpartition(".")[0]
    return bool(owner) and owner in before and owner not in kept


def _inherited(name: str, before: Iterable[str], module: ast.Module, kept: set[str]) -> bool:
    """Whether the name moved up, to a class of the same file that this one derives from."""
    owner, _, attribute = name.rpartition(".")
    node = classes(module).get(owner)
    if owner and node is None:
        return owner in kept  # the whole class is imported now
    bases = [dotted(base) for base in node.bases] if node is not None else []
    return any(f"{base}.{attribute}" in kept - set(before) for base in bases)


# ------------------------------------------------------------------------------ undefined


def undefined(file: NewText, after: After) -> Iterator[Finding]:
    """Names that the new text uses and nothing in the file defines, imports or assigns."""
    new, old = parse(file.text), parse(after.before(file))
    if new is None or not is_python(file.path, file.text):
        return
    known = _unbound(old) if old is not None else set()
    for name in sorted(_unbound(new) - known):
        yield Finding("undefined", file.path, f"{file.path} uses {name}, which nothing defines")


def _unbound(module: ast.Module) -> set[str]:
    """Names read somewhere and bound nowhere, whatever the scope; none where a star may bind."""
    read: set[str] = set()
    bound: set[str] = set()
    for node in nodes(module):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.asname or alias.name.split(".")[0] for alias in node.names]
            if "*" in names:
                return set()
            bound.update(names)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            bound.update(node.names)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        else:
            for field in ("name", "rest"):  # definitions, handlers, patterns, type parameters
                name = getattr(node, field, None)
                if isinstance(name, str):
                    bound.add(name)
    return read - bound - _GIVEN
