"""Revert: take a merge of the bot's back, as an ordinary proposal built with git.

What git cannot undo by itself, because later commits touch the same lines, is left to a person; so
is a revert of a revert, and a second revert of the same merge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.evidence import Evidence
from bot.forges.local_git import write_commit
from bot.git_formats import Identity, commit_content
from bot.ledger import HeadRecord
from bot.model import (
    Answer,
    Attempt,
    BugReport,
    Commit,
    Ending,
    Incident,
    Kind,
    Marks,
    Patch,
    Place,
    Proposal,
    Pull,
    PullState,
    Reflection,
    Severity,
    Sha,
    Usage,
    fingerprint_of_revert,
    short,
)
from bot.renewal import ALREADY_UNDONE
from bot.repository import File, Repository
from bot.secrets import redact
from bot.snapshot import Snapshot
from bot.three_way import three_way
from bot.untrusted import for_commit, for_title, one_line
from bot.write_back import taken_back

ENGINE = "revert"


Verify = Callable[[Commit], Evidence | None]


def unverified(_: Commit) -> Evidence | None:
    return None


def revert(
    pull: Pull,
    reason: str,
    snapshot: Snapshot,
    repository: Repository,
    verify: Verify = unverified,
) -> Attempt | str:
    """The proposal that takes this merged pull request back, or why there is none, as a clause.

    `verify` says what its tests say.
    """
    record = _record_of(pull, snapshot)
    if pull.state is not PullState.MERGED or pull.merged_as is None:
        return f"pull request #{pull.number} is not merged"
    if record is None:
        return f"pull request #{pull.number} was not merged as the bot had made it"
    if record.change is Kind.REVERT:
        return f"pull request #{pull.number} is a revert itself; a person decides what comes next"
    if pull.base_branch != snapshot.base_branch:
        return f"pull request #{pull.number} was merged into {pull.base_branch}"
    if not _is_here(pull.merged_as, repository):
        return f"the merge of #{pull.number} is not in this clone; fetch more of its history"
    known = fingerprint_of_revert(pull.merged_as)
    if any(head.incident == known for head in snapshot.ledger.heads):
        return f"a revert of #{pull.number} was proposed already"
    sha = _undone(pull.merged_as, pull, reason, record.marks, snapshot, repository)
    if sha is None:
        return f"later commits touch the same lines as #{pull.number}; a person reverts it by hand"
    commit = repository.commit(sha)
    if not commit.changes:
        return f"#{pull.number} {ALREADY_UNDONE}"
    patch_id = repository.patch_id(repository.diff(commit))
    commit, marks = _reopened(commit, pull.merged_as, record.marks, snapshot, repository)
    attempt = _attempt(pull, record, reason, commit, snapshot, repository)
    assert attempt.proposal is not None
    proposal = replace(attempt.proposal, patch_id=patch_id, marks=marks, evidence=verify(commit))
    return replace(attempt, proposal=proposal)


def _is_here(merge: Sha, repository: Repository) -> bool:
    """Whether the merge and what it was made on are in this clone."""
    if not repository.has(merge):
        return False
    parents = repository.plain_commit(merge).parents
    return bool(parents) and repository.has(parents[0])


def _record_of(pull: Pull, snapshot: Snapshot) -> HeadRecord | None:
    return snapshot.ledger.head(pull.branch, pull.head)


def _undone(
    merge: Sha,
    pull: Pull,
    reason: str,
    marks: Sequence[Marks],
    snapshot: Snapshot,
    repository: Repository,
) -> Sha | None:
    """A commit on the base with the merge's changes undone, but for its marks; None on conflict."""
    merged = repository.plain_commit(merge)
    before = _but_for(marks, merged.parents[0], merge, snapshot, repository)
    who = _who(snapshot)
    tree = three_way(repository, merged.tree, snapshot.base.tree, before)
    if tree is None:
        return None
    subject = for_title(f"Revert “{pull.title}”")
    why = for_commit(reason)
    body = f"This reverts commit {merge}." + (f"\n\n{why}" if why else "")
    trailers = f"Incident: {fingerprint_of_revert(merge)}\nEngine: {ENGINE}\nAttempt: 1"
    message = f"{subject}\n\n{body}\n\n{trailers}\n"
    return write_commit(repository, commit_content(tree, (snapshot.base.sha,), message, who, who))


