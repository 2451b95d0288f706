"""Whether a patch may become a commit, and whether a commit is what its patch said.

Pure and structural. Its author is treated as an attacker: `vet_edits` judges what was asked for
before anything is built, `vet_commit` judges git's own account of what was built.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.config import PatchConfig
from bot.model import Commit, Edit, FileChange, Finding, Patch, Tree
from bot.untrusted import is_visible

REGULAR_MODES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class NewText:
    """What a file will hold once the edits are made."""

    path: str
    mode: str
    text: str


@dataclass(frozen=True, slots=True)
class Vetted:
    """The files a patch makes, or why it is refused; one of the two is empty."""

    files: tuple[NewText, ...]
    refused: tuple[Finding, ...]


def vet_edits(patch: Patch, tree: Tree) -> Vetted:
    """Judge the edits of a patch against the tree they are for, and make them in memory."""
    refused: list[Finding] = []
    files: list[NewText] = []
    if not patch.edits:
        refused.append(Finding("empty", "", "the patch has no edits"))
    taken: list[str] = []
    for path in dict.fromkeys(edit.path for edit in patch.edits):
        finding = _bad_path(path) or _bad_target(path, tree) or _collision(path, taken)
        taken.append(path)
        if finding:
            refused.append(finding)
            continue
        edits = [edit for edit in patch.edits if edit.path == path]
        made = _make(path, edits, tree)
        if isinstance(made, Finding):
            refused.append(made)
            continue
        broken = _broken_syntax(made, tree)
        if broken:
            refused.append(broken)
        else:
            files.append(made)
    return Vetted((), tuple(refused)) if refused else Vetted(tuple(files), ())


def vet_commit(
    commit: Commit, files: Sequence[NewText], limits: PatchConfig
) -> tuple[Finding, ...]:
    """Judge git's own comparison of the built commit with its parent."""
    refused = list(_unexpected(commit.changes, files))
    if not commit.changes:
        refused.append(Finding("no change", "", "the patch changes nothing"))
    if len(commit.changes) > limits.max_files:
        refused.append(
            Finding(
                "too large",
                "",
                f"{len(commit.changes)} files change; patch.max_files is {limits.max_files}",
            )
        )
    lines = sum(change.lines for change in commit.changes)
    if lines > limits.max_lines:
        refused.append(
            Finding("too large", "", f"{lines} lines change; patch.max_lines is {limits.max_lines}")
        )
    return tuple(refused)


def _unexpected(changes: Sequence[FileChange], files: Sequence[NewText]) -> Iterator[Finding]:
    """What git's account of a commit holds beyond ordinary changes to the files of the patch."""
    asked = {file.path for file in files}
    for change in changes:
        finding = _bad_path(change.path)
        if finding:
            yield finding
        if change.path not in asked:
            yield Finding("unasked", change.path, f"{change.path} changes, but no edit names it")
        if change.status not in ("A", "M"):
            yield Finding("unasked", change.path, f"{change.path} is removed or changes its type")
        if change.new_mode not in REGULAR_MODES:
            yield Finding("file type", change.path, f"{change.path} is not a regular file")
        elif change.old_mode not in ("000000", change.new_mode):
            yield Finding("mode change", change.path, f"{change.path} changes its mode")
        if change.added is None:
            yield Finding("binary", change.path, f"{change.path} is binary")


# ----------------------------------------------------------------------------------- paths

_WINDOWS_DEVICE = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")
_GIT_SHORT_NAME = re.compile(r"(?i)^(\.git|git~\d+)$")


def _bad_path(path: str) -> Finding | None:
    """Why this can be no path of a file in any tree the bot writes."""

    def bad(why: str) -> Finding:
        return Finding("path", path, f"the path {path!r} {why}")

    if not path or len(path) > 1024:
        return bad("is empty or longer than 1,024 characters")
    if path.startswith(("/", "~")) or "\\" in path or ":" in path:
        return bad("is not relative with forward slashes")
    if not all(map(is_visible, path)):
        return bad("holds a control or invisible character")
    if unicodedata.normalize("NFC", path) != path:
        return bad("is not in Unicode's composed form, so another file may have its name")
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return bad("escapes its folder")
        plain = unicodedata.normalize("NFKC", part).rstrip(". ")
        if _GIT_SHORT_NAME.match(plain):
            return bad("is inside git's own folder")
        if part != part.rstrip(". ") or _WINDOWS_DEVICE.match(part):
            return bad("names another file on some systems")
    return None


