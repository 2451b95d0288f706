"""What people and checks say of an open pull request, as reasons for a further attempt. Pure.

Only those who may push here are heard. What they ask for is answered once: by the bot's own comment
that carries a hidden marker, or by a newer head.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.forges import hidden
from bot.ledger import AttemptRecord, HeadRecord
from bot.model import (
    COMMAND,
    LABEL_PREFIX,
    CheckState,
    Kind,
    Labelled,
    Pull,
    PullState,
    Remark,
    RemarkKind,
    ReviewState,
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


class Verb(StrEnum):
    """What people may tell the bot, after `/bot` at the start of a line or as a label `bot:…`."""

    RETRY = "retry"
    REBASE = "rebase"
    HOLD = "hold"
    REVERT = "revert"
    EXPLAIN = "explain"
    UNKNOWN = "?"
    """Something else; it is answered with what there is."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that somebody who may push told the bot to do, and the rest of their words.

    `marker` is what the answer to it carries; `label` is set where a label said it.
    """

    verb: Verb
    by: str
    at: datetime
    marker: str
    words: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Why a further attempt on an open pull request is due.

    `reason` is a clause for people, `told` what an engine hears of it, and `threads` are the ids of
    the conversations that a new head answers. `commands` are what asked for it.
    """

    reason: str
    told: tuple[str, ...]
    threads: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()


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


def gave_up(pull: Pull) -> bool:
    """Whether it was the bot that closed it, after its last attempt or for a person's.

    Another program may go by the same name, such as one that closes what is stale.
    """
    closer = pull.closed_by
    said = _has_said(pull, CLOSED_AS_FAILED) or gave_way(pull)
    return said and closer is not None and closer.id == pull.author_id


def gave_way(pull: Pull) -> bool:
    """Whether the bot has said that a person does the same."""
    return _has_said(pull, CLOSED_FOR_A_PERSONS)


def _has_said(pull: Pull, marker: str) -> bool:
    return any(remark.is_bots and hidden(marker) in remark.text for remark in pull.remarks)


def settled(snapshot: Snapshot) -> frozenset[str]:
    """The markers of commands that an attempt was made for, whether people were told or not."""
    by_head = (marker for record in snapshot.ledger.heads for marker in record.answers)
    in_vain = (marker for record in snapshot.ledger.attempts for marker in record.answers)
    return frozenset((*by_head, *in_vain))


def feedback(pull: Pull, snapshot: Snapshot) -> Feedback | None:
    """Why another attempt is due on this open pull request of the bot's; None where none is."""
    record = snapshot.record_of(pull)
    if record is None or pull.state is not PullState.OPEN or record.change is Kind.REVERT:
        return None  # of a revert there is one way to make it, and no engine makes it better
    so_far = tried(record, snapshot)
    asked, heard = _asked(pull, snapshot), _heard_of(pull, so_far)
    red = _red(pull, snapshot)
    if asked:
        reason = f"{one_line(asked[-1].by, 40)} asked for another attempt"
    elif heard:
        reason = f"{one_line(heard[-1].author.login, 40)} asked for changes"
    elif red and snapshot.now >= so_far.last + FIRST_RETRY * 2 ** (so_far.failures - 1):
        reason = red
    else:
        return None
    told = [f"{one.by}: {for_model(one.words)}" for one in asked if one.words]
    told += [_heard(one) for one in heard]
    told += [red] if red else []
    threads = tuple(dict.fromkeys(one.thread for one in heard if one.thread))
    return Feedback(reason, tuple(told), threads, asked)


def wish(pull: Pull, snapshot: Snapshot) -> str:
    """Who wants something else than a merge of this head, as a clause; empty if nobody does."""
    record = snapshot.record_of(pull)
    if record is None:
        return ""
    told = [one.by for one in commands(pull) if one.verb is Verb.HOLD]
    told += [one.by for one in _asked(pull, snapshot)]
    told += [one.author.login for one in _heard_of(pull, tried(record, snapshot))]
    return f"{one_line(told[0], 40)} asked for something here" if told else ""


def _asked(pull: Pull, snapshot: Snapshot) -> tuple[Command, ...]:
    done = settled(snapshot)
    wanted = (one for one in commands(pull) if one.verb is Verb.RETRY)
    return tuple(one for one in wanted if one.marker not in done)


def _heard_of(pull: Pull, so_far: Tried) -> list[Remark]:
    return [one for one in _requests(pull) if _is_news(one, pull, so_far)]


def _is_news(remark: Remark, pull: Pull, so_far: Tried) -> bool:
    """Whether it speaks of today's head, and no attempt since has come to nothing on it.

    The forge's clock and ours need not agree, so the head counts where it is known.
    """
    if remark.head is not None and so_far.failures == 1:
        return remark.head == pull.head
    return remark.at > so_far.last


def is_exhausted(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether a red pull request has had all the attempts that it may have."""
    record = snapshot.record_of(pull)
    if record is None or record.change is Kind.REVERT or not _red(pull, snapshot):
        return False
    return tried(record, snapshot).number >= snapshot.config.limits.attempts_per_incident


def _requests(pull: Pull) -> Iterator[Remark]:
    """What people who may push want changed: their reviews and open threads."""
    verdicts = {
        remark.author.id: remark
        for remark in pull.remarks
        if remark.verdict is not ReviewState.NONE
    }
    for remark in pull.remarks:
        if not remark.author.may_write or remark.is_bots or COMMAND in remark.text.split():
            continue
        last_word = verdicts.get(remark.author.id) is remark
        objects = last_word and remark.verdict is ReviewState.CHANGES_REQUESTED
        if objects or (remark.kind is RemarkKind.THREAD and not remark.resolved):
            yield remark


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
