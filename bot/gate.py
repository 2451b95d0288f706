"""Where a pull request stands: what policy says of it, and what keeps it from being merged. Pure.

Every state has a sentence that says why it is not merged and what would change that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.actions.own_pull import is_held
from bot.config import Outcome
from bot.facts import Facts
from bot.feedback import wish
from bot.ledger import HeadRecord
from bot.model import (
    CHECK_NAME,
    HOLD_LABEL,
    Check,
    CheckState,
    Commit,
    Mergeable,
    Pull,
    ReviewState,
    Severity,
    short,
)
from bot.protected import protected
from bot.rules import NO_RULE, Decision, check_state, judge, kind_of, proof_of
from bot.snapshot import Snapshot


class Obstacle(StrEnum):
    """The kinds of things that keep a pull request from being merged by the bot."""

    LEFT_TO_PEOPLE = "left to people"
    """The bot writes nothing at all on it."""
    FAILED = "failed"
    WAITING = "waiting"
    """Something is still on its way; nothing is to be said to anyone yet."""
    REVIEW = "review"
    BLOCKED = "blocked"
    BEHIND = "behind"
    """The base has moved since it was tested; the bot brings it up to date when its turn comes."""
    UNSETTLED = "unsettled"
    """The forge has not worked something out yet; not even the body is touched."""


@dataclass(frozen=True, slots=True)
class Reason:
    obstacle: Obstacle
    sentence: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What policy says of a pull request, and what keeps it from being merged, weightiest first."""

    decision: Decision
    reasons: tuple[Reason, ...]

    @property
    def ready(self) -> bool:
        decided = self.decision.outcome is Outcome.MERGE and not self.decision.pending
        return decided and not self.reasons

    @property
    def sentence(self) -> str:
        if self.reasons:
            return self.reasons[0].sentence
        return "Ready: every condition for the merge is met."

    def has(self, *obstacles: Obstacle) -> bool:
        return any(reason.obstacle in obstacles for reason in self.reasons)


def standing(pull: Pull, snapshot: Snapshot) -> Standing:
    """Where one of the bot's own open pull requests stands."""
    record = snapshot.record_of(pull)
    commit = snapshot.commit(pull.head)
    facts = _facts(record, commit, pull.checks, snapshot)
    decision = judge(facts, snapshot.config)
    return Standing(decision, tuple(_reasons(pull, commit, record, decision, snapshot)))


def first_standing(record: HeadRecord, commit: Commit | None, snapshot: Snapshot) -> Standing:
    """Where a head will stand the moment its pull request is open, before any check has run."""
    _, checks = both_checks(None, record, snapshot)
    decision = judge(_facts(record, commit, checks, snapshot), snapshot.config)
    reasons = [
        *_check_reasons(checks, record, snapshot),
        *_decision_reasons(decision),
    ]
    return Standing(decision, tuple(reasons))


def _facts(
    record: HeadRecord | None,
    commit: Commit | None,
    checks: tuple[Check, ...] | None,
    snapshot: Snapshot,
) -> Facts:
    evidence = record.evidence if record else None
    proof, pending = proof_of(snapshot.required, snapshot.forge.base_checks, checks, evidence)
    changes = commit.changes if commit else None
    return Facts(
        now=snapshot.now,
        changes=changes,
        protected=protected(changes or (), snapshot.config, snapshot.tree),
        risks=record.risks if record else None,
        severity=Severity(record.severity) if record else None,
        engine=record.engine if record else "",
        confidence=record.confidence if record else None,
        kind=kind_of(changes, record.change if record else None),
        sources=record.sources if record else (),
        proposed=_proposed(record, snapshot) if record else None,
        attempt=record.attempt if record else None,
        trusted=record is not None and snapshot.config.trusts(record.sources),
        proof=proof,
        proof_pending=pending,
        evidence=evidence,
    )


def _proposed(record: HeadRecord, snapshot: Snapshot) -> datetime:
    """When this attempt was first pushed: moving it to a newer base does not make it younger."""
    attempt = (record.branch, record.attempt)
    heads = snapshot.ledger.heads
    return min([record.at, *(h.at for h in heads if (h.branch, h.attempt) == attempt)])


def _reasons(
    pull: Pull,
    commit: Commit | None,
    record: HeadRecord | None,
    decision: Decision,
    snapshot: Snapshot,
) -> Iterator[Reason]:
    yield from _hands_off(pull, record, snapshot)
    yield from _check_reasons(pull.checks, record, snapshot)
    yield from _decision_reasons(decision)
    yield from _review_reasons(pull, snapshot)
    yield from _base_reasons(pull, commit, snapshot)
    yield from _forge_reasons(pull, decision, snapshot)
    if commit is None:
        said = f"Git does not have its head {short(pull.head)} yet; the next tick looks again."
        yield Reason(Obstacle.UNSETTLED, said)


def _hands_off(pull: Pull, record: HeadRecord | None, snapshot: Snapshot) -> Iterator[Reason]:
    if record is None:
        said = f"Its head {short(pull.head)} is a person's commit, so the bot leaves it to people."
        yield Reason(Obstacle.LEFT_TO_PEOPLE, said)
    if is_held(pull):
        said = f"On hold: the label {HOLD_LABEL} is set; remove it to let the bot go on."
        yield Reason(Obstacle.LEFT_TO_PEOPLE, said)
    if pull.base_branch != snapshot.base_branch:
        said = f"It is for {pull.base_branch}, not {snapshot.base_branch}; the bot leaves it."
        yield Reason(Obstacle.LEFT_TO_PEOPLE, said)


