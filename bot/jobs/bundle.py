"""The bundle: the base commit's files, and the commits to be tested on it, as one file of git's.

Neither side needs the history: the base stands alone in it, as in a shallow clone, so it can be
made in one. Whoever opens it gets a repository of their own in a temporary folder, with no remote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.errors import UserError
from bot.git_formats import GitFailed
from bot.jobs.files import sha256_of
from bot.jobs.limits import MAX_BUNDLE_BYTES
from bot.jobs.work import BUNDLE_FILE, Work
from bot.model import Sha
from bot.quarantine import HERMETIC
from bot.repository import Repository
from bot.temporary import TemporaryFolder

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[pack]\n\tthreads = 1\n"


def write_bundle(repository: Repository, base: Sha, heads: Sequence[Sha], file: Path) -> str:
    """Write the base and these commits on it to a bundle, and return its SHA-256.

    The same commits give the same bytes from the same packs.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = TemporaryFolder()
    try:
        own = temporary.path / "bundled.git"
        _lay_out(own, base)
        refs = {f"refs/heads/{number}": sha for number, sha in enumerate((base, *heads))}
        for ref, sha in refs.items():
            (own / ref).parent.mkdir(parents=True, exist_ok=True)
            (own / ref).write_text(f"{sha}\n")
        apart = HERMETIC | {
            "GIT_DIR": str(own),
            "GIT_OBJECT_DIRECTORY": str(own / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repository.quarantine / "objects"),
        }
        repository.run("bundle", "create", "--quiet", str(file.resolve()), *refs, environment=apart)
    finally:
        temporary.close()
    return sha256_of(file, MAX_BUNDLE_BYTES)


@contextmanager
def open_bundle(work: Work, folder: Path) -> Iterator[Repository]:
    """A repository that holds the work's base and its heads, and nothing else."""
    file = folder / BUNDLE_FILE
    if sha256_of(file, MAX_BUNDLE_BYTES) != work.bundle:
        raise UserError(f"{file} is not the bundle that the work was listed with; list it anew.")
    temporary = TemporaryFolder()
    try:
        own = temporary.path / "base.git"
        _lay_out(own, work.base)
        with Repository(own) as repository:
            try:
                repository.run("bundle", "unbundle", str(file.resolve()))
            except GitFailed as error:
                raise UserError(f"{file} cannot be unpacked: {error}.") from error
            missing = next((sha for sha in (work.base, *work.heads) if not repository.has(sha)), "")
            if missing:
                raise UserError(f"{file} lacks the commit {missing}; list the work anew.")
            yield repository
    finally:
        temporary.close()


def _lay_out(folder: Path, base: Sha) -> None:
    """A bare repository in which the history begins with the base."""
    (folder / "refs").mkdir(parents=True)
    (folder / "objects").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    (folder / "config").write_text(_CONFIG)
    (folder / "shallow").write_text(f"{base}\n")
