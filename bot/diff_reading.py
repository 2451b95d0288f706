"""A unified diff as exact edits: git applies it, and what counts is git's account of the result."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import git_formats
from bot.commit_tree import CommitTree, utf8
from bot.git_formats import GitFailed
from bot.model import Edit, Finding, Sha
from bot.repository import Repository

MAX_DIFF_CHARS = 200_000
"""A longer diff is nothing a model wrote by hand."""
_PLACELESS_HUNK = re.compile(r"(?m)^@@ -.*\n(?:\+.*\n|\\.*\n)*(?=@@|diff |--- |\Z)")
"""A hunk of added lines alone."""
_COMPARE = ("--literal-pathspecs", "diff-index", "--cached", "--no-renames")


def edits_of(repository: Repository, base: Sha, diff: str) -> tuple[Edit, ...] | Finding:
    """The exact edits that a unified diff makes at `base`, or why it makes none.

    Git applies it to an index of its own, wrong line counts put right, and only ordinary files
    changed or added count, nothing else.
    """
    if len(diff) > MAX_DIFF_CHARS:
        return Finding("diff", "", f"the diff is longer than {MAX_DIFF_CHARS:,} characters")
    text = diff.replace("\r\n", "\n").rstrip("\n") + "\n"
    try:
        sent = text.encode()
    except UnicodeEncodeError:
        return Finding("diff", "", "the diff is not valid Unicode")
    with TemporaryDirectory(dir=repository.quarantine) as folder:
        index = _Index(repository, Path(folder) / "index")
        index.run("read-tree", base)
        refusal = _apply(index, text, sent)
        if refusal:
            return Finding("diff", "", f"the diff does not apply: {refusal}")
        return _edits_in(index, repository.tree(base))


class _Index:
    """An index of its own to run git on, so that no other command sees it."""

    def __init__(self, repository: Repository, path: Path) -> None:
        self._repository = repository
        self._environment = {"GIT_INDEX_FILE": str(path)}

    def run(self, *args: str, stdin: bytes | None = None) -> bytes:
        return self._repository.run(*args, stdin=stdin, environment=self._environment)

    def text(self, blob: str) -> str | None:
        return utf8(self._repository.read_blob(Sha(blob)))


def _apply(index: _Index, text: str, sent: bytes) -> str:
    """Apply a diff to the index; what git says if it does not, else ""."""
    strip = "-p1" if re.search(r"(?m)^(---|\+\+\+|diff --git) [ab]/", text) else "-p0"
    apply = ["apply", "--cached", "--recount", "--whitespace=nowarn", strip]
    try:
        index.run(*apply, "--check", stdin=sent)
    except GitFailed as error:
        # Git takes a hunk that ends in no context for the file's end. A model means no such
        # thing, and any line that is kept or removed still says where the hunk belongs.
        if _PLACELESS_HUNK.search(text):
            return str(error)
        apply.append("--unidiff-zero")
    try:
        index.run(*apply, "--check", stdin=sent)
        index.run(*apply, stdin=sent)
    except GitFailed as error:
        return str(error)
    return ""


def _edits_in(index: _Index, tree: CommitTree) -> tuple[Edit, ...] | Finding:
    """What the index changes of a tree, as edits."""
    edits: list[Edit] = []
    rows = index.run(*_COMPARE, "--raw", "-z", "--no-abbrev", tree.commit).split(b"\x00")
    for row, name in zip(rows[::2], rows[1::2], strict=False):
        path = git_formats.path_text(name)
        old_mode, new_mode, _, blob, status = row.decode().removeprefix(":").split(" ")
        if new_mode not in ("100644", "100755") or status not in ("A", "M"):
            return Finding("diff", path, f"the diff removes {path} or changes what it is")
        if new_mode != (old_mode if status == "M" else "100644"):
            return Finding("diff", path, f"the diff changes the mode of {path}")
        new, old = index.text(blob), tree.read(path)
        if new is None or (old is None and status == "M"):
            return Finding("diff", path, f"{path} is binary or not UTF-8")
        if old is None:
            edits.append(Edit(path, None, "", new))
            continue
        if not old:
            return Finding("diff", path, f"{path} is empty, so nothing in it can be replaced")
        hunks = index.run(
            *_COMPARE, "-p", "-U1", "--no-ext-diff", "--no-textconv", "--no-color", "--text",
            tree.commit, "--", path,
        )  # fmt: skip
        base = tree.blob(path)
        pairs = git_formats.replacements(hunks.decode(), old, new)
        edits.extend(Edit(path, base, before, after) for before, after in pairs)
    return tuple(edits) or Finding("diff", "", "the diff changes nothing")
