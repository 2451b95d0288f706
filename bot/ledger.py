"""The ledger: what leaves no pull request, as append-only commits on `refs/bot/ledger`.

One commit is one record; its message is a subject for people and a line of JSON. Records are only
ever added, and the ref moves by compare-and-swap, so a concurrent writer costs a retry and never a
record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.evidence import Evidence
from bot.model import Ending, Finding, Fingerprint, Kind, Marks, Sha, Usage

LEDGER_REF = "refs/bot/ledger"


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    at: datetime
    """When it was written, in UTC."""


class AttemptRecord(_Record):
    """An attempt that left no pull request."""

    kind: Literal["attempt"] = "attempt"
    incident: Fingerprint
    reflections: tuple[str, ...]
    attempt: int
    engine: str
    ending: Ending
    reason: str
    base: Sha
    patch_id: str = ""
    answers: tuple[str, ...] = ()
    """The markers of the commands that asked for it."""
    asked: bool = True
    """False where nothing was asked of the engine after all, so that it does not count."""
    until_base_moves: bool = False
    """Whether it may end otherwise on another base commit, such as one with another test."""

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that were asked."""
        return tuple(self.engine.split(", "))

    @property
    def subject(self) -> str:
        return f"attempt {self.attempt} on {self.incident}: {self.ending}"


class HeadRecord(_Record):
    """A head commit the bot is about to push; a head on its branches that has none is a person's.

    It carries what the pull request is made of, so that a branch whose pull request never came
    about gets it without asking an engine again.
    """

    kind: Literal["head"] = "head"
    incident: Fingerprint
    reflections: tuple[str, ...]
    sources: tuple[str, ...]
    attempt: int
    branch: str
    head: Sha
    base: Sha
    patch_id: str
    engine: str
    path: str
    symbol: str
    summary: str
    severity: str
    explanation: str
    observed: str
    """The reflections' text, cut to what a pull request shows."""
    risks: tuple[Finding, ...] | None = None
    """What it newly does that a person should look at; None in records of before that was known."""
    answers: tuple[str, ...] = ()
    """The markers of the commands that asked for this attempt."""
    evidence: Evidence | None = None
    """What the sandbox's run of its tests said; None where nothing was run."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    """How sure the engine was; None where it did not say."""
    change: Kind = Kind.FIX
    """What it is for, `revert` or else `fix`; that it is `docs` shows in its paths."""
    marks: tuple[Marks, ...] = ()
    """The reflections that it marks as resolved in their files; a revert: those that it reopens."""
    requests: int = 0
    tokens: int = 0
    usd: float | None = None

    @property
    def subject(self) -> str:
        return f"head of {self.branch}: {self.head[:9]}"


class SpendRecord(_Record):
    """What one attempt cost, whatever came of it."""

    kind: Literal["spend"] = "spend"
    incident: Fingerprint
    engine: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None = None

    @property
    def subject(self) -> str:
        return f"spent {self.prompt_tokens + self.completion_tokens} tokens on {self.incident}"


class FailureRecord(_Record):
    """A write that the forge refused for good; it is not tried again for the same head."""

    kind: Literal["failure"] = "failure"
    action: str
    branch: str
    head: Sha
    reason: str

    @property
    def subject(self) -> str:
        return f"{self.action} on {self.branch} was refused"


class AskedRecord(_Record):
    """People who were asked for a review; they are not asked again."""

    kind: Literal["asked"] = "asked"
    branch: str
    reviewers: tuple[str, ...]

    @property
    def subject(self) -> str:
        return f"asked {', '.join(self.reviewers)} to review {self.branch}"


class UntestedRecord(_Record):
    """A merge whose tree is not the tree that was tested."""

    kind: Literal["untested"] = "untested"
    number: int
    head: Sha
    merged_as: Sha

    @property
    def subject(self) -> str:
        return f"pull request {self.number} was merged untested"


class ArmedRecord(_Record):
    """A head that the forge is about to be asked to merge by itself, once nothing lacks."""

    kind: Literal["armed"] = "armed"
    number: int
    branch: str
    head: Sha
    base: Sha
    """The commit it was tested on."""
    tree: Sha
    """The tested tree, which the merged one must equal."""

    @property
    def subject(self) -> str:
        return f"auto-merge of pull request {self.number} at {self.head[:9]}"


class MergeRecord(_Record):
    """A merge that the bot has made, or had the forge make; what came of it is watched."""

    kind: Literal["merge"] = "merge"
    number: int
    branch: str
    head: Sha
    merged_as: Sha

    @property
    def subject(self) -> str:
        return f"pull request {self.number} was merged as {self.merged_as[:9]}"


class RerunRecord(_Record):
    """Checks of a merge that the forge was about to be asked to run once more, which it is once."""

    kind: Literal["rerun"] = "rerun"
    merged_as: Sha
    results: tuple[int, ...] = ()
    """The forge's numbers for the results to be had anew."""
    refused: str = ""
    """Why it will not, where it said so."""

    @property
    def subject(self) -> str:
        return f"checks of {self.merged_as[:9]} {'cannot be' if self.refused else 'are'} run again"


