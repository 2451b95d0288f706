"""Propose: ask an engine, build what it answers as git objects, vet it, or say why not.

An engine is an expensive read, and so is building: commits are made in a quarantine and go nowhere
until a plan publishes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from bot.body import commit_message
from bot.building import BACK_AND_FORTH, Built, Workbench, build, with_marks
from bot.context import excerpts
from bot.diff_reading import edits_of
from bot.engines import Budget, Earlier, Engine, Task
from bot.errors import UserError
from bot.git_formats import Identity
from bot.model import (
    Answer,
    Attempt,
    Ending,
    Finding,
    NotActionable,
    Patch,
    Proposal,
    Usage,
)
from bot.repository import File
from bot.secrets import cleaned, redact, without_secrets, without_secrets_in
from bot.selection import Chosen, Selection, budget
from bot.snapshot import Snapshot
from bot.write_back import Origin

Progress = Callable[[str], None]
NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})
MAX_BROKEN_NAMED = 5
MAX_OUTPUT_SHOWN = 1_500
"""So many characters of a failing run an engine is shown, the end of it."""


def propose(
    snapshot: Snapshot,
    selection: Selection,
    bench: Workbench,
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
        task = task_of(chosen, earlier(chosen, snapshot, bench), snapshot, bench)
        try:
            answer = engine.solve(task, left)
        except UserError as error:
            return tuple(attempts), str(error)
        spent += answer.usage
        attempt = weigh(chosen, answer.engine or engine.name, answer, snapshot, bench)
        attempts.append(once(attempt, attempts))
    return tuple(attempts), ""


def task_of(
    chosen: Chosen,
    earlier: Earlier | None,
    snapshot: Snapshot,
    bench: Workbench,
    known: Mapping[str, str] = NOTHING_KNOWN,
) -> Task:
    """What an engine is given; `known` says by patch id what became of changes made before."""
    return Task(
        cleaned(chosen.incident),
        without_secrets_in(excerpts(chosen.incident.places, snapshot.tree), snapshot.tree),
        snapshot.tree,
        review=partial(_review, snapshot, bench, known),
        read_diff=partial(edits_of, bench.repository, snapshot.base.sha),
        earlier=earlier,
        engines=chosen.engines,
    )


def once(attempt: Attempt, earlier: Sequence[Attempt]) -> Attempt:
    """The attempt, rejected if this tick has proposed the very same change already."""
    for other in earlier:
        ours, theirs = attempt.proposal, other.proposal
        if ours and theirs and ours.patch_id == theirs.patch_id:
            said = f"the same change is proposed for {other.incident.fingerprint} in this tick"
            return _rejected(attempt, (Finding("proposed already", "", said),))
    return attempt


def weigh(
    chosen: Chosen, engine: str, answer: Answer, snapshot: Snapshot, bench: Workbench
) -> Attempt:
    """Turn an engine's answer into a vetted proposal with its evidence, or say why there is none.

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
        pull=chosen.pull,
        feedback=chosen.feedback,
    )
    report, patch = answer.diagnosis, answer.patch
    if answer.out_of_budget:
        return replace(attempt, ending=Ending.HELD_BACK)
    if isinstance(report, NotActionable):
        return replace(attempt, ending=Ending.ABSTAINED, reason=report.reason)
    if report is None or patch is None:
        return attempt
    message = commit_message(incident, report, patch, engine, chosen.attempt)
    own = chosen.pull.branch if chosen.pull else ""
    built = build(patch, message, snapshot, bench, own=own)
    if not isinstance(built, Built):
        return _rejected(attempt, built)
    if own and any(h.branch == own and h.patch_id == built.patch_id for h in snapshot.ledger.heads):
        said = "it is the same change as before on this pull request"
        return _rejected(attempt, (Finding("known change", report.path, said),))
    patch, built, notes = _hooked(patch, built, snapshot, bench)
    origin = Origin(incident.reflection_ids, incident.sources)
    built, unmarked = with_marks(built, origin, snapshot, bench)
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
        marks=built.marks,
        confidence=answer.confidence,
        evidence=bench.verifier.verify(built.commit, notes) if bench.verifier else None,
        on=own,
    )
    unsaid = () if proposal.evidence else notes  # else they are part of the evidence
    answer = replace(answer, patch=patch, notes=(*answer.notes, *unsaid, *unmarked))
    return replace(attempt, answer=answer, ending=Ending.PROPOSED, proposal=proposal)


