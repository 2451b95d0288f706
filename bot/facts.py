"""What rules judge, and how they answer: the facts of one change, and a rule held against them.

A condition is met, not met, unknown or *pending*. Unknown never satisfies; pending holds the
decision open, because asking for a review a minute before the proof arrives would be noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.config import Outcome, Proof
from bot.evidence import Evidence
from bot.model import FileChange, Finding, Kind, Severity
from bot.protected import Protected


class Met(Enum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    PENDING = "pending"


Answer = tuple[Met, str]
"""Whether a condition is met, and the fact that says so. The same facts give the same words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules judge. None stands for "unknown", PENDING proof for "not yet"."""

    now: datetime
    changes: tuple[FileChange, ...] | None
    protected: tuple[Protected, ...]
    risks: tuple[Finding, ...] | None
    severity: Severity | None
    engine: str
    confidence: float | None
    """How sure the engine is, from 0 to 1."""
    kind: Kind | None
    sources: tuple[str, ...]
    """Where the incident came from; empty where that is unknown."""
    trusted: bool
    proposed: datetime | None
    """When this attempt was first proposed, however often it moved to a newer base since."""
    attempt: int | None
    proof: Proof | None
    proof_pending: bool
    evidence: Evidence | None = None
    """None where no sandbox of the bot's has run its tests."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a rule asks, whether it is so, and the fact that says it."""

    name: str
    met: Met
    fact: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """One rule held against the facts of one change.

    `outcome` is what it asks for. A built-in one asks for that at most, and matches when what it
    looks out for is there, or may be.
    """

    rule: str
    outcome: Outcome
    conditions: tuple[Condition, ...]
    built_in: bool = False

    @property
    def met(self) -> Met:
        """NO before UNKNOWN before PENDING, and YES where nothing is asked."""
        found = [condition.met for condition in self.conditions]
        return next((met for met in (Met.NO, Met.UNKNOWN, Met.PENDING) if met in found), Met.YES)

    @property
    def matches(self) -> bool:
        return self.met is Met.YES or (self.built_in and self.met is Met.UNKNOWN)

    @property
    def fact(self) -> str:
        return "; ".join(said.fact for said in self.conditions) or "it has no conditions"

    @property
    def awaited(self) -> str:
        """What is pending in it."""
        return "; ".join(said.fact for said in self.conditions if said.met is Met.PENDING)
