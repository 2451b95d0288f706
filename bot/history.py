"""What became of an incident, derived from pull requests and the ledger. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from bot.feedback import gave_up, gave_way
from bot.ledger import AttemptRecord, HeadRecord
from bot.model import (
    SEARCH,
    Ending,
    Incident,
    Pull,
    PullState,
    Sha,
    Triaged,
    fingerprint_of_revert,
    short,
)
from bot.snapshot import Snapshot
from bot.triage import SETTLED
from bot.watching import people_reverting

FIRST_RETRY = timedelta(hours=1)
"""A failed attempt is tried again after this, and twice as long after each further one."""
LONGEST_RETRY = timedelta(days=28)


class Fate(StrEnum):
    """What became of an incident so far."""

    OPEN = "open"
    """Nothing yet; an engine may be asked."""
    WAITING = "waiting"
    """Tried without a result, to be tried again later."""
    PUBLISHED = "published"
    """Its branch is pushed, its pull request is not open yet."""
    PROPOSED = "proposed"
    MERGED = "merged"
    REVERTED = "reverted"
    """It was merged and taken back; another attempt may be made."""
    REFUSED = "refused"
    LEFT_TO_PEOPLE = "left to people"
    ABSTAINED = "abstained"
    FAILED = "failed"


_STATUS = {
    Fate.WAITING: Fate.OPEN,
    Fate.PUBLISHED: Fate.PROPOSED,
    Fate.LEFT_TO_PEOPLE: Fate.OPEN,
}
"""What a fate is called where a reflection is told of in the fewest words."""


@dataclass(frozen=True, slots=True)
class History:
    """The fate of one incident, the sentence that says it, and the attempts made so far."""

    fate: Fate
    sentence: str
    attempts: int
    pull: Pull | None = None
    head: HeadRecord | None = None
    because: str = ""
    """Why it was taken back, where it was."""
    engines: tuple[str, ...] = ()
    """Of the engines those that may know better now; empty where none was asked before."""
    ended_as: Fate | None = None
    """What had become of it when it was left to people, where something had."""

    @property
    def status(self) -> Fate:
        """The fate in one of the words that people know it by; the sentence says the rest."""
        return self.ended_as or _STATUS.get(self.fate, self.fate)


def history(incident: Incident, snapshot: Snapshot) -> History:
    """What became of this incident, matched by fingerprint or by any of its reflections."""
    heads = [h for h in snapshot.ledger.heads if _same(incident, h.incident, h.reflections)]
    tries = [a for a in snapshot.ledger.attempts if _same(incident, a.incident, a.reflections)]
    branches = {head.branch for head in heads} | {incident.branch(1)}
    pulls = [pull for pull in snapshot.forge.pulls if pull.branch in branches]
    attempts = len({(head.branch, head.attempt) for head in heads}) + sum(
        one.asked for one in tries
    )
    if pulls:
        telling = _most_telling(pulls)
        taken_back = _taken_back(telling, attempts, snapshot)
        if taken_back is None:
            return _of_pull(telling, attempts, snapshot)
        with_pull = {pull.branch for pull in pulls}
        newer = [head for head in heads if head.branch not in with_pull]
        since = [one for one in tries if one.at > _pushed_at(telling, heads)]
        later = _of_tries(incident, since, attempts, snapshot) if since else None
        if later and later.fate is not Fate.OPEN:
            return later
        if not newer:
            return taken_back
        heads = newer
    present = {branch.name: branch.head for branch in snapshot.branches}
    if heads:
        return _of_branch(heads[-1], present.get(heads[-1].branch), snapshot, attempts)
    next_branch = incident.branch(attempts + 1)
    if next_branch in present:
        sentence = f"somebody else has pushed {next_branch}; delete it to let the bot go on"
        return _left(sentence, attempts)
    if tries:
        return _of_tries(incident, tries, attempts, snapshot)
    return History(Fate.OPEN, "nothing has been tried yet", attempts)


def settled_by(verdict: Triaged, snapshot: Snapshot) -> History | None:
    """The merge that settled a reflection which nothing is done about any more; None if none did.

    That is what a fix leaves behind that has marked it as resolved.
    """
    id_ = verdict.reflection.id
    heads = [head for head in snapshot.ledger.heads if id_ in head.reflections]
    if verdict.kind != SETTLED or not heads:
        return None
    reflections = (verdict.reflection,)
    incident = Incident(fingerprint=heads[-1].incident, reflections=reflections, places=())
    past = history(incident, snapshot)
    if past.fate is Fate.MERGED:
        return past
    branches = {head.branch for head in heads}
    merge = next((one for one in snapshot.ledger.merges if one.branch in branches), None)
    said = f"pull request #{merge.number} is merged" if merge else ""
    return History(Fate.MERGED, said, past.attempts) if merge else None


def _pushed_at(pull: Pull, heads: list[HeadRecord]) -> datetime:
    """When the head of this pull request was pushed."""
    return max(head.at for head in heads if head.branch == pull.branch)


def _taken_back(pull: Pull, attempts: int, snapshot: Snapshot) -> History | None:
    """What follows from a merged pull request having been taken back; None where it was not."""
    if pull.merged_as is None:
        return None
    undoing = fingerprint_of_revert(pull.merged_as)
    reverts = {head.branch: head for head in snapshot.ledger.heads if head.incident == undoing}
    merged = (one for one in snapshot.forge.pulls if one.state is PullState.MERGED)
    other = next((one for one in merged if one.branch in reverts), None)
    if other is None:
        return _taken_back_by_hand(pull, attempts, snapshot)
    said = f"pull request #{pull.number} was merged, and taken back by #{other.number}"
    because = reverts[other.branch].explanation
    limit = snapshot.config.limits.attempts_per_incident
    if attempts >= limit:
        said = f"{said}; that was the last of {limit} attempts, so a person decides"
        return _left(said, attempts, pull, because=because, ended_as=Fate.REVERTED)
    return History(Fate.REVERTED, said, attempts, pull, because=because)


def _taken_back_by_hand(pull: Pull, attempts: int, snapshot: Snapshot) -> History | None:
    """A merge that a person took back is a person's, as one that a person closed is."""
    theirs = [one for one in people_reverting(pull, snapshot) if one.state is PullState.MERGED]
    commits = [one.taken_back_by for one in snapshot.watched if one.after.sha == pull.merged_as]
    by = next((f"#{one.number}" for one in theirs), short(next(filter(None, commits), Sha(""))))
    if not by:
        return None
    said = f"pull request #{pull.number} was merged, and a person took it back with {by}"
    return _left(f"{said}, which is a “no”", attempts, pull, ended_as=Fate.REVERTED)


