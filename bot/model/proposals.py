"""What is offered: a commit with its evidence, and how one attempt ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.model.answers import Answer, BugReport, Kind, Patch, Usage
from bot.model.commits import Commit
from bot.model.names import Sha
from bot.model.reflections import Incident
from bot.model.wishes import Feedback

if TYPE_CHECKING:
    from bot.evidence import Evidence
    from bot.model.forge import Pull


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that vetting or policy noticed: a short rule name, the path, one sentence."""

    rule: str
    path: str
    sentence: str


@dataclass(frozen=True, slots=True, order=True)
class Marks:
    """The reflections that a change marks as resolved in one of their files.

    A revert's are those that it makes what they were before.
    """

    path: str
    reflections: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A commit built from a patch on top of a known base, and what is known about it."""

    incident: Incident
    report: BugReport
    patch: Patch
    engine: str
    attempt: int
    base: Sha
    commit: Commit
    diff: str
    patch_id: str
    usage: Usage
    risks: tuple[Finding, ...] = ()
    """What it newly does that a person should look at; see `bot.risks`."""
    evidence: Evidence | None = None
    """What its tests say; None where nothing was run."""
    confidence: float | None = None
    """How sure the engine is, from 0 to 1; None where it does not say."""
    kind: Kind = Kind.FIX
    marks: tuple[Marks, ...] = ()
    """Of its changes those that only mark reflections; `patch_id` and `risks` leave them out."""

    on: str = ""
    """The branch of the open pull request that it is a further attempt on; empty for a new one."""

    @property
    def branch(self) -> str:
        return self.on or self.incident.branch(self.attempt)


class Ending(StrEnum):
    """How one attempt on one incident ended."""

    PROPOSED = "proposed"
    ABSTAINED = "abstained"
    """The engine says that there is no bug, or none that it can mend."""
    REJECTED = "rejected"
    """The engine's patch did not pass vetting."""
    FAILED = "failed"
    """The engine gave no usable answer; worth another try later."""
    STOPPED = "stopped"
    """It would undo or repeat what was merged before, so that only a person goes on."""
    REFUSED = "refused"
    """A rule of the policy refuses the patch."""
    HELD_BACK = "held back"
    """A limit left no room to ask; nothing was spent and nothing is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one attempt on one incident; `proposal` only where a commit was built.

    `findings` say why a patch was rejected.
    """

    incident: Incident
    engine: str
    number: int
    answer: Answer
    ending: Ending
    reason: str
    proposal: Proposal | None = None
    findings: tuple[Finding, ...] = ()
    pull: Pull | None = None
    """The open pull request that it is a further attempt on."""
    feedback: Feedback | None = None
    """Why a further attempt was due."""
    asked: str = ""
    """The tick in which a job of its own has asked; empty where this run has."""
