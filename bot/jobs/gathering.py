"""Gather what other jobs have written: files, or folders of them as a workflow downloads them.

A file named by itself must be one; of a folder a bad one is said and left out, for one job gone
wrong must not cost the others' work. Artifacts lie in folders of their names, which say what each
job was about: it is heard of nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.errors import UserError
from bot.jobs.answers import ENGINE, Brought, limited, read_answers
from bot.jobs.files import read_text
from bot.jobs.limits import MAX_ALL_BYTES, MAX_ANSWERS_BYTES, MAX_FILES, MAX_FILES_OF_ONE
from bot.jobs.work import FINGERPRINT, WORK_FILE
from bot.untrusted import one_line

SUFFIX = ".json"
_ARTIFACT = re.compile(
    rf"(?:answers-(?P<engine>{ENGINE})|evidence)-"
    rf"(?P<about>{FINGERPRINT.strip('^$')}|[0-9a-f]{{40}})"
)


def gather(paths: Sequence[Path], outside: Path | None = None) -> Brought:
    """All that these files and folders bring; an absent folder brings nothing.

    No folder may lie in `outside`, a checkout: what jobs leave there could pass for reflections.
    """
    brought = Brought()
    for path in paths:
        if path.is_dir():
            keep_out(path, outside)
            brought += _folder(path)
        elif path.suffix == SUFFIX or path.exists():
            brought += read_answers(read_text(path, MAX_ANSWERS_BYTES), str(path))
    return brought


def keep_out(folder: Path, outside: Path | None) -> None:
    """A UserError if jobs' files are to lie in the checkout `outside`."""
    if outside is not None and folder.resolve().is_relative_to(outside.resolve()):
        raise UserError(
            f"{folder} lies in the checkout, where its files could pass for reflections; name a "
            f"folder outside, as in $RUNNER_TEMP."
        )


def _folder(folder: Path) -> Brought:
    brought, left = Brought(), MAX_ALL_BYTES
    for number, part in enumerate(_parts(folder)):
        if number == MAX_FILES or left <= 0:
            said = f"{folder} holds more than is read of a folder; the rest is left out"
            return brought + Brought(notices=(said,))
        found, size = _part(part, MAX_FILES if part == folder else MAX_FILES_OF_ONE)
        left -= size
        named = _ARTIFACT.fullmatch(part.name)
        if named and part != folder:
            found = limited(found, named["about"], named["engine"] or "", str(part))
        brought += found
    return brought


def _parts(folder: Path) -> Iterator[Path]:
    """The folder, and the folders in it, in an order that is always the same."""
    yield folder
    yield from sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())


def _part(folder: Path, most_files: int) -> tuple[Brought, int]:
    """What the files right in a folder bring, and how many characters were read."""
    brought, read = Brought(), 0
    files = sorted(one for one in folder.iterdir() if one.suffix == SUFFIX and not one.is_dir())
    for number, path in enumerate(one for one in files if one.name != WORK_FILE):
        if number == most_files or read > MAX_ANSWERS_BYTES:
            said = f"{folder} holds more than is read of one job; the rest is left out"
            return brought + Brought(notices=(said,)), read
        try:
            text = read_text(path, MAX_ANSWERS_BYTES, follow=False)
            read += len(text)
            brought += read_answers(text, str(path))
        except UserError as error:
            brought += Brought(notices=(f"left out: {one_line(str(error), 300)}",))
    return brought, read