_left = partial(History, Fate.LEFT_TO_PEOPLE)


def _of_pull(pull: Pull, attempts: int, snapshot: Snapshot) -> History:
    if pull.state is PullState.OPEN:
        return History(Fate.PROPOSED, f"pull request #{pull.number} is open", attempts, pull)
    if pull.state is PullState.MERGED:
        return History(Fate.MERGED, f"pull request #{pull.number} is merged", attempts, pull)
    said = f"pull request #{pull.number} was closed"
    if gave_up(pull, snapshot) and gave_way(pull):
        return History(Fate.FAILED, f"{said} by the bot: a person does the same", attempts, pull)
    if gave_up(pull, snapshot):
        return History(Fate.FAILED, f"{said} by the bot after all its attempts", attempts, pull)
    if pull.closed_by is None:
        sentence = f"{said} because its branch is gone; a maintainer decides"
        return _left(sentence, attempts, pull)
    if not pull.closed_by.may_write:
        sentence = f"{said} by {pull.closed_by.login}, who has no say here; a maintainer decides"
        return _left(sentence, attempts, pull)
    return History(Fate.REFUSED, f"{said} without merging, which is a “no”", attempts, pull)


def _of_branch(head: HeadRecord, at: Sha | None, snapshot: Snapshot, attempts: int) -> History:
    """The fate of a pushed head that has no pull request; `at` is where its branch is now."""
    failure = snapshot.ledger.failed("open_pull_request", head.branch, head.head)
    if failure:
        sentence = f"no pull request was opened for {head.branch}: {failure.reason}"
        return History(Fate.FAILED, sentence, attempts, head=head)
    if at is None:
        sentence = (
            f"{head.branch} was deleted before it had a pull request; push {short(head.head)} to "
            f"it again to let the bot go on"
        )
        return _left(sentence, attempts, head=head)
    if at != head.head:
        sentence = f"a person has pushed to {head.branch}, so it is left to people"
        return _left(sentence, attempts, head=head)
    return History(Fate.PUBLISHED, f"{head.branch} has no pull request yet", attempts, head=head)