class LeftRecord(_Record):
    """Why a merge that is watched is not taken back, as a clause; said once for each reason."""

    kind: Literal["left"] = "left"
    number: int
    merged_as: Sha
    why: str
    for_good: bool = True
    """Whether no later tick may decide otherwise."""
    calls: bool = False
    """Whether a person is called about it."""

    @property
    def subject(self) -> str:
        return f"pull request {self.number} is not taken back"


class CalledRecord(_Record):
    """An issue that was opened for a person; it is not opened again, whoever closes it."""

    kind: Literal["called"] = "called"
    about: str
    """What it is about: a merge commit or an incident."""
    issue: int = 0
    """Its number; 0 where the forge would not have it."""

    @property
    def subject(self) -> str:
        return f"a person was called about {self.about[:40]}"


Record = (
    AttemptRecord
    | HeadRecord
    | SpendRecord
    | FailureRecord
    | AskedRecord
    | UntestedRecord
    | ArmedRecord
    | MergeRecord
    | RerunRecord
    | LeftRecord
    | CalledRecord
)
_ADAPTER: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="kind")])


def encode(record: Record) -> str:
    """The commit message that carries a record."""
    return f"{record.subject}\n\n{record.model_dump_json()}\n"


def decode(message: str) -> Record | None:
    """The record in a commit message; None where there is none that this version knows."""
    _, _, body = message.partition("\n\n")
    try:
        return _ADAPTER.validate_json(body.strip())
    except ValidationError:
        return None


@dataclass(frozen=True)
class Ledger:
    """All records as of one commit of the ledger. `unknown` counts what could not be read."""

    tip: Sha | None
    records: tuple[Record, ...]
    unknown: int = 0

    @classmethod
    def read(cls, tip: Sha | None, messages: Iterable[str]) -> Ledger:
        decoded = [decode(message) for message in messages]
        records = tuple(record for record in decoded if record is not None)
        return cls(tip, records, unknown=len(decoded) - len(records))

    @property
    def heads(self) -> tuple[HeadRecord, ...]:
        return tuple(record for record in self.records if isinstance(record, HeadRecord))

    @property
    def attempts(self) -> tuple[AttemptRecord, ...]:
        return tuple(record for record in self.records if isinstance(record, AttemptRecord))

    def head(self, branch: str, sha: Sha) -> HeadRecord | None:
        """The record of this very head on this branch; None says a person pushed it."""
        found = [r for r in self.heads if r.branch == branch and r.head == sha]
        return found[-1] if found else None

    def failed(self, action: str, branch: str, head: Sha) -> FailureRecord | None:
        wanted = (action, branch, head)
        failures = (record for record in self.records if isinstance(record, FailureRecord))
        return next((f for f in failures if (f.action, f.branch, f.head) == wanted), None)

    def asked(self, branch: str) -> tuple[str, ...]:
        """Who was asked for a review of this branch's pull request."""
        found = [r.reviewers for r in self.records if isinstance(r, AskedRecord)
                 and r.branch == branch]  # fmt: skip
        return tuple(name for names in found for name in names)

    def armed(self, branch: str) -> tuple[ArmedRecord, ...]:
        """The heads of this branch that the forge was asked to merge by itself."""
        armed = (record for record in self.records if isinstance(record, ArmedRecord))
        return tuple(record for record in armed if record.branch == branch)

    def untested(self, number: int) -> bool:
        return any(isinstance(r, UntestedRecord) and r.number == number for r in self.records)

    @property
    def merges(self) -> tuple[MergeRecord, ...]:
        return tuple(record for record in self.records if isinstance(record, MergeRecord))

    def merged(self, number: int) -> MergeRecord | None:
        """The record of the bot's merge of this pull request."""
        return next((record for record in self.merges if record.number == number), None)

    def reruns(self, merged_as: Sha) -> tuple[RerunRecord, ...]:
        found = (record for record in self.records if isinstance(record, RerunRecord))
        return tuple(record for record in found if record.merged_as == merged_as)

    def left(self, merged_as: Sha) -> tuple[LeftRecord, ...]:
        """Why this merge was not taken back."""
        found = (record for record in self.records if isinstance(record, LeftRecord))
        return tuple(record for record in found if record.merged_as == merged_as)

    def called(self, about: str) -> bool:
        """Whether a person was called about this."""
        return any(isinstance(r, CalledRecord) and r.about == about for r in self.records)

    def spent_since(self, moment: datetime) -> Usage:
        total = Usage()
        for record in self.records:
            if isinstance(record, SpendRecord) and record.at >= moment:
                total += Usage(
                    requests=record.requests,
                    prompt_tokens=record.prompt_tokens,
                    completion_tokens=record.completion_tokens,
                    usd=record.usd,
                )
        return total

    def spent_within_a_day(self, now: datetime) -> Usage:
        return self.spent_since(now - timedelta(hours=24))


def raw_date(moment: datetime) -> str:
    """Git's raw form of a moment: whole seconds since the epoch, and the zone."""
    return f"{int(moment.astimezone(UTC).timestamp())} +0000"
