"""What the base branch's rules and the forge itself say against a merge. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import Outcome
from bot.merge_method import merge_method
from bot.model import Commit, Mergeable, Pull, short
from bot.obstacles import (
    CONFLICT,
    FORGE_WANTS_NEWER,
    HEAD_MISSING,
    MARKS_CONFLICT,
    MERGE_REFUSED,
    NO_METHOD,
    OUT_OF_DATE,
    QUEUED_MERGES,
    STUCK_BEHIND,
    SWITCHED_OFF,
    UNKNOWN_MERGEABILITY,
    UNNAMED_REQUIREMENT,
    UNSIGNED,
    WORK_TREE,
    Reason,
)
from bot.rules import Decision
from bot.snapshot import Snapshot


def base_reasons(pull: Pull, commit: Commit | None, snapshot: Snapshot) -> Iterator[Reason]:
    """Whether it was tested on the base branch as it is now."""
    forge_wants_newer = pull.mergeable is Mergeable.BEHIND
    on_base = commit is None or commit.parents == (snapshot.base.sha,)
    if on_base and not forge_wants_newer:
        return
    base = snapshot.base_branch
    stuck = snapshot.ledger.failed("update_branch", pull.branch, pull.head)
    if stuck:
        yield STUCK_BEHIND.because(
            f"It was tested on an older {base} and cannot be brought up to date: {stuck.reason}. "
            f"Merge it by hand, or close it to refuse it."
        )
        return
    if not on_base:
        yield OUT_OF_DATE.because(
            f"It was tested on an older {base}; the bot brings it up to date when its turn comes."
        )
    if forge_wants_newer:
        yield FORGE_WANTS_NEWER.because(f"The forge wants it up to date with {base} first.")


def requirement_reasons(pull: Pull, snapshot: Snapshot) -> Iterator[Reason]:
    """Rules of the base branch that keep the bot from merging, whoever approves."""
    rules, base = snapshot.forge.rules, snapshot.base_branch
    if rules.signatures and not pull.signed:
        yield UNSIGNED.because(
            f"{base} requires signed commits, and the bot's own have no signature: a person signs "
            f"and merges it."
        )
    if rules.queue:
        said = f"{base} takes merges from its queue only, so a person adds it to the queue."
        yield QUEUED_MERGES.because(said)
    chosen = merge_method(snapshot)
    if chosen.why_not:
        yield NO_METHOD.because(f"The bot cannot merge it: {chosen.why_not}.")


def forge_reasons(pull: Pull, decision: Decision, snapshot: Snapshot) -> Iterator[Reason]:
    """What the forge itself says of merging, and what it said when it was asked to."""
    merges = decision.outcome is Outcome.MERGE
    if not pull.auto_merge and snapshot.ledger.switched(pull.branch, pull.head):
        said = "Somebody has switched auto-merge off, so a person merges it or switches it on."
        yield SWITCHED_OFF.because(said)
    if pull.mergeable is Mergeable.CONFLICT and _may_be_its_marks(pull, snapshot):
        yield MARKS_CONFLICT.because(
            f"It conflicts with {snapshot.base_branch}, perhaps only where it marks reflections as "
            f"resolved; the bot works that out anew when its turn comes, or after `/bot rebase`."
        )
    elif pull.mergeable is Mergeable.CONFLICT:
        said = f"It conflicts with {snapshot.base_branch}; merge by hand, or close it to refuse it."
        yield CONFLICT.because(said)
    if pull.mergeable is Mergeable.BLOCKED and merges:
        said = "The forge says that one of its own requirements is unmet; see its merge box."
        yield UNNAMED_REQUIREMENT.because(said)
    if snapshot.base_stuck and merges:
        yield WORK_TREE.because(f"It cannot be merged now: {snapshot.base_stuck}.")
    refused = snapshot.ledger.failed("merge_pull_request", pull.branch, pull.head)
    if refused:
        said = f"The forge refused the bot's merge, so a person merges it: {refused.reason}"
        yield MERGE_REFUSED.because(said)
    if pull.mergeable is Mergeable.UNKNOWN:
        said = "The forge is still working out whether it can be merged; the next tick looks again."
        yield UNKNOWN_MERGEABILITY.because(said)


def _may_be_its_marks(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether the conflict may go away by itself when the change moves to the newest base."""
    record, commit = snapshot.record_of(pull), snapshot.commit(pull.head)
    behind = commit is not None and commit.parents != (snapshot.base.sha,)
    stuck = snapshot.ledger.failed("update_branch", pull.branch, pull.head)
    return bool(record and record.marks) and behind and not stuck


def missing_head(pull: Pull, commit: Commit | None) -> Iterator[Reason]:
    if commit is None:
        said = f"Git does not have its head {short(pull.head)} yet; the next tick looks again."
        yield HEAD_MISSING.because(said)
