"""What the forge `local` keeps of a pull request, and what follows from it. Pure.

A pull request is a ref of append-only commits without files. One commit is one record, its message
a subject for people and a line of JSON, as in the ledger. Records are never changed: what a pull
request is now is what all of them say, read in their order. Records of a newer version of the bot
are counted and otherwise passed over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from bot.git_formats import Identity
from bot.model import Check, CheckState, ReviewState, Sha, short
from bot.untrusted import one_line

PULLS = "refs/pulls/"


def head_ref(number: int) -> str:
    """The ref that keeps a pull request's commits for ever, whatever becomes of its branch."""
    return f"{PULLS}{number}/head"


def meta_ref(number: int) -> str:
    return f"{PULLS}{number}/meta"


def number_of(ref: str) -> int | None:
    """The number in a pull request's `meta` ref, None in any other."""
    found = re.fullmatch(rf"{PULLS}([1-9][0-9]{{0,8}})/meta", ref)
    return int(found[1]) if found else None


def person_id(email: str) -> int:
    """A number for whoever has this address, the same everywhere and at any time."""
    return int(hashlib.sha256(email.strip().casefold().encode()).hexdigest()[:12], 16)


# ---------------------------------------------------------------------------------- the records


def _encodable(text: object) -> object:
    """Half a surrogate pair, as a terminal may send one, cannot be written down."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else text


_Text = Annotated[str, BeforeValidator(_encodable)]


class Person(BaseModel):
    """Whoever wrote a record, as git knows people."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: _Text
    email: _Text

    @classmethod
    def of(cls, identity: Identity) -> Person:
        return cls(name=identity.name, email=identity.email)

    @property
    def id(self) -> int:
        return person_id(self.email)


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    at: datetime
    """When it was written, in UTC."""
    by: Person
    id: str = ""
    """Random, so that no two records are the same commit. Git says of a push that brings what is
    there already that it is done, whoever has brought it."""


class OpenedRecord(_Record):
    kind: Literal["opened"] = "opened"
    title: _Text
    body: _Text
    branch: str
    base_branch: str
    draft: bool = False

    @property
    def subject(self) -> str:
        return f"opened: {one_line(self.title, 100)}"


class EditedRecord(_Record):
    """What is None stays as it is."""

    kind: Literal["edited"] = "edited"
    title: _Text | None = None
    body: _Text | None = None
    draft: bool | None = None

    @property
    def subject(self) -> str:
        parts = (("title", self.title), ("body", self.body), ("draft", self.draft))
        return f"edited the {' and '.join(name for name, value in parts if value is not None)}"


class CommentedRecord(_Record):
    """One on a line starts a thread, which has its id; an answer names that as its thread."""

    kind: Literal["commented"] = "commented"
    body: _Text
    path: _Text = ""
    line: int | None = None
    head: Sha | None = None
    """The commit whose line it is."""
    thread: str = ""

    @property
    def subject(self) -> str:
        return f"comment by {one_line(self.by.name, 60)}"


class ReviewedRecord(_Record):
    kind: Literal["reviewed"] = "reviewed"
    verdict: Literal["approved", "changes requested"]
    head: Sha
    """What was looked at."""
    body: _Text = ""

    @property
    def subject(self) -> str:
        return f"{self.verdict} by {one_line(self.by.name, 60)} at {short(self.head)}"


class LabelledRecord(_Record):
    kind: Literal["labelled"] = "labelled"
    label: _Text

    @property
    def subject(self) -> str:
        return f"labelled {one_line(self.label, 60)}"


class UnlabelledRecord(_Record):
    kind: Literal["unlabelled"] = "unlabelled"
    label: _Text

    @property
    def subject(self) -> str:
        return f"took away the label {one_line(self.label, 60)}"


class ClosedRecord(_Record):
    kind: Literal["closed"] = "closed"
    head: Sha
    """What was refused; commits that are pushed to the branch later are no part of it."""

    @property
    def subject(self) -> str:
        return f"closed by {one_line(self.by.name, 60)}"


class ReopenedRecord(_Record):
    kind: Literal["reopened"] = "reopened"

    @property
    def subject(self) -> str:
        return f"reopened by {one_line(self.by.name, 60)}"


class MergedRecord(_Record):
    kind: Literal["merged"] = "merged"
    head: Sha
    commit: Sha
    """The base branch's new commit."""
    tree: Sha
    method: str

    @property
    def subject(self) -> str:
        return f"merged {short(self.head)} as {short(self.commit)}"


class ReviewAskedRecord(_Record):
    kind: Literal["asked"] = "asked"
    reviewers: tuple[_Text, ...]

    @property
    def subject(self) -> str:
        return f"asked {one_line(', '.join(self.reviewers), 100)} to review"


class CheckedRecord(_Record):
    """What a check says of a head, and where it was compared, of the base it was tested on."""

    kind: Literal["checked"] = "checked"
    head: Sha
    name: _Text
    state: CheckState
    summary: _Text = ""
    base: Sha | None = None
    base_state: CheckState | None = None
    url: _Text = ""
    """Where more of it can be read."""

    @property
    def subject(self) -> str:
        return f"{one_line(self.name, 60)} {self.state} at {short(self.head)}"

    def says_the_same(self, other: CheckedRecord) -> bool:
        signature = {"at", "by", "id"}
        return self.model_dump(exclude=signature) == other.model_dump(exclude=signature)


