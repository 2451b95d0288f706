"""Select: which incidents deserve an engine's time, and why the others do not. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.actions.own_pull import is_held
from bot.auto_merging import stays_armed
from bot.config import Outcome
from bot.engines import Budget
from bot.feedback import asks_to_hold, commands, feedback, tried, unsettled
from bot.gate import Obstacle, standing
from bot.history import Fate, History, history
from bot.ledger import HeadRecord
from bot.model import (
    CHECK_NAME,
    SEARCH,
    Command,
    Feedback,
    Fingerprint,
    Incident,
    Place,
    Pull,
    PullState,
    Reflection,
    Skipped,
    Verb,
)
from bot.snapshot import Snapshot
from bot.untrusted import for_model
from bot.watching import to_revert


@dataclass(frozen=True, slots=True)
class Chosen:
    """An incident to work on, and the number this attempt at it will have.

    With a `pull` it is a further attempt on that open pull request, because of the feedback.
    """

    incident: Incident
    attempt: int
    pull: Pull | None = None
    feedback: Feedback | None = None
    engines: tuple[str, ...] = ()
    """Of several engines those to ask; empty asks all."""


@dataclass(frozen=True, slots=True)
class Revert:
    """A merged pull request to take back, and why; `commands` are what asked for it there.

    Without any it is what the merge did to the base branch that asks for it, or a person at a
    terminal.
    """

    pull: Pull
    reason: str
    commands: tuple[Command, ...] = ()
    watched: bool = False
    """Whether it is the watch over the bot's own merges that wants it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to ask an engine about, what to skip and why, and branches that await a pull request.

    `renew` is the open pull request that is to be brought up to date with the base, if one is;
    `unchecked` are those that wait for the sandbox, where that is the one to run their checks.
    """

    chosen: tuple[Chosen, ...]
    skipped: tuple[Skipped, ...]
    orphans: tuple[HeadRecord, ...]
    renew: Pull | None = None
    unchecked: tuple[Pull, ...] = ()
    reverts: tuple[Revert, ...] = ()
    """Merged pull requests that people want taken back, or that broke the base branch."""


def select(
    snapshot: Snapshot, only: str = "", claimed: Collection[Fingerprint] | None = None
) -> Selection:
    """Choose, in the order the incidents were written, those that surely speak of a defect first.

    `only` is a reflection's id, a fingerprint, or the start of either; `claimed` are the incidents
    that a plan file has answers for, if there is one.
    """
    skipped = [Skipped(verdict.reflection, verdict.reason) for verdict in snapshot.left_out]
    chosen: list[Chosen] = []
    stop = snapshot.halted or _merge_first(snapshot)
    if not stop:
        chosen.extend(_again(snapshot, only, claimed))
    room = _room(snapshot)
    for incident in snapshot.incidents:
        past = history(incident, snapshot)
        reason = _passed_over(past, snapshot)
        if not reason and only and not _is_meant(incident, only):
            reason = f"--only {only} leaves it out"
        if not reason and claimed is not None and incident.fingerprint not in claimed:
            reason = "the plan file has no answer for it"
        if not reason:
            full = room[1] if len(chosen) >= room[0] else ""
            reason = stop or _busy(incident, snapshot, chosen) or full
        engines, poor = _engines(past.engines, snapshot)
        reason = reason or poor
        if reason:
            skipped.extend(Skipped(reflection, reason) for reflection in incident.reflections)
        else:
            told = _since(past)
            chosen.append(Chosen(incident, past.attempts + 1, feedback=told, engines=engines))
    return Selection(
        tuple(chosen),
        tuple(skipped),
        _orphans(snapshot),
        _renew(snapshot),
        _unchecked(snapshot),
        _reverts(snapshot),
    )


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


def _again(
    snapshot: Snapshot, only: str, claimed: Collection[Fingerprint] | None
) -> Iterator[Chosen]:
    """Open pull requests that people or checks want another attempt on, within the limits."""
    limits = snapshot.config.limits
    left = limits.incidents_per_tick
    engines, poor = _engines((), snapshot)
    if poor:
        return
    for pull in snapshot.open_pulls:
        record = snapshot.record_of(pull)
        theirs = standing(pull, snapshot).has(Obstacle.LEFT_TO_PEOPLE)
        theirs = theirs or _stays(pull, snapshot)
        wanted = feedback(pull, snapshot)
        if record is None or wanted is None or theirs or left <= 0:
            continue
        number = tried(record, snapshot).number + 1
        incident = _incident_of(record, snapshot)
        meant = not only or _is_meant(incident, only)
        if number > limits.attempts_per_incident or not meant:
            continue
        if claimed is None or incident.fingerprint in claimed:
            left -= 1
            yield Chosen(incident, number, pull, wanted, engines)


def _incident_of(record: HeadRecord, snapshot: Snapshot) -> Incident:
    """The incident of a pull request, from its record where its reflections are gone by now."""
    for incident in snapshot.incidents:
        shared = set(incident.reflection_ids) & set(record.reflections)
        if incident.fingerprint == record.incident or shared:
            return incident
    source = record.sources[0] if record.sources else ""
    reflections = tuple(
        Reflection(
            id=id_,
            source=source,
            where=f"pull request of {record.branch}",
            timestamp="",
            task="",
            outcome="",
            text=record.observed,
        )
        for id_ in record.reflections
    )
    places = (Place(record.path, record.symbol),)
    return Incident(fingerprint=record.incident, reflections=reflections, places=places)


def _since(past: History) -> Feedback | None:
    """What an engine has to know of an attempt that was merged and taken back."""
    if past.fate is not Fate.REVERTED:
        return None
    told = (past.sentence, for_model(past.because)) if past.because else (past.sentence,)
    return Feedback(past.sentence, told)


def _passed_over(past: History, snapshot: Snapshot) -> str:
    """Why an incident's history leaves nothing to do on it; empty if there is."""
    if past.fate not in (Fate.OPEN, Fate.REVERTED):
        return past.sentence
    if past.attempts >= snapshot.config.limits.attempts_per_incident:
        return f"it was tried {past.attempts} times (limits.attempts_per_incident)"
    return ""


