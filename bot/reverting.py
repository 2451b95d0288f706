"""Revert: take a merge of the bot's back, as an ordinary proposal built with git.

What git cannot undo by itself, because later commits touch the same lines, is left to a person; so
is a revert of a revert, and a second revert of the same merge.
"""

from __future__ import annotations

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
from bot.repository import Repository
from bot.secrets import redact
from bot.snapshot import Snapshot
from bot.three_way import three_way
from bot.untrusted import for_commit, for_title, one_line

ENGINE = "revert"


def revert(pull: Pull, reason: str, snapshot: Snapshot, repository: Repository) -> Attempt | str:
    """The proposal that takes this merged pull request back, or why there is none, as a clause."""
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
    sha = _undone(pull.merged_as, pull, reason, snapshot, repository)
    if sha is None:
        return f"later commits touch the same lines as #{pull.number}; a person reverts it by hand"
    commit = repository.commit(sha)
    if not commit.changes:
        return f"#{pull.number} has been taken back already"
    return _attempt(pull, record, reason, commit, snapshot, repository)


def _is_here(merge: Sha, repository: Repository) -> bool:
    """Whether the merge and what it was made on are in this clone."""
    if not repository.has(merge):
        return False
    parents = repository.plain_commit(merge).parents
    return bool(parents) and repository.has(parents[0])


def _record_of(pull: Pull, snapshot: Snapshot) -> HeadRecord | None:
    return snapshot.ledger.head(pull.branch, pull.head)


def _undone(
    merge: Sha, pull: Pull, reason: str, snapshot: Snapshot, repository: Repository
) -> Sha | None:
    """A commit on the base with the merge's changes undone; None on conflict."""
    merged = repository.plain_commit(merge)
    before = repository.plain_commit(merged.parents[0])
    config = snapshot.config.commit
    who = f"{Identity(config.name, config.email)} {snapshot.base.date}"
    tree = three_way(repository, merged.tree, snapshot.base.tree, before.tree)
    if tree is None:
        return None
    subject = for_title(f"Revert “{pull.title}”")
    why = for_commit(reason)
    body = f"This reverts commit {merge}." + (f"\n\n{why}" if why else "")
    trailers = f"Incident: {fingerprint_of_revert(merge)}\nEngine: {ENGINE}\nAttempt: 1"
    message = f"{subject}\n\n{body}\n\n{trailers}\n"
    return write_commit(repository, commit_content(tree, (snapshot.base.sha,), message, who, who))


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
