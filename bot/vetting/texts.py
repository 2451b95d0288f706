"""What a patch may write: texts that people can read as they are, made of edits that fit."""

from __future__ import annotations

import builtins
import keyword
import re
import tokenize
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.model import Edit, Finding, Tree
from bot.untrusted import is_visible
from bot.vetting.lookalikes import look_alike
from bot.vetting.source import NewText, added_lines, is_python, tokens

MAX_TEXT_CHARS = 1_000_000
"""A longer file is more than vetting can judge in good time."""
MAX_LINE_CHARS = 2_000
"""A longer line is more than a reviewer can see, unless the file has such lines already."""
MAX_BLANKS = 100
"""More blanks than this within a line push what follows off a reviewer's screen."""
PROSE = (".md", ".markdown", ".rst", ".txt", ".adoc")


# ------------------------------------------------------------------------------ making the edits


def make(path: str, edits: Sequence[Edit], tree: Tree) -> NewText | Finding:
    """Make the edits of one file, each where its old text stands once in the base's text."""
    blob = tree.blob(path)
    if any(edit.blob != blob for edit in edits):
        return Finding("stale", path, f"{path} is not what the edit was made for")
    base = tree.read(path) if blob is not None else ""
    if base is None:
        return Finding("binary", path, f"{path} is not UTF-8 text")
    if len(base) + sum(len(edit.new) for edit in edits) > MAX_TEXT_CHARS:
        return _too_large(path)
    flaw = next(filter(None, (_bad_text(edit, base) for edit in edits)), "")
    if flaw:
        return Finding("text", path, f"the new text for {path} {flaw}")
    if not base and (len(edits) > 1 or edits[0].old):
        what = "does not exist" if blob is None else "is empty"
        return Finding("not found", path, f"{path} {what}, so nothing can be replaced")
    if not base:
        return NewText(path, tree.mode(path) or "100644", edits[0].new)
    return _replaced(path, edits, base, tree.mode(path))


def _replaced(path: str, edits: Sequence[Edit], base: str, mode: str) -> NewText | Finding:
    spans = []
    for edit in edits:
        located = _locate(edit, base)
        if isinstance(located, str):
            return Finding("not found", path, f"the old text {located} in {path}")
        if _glues(edit, base, *located[:2]):
            said = "lacks a line end that the old text has, so two lines would become one"
            return Finding("text", path, f"the new text for {path} {said}")
        spans.append(located)
    spans.sort()
    if any(first[1] > second[0] for first, second in pairwise(spans)):
        return Finding("overlap", path, f"two edits of {path} overlap")
    text = base
    for start, end, new in reversed(spans):
        text = text[:start] + new + text[end:]
    return NewText(path, mode, text)


def _too_large(path: str) -> Finding:
    said = f"{path} would be longer than {MAX_TEXT_CHARS:,} characters, too long to be judged"
    return Finding("too large", path, said)


def _locate(edit: Edit, base: str) -> tuple[int, int, str] | str:
    """Start, end and replacement of an edit; line ends follow the file's own, there."""
    if not edit.old:
        return "is empty, but the file exists"
    old, new = (text.replace("\r\n", "\n") for text in (edit.old, edit.new))
    if old == new:
        return "and the new text are the same"
    plain = base.replace("\r\n", "\n")
    found = plain.find(old)
    if found < 0:
        return "does not stand"
    if plain.find(old, found + 1) >= 0:
        return "stands more than once"
    start, end = found, found + len(old)
    if plain != base:
        ends = [match.start() - count for count, match in enumerate(re.finditer("\r\n", base))]
        start, end = (place + bisect_left(ends, place) for place in (start, end))
    return start, end, new.replace("\n", _line_end(base, start, end))


def _line_end(base: str, start: int, end: int) -> str:
    """The line end that lines here have: in the replaced text, else of the line it stands in."""
    here = base[start:end]
    if "\n" not in here:
        following = base.find("\n", end)
        here = base[following - 1 : following + 1] if following > 0 else base
    windows = here.count("\r\n")
    return "\r\n" if windows and windows * 2 >= here.count("\n") else "\n"


def _bad_text(edit: Edit, base: str) -> str:
    if "\x00" in edit.new:
        return "is binary"
    try:
        edit.new.encode("utf-8")
    except UnicodeEncodeError:
        return "is not valid Unicode"
    hidden = _hidden(edit, base)
    if hidden:
        return hidden
    return ""


def _glues(edit: Edit, base: str, start: int, end: int) -> bool:
    """Whether a line end goes that the edit most likely meant to keep."""
    if not edit.new:
        return False
    tail = edit.old.endswith("\n") and not edit.new.endswith("\n")
    head = re.match(r"\r?\n", edit.old) and not re.match(r"\r?\n", edit.new)
    return bool(
        (tail and not re.match(r"\r?\n", base[end : end + 2]))
        or (head and start and base[start - 1] != "\n")
    )


