"""Select: which incidents deserve an engine's time, and why the others do not. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.engines import Budget
from bot.gate import standing
from bot.history import Fate, history
from bot.ledger import HeadRecord
from bot.model import Fingerprint, Incident, Skipped
from bot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Chosen:
    """An incident to work on, and the number this attempt at it will have."""

    incident: Incident
    attempt: int


@dataclass(frozen=True, slots=True)
class Selection:
    """What to ask an engine about, what to skip and why, and branches that await a pull request."""

    chosen: tuple[Chosen, ...]
    skipped: tuple[Skipped, ...]
    orphans: tuple[HeadRecord, ...]


def select(
    snapshot: Snapshot, only: str = "", claimed: Collection[Fingerprint] | None = None
) -> Selection:
    """Choose, in the order the incidents were written, those that surely speak of a defect first.

    `only` is a reflection's id, a fingerprint, or the start of either; `claimed` are the incidents
    that a plan file has answers for, if there is one.
    """
    skipped = [Skipped(verdict.reflection, verdict.reason) for verdict in snapshot.left_out]
    chosen: list[Chosen] = []
    stop = snapshot.halted or _merge_first(snapshot) or _budget_stop(snapshot)
    room = _room(snapshot)
    for incident in snapshot.incidents:
        past = history(incident, snapshot)
        reason = ""
        if past.fate is not Fate.OPEN:
            reason = past.sentence
        elif past.attempts >= snapshot.config.limits.attempts_per_incident:
            reason = f"it was tried {past.attempts} times (limits.attempts_per_incident)"
        elif only and not _is_meant(incident, only):
            reason = f"--only {only} leaves it out"
        elif claimed is not None and incident.fingerprint not in claimed:
            reason = "the plan file has no answer for it"
        elif stop:
            reason = stop
        elif len(chosen) >= room[0]:
            reason = room[1]
        if reason:
            skipped.extend(Skipped(reflection, reason) for reflection in incident.reflections)
        else:
            chosen.append(Chosen(incident, past.attempts + 1))
    return Selection(tuple(chosen), tuple(skipped), _orphans(snapshot))


def budget(snapshot: Snapshot, spent_tokens: int, spent_usd: float) -> Budget:
    """What the next incident may cost, after this tick has spent so much."""
    limits = snapshot.config.limits
    today = snapshot.ledger.spent_within_a_day(snapshot.now)
    tokens = min(
        limits.tokens_per_incident,
        limits.tokens_per_tick - spent_tokens,
        limits.tokens_per_day - today.tokens - spent_tokens,
    )
    money = [
        limit - spent
        for limit, spent in (
            (limits.usd_per_incident, 0.0),
            (limits.usd_per_tick, spent_usd),
            (limits.usd_per_day, (today.usd or 0.0) + spent_usd),
        )
        if limit is not None
    ]
    return Budget(tokens, min(money, default=None))


def _merge_first(snapshot: Snapshot) -> str:
    """A merge moves the base; what was built just before it would be out of date at once."""
    for pull in snapshot.open_pulls:
        if standing(pull, snapshot).ready:
            return f"#{pull.number} is merged first; the next tick builds on that"
    return ""


def _budget_stop(snapshot: Snapshot) -> str:
    left = budget(snapshot, 0, 0.0)
    if left.tokens <= 0:
        return "a limit of tokens is used up (limits.tokens_per_day, _tick or _incident)"
    if left.usd is not None and left.usd <= 0:
        return "a limit in money is used up (limits.usd_per_day, _tick or _incident)"
    return ""


def _room(snapshot: Snapshot) -> tuple[int, str]:
    """How many incidents may be worked on, and the sentence for those that may not."""
    limits = snapshot.config.limits
    free = max(0, limits.open_pulls - len(snapshot.open_pulls) - len(_orphans(snapshot)))
    if free < limits.incidents_per_tick:
        return free, f"limits.open_pulls is {limits.open_pulls}, and no more may be opened"
    count = limits.incidents_per_tick
    return count, f"limits.incidents_per_tick is {count}; a later tick takes it"


def _orphans(snapshot: Snapshot) -> tuple[HeadRecord, ...]:
    """Branches that were pushed and whose pull request was never opened."""
    with_pull = {pull.branch for pull in snapshot.forge.pulls}
    found = []
    for branch in snapshot.branches:
        record = snapshot.ledger.head(branch.name, branch.head)
        if record is None or branch.name in with_pull or snapshot.halted:
            continue
        if snapshot.ledger.failed("open_pull_request", branch.name, branch.head) is None:
            found.append(record)
    return tuple(found)


def _is_meant(incident: Incident, only: str) -> bool:
    names = (incident.fingerprint, *incident.reflection_ids)
    return any(name.startswith(only) for name in names)
