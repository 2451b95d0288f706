"""What people and checks say of an open pull request, as reasons for a further attempt. Pure.

Only those who may push here are heard. What they ask for is answered once: by the bot's own comment
that carries a hidden marker, or by an attempt, whose record in the ledger names what it was made
for. An attempt in vain is no answer to an objection: that stands until people take it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.forges import hidden
from bot.ledger import AttemptRecord, FailureRecord, HeadRecord
from bot.model import (
    COMMAND,
    LABEL_PREFIX,
    CheckState,
    Command,
    Feedback,
    Kind,
    Labelled,
    Pull,
    PullState,
    Remark,
    RemarkKind,
    ReviewState,
    Verb,
    digest,
)
from bot.rules import check_state
from bot.snapshot import Snapshot
from bot.untrusted import for_model, one_line

FIRST_RETRY = timedelta(hours=1)
"""A failed attempt is tried again after this, and twice as long after each further one."""
CLOSED_AS_FAILED = "closed-as-failed"
"""The marker of what the bot says before it closes a pull request of its own."""
CLOSED_FOR_A_PERSONS = "yields-to-person"
"""The marker of what it says before it closes one because a person does the same."""
MAX_HEARD_CHARS = 2_000
"""So much of one remark an engine is told."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The attempts on a pull request's incident so far: how many, and when the last one ended."""

    number: int
    last: datetime
    failures: int


def commands(pull: Pull) -> tuple[Command, ...]:
    """What people told the bot on this pull request and was not answered yet, in order."""
    found = [*_spoken(pull), *_labelled(pull)]
    answered = [remark.text for remark in pull.remarks if remark.is_bots]
    return tuple(
        command
        for command in sorted(found, key=lambda one: (one.at, one.marker))
        if not any(hidden(command.marker) in text for text in answered)
    )


def unsettled(pull: Pull, snapshot: Snapshot) -> list[Command]:
    """Those of them that nothing was done for yet, whether people could be told of it or not."""
    said = commands(pull)
    done = settled(snapshot) if said else frozenset()
    return [one for one in said if one.marker not in done]


def _spoken(pull: Pull) -> Iterator[Command]:
    for remark in pull.remarks:
        if not remark.author.may_write or remark.is_bots:
            continue
        for line in remark.text.splitlines():
            words = line.strip().split(None, 2)
            if words[:1] == [COMMAND]:
                verb = words[1].casefold() if len(words) > 1 else ""
                known = next((one for one in Verb if one == verb), Verb.UNKNOWN)
                rest = words[2] if len(words) > 2 else ""
                marker = f"command:{digest(remark.id, verb)}"
                yield Command(known, remark.author.login, remark.at, marker, rest)


def _labelled(pull: Pull) -> Iterator[Command]:
    for label in pull.labelled:
        name = label.label.casefold().removeprefix(LABEL_PREFIX)
        if label.by.may_write and name in (Verb.RETRY, Verb.REBASE):
            yield Command(
                Verb(name), label.by.login, label.at, _label_marker(label), "", label.label
            )


def _label_marker(label: Labelled) -> str:
    return f"label:{digest(label.label, label.at.isoformat())}"


def tried(record: HeadRecord, snapshot: Snapshot) -> Tried:
    """The attempts on the incident of this head, those that left no commit included."""
    known = set(record.reflections)
    tries = [
        one
        for one in snapshot.ledger.attempts
        if one.incident == record.incident or known & set(one.reflections)
    ]
    later: list[AttemptRecord] = [one for one in tries if one.at >= record.at]
    number = max([record.attempt, *(one.attempt for one in tries if one.asked)])
    last = max([record.at, *(one.at for one in later)])
    return Tried(number, last, 1 + len(later))