def _who(snapshot: Snapshot) -> str:
    config = snapshot.config.commit
    return f"{Identity(config.name, config.email)} {snapshot.base.date}"


def _but_for(
    marks: Sequence[Marks], before: Sha, merge: Sha, snapshot: Snapshot, repository: Repository
) -> Sha:
    """The tree of `before` with the files of the marks as the merge has them.

    Later records stand next to those that were marked, so that git would see conflicts there.
    """
    after = repository.tree(merge)
    files = [
        File(mark.path, after.mode(mark.path), text.encode())
        for mark in marks
        if (text := after.read(mark.path)) is not None
    ]
    if not files:
        return repository.plain_commit(before).tree
    config = snapshot.config.commit
    who = Identity(config.name, config.email)
    built = repository.build(before, files, "but for the marks\n", who, snapshot.base.date)
    return repository.plain_commit(built).tree


def _reopened(
    commit: Commit,
    merge: Sha,
    marks: Sequence[Marks],
    snapshot: Snapshot,
    repository: Repository,
) -> tuple[Commit, tuple[Marks, ...]]:
    """The revert with the marks of the merge taken back too, as far as they are still there."""
    before = repository.tree(repository.plain_commit(merge).parents[0])
    back = taken_back(marks, snapshot.tree, before)
    if not back.files:
        return commit, ()
    files = [File(file.path, file.mode, file.text.encode()) for file in back.files]
    config = snapshot.config.commit
    who = Identity(config.name, config.email)
    built = repository.build(commit.sha, files, commit.message, who, snapshot.base.date)
    tree, parents = repository.plain_commit(built).tree, (snapshot.base.sha,)
    signed = _who(snapshot)
    content = commit_content(tree, parents, commit.message, signed, signed)
    return repository.commit(write_commit(repository, content)), back.marks


def _attempt(
    pull: Pull,
    record: HeadRecord,
    reason: str,
    commit: Commit,
    snapshot: Snapshot,
    repository: Repository,
) -> Attempt:
    assert pull.merged_as is not None
    undo = f"Undo what {short(pull.merged_as)} changed, and nothing else"
    explanation = f"{undo}, because: {reason}" if reason else f"{undo}."
    report = BugReport(
        path=record.path,
        symbol=record.symbol,
        summary=one_line(pull.title, 300),
        severity=Severity(record.severity),
    )
    patch = Patch((), explanation)
    diff = repository.diff(commit)
    incident = Incident(
        fingerprint=fingerprint_of_revert(pull.merged_as),
        reflections=_reflections(record),
        places=(Place(record.path, record.symbol),),
    )
    proposal = Proposal(
        incident=incident,
        report=report,
        patch=patch,
        engine=ENGINE,
        attempt=1,
        base=snapshot.base.sha,
        commit=commit,
        diff=redact(diff),
        patch_id=repository.patch_id(diff),
        usage=Usage(),
        kind=Kind.REVERT,
    )
    return Attempt(
        incident=incident,
        engine=ENGINE,
        number=1,
        answer=Answer(diagnosis=report, patch=patch, usage=Usage()),
        ending=Ending.PROPOSED,
        reason="",
        proposal=proposal,
    )


def _reflections(record: HeadRecord) -> tuple[Reflection, ...]:
    return tuple(
        Reflection(
            id=f"revert-of-{record.head[:9]}-{source}",
            source=source,
            where=f"pull request of {record.branch}",
            timestamp="",
            task="",
            outcome="",
            text=record.observed,
        )
        for source in record.sources
    )
