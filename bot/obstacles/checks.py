"""What the required checks have to say against a merge, and which of them never began. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.ledger import HeadRecord
from bot.model import CHECK_NAME, Check, CheckState, Kind, Pull, RequiredCheck, Started
from bot.obstacles import (
    AWAITS_APPROVAL,
    CHECK_FAILED,
    CHECK_NEVER_STARTED,
    CHECKS_PENDING,
    CHECKS_UNREAD,
    NONE_REQUIRED,
    NOTHING_PROVEN,
    NOTHING_STARTED,
    Reason,
)
from bot.rules import check_state
from bot.snapshot import Snapshot
from bot.time_windows import duration

Checks = tuple[Check, ...] | None


def check_reasons(
    checks: Checks, pull: Pull | None, record: HeadRecord | None, snapshot: Snapshot
) -> Iterator[Reason]:
    required = snapshot.required
    evidence = record.evidence if record else None
    if snapshot.forge.checks_here and evidence and evidence.problem and not checks:
        said = f"Its tests prove nothing: {evidence.problem}. A person reviews and merges it."
        yield NOTHING_PROVEN.because(said)
        return
    if not required:
        yield NONE_REQUIRED.because(
            f"No check is required on {snapshot.base_branch} and merge.required_checks names none, "
            f"so the bot never merges here: a person does."
        )
    if checks is None:
        yield CHECKS_UNREAD.because("Its checks could not be read; the next tick tries again.")
        return
    for need in required:
        if check_state(need, checks) is CheckState.FAILED:
            yield CHECK_FAILED.because(_failed(need, record))
    late = unstarted(checks, pull, record, snapshot)
    if late and pull:
        yield _why_late(late, checks, pull.started, snapshot)
    waiting = [
        need
        for need in required
        if check_state(need, checks) is CheckState.PENDING and need not in late
    ]
    if waiting:
        yield CHECKS_PENDING.because(f"Waiting for the required {_named(waiting)} to pass.")


def _failed(need: RequiredCheck, record: HeadRecord | None) -> str:
    said = f"The required check “{need.name}” failed"
    if record and record.change is Kind.REVERT:
        return (
            f"{said}, perhaps as a test needs what this takes back: merge it by hand, or close it "
            f"to keep the change."
        )
    return (
        f"{said}, so this change does not hold as it is: mend it by hand, or close it to refuse it."
    )


def unstarted(
    checks: Checks, pull: Pull | None, record: HeadRecord | None, snapshot: Snapshot
) -> tuple[RequiredCheck, ...]:
    """The required checks of which nothing is to be seen, in all the time they have to begin.

    What exists may take as long as it takes, unless a person has to let it go on. The sandbox's own
    check is for the bot to run, whenever that is.
    """
    if checks is None or pull is None or record is None:
        return ()
    begun = max(record.at, pull.created_at or record.at)
    if snapshot.now < begun + duration(snapshot.config.merge.checks_start_within):
        return ()
    own = CHECK_NAME if snapshot.forge.checks_here else ""
    pending = [
        need
        for need in snapshot.required
        if need.name != own and check_state(need, checks) is CheckState.PENDING
    ]
    if any(one.awaits for one in pull.started or ()):
        return tuple(pending)
    return tuple(need for need in pending if not _exists(need, checks))


def _exists(need: RequiredCheck, checks: Sequence[Check]) -> bool:
    return any(one.name == need.name and need.app_id in (0, one.app_id) for one in checks)


def _why_late(
    late: Sequence[RequiredCheck],
    checks: Sequence[Check],
    started: tuple[Started, ...] | None,
    snapshot: Snapshot,
) -> Reason:
    """Which of the ways not to begin this looks like, and what to do about it."""
    which = f"The required {_named(late)} did not start"
    within = f"within {snapshot.config.merge.checks_start_within}"
    held = next((one for one in started or () if one.awaits), None)
    if held:
        where = f" at {held.url}" if held.url else ""
        return AWAITS_APPROVAL.because(
            f"{which}: “{held.name}” waits for a person. Approve it{where}; what GITHUB_TOKEN "
            f"pushes always needs that, what an app's or account's own token pushes does not."
        )
    if started == () and not checks:
        return NOTHING_STARTED.because(
            f"{which}, and nothing else {within}: the token that pushed it seems to start no "
            f"workflows, as GITHUB_TOKEN does not. Give the bot a token of an app or account of "
            f"its own, or merge by hand."
        )
    if any(one.name == late[0].name for one in checks):
        return CHECK_NEVER_STARTED.because(
            f"{which} {within} by the app that the branch's rules name, only by another or as a "
            f"commit status, which names none. Allow any source there, or merge by hand."
        )
    here = {need.name for need in snapshot.forge.required or ()}
    where = "the branch's rules" if late[0].name in here else "merge.required_checks"
    others = ", though others did" if checks or started else ""
    return CHECK_NEVER_STARTED.because(
        f"{which} {within}{others}: what runs it may leave these paths or this branch out, or "
        f"{where} may name it wrongly. Mend that, or merge by hand."
    )


def _named(needs: Sequence[RequiredCheck]) -> str:
    noun = "check" if len(needs) == 1 else "checks"
    return f"{noun} {', '.join(f'“{need.name}”' for need in needs)}"