def _review_reasons(pull: Pull, snapshot: Snapshot) -> Iterator[Reason]:
    wanted = wish(pull, snapshot)
    if wanted:
        yield Reason(Obstacle.BLOCKED, f"Not merged before it is answered: {wanted}.")
    if pull.draft:
        yield Reason(Obstacle.BLOCKED, "It is a draft; mark it ready for review to go on.")
    if pull.review is ReviewState.CHANGES_REQUESTED:
        yield Reason(
            Obstacle.BLOCKED, "A reviewer asked for changes; the bot tries again within its limits."
        )
    if pull.review is ReviewState.REQUIRED:
        yield Reason(Obstacle.REVIEW, "The repository requires an approving review first.")


def _forge_reasons(pull: Pull, decision: Decision, snapshot: Snapshot) -> Iterator[Reason]:
    """What the forge itself says of merging, and what it said when it was asked to."""
    if pull.mergeable is Mergeable.CONFLICT:
        said = f"It conflicts with {snapshot.base_branch}; merge by hand, or close it to refuse it."
        yield Reason(Obstacle.BLOCKED, said)
    if pull.mergeable is Mergeable.BLOCKED and decision.outcome is Outcome.MERGE:
        said = "The forge says that one of its own requirements is unmet; see its merge box."
        yield Reason(Obstacle.REVIEW, said)
    if pull.mergeable is Mergeable.BEHIND:
        said = f"The forge wants it up to date with {snapshot.base_branch} first."
        yield Reason(Obstacle.BEHIND, said)
    if snapshot.base_stuck and decision.outcome is Outcome.MERGE:
        yield Reason(Obstacle.BLOCKED, f"It cannot be merged now: {snapshot.base_stuck}.")
    refused = snapshot.ledger.failed("merge_pull_request", pull.branch, pull.head)
    if refused:
        said = f"The forge refused the bot's merge, so a person merges it: {refused.reason}"
        yield Reason(Obstacle.REVIEW, said)
    if pull.mergeable is Mergeable.UNKNOWN:
        said = "The forge is still working out whether it can be merged; the next tick looks again."
        yield Reason(Obstacle.UNSETTLED, said)


def both_checks(
    pull: Pull | None, record: HeadRecord, snapshot: Snapshot
) -> tuple[tuple[Check, ...] | None, tuple[Check, ...] | None]:
    """The checks of the base and of this head; where the sandbox runs them, by its evidence."""
    evidence = record.evidence
    if evidence and snapshot.forge.checks_here:
        if evidence.problem:
            return (), ()
        states = [evidence.base_passed, evidence.green]
        words = [CheckState.PASSED if good else CheckState.FAILED for good in states]
        return (Check(CHECK_NAME, words[0]),), (Check(CHECK_NAME, words[1]),)
    return snapshot.forge.base_checks, pull.checks if pull else ()


def _check_reasons(
    checks: tuple[Check, ...] | None, record: HeadRecord | None, snapshot: Snapshot
) -> Iterator[Reason]:
    required = snapshot.required
    evidence = record.evidence if record else None
    if snapshot.forge.checks_here and evidence and evidence.problem and not checks:
        said = f"Its tests prove nothing: {evidence.problem}. A person reviews and merges it."
        yield Reason(Obstacle.REVIEW, said)
        return
    if not required:
        said = (
            f"No check is required on {snapshot.base_branch} and merge.required_checks names none, "
            f"so the bot never merges here: a person does."
        )
        yield Reason(Obstacle.REVIEW, said)
    if checks is None:
        yield Reason(Obstacle.UNSETTLED, "Its checks could not be read; the next tick tries again.")
        return
    for need in required:
        if check_state(need, checks) is CheckState.FAILED:
            said = (
                f"The required check “{need.name}” failed, so this change does not hold as it is: "
                f"mend it by hand, or close it to refuse it."
            )
            yield Reason(Obstacle.FAILED, said)
    waiting = [n.name for n in required if check_state(n, checks) is CheckState.PENDING]
    if waiting:
        names = ", ".join(f"“{name}”" for name in waiting)
        noun = "check" if len(waiting) == 1 else "checks"
        yield Reason(Obstacle.WAITING, f"Waiting for the required {noun} {names} to pass.")


def _decision_reasons(decision: Decision) -> Iterator[Reason]:
    if decision.pending:
        said = f"Rule “{decision.rule}” {decision.reason}."
        yield Reason(Obstacle.WAITING, said)
        return
    if decision.outcome is Outcome.REVIEW:
        why = "" if decision.rule == NO_RULE else f": {decision.reason}"
        yield Reason(Obstacle.REVIEW, f"A person reviews and merges it{why}.")
    if decision.outcome in (Outcome.DRAFT, Outcome.REFUSE):
        said = f"Rule “{decision.rule}” says {decision.outcome}, so a person goes on from here."
        yield Reason(Obstacle.BLOCKED, said)


def _base_reasons(pull: Pull, commit: Commit | None, snapshot: Snapshot) -> Iterator[Reason]:
    if commit is None or commit.parents == (snapshot.base.sha,):
        return
    base = snapshot.base_branch
    stuck = snapshot.ledger.failed("update_branch", pull.branch, pull.head)
    if stuck:
        said = (
            f"It was tested on an older {base} and cannot be brought up to date: {stuck.reason}. "
            f"Merge it by hand, or close it to refuse it."
        )
        yield Reason(Obstacle.BLOCKED, said)
        return
    said = f"It was tested on an older {base}; the bot brings it up to date when its turn comes."
    yield Reason(Obstacle.BEHIND, said)
