"""Find and read the files that the configured sources name: in the work tree, or at a ref."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from bot.config import SourceConfig
from bot.model import BadRecord, Reflection, Tree
from bot.sources import MAX_BYTES, Document, read_document

_NEVER_ENTERED = {".git", ".venv", "node_modules", "__pycache__", ".mypy_cache", ".tox"}


def read_work_tree(root: Path, source: SourceConfig) -> Iterator[Reflection | BadRecord]:
    """Records of the files below `root` that match, committed or not; links are not followed."""
    for relative in sorted(_matching_files(root, source.files)):
        path = root / relative
        if path.stat().st_size > MAX_BYTES:
            yield BadRecord(relative, f"is larger than {MAX_BYTES // 1024**2} MiB")
            continue
        yield from read_document(Document(source.name, relative, path.read_bytes()))


def read_tree(tree: Tree, source: SourceConfig) -> Iterator[Reflection | BadRecord]:
    """Records of the files that match in a commit's tree."""
    spec = GitIgnoreSpec.from_lines(source.files)
    for path in tree.paths():
        if not spec.match_file(path) or tree.blob(path) is None:
            continue
        where = f"{source.ref}:{path}"
        text = tree.read(path)
        if text is None:
            yield BadRecord(where, "is not UTF-8 text")
        elif len(text) > MAX_BYTES:
            yield BadRecord(where, f"is larger than {MAX_BYTES // 1024**2} MiB")
        else:
            yield from read_document(Document(source.name, where, text.encode()))


def _matching_files(root: Path, patterns: Sequence[str]) -> Iterator[str]:
    spec = GitIgnoreSpec.from_lines(patterns)
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NEVER_ENTERED)
        for name in files:
            path = Path(folder) / name
            relative = path.relative_to(root).as_posix()
            if spec.match_file(relative) and path.is_file() and not path.is_symlink():
                yield relative
