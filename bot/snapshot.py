"""The snapshot: everything one tick has observed, with time as data in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.config import Config
from bot.ledger import HeadRecord, Ledger
from bot.model import (
    BRANCH_PREFIX,
    Branch,
    Commit,
    ForgeView,
    Incident,
    Pull,
    PullState,
    RequiredCheck,
    Sha,
    Tree,
    Triaged,
    WatchedMerge,
)


def _no_tree(_: Sha) -> Tree | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What one tick knows.

    `incidents` are the actionable reflections, grouped; `left_out` the verdicts on all others.
    `branches` are the bot's branches on the remote and `commits` what git says of their heads.
    `owners` is the text of the base branch's CODEOWNERS. `notices` are sentences for whoever reads
    the report: records that could not be read, local changes that do not count.
    """

    now: datetime
    base_branch: str
    base: Commit
    tree: Tree
    config: Config
    owners: str
    incidents: tuple[Incident, ...]
    left_out: tuple[Triaged, ...]
    branches: tuple[Branch, ...]
    commits: tuple[Commit, ...]
    ledger: Ledger
    forge: ForgeView
    watched: tuple[WatchedMerge, ...] = ()
    """The bot's own merges that are looked after, see `bot.watching`."""
    base_stuck: str = ""
    """What in the user's own work tree keeps the base branch from being moved, as a clause."""
    halted: str = ""
    engines: tuple[str, ...] = ()
    """The engines that can be asked now, in their order; empty where that is not known."""
    forge_said: str = ""
    """Which forge this is, and why where the bot chose."""
    notices: tuple[str, ...] = ()
    trees: Callable[[Sha], Tree | None] = _no_tree
    """The files of any commit that git has here, which never change; None where it has none."""

    def commit(self, sha: Sha) -> Commit | None:
        return next((commit for commit in self.commits if commit.sha == sha), None)

    @property
    def required(self) -> tuple[RequiredCheck, ...]:
        """The checks that must pass before a merge, named by the forge or by the config."""
        named = {RequiredCheck(name) for name in self.config.merge.required_checks}
        forge = set(self.forge.required or ())
        bound = {check.name for check in forge}
        return tuple(sorted(forge | {check for check in named if check.name not in bound}))

    def record_of(self, pull: Pull) -> HeadRecord | None:
        """The ledger's record of the pull request's head; None says that a person pushed it."""
        return self.ledger.head(pull.branch, pull.head)

    def is_own(self, pull: Pull) -> bool:
        """Whether author, repository, branch prefix and ledger agree that this is the bot's."""
        known = any(record.branch == pull.branch for record in self.ledger.heads)
        return (
            pull.author_id == self.forge.me
            and not pull.foreign
            and pull.branch.startswith(BRANCH_PREFIX)
            and known
        )

    def is_bots_merge(self, pull: Pull) -> bool:
        """Whether the bot merged it, or had the forge merge it by itself."""
        merged = pull.state is PullState.MERGED and pull.merged_by == self.forge.me
        return merged and self.is_own(pull)

    def shares_branch(self, pull: Pull) -> bool:
        """Whether another pull request is open from the same branch, such as a person's."""
        return any(
            other.branch == pull.branch
            and other.number != pull.number
            and other.state is PullState.OPEN
            and not other.foreign
            for other in self.forge.pulls
        )

    @property
    def own_pulls(self) -> tuple[Pull, ...]:
        return tuple(pull for pull in self.forge.pulls if self.is_own(pull))

    @property
    def open_pulls(self) -> tuple[Pull, ...]:
        found = [pull for pull in self.own_pulls if pull.state is PullState.OPEN]
        return tuple(sorted(found, key=lambda pull: pull.number))
