"""What an engine answers: a diagnosis, a patch, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model.names import Severity, Sha


class Kind(StrEnum):
    """What a change is for, as far as policy tells changes apart."""

    FIX = "fix"
    REVERT = "revert"
    """It takes a merge back."""
    DOCS = "docs"
    """It changes nothing but documentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BugReport:
    """A diagnosis: this file (and symbol, if any) is wrong in this way."""

    path: str
    symbol: str
    summary: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class NotActionable:
    """A diagnosis: there is no defect in the code here, for this reason."""

    reason: str


Diagnosis = BugReport | NotActionable


@dataclass(frozen=True, slots=True)
class Edit:
    """One exact replacement in one file.

    `blob` is the git object the old text was read from; None means a new file, and then `old` is
    empty. `old` stands exactly once in that blob.
    """

    path: str
    blob: Sha | None
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Patch:
    """A set of edits that belong together, and what they change in a sentence or two."""

    edits: tuple[Edit, ...]
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an engine spent. `usd` is None where no price is configured."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = None

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        known = [usd for usd in (self.usd, other.usd) if usd is not None]
        return Usage(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            usd=sum(known) if known else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an engine made of one incident.

    With a patch there is a bug report. Without one, `reason` says why there is none, and `failed`
    whether that is the engine's failure (worth another try) rather than its judgement.
    `out_of_budget` says that nothing was asked, for want of budget. `notes` are sentences about how
    it went: what the server lacks, what was counted by estimate.
    """

    diagnosis: Diagnosis | None
    patch: Patch | None
    usage: Usage
    reason: str = ""
    failed: bool = False
    out_of_budget: bool = False
    notes: tuple[str, ...] = ()
    confidence: float | None = None
    """How sure the engine is of the patch, from 0 to 1; None where it does not say."""
    engine: str = ""
    """Which engine of several it is from; without a patch, those that were asked, by commas."""
    until_base_moves: bool = False
    """Whether the same question about another base commit may well be answered differently."""