def _bad_target(path: str, tree: Tree) -> Finding | None:
    """Why this path cannot be edited or made in this tree."""
    mode = tree.mode(path)
    if mode == "120000":
        return Finding("file type", path, f"{path} is a symbolic link")
    if mode == "160000":
        return Finding("file type", path, f"{path} is a submodule")
    if mode:
        return None
    return _collision(path, tree.paths())


def _collision(path: str, known_paths: Iterable[str]) -> Finding | None:
    """Why a new file cannot stand beside these, on a file system that folds case or not."""
    folded = _folded(path)
    parts = folded.split("/")
    above = {"/".join(parts[:count]) for count in range(1, len(parts))}
    for known in known_paths:
        other = _folded(known)
        if other in above:
            return Finding("path", path, f"{known} is a file or link, so {path} cannot be below it")
        if other.startswith(f"{folded}/"):
            return Finding("path", path, f"{path} is a folder: it holds {known}")
        if other == folded:
            return Finding("path", path, f"{path} differs from {known} only in case or accents")
    return None


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


# ----------------------------------------------------------------------------------- texts


def _make(path: str, edits: Sequence[Edit], tree: Tree) -> NewText | Finding:
    """Make the edits of one file, each where its old text stands once in the base's text."""
    blob = tree.blob(path)
    if any(edit.blob != blob for edit in edits):
        return Finding("stale", path, f"{path} is not what the edit was made for")
    flaw = next(filter(None, map(_bad_text, edits)), "")
    if flaw:
        return Finding("text", path, f"the new text for {path} {flaw}")
    if blob is None:
        if len(edits) > 1 or edits[0].old:
            return Finding("not found", path, f"{path} does not exist, so nothing can be replaced")
        return NewText(path, "100644", edits[0].new)
    base = tree.read(path)
    if base is None:
        return Finding("binary", path, f"{path} is not UTF-8 text")
    spans = []
    for edit in edits:
        located = _locate(edit, base)
        if isinstance(located, str):
            return Finding("not found", path, f"the old text {located} in {path}")
        spans.append(located)
    spans.sort()
    if any(first[1] > second[0] for first, second in pairwise(spans)):
        return Finding("overlap", path, f"two edits of {path} overlap")
    text = base
    for start, end, new in reversed(spans):
        text = text[:start] + new + text[end:]
    return NewText(path, tree.mode(path), text)


def _locate(edit: Edit, base: str) -> tuple[int, int, str] | str:
    """Start, end and replacement of an edit; line ends follow the file's own."""
    end = "\r\n" if "\r\n" in base else "\n"
    old, new = (re.sub(r"\r?\n", end, text) for text in (edit.old, edit.new))
    if not old:
        return "is empty, but the file exists"
    if old == new:
        return "and the new text are the same"
    found = base.find(old)
    if found < 0:
        return "does not stand"
    if base.find(old, found + 1) >= 0:
        return "stands more than once"
    return found, found + len(old), new


_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _bad_text(edit: Edit) -> str:
    if "\x00" in edit.new:
        return "is binary"
    try:
        edit.new.encode("utf-8")
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if set(edit.new) & _BIDIRECTIONAL - set(edit.old):
        return "holds characters that show text in another order than it is run"
    if edit.old.endswith("\n") and edit.new and not edit.new.endswith("\n"):
        return "lacks the line end that the old text has, so two lines would become one"
    return ""


def _broken_syntax(file: NewText, tree: Tree) -> Finding | None:
    """Whether the file parsed before (or is new) and does not any more."""
    flaw = _syntax_error(file.path, file.text)
    if not flaw:
        return None
    base = tree.read(file.path)
    if base is not None and _syntax_error(file.path, base):
        return None
    return Finding("syntax", file.path, f"{file.path} does not parse: {flaw}")


def _syntax_error(path: str, text: str) -> str:
    text = text.removeprefix("\ufeff")
    try:
        if path.endswith((".py", ".pyi")):
            _compile(text)
        elif path.endswith(".json"):
            json.loads(text)
        elif path.endswith(".toml"):
            tomllib.loads(text)
    except SyntaxError as error:
        return f"{error.msg} in line {error.lineno}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return ""


def _compile(source: str) -> None:
    """Raise what Python says of this source. Nothing is run; parsing alone lets `return` outside a
    function and the like pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(source, "<patch>", "exec", dont_inherit=True)