# ------------------------------------------------------------------------------ what hides

_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_LINE_ENDS = frozenset("\u2028\u2029\x85")


def _hidden(edit: Edit, base: str) -> str:
    """How new text hides something from a reader that the old text did not."""
    known = set(edit.old)
    new = edit.new
    if re.search(r"\r(?!\n)", new) and not re.search(r"\r(?!\n)", base):
        return "holds a carriage return that hides what stands before it"
    for place, character in enumerate(new):
        if character in "\n\r\t" or (character.isascii() and character.isprintable()):
            continue
        if character in known and character not in _JOINERS:
            continue
        before = new[place - 1] if place else "\n"
        if character == "\f" and before == "\n":
            continue
        if character == "\ufeff" and place == 0 and not base:
            continue
        if character in _JOINERS and not before.isascii() and _joins(before):
            continue
        if character in _LINE_ENDS or not is_visible(character):
            return f"holds U+{ord(character):04X}, which nobody sees"
    return ""


def _joins(before: str) -> bool:
    """Whether a joiner may follow: pictures and scripts whose letters change shape."""
    return unicodedata.category(before) in ("So", "Sk", "Lo", "Mn", "Mc", "Cf")


_GAP = re.compile(rf"\S[ \t]{{{MAX_BLANKS},}}\S")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)


def concealed(file: NewText, before: str) -> Iterator[Finding]:
    """Lines too long to be seen whole, and what stands beyond the edge of the page."""
    longest = max(map(len, before.splitlines()), default=0)
    allowed = max(MAX_LINE_CHARS, longest * 2)
    gaps = _GAP.search(file.text) is not None
    for line in added_lines(before, file.text):
        if len(line) > allowed:
            said = f"{file.path} gets a line of {len(line):,} characters, too long to be read"
            yield Finding("too large", file.path, said)
            return
        if gaps and _GAP.search(line):
            said = f"{file.path} gets a line whose end stands behind {MAX_BLANKS} blanks or more"
            yield Finding("text", file.path, said)
            return


def conflict_markers(file: NewText, before: str) -> Iterator[Finding]:
    """Lines that git leaves where it could not merge."""
    if not _CONFLICT.search(file.text):
        return
    for line in added_lines(before, file.text):
        if _CONFLICT.match(line):
            said = f"{file.path} gets a conflict marker: {line[:40]!r}"
            yield Finding("conflict", file.path, said)
            return


# ------------------------------------------------------------------------------ names

_BUILTIN_NAMES = frozenset([*dir(builtins), *keyword.kwlist])


def look_alike_names(file: NewText, before: str) -> Iterator[Finding]:
    """New names in code that read like other names."""
    if file.text.isascii() or file.path.endswith(PROSE):
        return
    old, new = _names(file.path, before), _names(file.path, file.text)
    known = _BUILTIN_NAMES | {name for name in old | new if name.isascii()}
    for name in sorted(new - old):
        reads_as = look_alike(name, known)
        if reads_as:
            said = f"{file.path} gets {name!a}, which looks like {reads_as!r} and is not it"
            yield Finding("look-alike", file.path, said)


def _names(path: str, text: str) -> set[str]:
    if is_python(path, text):
        return {token.string for token in tokens(text) if token.type == tokenize.NAME}
    return set(re.findall(r"[^\W\d]\w*", text))


_COOKIE = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PLAIN_COOKIE = re.compile(r"(?i)^(utf[-_]?8([-_]sig)?|ascii|us-ascii)$")
_BYTE_COOKIE = re.compile(r"(?i)^(latin[-_]?1|iso[-_]8859[-_]\d+|cp125\d|windows[-_]125\d)$")


def odd_encoding(file: NewText, before: str) -> Iterator[Finding]:
    """A declared encoding under which Python would read other text than what is judged here."""
    if not is_python(file.path, file.text):
        return
    cookie = _cookie(file.text)
    if not cookie or _PLAIN_COOKIE.match(cookie):
        return
    if cookie == _cookie(before) and _BYTE_COOKIE.match(cookie) and file.text.isascii():
        return
    said = f"{file.path} declares the encoding {cookie!r} but is UTF-8, so Python reads other text"
    yield Finding("encoding", file.path, said)


def _cookie(text: str) -> str:
    for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"), maxsplit=2)[:2]:
        match = _COOKIE.match(line)
        if match:
            return match[1]
        if line.strip() and not line.lstrip().startswith("#"):
            return ""
    return ""


def secrets(file: NewText, before: str) -> Iterator[Finding]:
    """Credentials in the added lines. The value itself is not repeated."""
    from bot.secrets import find

    for secret in find("\n".join(added_lines(before, file.text))):
        yield Finding("secret", file.path, f"{file.path} gets what looks like a {secret.kind}")
        return
