"""What became of pull requests that were to be brought up to date, or taken back. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.evidence import Evidence
from bot.ledger import HeadRecord
from bot.model import Attempt, Commit, Finding, Marks, Pull
from bot.selection import Revert
from bot.snapshot import Snapshot

ALREADY_UNDONE = "has been taken back already"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A pull request's change on the newest base: its new commit, or why there is none."""

    pull: Pull
    record: HeadRecord
    """The ledger's record of the head that is replaced."""
    commit: Commit | None = None
    patch_id: str = ""
    marks: tuple[Marks, ...] = ()
    risks: tuple[Finding, ...] = ()
    evidence: Evidence | None = None
    stuck: str = ""


@dataclass(frozen=True, slots=True)
class Reverted:
    """What became of a wish to take a merge back: a proposal, or why there is none, as a clause."""

    wanted: Revert
    attempt: Attempt | str

    @property
    def commit(self) -> Commit | None:
        """What is proposed, if anything is."""
        if isinstance(self.attempt, str) or self.attempt.proposal is None:
            return None
        return self.attempt.proposal.commit


def renewed_record(renewal: Renewal, snapshot: Snapshot) -> HeadRecord | None:
    """The ledger's record of the new head; None where there is none."""
    if renewal.commit is None:
        return None
    return renewal.record.model_copy(
        update={
            "at": snapshot.now,
            "head": renewal.commit.sha,
            "base": snapshot.base.sha,
            "patch_id": renewal.patch_id,
            "marks": renewal.marks,
            "risks": renewal.risks,
            "evidence": renewal.evidence,
        }
    )
