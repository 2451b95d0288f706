"""What a reflection names, found in the base tree: files first, then symbols in them.

Grounding decides an incident's identity and what an engine is shown, so it believes only what the
tree confirms: a path that exists, a definition that parses out of that file.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from bot.model import Place, Tree

MAX_PLACES = 8
"""A text that names more than this is not about one defect; the first ones named are kept."""

_FILE = re.compile(r"(?<![\w./-])(?:(?<!:)/)?(?:[\w.-]+/)*[\w-][\w.-]*\.[A-Za-z]\w{0,9}(?::(\d+))?")
_TRACEBACK = re.compile(r'File "([^"\n]+)", line (\d+)')
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


def ground(texts: Iterable[str], tree: Tree) -> tuple[Place, ...]:
    """Every place these texts name that exists in the tree, in the order they are first named."""
    whole = "\n".join(texts)
    files: dict[str, int] = {}
    for path, line in _named_files(whole, tree):
        files[path] = files.get(path) or line  # a mention without a line does not undo one with it
    names = list(dict.fromkeys(_NAME.findall(whole)))
    places: list[Place] = []
    for path, line in files.items():
        symbols = _named_symbols(path, names, tree)
        places.extend(Place(path, symbol, line) for symbol in symbols or [""])
    return tuple(places[:MAX_PLACES])


def parse(source: str) -> ast.Module | None:
    """A Python file's syntax, None where it has none. What Python warns of is nobody's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source.removeprefix("\ufeff"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def definitions(source: str) -> dict[str, list[tuple[int, int]]]:
    """Dotted name of each class and function -> its 1-based, inclusive lines, decorators included.

    Nested names are dotted through what they stand in (`Outer.method.inner`). Source that does not
    parse has none.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    module = parse(source)
    if module is None:
        return found
    pending: list[tuple[str, ast.AST]] = [("", module)]
    while pending:
        prefix, node = pending.pop()
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = f"{prefix}{child.name}"
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                found.setdefault(name, []).append((first, child.end_lineno or child.lineno))
                inner = f"{name}."
            pending.append((inner, child))
    return found


def _named_files(text: str, tree: Tree) -> Iterator[tuple[str, int]]:
    """Paths of the tree the text names, each with a line if one is named beside it."""
    mentioned = [(m[1], int(m[2])) for m in _TRACEBACK.finditer(text)]
    mentioned += [(m[0].split(":")[0], int(m[1] or 0)) for m in _FILE.finditer(text)]
    by_name: dict[str, list[str]] = {}
    for path in tree.paths():
        by_name.setdefault(PurePosixPath(path).name, []).append(path)
    for mention, line in mentioned:
        candidates = by_name.get(PurePosixPath(mention.replace("\\", "/")).name, [])
        for path in _best(mention.replace("\\", "/"), candidates):
            if tree.blob(path) is not None:
                yield path, line


def _best(mention: str, candidates: list[str]) -> list[str]:
    """The candidates that share the longest tail of folders with what was mentioned."""

    def shared(path: str) -> int:
        count = 0
        pairs = zip(reversed(path.split("/")), reversed(mention.split("/")), strict=False)
        for ours, theirs in pairs:
            if ours != theirs:
                break
            count += 1
        return count

    most = max(map(shared, candidates), default=0)
    return [path for path in candidates if shared(path) == most]


def _named_symbols(path: str, names: Iterable[str], tree: Tree) -> list[str]:
    """Definitions of a Python file that the text names, by their whole dotted name or their end."""
    source = tree.read(path) if path.endswith(".py") else None
    if source is None:
        return []
    known = definitions(source)
    found: dict[str, None] = {}
    for name in names:
        meant = [s for s in known if s == name or s.endswith(f".{name}")]
        found |= dict.fromkeys(meant or [s for s in known if name.endswith(f".{s}")])
    return [s for s in found if not any(other.startswith(f"{s}.") for other in found)]
