"""Where a patch may write: plainly inside the tree, on every system that may check it out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.model import Finding, Tree
from bot.untrusted import is_visible
from bot.vetting.lookalikes import look_alike

MAX_PATH_CHARS = 1024
MAX_PART_BYTES = 255
"""What file systems allow for one name."""

_WINDOWS_DEVICE = re.compile(
    r"(?i)^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[\d\u00b9\u00b2\u00b3])\s*(\..*)?$"
)
_GIT_FOLDER = re.compile(r"(?i)^(\.git|git~\d+)$")
_GIT_FILE = re.compile(r"(?i)^\.git(modules|attributes|ignore)$|^\.mailmap$")
_GIT_SHORT_NAME = re.compile(
    r"(?i)^(gitmod|gitatt|gitign|mailma|gi7eba|gi7d29|gi250a|maba30)~\d+$"
)  # what Windows calls git's own files beside their names; git itself looks out for these
_NOT_ON_WINDOWS = frozenset('<>|?*"')


def bad_path(path: str) -> Finding | None:
    """Why this can be no path of a file in any tree the bot writes."""

    def bad(why: str) -> Finding:
        return Finding("path", path, f"the path {path[:200]!r} {why}")

    if not path or len(path) > MAX_PATH_CHARS:
        return bad("is empty or longer than 1,024 characters")
    if path.startswith(("/", "~")) or "\\" in path or ":" in path:
        return bad("is not relative with forward slashes")
    if not all(character == " " or _shows(character) for character in path):
        return bad("holds a control or invisible character")
    if set(path) & _NOT_ON_WINDOWS:
        return bad("holds a character that Windows has in no name")
    if unicodedata.normalize("NFC", path) != path:
        return bad("is not in Unicode's composed form, so another file may have its name")
    for part in path.split("/"):
        why = _bad_part(part)
        if why:
            return bad(why)
    return None


def _bad_part(part: str) -> str:
    if part in ("", ".", ".."):
        return "escapes its folder"
    if len(part.encode("utf-8", "replace")) > MAX_PART_BYTES:
        return "has a part longer than 255 bytes"
    plain = unicodedata.normalize("NFKC", part).rstrip(". ")
    if _GIT_FOLDER.match(plain) or look_alike(plain, (".git",)) == ".git":
        return "is inside git's own folder"
    if _GIT_SHORT_NAME.match(plain) or (plain != part and _GIT_FILE.match(plain)):
        return "is one of git's own files under another name"
    if part != part.rstrip(". ") or _WINDOWS_DEVICE.match(part):
        return "names another file on some systems"
    reads_as = look_alike(part, ())
    if reads_as:
        return f"looks like {reads_as!r} and is another"
    return ""


def _shows(character: str) -> bool:
    return is_visible(character) and not unicodedata.category(character).startswith("Z")


def bad_target(path: str, tree: Tree) -> Finding | None:
    """Why this path cannot be edited or made in this tree."""
    mode = tree.mode(path)
    if mode == "120000":
        return Finding("file type", path, f"{path} is a symbolic link")
    if mode == "160000":
        return Finding("file type", path, f"{path} is a submodule")
    if mode:
        return None
    return collision(path, tree.paths())


def collision(path: str, known_paths: Iterable[str]) -> Finding | None:
    """Why a new file cannot stand beside these, on a file system that folds case or not."""
    folded = _folded(path)
    parts = path.split("/")
    folded_parts = folded.split("/")
    above = {"/".join(folded_parts[:count]) for count in range(1, len(parts))}
    folders = {"/".join(parts[:count]) for count in range(1, len(parts))}
    twin = ""
    for known in known_paths:
        other = _folded(known)
        if other in above:
            return Finding("path", path, f"{known} is a file or link, so {path} cannot be below it")
        if other.startswith(f"{folded}/"):
            return Finding("path", path, f"{path} is a folder: it holds {known}")
        if other == folded:
            return Finding("path", path, f"{path} differs from {known} only in case or accents")
        if known.startswith(f"{'/'.join(parts[:-1])}/"):
            folders = set()  # the folder is there already, whatever stands beside it
        twin = twin or _other_folder(known, folders, above)
    if twin and folders:
        said = f"the folder of {path} differs from {twin} only in case or accents"
        return Finding("path", path, said)
    return None


def _other_folder(known: str, folders: set[str], folded_folders: set[str]) -> str:
    """A folder of a known path that is, on some systems, one of these and is spelt otherwise."""
    parts = known.split("/")
    for count in range(1, len(parts)):
        folder = "/".join(parts[:count])
        if _folded(folder) not in folded_folders:
            return ""
        if folder not in folders:
            return folder
    return ""


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
