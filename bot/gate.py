"""Where a pull request stands: what policy says of it, and what keeps it from being merged. Pure.

Every state has a sentence that says why it is not merged and what would change that; they are found
in `bot.obstacles`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.config import Outcome
from bot.facts import Facts
from bot.ledger import HeadRecord
from bot.model import CHECK_NAME, Check, CheckState, Commit, Pull, Severity
from bot.obstacles import Obstacle, Reason
from bot.obstacles.checks import check_reasons, unstarted
from bot.obstacles.merging import base_reasons, forge_reasons, missing_head, requirement_reasons
from bot.obstacles.people import decision_reasons, hands_off, review_reasons
from bot.protected import protected
from bot.rules import Decision, judge, kind_of, proof_of
from bot.snapshot import Snapshot
from bot.write_back import own_marks

__all__ = ["Obstacle", "Reason", "Standing", "both_checks", "first_standing", "standing"]


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
    late = bool(unstarted(pull.checks, pull, record, snapshot))
    facts = _facts(record, commit, pull.checks, snapshot, late=late)
    decision = judge(facts, snapshot.config)
    return Standing(decision, tuple(_reasons(pull, commit, record, decision, snapshot)))


def first_standing(record: HeadRecord, commit: Commit | None, snapshot: Snapshot) -> Standing:
    """Where a head will stand the moment its pull request is open, before any check has run."""
    _, checks = both_checks(None, record, snapshot)
    decision = judge(_facts(record, commit, checks, snapshot), snapshot.config)
    reasons = [
        *check_reasons(checks, None, record, snapshot),
        *decision_reasons(decision),
    ]
    return Standing(decision, tuple(reasons))


def _facts(
    record: HeadRecord | None,
    commit: Commit | None,
    checks: tuple[Check, ...] | None,
    snapshot: Snapshot,
    *,
    late: bool = False,
) -> Facts:
    """What the rules judge by; of checks that did not begin in time nothing is expected."""
    evidence = record.evidence if record else None
    proof, pending = proof_of(snapshot.required, snapshot.forge.base_checks, checks, evidence)
    marks = own_marks(commit, record, snapshot)
    changes = tuple(c for c in commit.changes if c.path not in marks) if commit else None
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
        proof_pending=pending and not late,
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
    yield from hands_off(pull, record, snapshot)
    yield from check_reasons(pull.checks, pull, record, snapshot)
    yield from decision_reasons(decision)
    yield from review_reasons(pull, snapshot)
    yield from base_reasons(pull, commit, snapshot)
    yield from requirement_reasons(pull, snapshot)
    yield from forge_reasons(pull, decision, snapshot)
    yield from missing_head(pull, commit)


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
        before, here = (Check(CHECK_NAME, word) for word in words)
        told = _others(snapshot.forge.base_checks), _others(pull.checks if pull else ())
        return (before, *told[0]), (here, *told[1])
    return snapshot.forge.base_checks, pull.checks if pull else ()


def _others(checks: tuple[Check, ...] | None) -> Iterator[Check]:
    """What others than the sandbox say."""
    return (check for check in checks or () if check.name != CHECK_NAME)