def _hooked(
    patch: Patch, built: Built, snapshot: Snapshot, bench: Workbench
) -> tuple[Patch, Built, tuple[str, ...]]:
    """The proposal as the repository's pre-commit hooks would have it, vetted anew.

    What they would change in ways that vetting refuses stays as it was, and is said.
    """
    hooked = bench.verifier.hooks(built.commit) if bench.verifier else None
    if hooked is None or not hooked.changed:
        return patch, built, hooked.notes if hooked else ()
    base, message = snapshot.base.sha, built.commit.message
    changed = [File(path, _mode(path, built), text.encode()) for path, text in hooked.changed]
    identity = Identity(snapshot.config.commit.name, snapshot.config.commit.email)
    date = snapshot.base.date
    kept = [file for file in built.files if file.path not in dict(hooked.changed)]
    shown = bench.repository.build(base, [*kept, *changed], message, identity, date)
    diff = bench.repository.diff(bench.repository.commit(shown))
    edits = edits_of(bench.repository, base, diff)
    revised: Built | tuple[Finding, ...] = ()
    if not isinstance(edits, Finding):
        patch_of_hooks = replace(patch, edits=edits)
        revised = build(patch_of_hooks, message, snapshot, bench)
        if isinstance(revised, Built):
            return patch_of_hooks, revised, hooked.notes
    paths = ", ".join(path for path, _ in hooked.changed)
    note = f"The pre-commit hooks would change {paths} in a way that vetting refuses."
    return patch, built, (*hooked.notes, note)


def _mode(path: str, built: Built) -> str:
    return next(file.mode for file in built.files if file.path == path)


def _review(
    snapshot: Snapshot, bench: Workbench, known: Mapping[str, str], patch: Patch
) -> tuple[Finding, ...]:
    """What weighing this patch would find, for an engine that can still do better."""
    built = build(patch, "A patch under review\n", snapshot, bench)
    if not isinstance(built, Built):
        return built
    if built.patch_id in known:
        return (Finding("known change", "", known[built.patch_id]),)
    evidence = bench.verifier.verify(built.commit) if bench.verifier else None
    if evidence is None or not evidence.breaks:
        return ()
    named = ", ".join(evidence.broken.first[:MAX_BROKEN_NAMED])
    said = f"{evidence.sentence} {named}\n{evidence.output[-MAX_OUTPUT_SHOWN:]}".strip()
    return (Finding("tests", "", redact(said)),)


def earlier(chosen: Chosen, snapshot: Snapshot, bench: Workbench) -> Earlier | None:
    """What the engine is told of the head that a further attempt replaces."""
    if chosen.feedback is None:
        return None
    commit = snapshot.commit(chosen.pull.head) if chosen.pull else None
    diff = bench.repository.diff(commit) if commit else ""
    return Earlier(redact(diff), chosen.feedback.told)


def _rejected(attempt: Attempt, findings: tuple[Finding, ...]) -> Attempt:
    findings = tuple(replace(found, sentence=redact(found.sentence)) for found in findings)
    reason = "; ".join(finding.sentence for finding in findings[:3])
    stops = any(finding.rule == BACK_AND_FORTH for finding in findings)
    ending = Ending.STOPPED if stops else Ending.REJECTED
    return replace(attempt, ending=ending, reason=reason, proposal=None, findings=findings)
