"""The files of the repositories the bot makes for itself: its quarantine, and throwaway clones.

Both are laid out by hand, because `git init` and `git clone` take templates, hooks and settings
from the user and write down where things came from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from bot.model import Sha

TARGET = "target"
"""The remote's name in the quarantine, so that its address, which may hold a password, stands in no
argument list."""

HERMETIC = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "0",
    "GIT_ATTR_NOSYSTEM": "1",
}
"""The environment in which git knows nothing of the user's and the machine's settings, and no
token."""

_QUARANTINE_CONFIG = """\
[core]
	repositoryformatversion = 0
	bare = true
	hooksPath = /dev/null
	logAllRefUpdates = false
[gc]
	auto = 0
[maintenance]
	auto = false
[fetch]
	recurseSubmodules = false
"""
_CLONE_CONFIG = """\
[core]
	repositoryformatversion = 0
	filemode = true
	bare = false
"""


def is_shallow(common: Path) -> bool:
    """Whether the user's clone has only the newest part of the history, as CI makes them."""
    return (common / "shallow").is_file()


def lay_out_quarantine(folder: Path, common: Path, url: str) -> None:
    """A bare repository that borrows the objects of the user's, whose git folder is `common`."""
    (folder / "refs").mkdir()
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    quoted = url.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "config").write_text(f'{_QUARANTINE_CONFIG}[remote "{TARGET}"]\n\turl = "{quoted}"\n')
    if _has_whole_objects(common):
        alternates = folder / "objects" / "info" / "alternates"
        alternates.write_text(f"{common / 'objects'}\n")
        if is_shallow(common):
            (folder / "shallow").write_bytes((common / "shallow").read_bytes())


def _has_whole_objects(common: Path) -> bool:
    """A partial clone lacks objects it claims to have, so nothing is borrowed from one."""
    config = common / "config"
    return not config.is_file() or b"partialclone" not in config.read_bytes().lower()


class Run(Protocol):
    """`bot.repository.Repository.run`."""

    def __call__(
        self, *args: str, stdin: bytes | None = None, environment: Mapping[str, str] | None = None
    ) -> bytes: ...


def check_out(run: Run, objects: Path, commit: Sha, folder: Path) -> None:
    """Make a clone in an empty folder that is at `commit` and knows nothing else.

    Its pack is written in the folder, which may be on another disk than the `objects` it is from.
    """
    own = folder / ".git"
    packs = own / "objects" / "pack"
    packs.mkdir(parents=True)
    (own / "refs").mkdir()
    (own / "HEAD").write_text(f"{commit}\n")
    (own / "shallow").write_text(f"{commit}\n")
    (own / "config").write_text(_CLONE_CONFIG)
    apart = HERMETIC | {
        "GIT_DIR": str(own),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(own / "index"),
        "GIT_OBJECT_DIRECTORY": str(own / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects),
    }
    plain = ("-c", "core.hooksPath=/dev/null", "-c", "core.attributesFile=/dev/null")
    pack = ("pack-objects", "--quiet", "--revs", "--window=0", "--delta-base-offset")
    wanted = f"{commit}\n".encode()
    run("-c", "pack.compression=1", *pack, str(packs / "pack"), stdin=wanted, environment=apart)
    alone = apart | {"GIT_ALTERNATE_OBJECT_DIRECTORIES": ""}
    run(*plain, "read-tree", "-m", "-u", commit, environment=alone)
