"""Watch: what the bot's own merges did to the base branch, and what follows from that. Pure.

Before anything is taken back, what failed is run once more where the forge does that; and whatever
the bot decides not to do has a reason that is written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.actions.own_pull import is_held
from bot.aftermath import Aftermath, aftermath
from bot.config import Config
from bot.ledger import ArmedRecord, HeadRecord, Ledger, MergeRecord
from bot.model import (
    Check,
    Kind,
    Pull,
    PullState,
    Sha,
    WatchedMerge,
    fingerprint_of_revert,
    short,
)
from bot.snapshot import Snapshot

MAX_WATCHED = 20
"""So many merges are watched at once, those of other files than the tested ones first."""
MAX_ASKED = 50
"""So many branches are looked at for a merge that nobody has written down, the newest."""
RERUN_BEGINS_WITHIN = timedelta(hours=1)
"""What was to be run again and has no new result after this is taken as it is."""


RERUN_ENDS_WITHIN = timedelta(hours=6)
"""So long the outcome of what is run again is waited for, also beyond the window."""


class Course(StrEnum):
    """What is to be done about it now."""

    NOTHING = "nothing"
    RERUN = "rerun"
    """Have the forge run once more what failed."""
    REVERT = "revert"
    LEAVE = "leave"
    """Leave it as it is, and write down why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One merge of the bot's, what it did, and the sentence that says both.

    `reason` is why it is to be taken back and `why` why it is not, each a clause. `for_good` says
    that no later tick decides otherwise, `calls` that a person is called about it. `red` are the
    results to have anew.
    """

    pull: Pull
    merge: WatchedMerge
    aftermath: Aftermath
    sentence: str
    course: Course = Course.NOTHING
    reason: str = ""
    why: str = ""
    for_good: bool = True
    calls: bool = False
    red: tuple[Check, ...] = ()

    def as_data(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "pull_request": self.pull.number,
            "merged_as": self.merge.after.sha,
            "aftermath": self.aftermath,
            "sentence": self.sentence,
        }


def by_sentence(merges: Iterable[Watched]) -> tuple[tuple[str, Aftermath, str], ...]:
    """Each sentence once, with the numbers of the pull requests that it is said of."""
    found: dict[str, list[Watched]] = {}
    for one in merges:
        found.setdefault(one.sentence, []).append(one)
    return tuple(
        (", ".join(f"#{one.pull.number}" for one in ones), ones[0].aftermath, sentence)
        for sentence, ones in found.items()
    )


# -------------------------------------------------------------------------- which are watched


def recent(ledger: Ledger, config: Config, now: datetime) -> tuple[MergeRecord, ...]:
    """The bot's merges that are watched now, as the ledger has them."""
    if not config.watch.window:
        return ()
    since = now - config.watch.lasts
    begun = {one.merged_as for one in ledger.all_reruns if one.at > now - RERUN_ENDS_WITHIN}
    found = {
        record.merged_as: record
        for record in ledger.merges
        if record.at > since or record.merged_as in begun
    }
    newest = sorted(found.values(), key=lambda record: record.at, reverse=True)
    newest.sort(key=lambda record: not ledger.untested(record.number))
    return tuple(newest[:MAX_WATCHED])


def branches_to_ask(ledger: Ledger, config: Config, now: datetime) -> tuple[str, ...]:
    """The branches whose pull requests tell of merges: the bot's, and people's reverts of them."""
    names: dict[str, None] = {}
    for record in recent(ledger, config, now):
        names[record.branch] = None
        names[by_hand(record.number, record.branch)] = None
    names |= dict.fromkeys(_unmerged(ledger)[-MAX_ASKED:])
    return tuple(names)


def by_hand(number: int, branch: str) -> str:
    """The branch that GitHub's “Revert” button makes for this pull request."""
    return f"revert-{number}-{branch}"


