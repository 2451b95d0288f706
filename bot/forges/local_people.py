"""What people did to a pull request of the forge `local`, from its records. Pure.

Whoever can write a record can push, so that everyone but the bot itself counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.forges.local_records import CommentedRecord, LocalPull, Person, ReviewedRecord
from bot.model import LABEL_PREFIX, Actor, Labelled, Remark, RemarkKind, ReviewState, Sha

_VERDICTS = {
    "approved": ReviewState.APPROVED,
    "changes requested": ReviewState.CHANGES_REQUESTED,
}


def actor(person: Person, me: int) -> Actor:
    return Actor(person.name, person.id, may_write=person.id != me)


def remarks(pull: LocalPull, me: int) -> tuple[Remark, ...]:
    """What was said, oldest first."""
    found = [*_comments(pull, me), *_reviews(pull, me)]
    return tuple(sorted(found, key=lambda remark: remark.at))


def labelled(pull: LocalPull, me: int) -> tuple[Labelled, ...]:
    """Who last put each of the bot's labels there that is still there."""
    there = {label.casefold() for label in pull.labels}
    found = {
        record.label.casefold(): Labelled(label=record.label, by=actor(record.by, me), at=record.at)
        for record in pull.labellings
        if record.label.casefold().startswith(LABEL_PREFIX) and record.label.casefold() in there
    }
    return tuple(found.values())


def approving(pull: LocalPull, head: Sha) -> tuple[str, ...]:
    """Who approves of this head."""
    words = (said for said in pull.last_words if said.head == head)
    return tuple(sorted(said.by.name for said in words if said.verdict == "approved"))


def objecting(pull: LocalPull) -> tuple[str, ...]:
    """Who asks for changes, at whichever head they did."""
    words = pull.last_words
    return tuple(sorted(said.by.name for said in words if said.verdict == "changes requested"))


def _comments(pull: LocalPull, me: int) -> Iterator[Remark]:
    threads = {comment.id: comment for comment in pull.comments if comment.path}
    for number, comment in enumerate(pull.comments):
        begun = threads.get(comment.thread or comment.id)
        author = actor(comment.by, me)
        yield Remark(
            id=_id(comment, number),
            author=author,
            at=comment.at,
            text=comment.body,
            kind=RemarkKind.THREAD if begun else RemarkKind.COMMENT,
            head=comment.head,
            path=begun.path if begun else "",
            line=begun.line if begun else None,
            thread=begun.id if begun else "",
            is_bots=author.id == me,
        )


def _reviews(pull: LocalPull, me: int) -> Iterator[Remark]:
    for number, review in enumerate(pull.reviews):
        author = actor(review.by, me)
        yield Remark(
            id=_id(review, number),
            author=author,
            at=review.at,
            text=review.body,
            kind=RemarkKind.REVIEW,
            verdict=_VERDICTS[review.verdict],
            head=review.head,
            is_bots=author.id == me,
        )


def _id(record: CommentedRecord | ReviewedRecord, number: int) -> str:
    """Its own id; the first versions of records had none."""
    return record.id or f"{record.kind}-{number}"
