"""What a merge did to the required checks of the base branch, from what they say now. Pure.

A check that passed on what a merge was made onto and fails on the merge itself is blamed on the
merge; one of which nobody knows what it said before is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.model import Check, CheckState, RequiredCheck, WatchedMerge, short
from bot.rules import check_state
from bot.snapshot import Snapshot
from bot.time_windows import duration


class Aftermath(StrEnum):
    """What a merge did to the required checks of the base branch."""

    GREEN = "green"
    PENDING = "pending"
    RED = "red"
    """A check that passed before it fails on it."""
    RED_BEFORE = "red before"
    """A check fails on it that did not pass before either, as far as anyone knows."""
    UNWATCHED = "unwatched"
    """Nothing runs the checks on the base branch."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a merge did, as a sentence without its full stop; `red` are what it is blamed for."""

    aftermath: Aftermath
    said: str
    red: tuple[Check, ...] = ()


class _Says(StrEnum):
    """What one required check says of a merge, in the order in which it matters."""

    BROKEN = "broken"
    WAITING = "waiting"
    AWAITS_BEFORE = "broken, and what was there before has no result yet"
    BROKEN_BEFORE = "broken before"
    BROKEN_SINCE_WHEN = "broken, and nobody knows since when"
    PASSED = "passed"
    NOT_BEGUN = "not begun"
    NEVER_RUNS = "never runs"


def aftermath(merge: WatchedMerge, snapshot: Snapshot) -> Found:
    """What this merge did."""
    checks = merge.after.checks
    if checks is None:
        said = f"The checks of {short(merge.after.sha)} could not be read"
        return Found(Aftermath.PENDING, said)
    told: dict[_Says, list[RequiredCheck]] = {}
    for need in snapshot.required:
        told.setdefault(_says(need, merge, checks, snapshot), []).append(need)
    names = {says: _listed(need.name for need in needs) for says, needs in told.items()}
    here = short(merge.after.sha)
    there = short(merge.before.sha) if merge.before else "what was there before"
    if _Says.BROKEN in told:
        said = f"{names[_Says.BROKEN]} passed on {there} and failed on {here}"
        return Found(Aftermath.RED, said, tuple(_failed(told[_Says.BROKEN], checks)))
    if _Says.WAITING in told:
        return Found(Aftermath.PENDING, f"Waiting for {names[_Says.WAITING]} on {here}")
    if _Says.AWAITS_BEFORE in told:
        said = f"{names[_Says.AWAITS_BEFORE]} failed on {here}, and has no result on {there} yet"
        return Found(Aftermath.PENDING, said)
    if _Says.BROKEN_BEFORE in told:
        said = f"{names[_Says.BROKEN_BEFORE]} failed on {here}, as on {there} before it"
        return Found(Aftermath.RED_BEFORE, said)
    if _Says.BROKEN_SINCE_WHEN in told:
        said = f"{names[_Says.BROKEN_SINCE_WHEN]} failed on {here}, and had not run on {there}"
        return Found(Aftermath.RED_BEFORE, said)
    return _nothing_failed(names, here, snapshot.base_branch)


def _says(
    need: RequiredCheck, merge: WatchedMerge, checks: Sequence[Check], snapshot: Snapshot
) -> _Says:
    before = (merge.before.checks if merge.before else None) or ()
    state, state_before = check_state(need, checks), check_state(need, before)
    if not _has(need, checks):
        if not _has(need, before):
            return _Says.NEVER_RUNS
        record = snapshot.ledger.merged(merge.number)
        patience = duration(snapshot.config.merge.checks_start_within)
        in_time = record is not None and snapshot.now < record.at + patience
        return _Says.WAITING if in_time else _Says.NOT_BEGUN
    if state is CheckState.PASSED:
        return _Says.PASSED
    if state is CheckState.FAILED and not _has(need, before):
        return _Says.BROKEN_SINCE_WHEN
    if state is CheckState.PENDING:
        return _Says.WAITING
    if state_before is CheckState.PENDING:
        return _Says.AWAITS_BEFORE
    return _Says.BROKEN if state_before is CheckState.PASSED else _Says.BROKEN_BEFORE


def _nothing_failed(names: Mapping[_Says, str], here: str, base: str) -> Found:
    absent = [names[one] for one in (_Says.NEVER_RUNS, _Says.NOT_BEGUN) if one in names]
    if _Says.PASSED in names and not absent:
        return Found(Aftermath.GREEN, f"Every required check passed on {here}")
    if _Says.PASSED in names:
        said = f"{names[_Says.PASSED]} passed on {here}; {', '.join(absent)} did not run there"
        return Found(Aftermath.GREEN, said)
    if _Says.NOT_BEGUN in names:
        said = (
            f"{names[_Says.NOT_BEGUN]} has not begun on {here}, though it ran on what was there "
            f"before: a merge with a workflow's own token starts nothing"
        )
        return Found(Aftermath.UNWATCHED, said)
    if absent:
        said = f"Nothing runs {absent[0]} on {base}, so what is merged there is not watched"
        return Found(Aftermath.UNWATCHED, said)
    said = f"No check is required on {base}, so what is merged there is not watched"
    return Found(Aftermath.UNWATCHED, said)


def _has(need: RequiredCheck, checks: Iterable[Check]) -> bool:
    return any(one.name == need.name and need.app_id in (0, one.app_id) for one in checks)


def _failed(needs: Iterable[RequiredCheck], checks: Iterable[Check]) -> Iterator[Check]:
    """The failed results of these checks."""
    for check in checks:
        if check.state is CheckState.FAILED and any(_has(need, (check,)) for need in needs):
            yield check


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