def gave_up(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether it was the bot that closed it, after its last attempt or for a person's.

    Another program may go by the same name, such as one that closes what is stale.
    """
    closer = pull.closed_by
    known = snapshot.ledger.did("close_pull_request", pull.branch, pull.head)
    meant = known or has_said(pull, CLOSED_AS_FAILED) or gave_way(pull)
    return meant and closer is not None and closer.id == pull.author_id


def gave_way(pull: Pull) -> bool:
    """Whether the bot has said that a person does the same."""
    return has_said(pull, CLOSED_FOR_A_PERSONS)


def has_said(pull: Pull, marker: str) -> bool:
    """Whether a comment of the bot's own carries this hidden marker."""
    return any(remark.is_bots and hidden(marker) in remark.text for remark in pull.remarks)


def settled(snapshot: Snapshot) -> frozenset[str]:
    """The markers of what an attempt was made for, and of answers that the forge will not have."""
    by_head = (marker for record in snapshot.ledger.heads for marker in record.answers)
    in_vain = (marker for record in snapshot.ledger.attempts for marker in record.answers)
    failures = (one for one in snapshot.ledger.records if isinstance(one, FailureRecord))
    refused = (one.marker for one in failures if one.marker)
    return frozenset((*by_head, *in_vain, *refused))


def _met(pull: Pull, snapshot: Snapshot) -> frozenset[str]:
    """The markers of what this head was made for, or one of an earlier attempt."""
    record = snapshot.record_of(pull)
    until = record.attempt if record else 0
    heads = (one for one in snapshot.ledger.heads if one.branch == pull.branch)
    return frozenset(m for one in heads if one.attempt <= until for m in one.answers)


def feedback(pull: Pull, snapshot: Snapshot) -> Feedback | None:
    """Why another attempt is due on this open pull request of the bot's; None where none is."""
    record = snapshot.record_of(pull)
    if record is None or pull.state is not PullState.OPEN or record.change is Kind.REVERT:
        return None  # of a revert there is one way to make it, and no engine makes it better
    so_far = tried(record, snapshot)
    asked, news, heard = _asked(pull, snapshot), _news(pull, snapshot), _unmet(pull, snapshot)
    red = _red(pull, snapshot)
    if asked:
        reason = f"{one_line(asked[-1].by, 40)} asked for another attempt"
    elif news:
        reason = f"{one_line(news[-1].author.login, 40)} asked for changes"
    elif red and snapshot.now >= so_far.last + FIRST_RETRY * 2 ** (so_far.failures - 1):
        reason = red
    else:
        return None
    told = [f"{one.by}: {for_model(one.words)}" for one in asked if one.words]
    told += [_heard(one) for one in heard]
    told += [red] if red else []
    threads = tuple(dict.fromkeys(one.thread for one in heard if one.thread))
    return Feedback(reason, tuple(told), threads, asked, tuple(map(_marker, heard)))


# ------------------------------------------------------------------ what forbids a merge


def wish(pull: Pull, snapshot: Snapshot) -> str:
    """Who waits for the bot to do something before a merge, as a clause; empty if nobody does."""
    record = snapshot.record_of(pull)
    if record is None:
        return ""
    told = [one.by for one in _holding(pull, snapshot)]
    told += [one.by for one in _asked(pull, snapshot)]
    told += [one.author.login for one in _coming(pull, snapshot)]
    return f"{one_line(told[0], 40)} asked for something here" if told else ""


def asks_to_hold(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether somebody told the bot to hold it, and the label that says so is not there yet."""
    return bool(_holding(pull, snapshot))


def objections(pull: Pull, snapshot: Snapshot) -> tuple[Remark, ...]:
    """What people said in open threads and no head answers, if the bot makes no further attempt.

    Each stands until its thread is resolved, or its author has approved of this head since.
    """
    coming = _coming(pull, snapshot)
    return tuple(
        one
        for one in _unmet(pull, snapshot)
        if one.kind is RemarkKind.THREAD and one not in coming and not _approved_since(one, pull)
    )


def wishes(pull: Pull) -> frozenset[str]:
    """The markers of all that people said against a merge, whatever has come of it since.

    Read just before a merge, they tell what was said after that was planned.
    """
    against = (one for one in commands(pull) if one.verb in (Verb.HOLD, Verb.RETRY))
    return frozenset((*(one.marker for one in against), *map(_marker, _requests(pull))))


def _may_try(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether a further attempt is left for it; of a revert there is one way to make it."""
    record = snapshot.record_of(pull)
    if record is None or record.change is Kind.REVERT:
        return False
    return tried(record, snapshot).number < snapshot.config.limits.attempts_per_incident


def will_answer(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether a further attempt is due to what people want changed."""
    return bool(_coming(pull, snapshot))


def _coming(pull: Pull, snapshot: Snapshot) -> list[Remark]:
    return _news(pull, snapshot) if _may_try(pull, snapshot) else []


def _holding(pull: Pull, snapshot: Snapshot) -> list[Command]:
    return [one for one in unsettled(pull, snapshot) if one.verb is Verb.HOLD]


def _asked(pull: Pull, snapshot: Snapshot) -> tuple[Command, ...]:
    return tuple(one for one in unsettled(pull, snapshot) if one.verb is Verb.RETRY)


def _unmet(pull: Pull, snapshot: Snapshot) -> list[Remark]:
    """What people want changed and this head was not made for.

    A head that was only moved to another base is no answer, so heads are not compared; nor are
    times, as the forge's clock and ours need not agree.
    """
    wanted = list(_requests(pull))
    done = _met(pull, snapshot) if wanted else frozenset()
    return [one for one in wanted if _marker(one) not in done]


def _news(pull: Pull, snapshot: Snapshot) -> list[Remark]:
    """What people want changed and no attempt was made for yet, not even one in vain."""
    wanted = list(_requests(pull))
    done = settled(snapshot) if wanted else frozenset()
    return [one for one in wanted if _marker(one) not in done]


def _marker(remark: Remark) -> str:
    """By which an attempt names what it was made for; other words are another remark."""
    return f"heard:{digest(remark.id, remark.text)}"


def _approved_since(remark: Remark, pull: Pull) -> bool:
    verdict = _verdicts(pull).get(remark.author.id)
    if verdict is None or verdict.verdict is not ReviewState.APPROVED:
        return False
    return verdict.at > remark.at and verdict.head in (None, pull.head)


def is_exhausted(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether a red pull request has had all the attempts that it may have."""
    record = snapshot.record_of(pull)
    if record is None or record.change is Kind.REVERT or not _red(pull, snapshot):
        return False
    return not _may_try(pull, snapshot)


def _requests(pull: Pull) -> Iterator[Remark]:
    """What people who may push want changed: their reviews and open threads."""
    verdicts = _verdicts(pull)
    for remark in pull.remarks:
        if not remark.author.may_write or remark.is_bots or _only_commands(remark.text):
            continue
        last_word = verdicts.get(remark.author.id) is remark
        objects = last_word and remark.verdict is ReviewState.CHANGES_REQUESTED
        if objects or (remark.kind is RemarkKind.THREAD and not remark.resolved):
            yield remark


def _verdicts(pull: Pull) -> dict[int, Remark]:
    """The newest verdict of each person, by their id."""
    return {
        remark.author.id: remark
        for remark in pull.remarks
        if remark.verdict is not ReviewState.NONE
    }


def _only_commands(text: str) -> bool:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return bool(lines) and all(words[0] == COMMAND for words in lines)


def _heard(remark: Remark) -> str:
    where = f" on {remark.path}:{remark.line}" if remark.path and remark.line else ""
    return f"{remark.author.login}{where}: {for_model(remark.text)[:MAX_HEARD_CHARS]}"


def _red(pull: Pull, snapshot: Snapshot) -> str:
    """Which required check failed on this head and does not on the base; empty if none did."""
    if snapshot.commit(pull.head) is None or pull.checks is None:
        return ""
    base = snapshot.forge.base_checks or ()
    for need in snapshot.required:
        failed = check_state(need, pull.checks) is CheckState.FAILED
        if failed and check_state(need, base) is not CheckState.FAILED:
            return f"the required check “{need.name}” failed"
    return ""
