"""Propose: ask an engine, build what it answers as git objects, vet it, or say why not.

An engine is an expensive read, and so is building: commits are made in a quarantine and go nowhere
until a plan publishes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.body import commit_message
from bot.context import excerpts
from bot.engines import Budget, Engine, Task
from bot.errors import UserError
from bot.forges import ForgeReader
from bot.git_formats import Identity
from bot.model import (
    Answer,
    Attempt,
    Commit,
    Ending,
    Finding,
    NotActionable,
    Patch,
    Proposal,
    PullState,
    Usage,
)
from bot.plan import Claim
from bot.repository import File, Repository
from bot.risks import risks
from bot.secrets import cleaned, redact, without_secrets, without_secrets_in
from bot.selection import Chosen, Selection, budget
from bot.snapshot import Snapshot
from bot.vet import vet_commit, vet_edits

Progress = Callable[[str], None]


def propose(
    snapshot: Snapshot,
    selection: Selection,
    repository: Repository,
    reader: ForgeReader,
    engine: Engine,
    progress: Progress,
) -> tuple[tuple[Attempt, ...], str]:
    """Ask the engine about each chosen incident, within the limits, and build what it answers.

    Returns the attempts, and what a person must mend before the engine can be asked again; what it
    answered before that is kept.
    """
    attempts: list[Attempt] = []
    spent = Usage()
    for chosen in selection.chosen:
        left: Budget = budget(snapshot, spent.tokens, spent.usd or 0.0)
        progress(f"asking {engine.name} about {chosen.incident.fingerprint}")
        task = Task(
            cleaned(chosen.incident),
            without_secrets_in(excerpts(chosen.incident.places, snapshot.tree), snapshot.tree),
            snapshot.tree,
            review=partial(_review, snapshot, repository, reader),
            read_diff=partial(repository.edits_of, snapshot.base.sha),
        )
        try:
            answer = engine.solve(task, left)
        except UserError as error:
            return tuple(attempts), str(error)
        spent += answer.usage
        attempt = weigh(chosen, engine.name, answer, snapshot, repository, reader)
        attempts.append(_once(attempt, attempts))
    return tuple(attempts), ""


def reconsider(
    claims: Sequence[Claim],
    selection: Selection,
    snapshot: Snapshot,
    repository: Repository,
    reader: ForgeReader,
) -> tuple[tuple[Attempt, ...], tuple[str, ...]]:
    """Build and judge anew what a plan file claims; what is no longer wanted is said, not done."""
    wanted = {chosen.incident.fingerprint: chosen for chosen in selection.chosen}
    attempts: list[Attempt] = []
    dropped = []
    for claim in claims:
        chosen = wanted.pop(claim.fingerprint, None)
        if chosen is None:
            dropped.append(f"{claim.fingerprint} of the plan file is not to be worked on now")
            continue
        attempt = weigh(chosen, claim.engine, claim.answer, snapshot, repository, reader)
        attempts.append(_once(attempt, attempts))
    return tuple(attempts), tuple(dropped)


def _once(attempt: Attempt, earlier: Sequence[Attempt]) -> Attempt:
    """The attempt, rejected if this tick has proposed the very same change already."""
    for other in earlier:
        ours, theirs = attempt.proposal, other.proposal
        if ours and theirs and ours.patch_id == theirs.patch_id:
            said = f"the same change is proposed for {other.incident.fingerprint} in this tick"
            return _rejected(attempt, (Finding("proposed already", "", said),))
    return attempt


def weigh(
    chosen: Chosen,
    engine: str,
    answer: Answer,
    snapshot: Snapshot,
    repository: Repository,
    reader: ForgeReader,
) -> Attempt:
    """Turn an engine's answer into a vetted proposal, or say why there is none.

    What is posted, recorded and printed is made of the attempt, so here its words lose secrets.
    """
    answer, incident = without_secrets(answer), cleaned(chosen.incident)
    attempt = Attempt(
        incident=incident,
        engine=engine,
        number=chosen.attempt,
        answer=answer,
        ending=Ending.FAILED,
        reason=answer.reason,
    )
    report, patch = answer.diagnosis, answer.patch
    if answer.out_of_budget:
        return replace(attempt, ending=Ending.HELD_BACK)
    if isinstance(report, NotActionable):
        return replace(attempt, ending=Ending.ABSTAINED, reason=report.reason)
    if report is None or patch is None:
        return attempt
    message = commit_message(incident, report, patch, engine, chosen.attempt)
    built = _build(patch, message, snapshot, repository, reader)
    if not isinstance(built, _Built):
        return _rejected(attempt, built)
    proposal = Proposal(
        incident=incident,
        report=report,
        patch=patch,
        engine=engine,
        attempt=chosen.attempt,
        base=snapshot.base.sha,
        commit=built.commit,
        diff=redact(built.diff),
        patch_id=built.patch_id,
        usage=answer.usage,
        risks=built.risks,
    )
    return replace(attempt, ending=Ending.PROPOSED, proposal=proposal)


@dataclass(frozen=True, slots=True)
class _Built:
    """A commit that passed vetting, and git's account of its change."""

    commit: Commit
    diff: str
    patch_id: str
    risks: tuple[Finding, ...]


def _build(
    patch: Patch, message: str, snapshot: Snapshot, repository: Repository, reader: ForgeReader
) -> _Built | tuple[Finding, ...]:
    """Make a patch a commit on the base and vet both, or say why it is refused."""
    vetted = vet_edits(patch, snapshot.tree)
    if vetted.refused:
        return vetted.refused
    sha = repository.build(
        snapshot.base.sha,
        [File(file.path, file.mode, file.text.encode()) for file in vetted.files],
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
    known = _known_change(patch_id, snapshot, reader)
    if known:
        return (known,)
    return _Built(commit, diff, patch_id, risks(vetted.files, snapshot.tree))


def _review(
    snapshot: Snapshot, repository: Repository, reader: ForgeReader, patch: Patch
) -> tuple[Finding, ...]:
    """What weighing this patch would find, for an engine that can still do better."""
    built = _build(patch, "A patch under review\n", snapshot, repository, reader)
    return () if isinstance(built, _Built) else built


_FATES = {
    PullState.OPEN: "is open already",
    PullState.MERGED: "was merged already",
    PullState.CLOSED: "was refused",
}


def _known_change(patch_id: str, snapshot: Snapshot, reader: ForgeReader) -> Finding | None:
    """A change is proposed once: what became of it holds whatever incident it comes back under."""
    for head in snapshot.ledger.heads:
        if head.patch_id == patch_id:
            pull = reader.current(head.branch)
            if pull is not None:
                said = f"#{pull.number} with the same change {_FATES[pull.state]}"
                return Finding("known change", head.path, said)
    return None


def _rejected(attempt: Attempt, findings: tuple[Finding, ...]) -> Attempt:
    findings = tuple(replace(found, sentence=redact(found.sentence)) for found in findings)
    reason = "; ".join(finding.sentence for finding in findings[:3])
    return replace(attempt, ending=Ending.REJECTED, reason=reason, proposal=None, findings=findings)