def unrecorded(snapshot: Snapshot) -> Iterator[MergeRecord]:
    """Merges of the bot's that were made and not written down, as after a crash.

    They are watched from now on, but for those that were made before the window.
    """
    now = snapshot.now
    since = now - snapshot.config.watch.lasts
    for pull in sorted(snapshot.own_pulls, key=lambda pull: pull.number):
        ours = snapshot.is_bots_merge(pull)
        known = snapshot.ledger.merged(pull.number) is not None
        if ours and pull.merged_as and not known:
            made = pull.merged_at or now
            yield MergeRecord(
                at=now if made > since else made,
                number=pull.number,
                branch=pull.branch,
                head=pull.head,
                merged_as=pull.merged_as,
            )


def _unmerged(ledger: Ledger) -> list[str]:
    """The branches that no merge is written down of, the newest last.

    The forge merges what is left to it at any time, and may delete the branch along with it.
    """
    merged = {record.branch for record in ledger.merges}
    newest = dict.fromkeys(
        record.branch
        for record in reversed(ledger.records)
        if isinstance(record, HeadRecord | ArmedRecord) and record.branch not in merged
    )
    return [*reversed(newest)]


# ----------------------------------------------------------------------------- what they did


def watched(snapshot: Snapshot, *, everything: bool = False) -> tuple[Watched, ...]:
    """The merges in the window with what they did, the newest last; or all that were read."""
    lately = {one.merged_as for one in recent(snapshot.ledger, snapshot.config, snapshot.now)}
    merged = {pull.merged_as: pull for pull in snapshot.own_pulls if pull.merged_as}
    found = []
    for merge in snapshot.watched:
        pull = merged.get(merge.after.sha)
        wanted = everything or merge.after.sha in lately
        if pull is not None and wanted and snapshot.is_bots_merge(pull):
            found.append(_judged(pull, merge, snapshot))
    return tuple(sorted(found, key=lambda one: one.pull.number))


def to_revert(snapshot: Snapshot) -> tuple[Watched, ...]:
    """What is to be taken back now: one at a time, the newest first."""
    return tuple(one for one in watched(snapshot) if one.course is Course.REVERT)[-1:]


def _judged(pull: Pull, merge: WatchedMerge, snapshot: Snapshot) -> Watched:
    found = aftermath(merge, snapshot)
    said = found.said
    one = Watched(pull=pull, merge=merge, aftermath=found.aftermath, sentence=f"{said}.")
    if found.aftermath is Aftermath.RED:
        return _followed(one, said, found.red, snapshot)
    if found.aftermath is Aftermath.RED_BEFORE:
        return replace(one, course=Course.LEAVE, why=said, for_good=False)
    return one


# -------------------------------------------------------------------------- what follows


def _followed(one: Watched, said: str, red: tuple[Check, ...], snapshot: Snapshot) -> Watched:
    """A merge that is to blame, with what is done about it or why nothing is."""
    settled = _settled(one, snapshot)
    if settled:
        return replace(one, sentence=f"{said}; {settled}.")
    left = _left(one, snapshot)
    if left is not None:
        tail = f"{said}; it is left as it is: {left.why}."
        return replace(left, sentence=tail, course=Course.LEAVE)
    again = _again(one.merge.after.sha, red, snapshot)
    if again is Course.RERUN:
        return replace(one, sentence=f"{said}; it is run once more.", course=again, red=red)
    if again is Course.NOTHING:
        return replace(one, sentence=f"{said}; it is being run once more.")
    record, quota = snapshot.record_of(one.pull), _quota(snapshot)
    if record and record.change is Kind.REVERT:
        why = "it is a revert itself, and a person decides what comes after one"
        left = replace(one, course=Course.LEAVE, why=why, calls=True)
        return replace(left, sentence=f"{said}; it is left as it is: {why}.")
    if quota:
        left = replace(one, course=Course.LEAVE, why=quota, for_good=False, calls=True)
        return replace(left, sentence=f"{said}; it is left as it is: {quota}.")
    again_too = ", also when it was run again" if _is_confirmed(one, red, snapshot) else ""
    reason = f"the required check {said}{again_too}"
    return replace(one, sentence=f"{said}; it is taken back.", course=Course.REVERT, reason=reason)


