"""What agents wrote about their own work, and what triage makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model.names import BRANCH_PREFIX, Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflection:
    """One record an agent wrote about its own work.

    `id` is the record's own, or `r-` and twelve hexadecimal digits of its canonical content.
    `source` is the name of the configured source, `where` the file and position for a person.

    What a format says in fields of its own comes in the last four: whether the work `failed` (None
    where it does not say), the record's `status` (`resolved`, `pending`, …), the type of the error,
    and the places it names, each as `path` or `path:line`.
    """

    id: str
    source: str
    where: str
    timestamp: str
    task: str
    outcome: str
    text: str
    failed: bool | None = None
    status: str = ""
    error_type: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be read: where it stands, and why, as one sentence."""

    where: str
    reason: str


class Verdict(StrEnum):
    """What triage says of one reflection."""

    ACTIONABLE = "actionable"
    """It speaks of a defect."""
    UNSURE = "unsure"
    """It ended badly, or is in a language triage only knows some words of; an engine may tell."""
    NOT_ACTIONABLE = "not actionable"


@dataclass(frozen=True, slots=True)
class Triaged:
    """Whether one reflection points at a defect in the code, and why.

    `kind` names the reason in a word or two that all verdicts of the same reason share, for counts.
    """

    reflection: Reflection
    verdict: Verdict
    reason: str
    kind: str = ""

    @property
    def actionable(self) -> bool:
        return self.verdict is Verdict.ACTIONABLE


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Somewhere in the base tree that a reflection names. `symbol` is a dotted name, or empty.

    An `ambiguous` place is one of several that the same words may mean.
    """

    path: str
    symbol: str = ""
    line: int = 0
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One or more reflections about the same problem, and the places they name.

    It is `unsure` when none of its reflections speaks of a defect for certain.
    """

    fingerprint: Fingerprint
    reflections: tuple[Reflection, ...]
    places: tuple[Place, ...]
    unsure: bool = False

    @property
    def reflection_ids(self) -> tuple[str, ...]:
        return tuple(reflection.id for reflection in self.reflections)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(sorted({reflection.source for reflection in self.reflections}))

    def branch(self, attempt: int) -> str:
        return f"{BRANCH_PREFIX}{self.fingerprint}-{attempt}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A reflection that this tick does not work on, and why."""

    reflection: Reflection
    reason: str
