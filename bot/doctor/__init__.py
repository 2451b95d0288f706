"""The doctor: whether the bot can work in this repository, said before its first run. Pure.

`bot.doctor.examining` reads, once; everything else here only judges what was read. What a check
has not been told it says nothing about, so a tick can ask the same checks about what it knows
anyway. A sign is one thing the doctor may find; what it found here, and the fix, are a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ABOUT_TOKENS = 300
"""What the one question to a model costs, roughly, prompt and answer together."""


class Level(StrEnum):
    """How bad it is; only a problem makes the command fail."""

    OK = "ok"
    NOTE = "note"
    """Nothing to mend, but good to know."""
    WARNING = "warning"
    """The bot works, and does less than its configuration asks for, or less safely."""
    PROBLEM = "problem"
    """The bot cannot do its work like this."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing the doctor may find: its stable id, how bad it is, and why that matters."""

    id: str
    level: Level
    why: str = ""

    def found(self, what: str, fix: str = "") -> Finding:
        return Finding(self, what, fix)


@dataclass(frozen=True, slots=True)
class Finding:
    """A sign that was found here: what it is, in a sentence, and the exact fix."""

    sign: Sign
    what: str
    fix: str = ""

    @property
    def id(self) -> str:
        return self.sign.id

    @property
    def level(self) -> Level:
        return self.sign.level

    @property
    def why(self) -> str:
        return self.sign.why

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, for where there is room for a line only."""
        return " ".join(filter(None, (self.what, self.fix)))

    def as_data(self) -> dict[str, str]:
        """For `--json`."""
        return {
            "id": self.id,
            "level": self.level,
            "what": self.what,
            "why": self.why,
            "fix": self.fix,
        }


def ok(id_: str) -> Sign:
    """That something is as it should be."""
    return Sign(id_, Level.OK)


def note(id_: str, why: str) -> Sign:
    return Sign(id_, Level.NOTE, why)


def warning(id_: str, why: str) -> Sign:
    return Sign(id_, Level.WARNING, why)


def problem(id_: str, why: str) -> Sign:
    return Sign(id_, Level.PROBLEM, why)
