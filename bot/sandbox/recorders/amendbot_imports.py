"""Which changed files a Python process really imported, or what answered in their stead.

An editable install of the user's own work tree, or a copy in site-packages, would otherwise pass or
fail tests in the name of a commit that never ran.
"""

from __future__ import annotations

import os
import sys

import amendbot_events

TYPE_CHECKING = False
if TYPE_CHECKING:  # see amendbot_events for why it is not simply imported
    from collections.abc import Iterator

_CODE_ROOTS = ("src", "lib", "python")
_STANDARD_LIBRARY = os.path.realpath(os.path.dirname(os.__file__)) + os.sep
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


class ChangedFiles:
    """The changed Python files of the tree, and the names they can be imported by."""

    def __init__(self, tree: str, paths: list[str]) -> None:
        self._tree = os.path.realpath(tree) + os.sep
        self._files = {self._tree + path for path in paths if path.endswith(".py")}
        self._short = {os.path.basename(_stem(file)) for file in self._files}
        self._by_name: dict[str, set[str]] = {}
        for path in paths:
            for name in self._names(path):
                self._by_name.setdefault(name, set()).add(self._tree + path)

    def __bool__(self) -> bool:
        return bool(self._files)

    def answered_by(self, name: str, file: str) -> str | None:
        """The file to report for a module of this name, loaded from this file."""
        wanted = self._by_name.get(name)
        if wanted is None and os.path.basename(_stem(file)) not in self._short:
            return None  # the common case; asking the disk about every module would cost
        real = os.path.realpath(file)
        if real in self._files:
            return real
        if wanted is None or _is_standard(real):
            return None
        if real.startswith(self._tree) and _stem(real) not in {_stem(path) for path in wanted}:
            return None  # another file of the tree that goes by the same name
        return real

    def _names(self, path: str) -> Iterator[str]:
        parts = path[: -len(".py")].split("/") if path.endswith(".py") else []
        folders = parts[:-1]
        if parts and parts[-1] == "__init__":
            parts = folders
        if not parts:
            return
        yield ".".join(parts)
        if len(parts) > 1 and parts[0] in _CODE_ROOTS:
            yield ".".join(parts[1:])
        top = len(folders)
        while top and os.path.exists(self._tree + "/".join([*folders[:top], "__init__.py"])):
            top -= 1
        if parts[top:]:
            yield ".".join(parts[top:])


def _stem(file: str) -> str:
    """The file without what tells source, bytecode and compiled modules of one name apart."""
    folder, name = os.path.split(file)
    return os.path.join(folder, name.split(".", 1)[0])


def _is_standard(file: str) -> bool:
    return file.startswith(_STANDARD_LIBRARY) and not any(part in file for part in _INSTALLED)


_changed = ChangedFiles(os.environ.get("AMENDBOT_TREE", ""), list(amendbot_events.changed_lines()))
_reported: set[str] = set()


def report() -> None:
    """Report what is imported by now and was not reported yet."""
    if not _reported:
        _reported.add("")
        amendbot_events.emit("python")
    if not _changed:
        return
    for key, module in list(sys.modules.items()):
        try:
            # Plain attribute access would load a module that was put off until it is used.
            attributes = object.__getattribute__(module, "__dict__")
        except AttributeError:
            continue
        file = attributes.get("__file__")
        if not isinstance(file, str):
            continue  # built in, or a namespace package
        name = getattr(attributes.get("__spec__"), "name", None)
        path = _changed.answered_by(name if isinstance(name, str) else key, os.path.abspath(file))
        if path is not None and path not in _reported:
            _reported.add(path)
            amendbot_events.emit("imported", path=path)
