"""What people tell the bot to do, and why a further attempt is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verb(StrEnum):
    """What people may tell the bot, after `/bot` at the start of a line or as a label `bot:…`."""

    RETRY = "retry"
    REBASE = "rebase"
    HOLD = "hold"
    REVERT = "revert"
    EXPLAIN = "explain"
    UNKNOWN = "?"
    """Something else; it is answered with what there is."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that somebody who may push told the bot to do, and the rest of their words.

    `marker` is what the answer to it carries; `label` is set where a label said it.
    """

    verb: Verb
    by: str
    at: datetime
    marker: str
    words: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Why a further attempt on an open pull request is due.

    `reason` is a clause for people, `told` what an engine hears of it, and `threads` are the ids of
    the conversations that a new head answers. `commands` are what asked for it, and `heard` the
    markers of the remarks that are told.
    """

    reason: str
    told: tuple[str, ...]
    threads: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    heard: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """The markers of everything that an attempt is made for."""
        return (*(one.marker for one in self.commands), *self.heard)