def _settled(one: Watched, snapshot: Snapshot) -> str:
    """What is being done already, by whomever, as a clause; empty if nothing is."""
    if one.merge.taken_back_by:
        return f"{short(one.merge.taken_back_by)} takes it back"
    for other in _reverts_of(one.pull, snapshot):
        if other.state is PullState.MERGED:
            return f"#{other.number} took it back"
        if other.state is PullState.OPEN:
            return f"#{other.number} is to take it back"
    merged_as = one.merge.after.sha
    heads = [h for h in snapshot.ledger.heads if h.incident == fingerprint_of_revert(merged_as)]
    present = {branch.name for branch in snapshot.branches}
    if any(head.branch in present for head in heads) and not _reverts_of(one.pull, snapshot):
        return f"{heads[-1].branch} is to take it back"
    if is_held(one.pull):
        return f"#{one.pull.number} is on hold"
    return ""


def _reverts_of(pull: Pull, snapshot: Snapshot) -> list[Pull]:
    """The pull requests that take this one back, people's first."""
    assert pull.merged_as is not None
    undoing = fingerprint_of_revert(pull.merged_as)
    own = {head.branch for head in snapshot.ledger.heads if head.incident == undoing}
    return [
        *people_reverting(pull, snapshot),
        *(other for other in snapshot.own_pulls if other.branch in own),
    ]


def people_reverting(pull: Pull, snapshot: Snapshot) -> list[Pull]:
    """People's own reverts of this pull request, made with the forge's button."""
    branch, me = by_hand(pull.number, pull.branch), snapshot.forge.me
    return [one for one in snapshot.forge.pulls if one.branch == branch and one.author_id != me]


def _left(one: Watched, snapshot: Snapshot) -> Watched | None:
    """The merge with why it is not taken back, whatever else may come; None where nothing is."""
    merged_as = one.merge.after.sha
    recorded = [record for record in snapshot.ledger.left(merged_as) if record.for_good]
    if recorded:
        return replace(one, why=recorded[-1].why, calls=recorded[-1].calls)
    for other in _reverts_of(one.pull, snapshot):
        return replace(one, why=f"#{other.number}, which was to take it back, was closed")
    undoing = fingerprint_of_revert(merged_as)
    heads = [head for head in snapshot.ledger.heads if head.incident == undoing]
    if heads:
        return replace(one, why=f"{heads[-1].branch}, which was to take it back, is gone")
    tries = [tried for tried in snapshot.ledger.attempts if tried.incident == undoing]
    if tries:
        return replace(one, why=f"its revert was {tries[-1].ending}: {tries[-1].reason}")
    return None


def _again(merged_as: Sha, red: tuple[Check, ...], snapshot: Snapshot) -> Course:
    """RERUN where it is to be confirmed first, NOTHING while that goes on, REVERT after it."""
    asked = snapshot.ledger.reruns(merged_as)
    if not asked:
        return Course.RERUN if any(check.run for check in red) else Course.REVERT
    if any(record.refused for record in asked):
        return Course.REVERT
    old = {id_ for record in asked for id_ in record.results}
    is_new = all(check.id not in old for check in red)
    begins_by = asked[-1].at + RERUN_BEGINS_WITHIN
    return Course.REVERT if is_new or snapshot.now >= begins_by else Course.NOTHING


def _is_confirmed(one: Watched, red: tuple[Check, ...], snapshot: Snapshot) -> bool:
    """Whether all that failed are results of the run that was asked for."""
    asked = snapshot.ledger.reruns(one.merge.after.sha)
    old = {id_ for record in asked for id_ in record.results}
    return bool(asked) and all(check.run and check.id not in old for check in red)


def _quota(snapshot: Snapshot) -> str:
    """Why no more reverts are proposed today; empty if one may be."""
    most, since = snapshot.config.watch.reverts_per_day, snapshot.now - timedelta(hours=24)
    proposed = {one.branch for one in snapshot.ledger.heads if one.watched and one.at > since}
    if len(proposed) < most:
        return ""
    return f"watch.reverts_per_day is {most}, and so many were proposed within 24 hours"
