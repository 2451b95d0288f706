"""Build: make a patch a commit in the quarantine, vetted before and after, or say why not."""

from __future__ import annotations

from dataclasses import dataclass

from bot.forges import ForgeReader
from bot.git_formats import Identity
from bot.model import Commit, Finding, Patch, PullState
from bot.repository import File, Repository
from bot.risks import risks
from bot.snapshot import Snapshot
from bot.verifying import Verifier
from bot.vet import vet_commit, vet_edits


@dataclass(frozen=True, slots=True)
class Workbench:
    """What proposals are made with. Without a verifier their tests are not run."""

    repository: Repository
    reader: ForgeReader
    verifier: Verifier | None


@dataclass(frozen=True, slots=True)
class Built:
    """A commit that passed vetting, and git's account of its change."""

    commit: Commit
    files: tuple[File, ...]
    diff: str
    patch_id: str
    risks: tuple[Finding, ...]


def build(
    patch: Patch, message: str, snapshot: Snapshot, bench: Workbench, *, own: str = ""
) -> Built | tuple[Finding, ...]:
    """Make a patch a commit on the base and vet both, or say why it is refused.

    A change is proposed once; `own` is the branch on which it may be anew.
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
    if known:
        return (known,)
    return Built(commit, files, diff, patch_id, risks(vetted.files, snapshot.tree))


_FATES = {
    PullState.OPEN: "is open already",
    PullState.MERGED: "was merged already",
    PullState.CLOSED: "was refused",
}


def _known_change(
    patch_id: str, snapshot: Snapshot, reader: ForgeReader, own: str
) -> Finding | None:
    """A change is proposed once: what became of it holds whatever incident it comes back under."""
    for head in snapshot.ledger.heads:
        if head.patch_id == patch_id and head.branch != own:
            pull = reader.current(head.branch)
            if pull is not None:
                said = f"#{pull.number} with the same change {_FATES[pull.state]}"
                return Finding("known change", head.path, said)
    return None
