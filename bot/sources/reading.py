"""Find and read the files that the configured sources name: in the work tree, or at a ref."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from bot.config import SourceConfig
from bot.model import BadRecord, Reflection, Tree
from bot.sources import Document, read_document, read_stream

MAX_FILE = 1024**3
"""The largest file of the work tree that is read, in bytes; it is never held whole."""
MAX_BLOB = 64 * 1024**2
"""The largest file of a commit that is read, in bytes; git hands it over whole."""

_NEVER_ENTERED = {".git", ".venv", "node_modules", "__pycache__", ".mypy_cache", ".tox"}


def read_work_tree(root: Path, source: SourceConfig) -> Iterator[Reflection | BadRecord]:
    """Records of the files below `root` that match, committed or not; links are not followed."""
    for relative in sorted(_matching_files(root, source.files)):
        path = root / relative
        try:
            if path.stat().st_size > MAX_FILE:
                yield BadRecord(relative, f"is larger than {MAX_FILE // 1024**2} MiB")
                continue
            with path.open("rb") as stream:
                yield from read_stream(stream, source.name, relative)
        except OSError as error:
            yield BadRecord(relative, f"cannot be read: {error.strerror or error}")


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
            continue
        content = text.encode()
        del text
        if len(content) > MAX_BLOB:
            yield BadRecord(where, f"is larger than {MAX_BLOB // 1024**2} MiB")
        else:
            yield from read_document(Document(source.name, where, content))


def _matching_files(root: Path, patterns: Sequence[str]) -> Iterator[str]:
    spec = GitIgnoreSpec.from_lines(patterns)
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NEVER_ENTERED)
        for name in files:
            path = Path(folder) / name
            relative = path.relative_to(root).as_posix()
            if spec.match_file(relative) and path.is_file() and not path.is_symlink():
                yield relative