def _busy(incident: Incident, snapshot: Snapshot, chosen: Collection[Chosen]) -> str:
    """Why the code that an incident names is not to be touched now; empty if it may be."""
    week = snapshot.now - timedelta(days=7)
    most = snapshot.config.limits.patches_per_file_per_week
    for place in incident.places[:1]:
        if place.symbol and any(one.incident.places[:1] == (place,) for one in chosen):
            return f"{place.symbol} is worked on in this tick already; one after the other"
        for pull in snapshot.open_pulls:
            record = snapshot.record_of(pull)
            if (
                record
                and place.symbol
                and (record.path, record.symbol) == (place.path, place.symbol)
            ):
                return f"#{pull.number} changes {place.symbol} already; one after the other"
        opened = [at for path, at in _opened(snapshot) if path == place.path and at > week]
        if len(opened) >= most:
            return (
                f"{place.path} had {most} patches within a week (limits.patches_per_file_per_week)"
            )
    return ""


def _opened(snapshot: Snapshot) -> list[tuple[str, datetime]]:
    """When each of the bot's branches was first pushed, and the file that it is about."""
    first: dict[str, HeadRecord] = {}
    for record in snapshot.ledger.heads:
        first.setdefault(record.branch, record)
    return [(record.path, record.at) for record in first.values()]


def _reverts(snapshot: Snapshot) -> tuple[Revert, ...]:
    """What people asked to be taken back, on the merged pull request itself, and what broke."""
    if snapshot.halted:
        return ()
    found: list[Revert] = []
    for pull in snapshot.own_pulls:
        asked = tuple(one for one in unsettled(pull, snapshot) if one.verb is Verb.REVERT)
        if pull.state is PullState.MERGED and asked and not is_held(pull):
            found.append(Revert(pull, asked[0].words, asked))
    asked_for = {one.pull.number for one in found}
    broke = [one for one in to_revert(snapshot) if one.pull.number not in asked_for]
    return (*found, *(Revert(one.pull, one.reason, watched=True) for one in broke))