PullRecord = (
    OpenedRecord
    | EditedRecord
    | CommentedRecord
    | ReviewedRecord
    | LabelledRecord
    | UnlabelledRecord
    | ClosedRecord
    | ReopenedRecord
    | MergedRecord
    | ReviewAskedRecord
    | CheckedRecord
)
_ADAPTER: TypeAdapter[PullRecord] = TypeAdapter(Annotated[PullRecord, Field(discriminator="kind")])


def encode(record: PullRecord) -> str:
    """The commit message that carries a record."""
    return f"{record.subject}\n\n{record.model_dump_json()}\n"


def decode(message: str) -> PullRecord | None:
    """The record in a commit message; None where there is none that this version knows."""
    _, _, body = message.partition("\n\n")
    try:
        return _ADAPTER.validate_json(body.strip())
    except ValidationError:
        return None


# ------------------------------------------------------------------------------- what they say


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPull:
    """A pull request as its records tell it; where its branch points is git's to say.

    `unknown` counts the records that this version of the bot cannot read.
    """

    number: int
    opened: OpenedRecord
    title: str
    body: str
    draft: bool
    closed: ClosedRecord | None = None
    merged: MergedRecord | None = None
    labels: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    reviews: tuple[ReviewedRecord, ...] = ()
    comments: tuple[CommentedRecord, ...] = ()
    labellings: tuple[LabelledRecord, ...] = ()
    checked: tuple[CheckedRecord, ...] = ()
    unknown: int = field(default=0)

    @property
    def branch(self) -> str:
        return self.opened.branch

    @property
    def base_branch(self) -> str:
        return self.opened.base_branch

    def checks(self, head: Sha) -> tuple[Check, ...]:
        """The newest result of each check on this very head."""
        found = {record.name: record for record in self.checked if record.head == head}
        rows = sorted(found.items())
        return tuple(Check(name, record.state, url=record.url) for name, record in rows)

    @property
    def last_words(self) -> tuple[ReviewedRecord, ...]:
        """The newest verdict of each person."""
        return tuple({review.by.id: review for review in self.reviews}.values())

    def review(self, head: Sha) -> ReviewState:
        """What the newest verdict of each person comes to.

        An approval counts for the head it was given to; a request for changes counts until the same
        person approves.
        """
        verdicts = self.last_words
        if any(review.verdict == "changes requested" for review in verdicts):
            return ReviewState.CHANGES_REQUESTED
        if any(review.head == head for review in verdicts):
            return ReviewState.APPROVED
        return ReviewState.NONE

    @property
    def ever_asked(self) -> tuple[str, ...]:
        """Who was asked to review, or did so unasked."""
        return tuple(sorted({*self.asked, *(review.by.name for review in self.reviews)}))


def fold(number: int, messages: Iterable[str]) -> LocalPull | None:
    """What a pull request's records, oldest first, say together; None if they open none."""
    pull: LocalPull | None = None
    unknown = 0
    for message in messages:
        record = decode(message)
        if record is None:
            unknown += 1
        elif pull is not None:
            pull = _after(pull, record)
        elif isinstance(record, OpenedRecord):
            pull = LocalPull(
                number=number,
                opened=record,
                title=record.title,
                body=record.body,
                draft=record.draft,
            )
    return replace(pull, unknown=unknown) if pull else None


def _after(pull: LocalPull, record: PullRecord) -> LocalPull:
    """The pull request after one more record."""
    match record:
        case EditedRecord():
            return replace(
                pull,
                title=pull.title if record.title is None else record.title,
                body=pull.body if record.body is None else record.body,
                draft=pull.draft if record.draft is None else record.draft,
            )
        case ClosedRecord():
            return replace(pull, closed=record)
        case ReopenedRecord():
            return replace(pull, closed=None)
        case MergedRecord():
            return pull if pull.merged else replace(pull, merged=record)
        case OpenedRecord():
            return pull
        case _:
            return _with_more_said(pull, record)


def _with_more_said(
    pull: LocalPull,
    record: CommentedRecord
    | ReviewedRecord
    | LabelledRecord
    | UnlabelledRecord
    | ReviewAskedRecord
    | CheckedRecord,
) -> LocalPull:
    """The pull request after a record that adds to what was said of it."""
    match record:
        case CommentedRecord():
            return replace(pull, comments=(*pull.comments, record))
        case ReviewedRecord():
            return replace(pull, reviews=(*pull.reviews, record))
        case LabelledRecord():
            labels = (*_without(pull.labels, record.label), record.label)
            return replace(pull, labels=labels, labellings=(*pull.labellings, record))
        case UnlabelledRecord():
            return replace(pull, labels=_without(pull.labels, record.label))
        case ReviewAskedRecord():
            return replace(pull, asked=(*pull.asked, *record.reviewers))
        case CheckedRecord():
            return replace(pull, checked=(*pull.checked, record))


def _without(labels: tuple[str, ...], label: str) -> tuple[str, ...]:
    """Labels differ by more than case, as at other forges."""
    return tuple(known for known in labels if known.casefold() != label.casefold())
