"""What the ledger records: one kind for each thing that has to be known later. Pure.

A kind is read by every later version, so a field that comes later has a default.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.evidence import Evidence
from bot.model import Ending, Finding, Fingerprint, Kind, Marks, Sha


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

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
    """The markers of the commands and remarks that it was made for."""
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
    """The markers of the commands and remarks that it was made for."""
    evidence: Evidence | None = None
    """What the sandbox's run of its tests said; None where nothing was run."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    """How sure the engine was; None where it did not say."""
    change: Kind = Kind.FIX
    """What it is for, `revert` or else `fix`; that it is `docs` shows in its paths."""
    watched: bool = False
    """Whether it takes back what the watch over merges found, and no person asked for it."""
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
    attempt: int = 0
    """Which attempt it was; 0 in records of before that was kept."""
    asked: str = ""
    """The tick in which a job of its own has asked; its answer may come back in a later one."""

    @property
    def answer(self) -> tuple[object, ...]:
        """Which answer it is the cost of."""
        return self.incident, self.attempt, self.asked

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
    marker: str = ""
    """Of the comment that was refused, where it was one."""

    @property
    def subject(self) -> str:
        return f"{self.action} on {self.branch} was refused"


class DoneRecord(_Record):
    """What the bot has done to a head, and does not do again where people undo it."""

    kind: Literal["done"] = "done"
    action: str
    branch: str
    head: Sha

    @property
    def subject(self) -> str:
        return f"{self.action} on {self.branch} is done"


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


class SwitchedRecord(_Record):
    """Auto-merge of one head, as the bot has left it; where it is otherwise, people switched it."""

    kind: Literal["switched"] = "switched"
    branch: str
    head: Sha
    on: bool

    @property
    def subject(self) -> str:
        return f"auto-merge of {self.branch} is {'on' if self.on else 'off'}"


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


class ToldRecord(_Record):
    """An issue of people's on which the bot has said what became of it; it says it once."""

    kind: Literal["told"] = "told"
    issue: int
    about: str
    """What it was told: one word for each way in which it may go on."""
    refused: str = ""
    """Why the forge would not have it, where it said so."""

    @property
    def subject(self) -> str:
        return f"issue {self.issue} was told: {self.about}"


Record = (
    AttemptRecord
    | HeadRecord
    | SpendRecord
    | FailureRecord
    | DoneRecord
    | AskedRecord
    | UntestedRecord
    | ArmedRecord
    | SwitchedRecord
    | MergeRecord
    | RerunRecord
    | LeftRecord
    | CalledRecord
    | ToldRecord
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