def _unchecked(snapshot: Snapshot) -> tuple[Pull, ...]:
    """Heads on today's base that no check was recorded for, as many as one tick may work on."""
    if not snapshot.forge.checks_here or snapshot.halted:
        return ()
    found = []
    for pull in snapshot.open_pulls:
        commit, record = snapshot.commit(pull.head), snapshot.record_of(pull)
        theirs = standing(pull, snapshot).has(Obstacle.LEFT_TO_PEOPLE)
        tested = any(check.name == CHECK_NAME for check in pull.checks or ())
        if commit is None or record is None or tested or theirs:
            continue
        known = record.evidence is not None and not record.evidence.problem
        if known or (record.evidence is None and commit.parents == (snapshot.base.sha,)):
            found.append(pull)
    return tuple(found[: snapshot.config.limits.incidents_per_tick])


def _renew(snapshot: Snapshot) -> Pull | None:
    """The next to merge, if all that keeps it is that the base has moved since it was tested.

    Only one: its merge moves the base for all others. None that awaits a person is touched.
    """
    if snapshot.halted or _merge_first(snapshot):
        return None
    for pull in snapshot.open_pulls:
        stands = standing(pull, snapshot)
        wanted = any(one.verb is Verb.REBASE for one in commands(pull))
        wanted = wanted and not _stays(pull, snapshot)
        if wanted and stands.has(Obstacle.BEHIND) and not stands.has(Obstacle.LEFT_TO_PEOPLE):
            return pull
    for pull in snapshot.open_pulls:
        stands = standing(pull, snapshot)
        kinds = {reason.obstacle for reason in stands.reasons}
        merges = stands.decision.outcome is Outcome.MERGE and not stands.decision.awaits_a_time
        only_behind = kinds <= {Obstacle.BEHIND, Obstacle.WAITING}
        if merges and Obstacle.BEHIND in kinds and only_behind and not _stays(pull, snapshot):
            return pull
    return None


def _stays(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether its head is to stay as it is: a new one would be merged unseen, or is not wanted."""
    return stays_armed(pull, snapshot) or asks_to_hold(pull, snapshot)


def _merge_first(snapshot: Snapshot) -> str:
    """A merge moves the base; what was built just before it would be out of date at once."""
    for pull in snapshot.open_pulls:
        if standing(pull, snapshot).ready:
            return f"#{pull.number} is merged first; the next tick builds on that"
    return ""


def _engines(hopeful: tuple[str, ...], snapshot: Snapshot) -> tuple[tuple[str, ...], str]:
    """The engines to ask, of those that may know better; or why the budget leaves none of them."""
    wanted = hopeful or snapshot.engines
    poor = _budget_stop(snapshot)
    free = tuple(name for name in wanted if name == SEARCH)
    return (free, "" if free else poor) if poor else (hopeful, "")


def _budget_stop(snapshot: Snapshot) -> str:
    left = budget(snapshot, 0, 0.0)
    if left.tokens <= 0:
        return "a limit of tokens is used up (limits.tokens_per_day, _tick or _incident)"
    if left.usd is not None and left.usd <= 0:
        return "a limit in money is used up (limits.usd_per_day, _tick or _incident)"
    return ""


def _room(snapshot: Snapshot) -> tuple[int, str]:
    """How many incidents may be worked on, and the sentence for those that may not."""
    limits, now = snapshot.config.limits, snapshot.now
    opened = [at for _, at in _opened(snapshot)]
    this_hour = sum(at > now - timedelta(hours=1) for at in opened)
    today = sum(at > now - timedelta(hours=24) for at in opened)
    open_now = len(snapshot.open_pulls) + len(_orphans(snapshot))
    later, no_more = "a later tick takes it", "no more may be opened"
    rooms = [
        (limits.incidents_per_tick, "incidents_per_tick", limits.incidents_per_tick, later),
        (limits.open_pulls - open_now, "open_pulls", limits.open_pulls, no_more),
        (limits.pulls_per_hour - this_hour, "pulls_per_hour", limits.pulls_per_hour, later),
        (limits.pulls_per_day - today, "pulls_per_day", limits.pulls_per_day, later),
    ]
    free, name, most, what = min(rooms, key=lambda room: room[0])
    return max(0, free), f"limits.{name} is {most}; {what}"


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
