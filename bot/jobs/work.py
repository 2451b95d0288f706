"""The work file: what the observing job lists for those that see no forge. Pure.

It holds what an engine has to know of each chosen incident, and nothing that decides anything: the
job that writes observes afresh.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.engines import Budget, Earlier
from bot.errors import UserError
from bot.jobs.limits import MAX_MATRIX
from bot.model import Fingerprint, Incident, Sha

WORK_VERSION: Literal[1] = 1
WORK_FILE = "work.json"
BUNDLE_FILE = "base.bundle"

FINGERPRINT = r"^v[0-9]{1,3}-[0-9a-f]{12}$"
_Sha = Annotated[Sha, Field(pattern=r"^[0-9a-f]{40}$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One chosen incident as an engine is asked about it, and what it may cost.

    `heard` names what people said that asks for this attempt, empty where nobody did; whoever
    writes takes up no answer that has not heard all of it.
    """

    incident: Incident
    attempt: int
    engines: tuple[str, ...]
    budget: Budget
    heard: str = ""
    earlier: Earlier | None = None

    @property
    def name(self) -> str:
        return self.incident.fingerprint


@dataclass(frozen=True, slots=True)
class KnownChange:
    """A change that was proposed before, by its patch id, and what became of it."""

    patch_id: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One tick's work for jobs that run apart from the forge.

    `heads` are commits on the base, in the bundle, whose tests are to be run: open pull requests on
    the newest base, and merges taken back.
    """

    branch: str
    base: Sha
    at: datetime
    bundle: str
    """The bundle's SHA-256."""
    assignments: tuple[Assignment, ...]
    heads: tuple[Sha, ...] = ()
    known: tuple[KnownChange, ...] = ()

    @property
    def tick(self) -> str:
        """A name for the tick that listed it."""
        return self.at.isoformat()

    @property
    def to_verify(self) -> tuple[str, ...]:
        """What the verifying jobs are about: incidents, then commits."""
        return (*(one.name for one in self.assignments), *self.heads)

    def asks(self, engine: str) -> int:
        """How many incidents this engine is to be asked about."""
        return sum(engine in one.engines for one in self.assignments)


class _Assignment(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=FINGERPRINT)]
    incident: Incident
    attempt: Annotated[int, Field(ge=1, le=100)]
    engines: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)]
    tokens: _Count
    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    heard: Annotated[str, Field(max_length=64)]
    earlier: Earlier | None


class _WorkFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    branch: Annotated[str, Field(min_length=1, max_length=255)]
    base: _Sha
    at: datetime
    bundle: _Sha256
    assignments: Annotated[tuple[_Assignment, ...], Field(max_length=MAX_MATRIX)]
    heads: Annotated[tuple[_Sha, ...], Field(max_length=MAX_MATRIX)]
    known: tuple[KnownChange, ...]


def write_work(work: Work) -> str:
    """The text of a work file."""
    file = _WorkFile(
        version=WORK_VERSION,
        branch=work.branch,
        base=work.base,
        at=work.at,
        bundle=work.bundle,
        assignments=tuple(
            _Assignment(
                name=one.name,
                incident=one.incident,
                attempt=one.attempt,
                engines=one.engines,
                tokens=one.budget.tokens,
                usd=one.budget.usd,
                heard=one.heard,
                earlier=one.earlier,
            )
            for one in work.assignments
        ),
        heads=work.heads,
        known=work.known,
    )
    return file.model_dump_json(indent=1) + "\n"


def read_work(text: str, origin: str) -> Work:
    """The work in a file; a UserError if it is none that this version reads."""
    try:
        file = _WorkFile.model_validate_json(text)
    except ValidationError as error:
        raise UserError(f"{origin} lists no work: {first_of(error)}.") from error
    return Work(
        branch=file.branch,
        base=file.base,
        at=file.at,
        bundle=file.bundle,
        assignments=tuple(
            Assignment(
                incident=replace(one.incident, fingerprint=Fingerprint(one.name)),
                attempt=one.attempt,
                engines=one.engines,
                budget=Budget(one.tokens, one.usd),
                heard=one.heard,
                earlier=one.earlier,
            )
            for one in file.assignments
        ),
        heads=file.heads,
        known=file.known,
    )


def first_of(error: ValidationError) -> str:
    """The first thing that a schema objects to, with its place, for one sentence."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    return f"{place}: {first['msg']}"
