"""Collections of bugs on disk: a folder for each bug, and how one is read and written.

`src/` is the buggy tree with its pytest tests, `fixed/` the same tree repaired. Optional are
`hidden/`, tests that are laid over a tree only to judge it, and `reflection.json`, a record as an
agent would have written it. `origin.json` tells people where the bug comes from; nothing else
reads it.
"""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench._running import IGNORED, put
from bot.errors import UserError


@dataclass(frozen=True, slots=True)
class Bug:
    """One folder of a collection."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def src(self) -> Path:
        return self.folder / "src"

    @property
    def fixed(self) -> Path:
        return self.folder / "fixed"

    @property
    def hidden(self) -> Path | None:
        path = self.folder / "hidden"
        return path if path.is_dir() else None

    @property
    def reflection(self) -> Path | None:
        path = self.folder / "reflection.json"
        return path if path.is_file() else None

    @property
    def kind(self) -> str:
        """What sort of mistake it is, where its maker said so."""
        path = self.folder / "origin.json"
        return str(json.loads(path.read_text()).get("kind", "")) if path.is_file() else ""


def read_collection(folder: Path) -> tuple[Bug, ...]:
    """The bugs of a collection in the order of their names; a UserError where there are none."""
    if not folder.is_dir():
        raise UserError(
            f"There is no collection at {folder}; none comes with the bot. Make one from a clone "
            f"with 'python bench/collect.py'."
        )
    bugs = tuple(Bug(path) for path in sorted(folder.iterdir()) if (path / "src").is_dir())
    if not bugs:
        raise UserError(f"{folder} holds no bugs: none of its folders has a 'src' in it.")
    return bugs


def write_bug(
    folder: Path,
    tree: Path,
    *,
    src: Mapping[str, str | None],
    fixed: Mapping[str, str | None],
    hidden: Mapping[str, str] | None = None,
    origin: Mapping[str, object] | None = None,
) -> Bug:
    """Lay down one bug: `tree` twice, with these files in `src/` and those in `fixed/`."""
    if folder.exists():
        shutil.rmtree(folder)
    for name, files in (("src", src), ("fixed", fixed)):
        shutil.copytree(tree, folder / name, ignore=IGNORED, symlinks=True)
        for path, text in files.items():
            put(folder / name / path, text)
    for path, text in (hidden or {}).items():
        put(folder / "hidden" / path, text)
    if origin is not None:
        put(folder / "origin.json", json.dumps(origin, indent=1, sort_keys=True) + "\n")
    return Bug(folder)


def python_files(tree: Path) -> Iterator[str]:
    """The paths of a tree's Python files, sorted."""
    for path in sorted(tree.rglob("*.py")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(tree).as_posix()


def changed_files(bug: Bug) -> tuple[str, ...]:
    """The Python files that the repair changes."""
    paths = sorted({*python_files(bug.src), *python_files(bug.fixed)})
    return tuple(path for path in paths if _bytes(bug.src / path) != _bytes(bug.fixed / path))


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


class _Bare(ast.NodeTransformer):
    """Drops what does not run: strings that stand alone, as docstrings do."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list):
                setattr(node, name, [one for one in statements if not _is_text(one)])
        return node


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def same_program(one: str, other: str) -> bool:
    """Whether two Python files have the same AST, docstrings and comments left aside."""
    try:
        return shape(one) == shape(other)
    except (SyntaxError, ValueError, RecursionError):
        return one == other


def shape(text: str) -> str:
    """The AST of a Python file without its docstrings, in a form that can be compared."""
    return ast.dump(_Bare().visit(ast.parse(text)))
