"""Forges: where pull requests live. A forge has two halves, and planning only ever gets to read.

`ForgeReader` and `ForgeWriter` are what `github` and `local` offer; `Publisher` is what
actions need of git itself: moving refs of the remote under a lease.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.forges.access import Answered
from bot.ledger import Record
from bot.model import (
    CheckState,
    CommitChecks,
    ForgeView,
    Issue,
    LabelledIssue,
    Pull,
    Pushed,
    Sha,
)


class ForgeReader(Protocol):
    """The reading half. Works with a token that may do nothing else."""

    name: str
    answered: Answered | None
    """What the head of the newest answer said; None before the first, and without a server."""

    def observe(self, base_branch: str, base: Sha, branches: Sequence[str]) -> ForgeView:
        """Everything one tick needs to know.

        All pull requests whose head branch is one of the bot's, and beyond these the history of
        `branches`, which may exist no more. `base` is the commit whose checks are wanted.
        """
        ...

    def pull(self, number: int) -> Pull | None:
        """One pull request with everything about it, read just now."""
        ...

    def current(self, branch: str) -> Pull | None:
        """The newest pull request from this branch of the repository itself, read just now.

        Its checks, review state, mergeability and what was said of it are not read.
        """
        ...

    def labelled_issues(self, label: str, *, rights: bool) -> tuple[LabelledIssue, ...] | str:
        """The open issues with this label, oldest first, or a clause on why they cannot be read.

        Whether an author may push is asked only where `rights` are wanted; otherwise nobody may.
        The bot's own issues may be among them.
        """
        ...

    def paused_by_issue(self) -> str:
        """The number of an open issue labelled `bot:pause`, read just now; empty if none is."""
        ...

    def checks_of(self, commits: Sequence[Sha]) -> tuple[CommitChecks, ...]:
        """What checks say of each of these commits, read just now, in their order.

        A run that was cancelled, and one of which a part still goes on, has no result yet.
        """
        ...


@dataclass(frozen=True, slots=True)
class Refused:
    """The forge understood a write and will not do it, in its own words.

    `final` says that asking again for the same would be answered the same.
    """

    reason: str
    final: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    number: int
    url: str
    draft: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge that happened: the base branch's new commit and its tree."""

    commit: Sha
    tree: Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What the bot's own sandbox says of one commit, for a forge that has no other runner.

    `base_state` is what it says of `base`, the commit it was compared with, if it was run.
    """

    head: Sha
    name: str
    state: CheckState
    summary: str
    base: Sha | None = None
    base_state: CheckState | None = None


def marked(text: str, marker: str) -> str:
    """A comment's text with its hidden marker, by which the bot knows it again."""
    return f"{text.rstrip()}\n\n{hidden(marker)}\n"


def hidden(marker: str) -> str:
    if not re.fullmatch(r"[\w.:-]+", marker, re.ASCII):
        raise ValueError(f"not a marker: {marker!r}")
    return f"<!-- amendbot:said {marker} -->"


class ForgeWriter(Protocol):
    """The writing half. Each call is one write; an answer that is lost is a UserError.

    From `comment` on, what is so already is not written again, and after a lost answer it is read
    whether the write has happened after all. None says that it is so now.
    """

    def open(
        self, *, branch: str, base_branch: str, title: str, body: str, draft: bool
    ) -> Opened | Refused: ...

    def set_body(self, number: int, body: str) -> Refused | None: ...

    def request_review(self, number: int, reviewers: Sequence[str]) -> Refused | None:
        """Ask these logins and `org/team` names."""
        ...

    def merge(self, number: int, *, head: Sha, base: Sha, method: str) -> Merged | Refused:
        """Merge if the head still is `head`. After an ambiguous answer the state is read again.

        `base` is what the tests ran on; a forge that can refuses to merge onto any other commit.
        """
        ...

    def check(self, branch: str, result: CheckResult) -> Refused | None:
        """Keep a check's result with the branch's pull request, where checks are the bot's own."""
        ...

    def rerun(self, run: int) -> Refused | None:
        """Start again what failed in a run of checks; a refusal that is not final says it goes on.

        An answer that is lost is not asked for again.
        """
        ...

    def comment(self, number: int, text: str, *, marker: str) -> Refused | None:
        """Comment, unless a comment of the bot's own carries this hidden marker already.

        A marker is made of letters, digits and `-_.:`; `marked` puts it into the text.
        """
        ...

    def reply(self, number: int, thread: str, text: str) -> Refused | None:
        """Answer in a thread of a review, unless the bot's own last words there are the same."""
        ...

    def close(self, number: int) -> Refused | None:
        """Close without merging; one that is not open is a refusal."""
        ...

    def add_label(self, number: int, label: str) -> Refused | None: ...

    def remove_label(self, number: int, label: str) -> Refused | None: ...

    def enable_auto_merge(self, number: int, *, head: Sha, method: str) -> Refused | None:
        """Have the forge merge it by itself, at this head, once its own requirements are met.

        A refusal where the repository does not allow that, and where nothing is unmet.
        """
        ...

    def disable_auto_merge(self, number: int) -> Refused | None: ...

    def tell_issue(self, number: int, text: str, *, marker: str, label: str) -> Refused | None:
        """Comment on an open issue with this label, unless a comment of the bot's has the marker.

        One that was closed, or lost its label, is a refusal that is not final.
        """
        ...

    def open_issue(self, *, title: str, body: str, label: str) -> Issue | Refused:
        """Open an issue with this label; the bot's own open one of the same title is kept."""
        ...

    def update_issue(self, number: int, *, title: str, body: str) -> Refused | None:
        """Change what an issue of the bot's own says."""
        ...


class Publisher(Protocol):
    """Git's part of the writing: branches and the ledger, each under a lease."""

    def publish(self, branch: str, head: Sha, records: Sequence[Record]) -> Pushed:
        """Create the branch at `head` and add the records, both or neither."""
        ...

    def replace(self, branch: str, old: Sha, new: Sha, records: Sequence[Record]) -> Pushed:
        """Move the branch from `old` to `new`, whatever lies between, and add the records."""
        ...

    def delete(self, branch: str, head: Sha, records: Sequence[Record]) -> Pushed:
        """Delete the branch if it still points at `head`, and add the records, both or neither."""
        ...

    def record(self, records: Sequence[Record]) -> None:
        """Add records to the ledger, again on top of whatever others added meanwhile."""
        ...

    def head(self, branch: str) -> Sha | None:
        """Where the branch points on the remote, read just now."""
        ...

    def halted(self) -> str:
        """Why the bot must not write any more, read just now; empty if it may."""
        ...