def _of_tries(
    incident: Incident, tries: list[AttemptRecord], attempts: int, snapshot: Snapshot
) -> History:
    last = max(tries, key=lambda record: record.at)
    known = {id_ for record in tries for id_ in record.reflections}
    news = [id_ for id_ in incident.reflection_ids if id_ not in known]
    limit = snapshot.config.limits.attempts_per_incident
    reason = last.reason.removesuffix(".")
    said = f"attempt {last.attempt} ended: {last.ending}, {reason}"
    hopeful = _hopeful(tries, snapshot)
    stopped = next((one for one in tries if one.ending is Ending.STOPPED), None)
    if stopped:
        said = f"attempt {stopped.attempt} was stopped: {stopped.reason}"
        return _left(said, attempts, ended_as=Fate.FAILED)
    if attempts >= limit:
        return History(Fate.FAILED, f"{said}; that was the last of {limit} attempts", attempts)
    if news:
        return History(Fate.OPEN, f"{said}; {news[0]} is new since", attempts)
    unasked = _unasked(tries, snapshot)
    if unasked:
        return History(
            Fate.OPEN, f"{said}; {unasked[0]} was not asked yet", attempts, engines=hopeful
        )
    if last.until_base_moves and last.base == snapshot.base.sha:
        said = f"{said}; it is tried again once {snapshot.base_branch} has moved"
        return History(Fate.ABSTAINED, said, attempts)
    if last.ending is Ending.FAILED or last.until_base_moves:
        again = sum(one.ending is Ending.FAILED or one.until_base_moves for one in tries)
        due = last.at + min(FIRST_RETRY * 2 ** min(again - 1, 10), LONGEST_RETRY)
        if snapshot.now >= due:
            return History(Fate.OPEN, f"{said}; it is due again", attempts, engines=hopeful)
        return History(Fate.WAITING, f"{said}; again after {_clock(due)}", attempts)
    fate = Fate.REFUSED if last.ending is Ending.REFUSED else Fate.ABSTAINED
    return History(fate, said, attempts)


def _unasked(tries: list[AttemptRecord], snapshot: Snapshot) -> tuple[str, ...]:
    """Engines that can be asked today and never were, as when a key was added since.

    That is for what gave up by itself; a patch that was refused is not had anew from another.
    """
    if not tries[-1].until_base_moves:
        return ()
    asked = {name for record in tries for name in record.engines}
    return tuple(name for name in snapshot.engines if name not in asked)


def _hopeful(tries: list[AttemptRecord], snapshot: Snapshot) -> tuple[str, ...]:
    """The engines that may know better now; a search finds the same again on the same base."""
    here = {n for record in tries if record.base == snapshot.base.sha for n in record.engines}
    return tuple(name for name in snapshot.engines if name != SEARCH or name not in here)


def _same(incident: Incident, fingerprint: str, reflections: tuple[str, ...]) -> bool:
    return incident.fingerprint == fingerprint or bool(
        set(incident.reflection_ids) & set(reflections)
    )


def _most_telling(pulls: list[Pull]) -> Pull:
    """An open one before a closed one, a newer before an older."""
    return max(pulls, key=lambda pull: (pull.state is PullState.OPEN, pull.number))


def _clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
