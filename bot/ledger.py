"""The ledger: what leaves no pull request, as append-only commits on `refs/bot/ledger`.

One commit is one record; its message is a subject for people and a line of JSON. Records are only
ever added, and the ref moves by compare-and-swap, so a concurrent writer costs a retry and never a
record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.model import Sha, Usage
from bot.records import (
    ArmedRecord,
    AskedRecord,
    AttemptRecord,
    CalledRecord,
    DoneRecord,
    FailureRecord,
    HeadRecord,
    LeftRecord,
    MergeRecord,
    Record,
    RerunRecord,
    SpendRecord,
    SwitchedRecord,
    ToldRecord,
    UntestedRecord,
    decode,
    encode,
)

LEDGER_REF = "refs/bot/ledger"

__all__ = [
    "LEDGER_REF",
    "ArmedRecord",
    "AskedRecord",
    "AttemptRecord",
    "CalledRecord",
    "DoneRecord",
    "FailureRecord",
    "HeadRecord",
    "Ledger",
    "LeftRecord",
    "MergeRecord",
    "Record",
    "RerunRecord",
    "SpendRecord",
    "SwitchedRecord",
    "ToldRecord",
    "UntestedRecord",
    "decode",
    "encode",
    "raw_date",
]


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

    def did(self, action: str, branch: str, head: Sha) -> bool:
        """Whether the bot has done this to the head once."""
        done = (record for record in self.records if isinstance(record, DoneRecord))
        return any((d.action, d.branch, d.head) == (action, branch, head) for d in done)

    def asked(self, branch: str) -> tuple[str, ...]:
        """Who was asked for a review of this branch's pull request."""
        found = [r.reviewers for r in self.records if isinstance(r, AskedRecord)
                 and r.branch == branch]  # fmt: skip
        return tuple(name for names in found for name in names)

    def armed(self, branch: str) -> tuple[ArmedRecord, ...]:
        """The heads of this branch that the forge was asked to merge by itself."""
        armed = (record for record in self.records if isinstance(record, ArmedRecord))
        return tuple(record for record in armed if record.branch == branch)

    def switched(self, branch: str, head: Sha) -> bool | None:
        """Whether the bot has switched auto-merge of this head on, or off; None if neither."""
        switched = (record for record in self.records if isinstance(record, SwitchedRecord))
        found = [r.on for r in switched if (r.branch, r.head) == (branch, head)]
        return found[-1] if found else None

    def untested(self, number: int) -> bool:
        return any(isinstance(r, UntestedRecord) and r.number == number for r in self.records)

    @property
    def merges(self) -> tuple[MergeRecord, ...]:
        return tuple(record for record in self.records if isinstance(record, MergeRecord))

    def merged(self, number: int) -> MergeRecord | None:
        """The record of the bot's merge of this pull request."""
        return next((record for record in self.merges if record.number == number), None)

    @property
    def all_reruns(self) -> tuple[RerunRecord, ...]:
        return tuple(record for record in self.records if isinstance(record, RerunRecord))

    def reruns(self, merged_as: Sha) -> tuple[RerunRecord, ...]:
        return tuple(record for record in self.all_reruns if record.merged_as == merged_as)

    def left(self, merged_as: Sha) -> tuple[LeftRecord, ...]:
        """Why this merge was not taken back."""
        found = (record for record in self.records if isinstance(record, LeftRecord))
        return tuple(record for record in found if record.merged_as == merged_as)

    def called(self, about: str) -> bool:
        """Whether a person was called about this."""
        return any(isinstance(r, CalledRecord) and r.about == about for r in self.records)

    def told(self, issue: int, about: str) -> bool:
        """Whether the issue was told this."""
        told = (record for record in self.records if isinstance(record, ToldRecord))
        return any((record.issue, record.about) == (issue, about) for record in told)

    def knows(self, spent: SpendRecord) -> bool:
        """Whether this cost is written down, as by a tick that had no room for the answer."""
        kept = (r.answer for r in self.records if isinstance(r, SpendRecord))
        return bool(spent.asked) and spent.answer in kept

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
