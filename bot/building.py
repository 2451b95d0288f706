"""Build: make a patch a commit in the quarantine, vetted before and after, or say why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from bot.evidence import Evidence
from bot.git_formats import Identity
from bot.ledger import HeadRecord
from bot.model import Commit, Finding, Kind, Marks, Patch, Pull, PullState
from bot.repository import File, Repository
from bot.risks import risks
from bot.snapshot import Snapshot
from bot.vet import vet_commit, vet_edits
from bot.write_back import Origin, WriteBack, write_back

if TYPE_CHECKING:
    from bot.sandbox.hooks import Hooked

BACK_AND_FORTH = "back and forth"
"""The rule of findings that end all work on an incident until a person goes on with it."""


class CurrentPulls(Protocol):
    """Of `bot.forges.ForgeReader` what a change is compared with."""

    def current(self, branch: str) -> Pull | None: ...


class Proof(Protocol):
    """What the tests and the pre-commit hooks say of a commit: a `Verifier`, or what it has said.

    Each is None where nothing is known of it. `awaits` says whether that is still to come.
    """

    def verify(self, commit: Commit, notes: tuple[str, ...] = ()) -> Evidence | None: ...

    def awaits(self, commit: Commit) -> bool: ...

    def hooks(self, commit: Commit) -> Hooked | None: ...


@dataclass(frozen=True, slots=True)
class Workbench:
    """What proposals are made with. Without a proof nothing is known of their tests."""

    repository: Repository
    reader: CurrentPulls
    verifier: Proof | None


@dataclass(frozen=True, slots=True)
class Built:
    """A commit that passed vetting, and git's account of its change."""

    commit: Commit
    files: tuple[File, ...]
    diff: str
    patch_id: str
    risks: tuple[Finding, ...]
    marks: tuple[Marks, ...] = ()
    """What the commit changes beside the patch: reflections that it marks as resolved."""


def build(
    patch: Patch,
    message: str,
    snapshot: Snapshot,
    bench: Workbench,
    *,
    own: str = "",
    takes_back: bool = False,
) -> Built | tuple[Finding, ...]:
    """Make a patch a commit on the base and vet both, or say why it is refused.

    A change is proposed once; `own` is the branch on which it may be anew. Only what is meant to
    take a merge back may do so exactly.
    """
    vetted = vet_edits(patch, snapshot.tree)
    if vetted.refused:
        return vetted.refused
    repository = bench.repository
    files = tuple(File(file.path, file.mode, file.text.encode()) for file in vetted.files)
    sha = repository.build(
        snapshot.base.sha,
        files,
        message,
        Identity(snapshot.config.commit.name, snapshot.config.commit.email),
        snapshot.base.date,
    )
    commit = repository.commit(sha)
    refused = vet_commit(commit, vetted.files, snapshot.config.patch)
    if refused:
        return refused
    diff = repository.diff(commit)
    patch_id = repository.patch_id(diff)
    known = _known_change(patch_id, snapshot, bench.reader, own)
    if not takes_back:
        known = known or _undoes(commit, snapshot, bench)
    if known:
        return (known,)
    return Built(commit, files, diff, patch_id, risks(vetted.files, snapshot.tree))


def with_marks(
    built: Built, origin: Origin, snapshot: Snapshot, bench: Workbench
) -> tuple[Built, tuple[str, ...]]:
    """The same change with its reflections marked as resolved, and what people should know of that.

    Vetting has judged the patch alone, and so does whatever asks whether it is known.
    """
    patched = {file.path for file in built.files}
    back = write_back(origin, snapshot.tree, snapshot.config, taken=patched)
    return with_files(built, back, snapshot, bench), back.notes


def with_files(built: Built, back: WriteBack, snapshot: Snapshot, bench: Workbench) -> Built:
    """The same change with these files of reflections beside it."""
    if not back.files:
        return built
    repository, config = bench.repository, snapshot.config.commit
    marked = (File(file.path, file.mode, file.text.encode()) for file in back.files)
    sha = repository.build(
        snapshot.base.sha,
        (*built.files, *marked),
        built.commit.message,
        Identity(config.name, config.email),
        snapshot.base.date,
    )
    commit = repository.commit(sha)
    return replace(built, commit=commit, diff=repository.diff(commit), marks=back.marks)


_FATES = {
    PullState.OPEN: "is open already",
    PullState.CLOSED: "was refused",
}


def _known_change(
    patch_id: str, snapshot: Snapshot, reader: CurrentPulls, own: str
) -> Finding | None:
    """A change is proposed once: what became of it holds whatever incident it comes back under."""
    for head, pull in _with_this_change(patch_id, snapshot, reader):
        if head.branch == own:
            continue
        if pull.state is PullState.MERGED:
            said = (
                f"#{pull.number} with the same change was merged already, and that is gone again; "
                f"a person decides"
            )
            return Finding(BACK_AND_FORTH, head.path, said)
        said = f"#{pull.number} with the same change {_FATES[pull.state]}"
        return Finding("known change", head.path, said)
    return None


def _undoes(commit: Commit, snapshot: Snapshot, bench: Workbench) -> Finding | None:
    """A change that exactly takes back what was merged is for a person: it has no end."""
    if not snapshot.ledger.heads:
        return None
    backwards = bench.repository.patch_id(_backwards(commit, bench.repository))
    for head, pull in _with_this_change(backwards, snapshot, bench.reader):
        if pull.state is PullState.MERGED and head.change is not Kind.REVERT:
            said = f"it takes back exactly what #{pull.number} changed; a person decides"
            return Finding(BACK_AND_FORTH, head.path, said)
    return None


def _with_this_change(
    patch_id: str, snapshot: Snapshot, reader: CurrentPulls
) -> Iterator[tuple[HeadRecord, Pull]]:
    """The heads that the bot has pushed with it, and their pull requests as they are now."""
    for head in snapshot.ledger.heads:
        if head.patch_id == patch_id:
            pull = reader.current(head.branch)
            if pull is not None:
                yield head, pull


def _backwards(commit: Commit, repository: Repository) -> str:
    """The diff from a commit to its parent, with the prefixes of one that goes forward."""
    return repository.run(
        "diff-tree", "-p", "-R", "--no-commit-id", "--no-renames", "--no-ext-diff", "--no-textconv",
        "--no-color", "--src-prefix=b/", "--dst-prefix=a/", commit.sha,
    ).decode("utf-8", "replace")  # fmt: skip
