"""New imports have to lead somewhere: the standard library, the tree, or a declared dependency."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from sys import stdlib_module_names

from bot.model import Finding
from bot.vetting.manifests import MANIFESTS, declared
from bot.vetting.source import After, NewText, is_python, nodes, parse, statements

_OTHER_NAMES = {
    "attr": "attrs", "bs4": "beautifulsoup4", "bson": "pymongo", "cairosvg": "cairosvg",
    "crypto": "pycryptodome", "cv2": "opencv", "dateutil": "python-dateutil", "docx": "python-docx",
    "dotenv": "python-dotenv", "fitz": "pymupdf", "git": "gitpython", "github": "pygithub",
    "google": "google", "jose": "python-jose", "jwt": "pyjwt", "magic": "python-magic",
    "markdown": "markdown", "mysqldb": "mysqlclient", "nacl": "pynacl", "openssl": "pyopenssl",
    "pil": "pillow", "pkg_resources": "setuptools", "pptx": "python-pptx", "psycopg2": "psycopg2",
    "serial": "pyserial", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "slugify": "python-slugify", "socketio": "python-socketio", "telegram": "python-telegram-bot",
    "usb": "pyusb", "websocket": "websocket-client", "win32api": "pywin32", "yaml": "pyyaml",
    "zmq": "pyzmq", "_pytest": "pytest",
}  # fmt: skip
"""Modules whose distribution has another name."""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module; `name` is what is taken from it, empty for the module itself."""

    module: str
    level: int
    name: str = ""

    def __str__(self) -> str:
        return f"{'.' * self.level}{self.module}{f' ({self.name})' if self.name else ''}"


def unresolved(file: NewText, after: After) -> Iterator[Finding]:
    """New imports of the file that lead nowhere."""
    new, old = parse(file.text), parse(after.before(file))
    if new is None or not is_python(file.path, file.text):
        return
    known = set(_imports(old, guarded=True)) if old is not None else set()
    wanted = [each for each in dict.fromkeys(_imports(new, guarded=False)) if each not in known]
    if not wanted:
        return
    modules = _Modules(after)
    for each in wanted:
        if not _resolves(each, file, after, modules):
            said = f"{file.path} imports {each}, which is neither there nor a declared dependency"
            yield Finding("import", file.path, said)


def _imports(module: ast.Module, *, guarded: bool) -> Iterator[Import]:
    """What a module imports; with `guarded`, also what it can do without."""
    optional: set[int] = set()
    if not guarded:
        for node in nodes(module):
            if isinstance(node, ast.Try) and any(map(_catches_import_errors, node.handlers)):
                optional |= {id(inner) for part in node.body for inner in ast.walk(part)}
    for node in nodes(module):
        if id(node) in optional:
            continue
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(node.module or "", node.level, a.name) for a in node.names)


def _catches_import_errors(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception"})


class _Modules:
    """The Python modules and packages of the tree, by every dotted name they may go by."""

    def __init__(self, after: After) -> None:
        self._files: dict[str, list[str]] = {}
        self._folders: set[str] = set()
        self._roots: set[tuple[str, ...]] = set()
        for path in after.paths():
            if not path.endswith((".py", ".pyi", ".so", ".pyd")):
                continue
            parts = re.sub(r"(\.cpython[^/]*)?\.(pyi?|so|pyd)$", "", path).split("/")
            if parts[-1] == "__init__":
                parts.pop()
            self._roots.add(tuple(parts[1:2] if parts[:1] in (["src"], ["lib"]) else parts[:1]))
            for start in range(len(parts)):
                self._files.setdefault(".".join(parts[start:]), []).append(path)
                for end in range(start + 1, len(parts)):
                    self._folders.add(".".join(parts[start:end]))

    def has(self, name: str) -> bool:
        return name in self._files or name in self._folders

    def is_root(self, top: str) -> bool:
        """Whether the project itself has this top-level module or package."""
        return (top,) in self._roots

    def files(self, name: str) -> list[str]:
        return self._files.get(name, [])


def _resolves(wanted: Import, file: NewText, after: After, modules: _Modules) -> bool:
    name = wanted.module
    if wanted.level:
        folder = file.path.split("/")[:-1]
        if wanted.level - 1 > len(folder) or (wanted.level - 1 == len(folder) and len(folder) > 0):
            return False
        name = ".".join([*folder[: len(folder) - wanted.level + 1], *filter(None, [name])])
    top = name.split(".")[0]
    if not wanted.level and (top in stdlib_module_names or top == "_typeshed"):
        return True
    if modules.has(name) if name else wanted.level:
        return not wanted.name or _offers(name, wanted.name, after, modules)
    if wanted.level:
        return False
    if modules.is_root(top):
        return False
    return _depended_on(top, file, after)


def _offers(module: str, name: str, after: After, modules: _Modules) -> bool:
    """Whether a module of the tree has this name, as far as its text tells."""
    if name == "*" or modules.has(f"{module}.{name}" if module else name):
        return True
    paths = modules.files(module)
    texts = [text for path in paths if (text := after.read(path)) is not None]
    if not texts:
        return not paths or any(not path.endswith(".py") for path in paths)
    return any(_binds(text, name) for text in texts)


def _binds(text: str, name: str) -> bool:
    module = parse(text)
    if module is None:
        return True
    for node in statements(module.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if node.name in (name, "__getattr__"):
                return True
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and inner.id in (name, "globals", "setattr"):
                return True
            if isinstance(inner, ast.alias) and (inner.asname or inner.name) in (name, "*"):
                return True
    return False


def _depended_on(top: str, file: NewText, after: After) -> bool:
    """Whether the tree declares the dependency or imports it somewhere at the base already."""
    if _distribution(top) in _declared(after) or _plain(top) in _declared(after):
        return True
    statement = re.compile(rf"^\s*(?:import|from)\s+{re.escape(top)}\b", re.MULTILINE)
    if statement.search(after.before(file)):
        return True
    for path, _ in after.mentioning(top, file.path):
        text = after.tree.read(path)
        if text is not None and statement.search(text):
            return True
    return False


def _declared(after: After) -> frozenset[str]:
    """The distributions that the tree's manifests name, and the first words of their names."""
    words: set[str] = set()
    for path in after.paths():
        if MANIFESTS.search(path):
            for word in declared(path, after.read(path) or ""):
                words |= {_plain(word), _plain(re.split(r"[-_.]", word)[0])}
    return frozenset(words)


def _distribution(module: str) -> str:
    return _plain(_OTHER_NAMES.get(module.casefold(), module))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).casefold()
