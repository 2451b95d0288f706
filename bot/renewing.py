"""Renew: bring an open pull request up to date with the base, without asking an engine.

Its change moves to the newest base as git merges it, if what encloses every edit is as it was. What
comes of it is a proposal like any other: vetted, and proven by its tests on that base.
"""

from __future__ import annotations

from bot.anchoring import shifted
from bot.building import Built, Workbench, build, with_files, with_marks
from bot.diff_reading import edits_of
from bot.git_formats import Identity
from bot.ledger import HeadRecord
from bot.model import Commit, Finding, Kind, Patch
from bot.renewal import Renewal
from bot.repository import File
from bot.selection import Selection
from bot.snapshot import Snapshot
from bot.three_way import three_way
from bot.write_back import Origin, taken_back


def renew_next(snapshot: Snapshot, selection: Selection, bench: Workbench) -> Renewal | None:
    """Build the change of the pull request that is to be renewed, if one is, on today's base.

    Where other jobs run the tests, it waits for them: unproven it would lose what it has.
    """
    pull = selection.renew
    record = snapshot.record_of(pull) if pull else None
    commit = snapshot.commit(pull.head) if pull else None
    if pull is None or record is None or commit is None:
        return None
    found = _moved(commit, record, snapshot, bench)
    if isinstance(found, str):
        return Renewal(pull=pull, record=record, stuck=found)
    reverts = record.change is Kind.REVERT
    built = build(found, commit.message, snapshot, bench, own=pull.branch, takes_back=reverts)
    if not isinstance(built, Built):
        stuck = "; ".join(finding.sentence for finding in built[:3])
        return Renewal(pull=pull, record=record, stuck=stuck)
    built = _with_its_marks(built, commit, record, snapshot, bench)
    if bench.verifier and bench.verifier.awaits(built.commit):
        return None
    evidence = bench.verifier.verify(built.commit) if bench.verifier else None
    if evidence and evidence.breaks:
        stuck = f"on the newest {snapshot.base_branch}, {evidence.sentence.removesuffix('.')}"
        return Renewal(pull=pull, record=record, stuck=stuck)
    return Renewal(
        pull=pull,
        record=record,
        commit=built.commit,
        patch_id=built.patch_id,
        marks=built.marks,
        risks=built.risks,
        evidence=evidence,
    )


def _with_its_marks(
    built: Built, commit: Commit, record: HeadRecord, snapshot: Snapshot, bench: Workbench
) -> Built:
    """A fix marks its reflections on the newest base too; a revert reopens what it did before."""
    if record.change is Kind.REVERT:
        before = bench.repository.tree(commit.sha)
        back = taken_back(record.marks, snapshot.tree, before)
        return with_files(built, back, snapshot, bench)
    origin = Origin(record.reflections, record.sources)
    return with_marks(built, origin, snapshot, bench)[0]


def _unmarked(commit: Commit, record: HeadRecord, bench: Workbench) -> Commit:
    """The change without the reflections that it marks; on another base that is worked out anew."""
    marked = {mark.path for mark in record.marks}
    if not marked:
        return commit
    head = bench.repository.tree(commit.sha)
    files = [
        File(change.path, change.new_mode, (head.read(change.path) or "").encode())
        for change in commit.changes
        if change.path not in marked
    ]
    who, date = Identity("nobody", "nobody@invalid.example"), commit.date
    sha = bench.repository.build(record.base, files, commit.message, who, date)
    return bench.repository.commit(sha)


def _moved(commit: Commit, record: HeadRecord, snapshot: Snapshot, bench: Workbench) -> Patch | str:
    """The change as a patch on the newest base, or why it cannot move there."""
    repository, base = bench.repository, snapshot.base.sha
    before = repository.plain_commit(record.base).tree
    commit = _unmarked(commit, record, bench)
    tree = three_way(repository, before, snapshot.base.tree, commit.tree)
    if tree is None:
        return f"it conflicts with {snapshot.base_branch}"
    old, head = repository.tree(record.base), repository.tree(commit.sha)
    for change in commit.changes:
        texts = [one.read(change.path) or "" for one in (old, snapshot.tree, head)]
        moved = shifted(change.path, *texts)
        if moved:
            return f"{moved} has changed on {snapshot.base_branch} meanwhile"
    merged = repository.tree(tree)
    files = []
    for change in commit.changes:
        text = merged.read(change.path)
        if text is None:
            return f"{change.path} is no plain file on {snapshot.base_branch} any more"
        files.append(File(change.path, merged.mode(change.path), text.encode()))
    who = Identity(snapshot.config.commit.name, snapshot.config.commit.email)
    shown = repository.build(base, files, commit.message, who, snapshot.base.date)
    edits = edits_of(repository, base, repository.diff(repository.commit(shown)))
    if isinstance(edits, Finding):
        return f"{snapshot.base_branch} has the same change by now"
    return Patch(edits, record.explanation)
