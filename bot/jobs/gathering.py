"""Gather what other jobs have written: files, or folders of them as a workflow downloads them.

A file named by itself must be one; of a folder a bad one is said and left out, for one job gone
wrong must not cost the others' work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.errors import UserError
from bot.evidence import Evidence
from bot.jobs.answers import Brought, Claim, read_answers
from bot.jobs.files import read_text
from bot.jobs.limits import MAX_ALL_BYTES, MAX_ANSWERS_BYTES, MAX_FILES
from bot.untrusted import one_line

SUFFIX = ".json"


def gather(paths: Sequence[Path]) -> Brought:
    """All that these files and folders bring; an absent folder brings nothing."""
    brought = Brought()
    for path in paths:
        if path.is_dir():
            brought += _folder(path)
        elif path.suffix == SUFFIX or path.exists():
            brought += read_answers(read_text(path, MAX_ANSWERS_BYTES), str(path))
    return brought


def _folder(folder: Path) -> Brought:
    claims: list[Claim] = []
    evidence: list[Evidence] = []
    notices: list[str] = []
    left = MAX_ALL_BYTES
    for number, path in enumerate(_files(folder)):
        if number == MAX_FILES or left <= 0:
            notices.append(f"{folder} holds more than is read of a folder; the rest is left out")
            break
        try:
            text = read_text(path, MAX_ANSWERS_BYTES, follow=False)
            left -= len(text)
            found = read_answers(text, str(path))
        except UserError as error:
            notices.append(f"left out: {one_line(str(error), 300)}")
            continue
        claims.extend(found.claims)
        evidence.extend(found.evidence)
    return Brought(tuple(claims), tuple(evidence), tuple(notices))


def _files(folder: Path) -> Iterator[Path]:
    """The files of a folder and of the folders in it, in an order that is always the same."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from sorted(one for one in path.iterdir() if one.suffix == SUFFIX)
        elif path.suffix == SUFFIX:
            yield path
