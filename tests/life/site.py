"""Where a world is played: what people, CI and bad luck do there, and what can be seen of it.

Everything here looks from the outside. Nothing asks the bot what it thinks.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.life import program
from tests.loopback.bare import BareRepository, Conflict
from tests.loopback.state import Clock

BOT_BRANCH = re.compile(r"bot/(v1-[0-9a-f]{12})-\d+")
LEDGER = "refs/bot/ledger"
PAUSED = "refs/bot/paused"
MAIN = "refs/heads/main"
CONFIG = ".github/bot.toml"


class NotDone(Exception):
    """The forge or git would not let a person do this; nothing has happened."""


@dataclass(frozen=True, kw_only=True)
class PullFact:
    """A pull request as anyone can see it. `whole` is all of it as text, to see any change by.

    `closed_by` is whoever closed it, and may be empty; `armed_by` is whoever asked the forge to
    merge it by itself. `objects` says whether somebody who may
    write wants this very head changed.
    """

    number: int
    branch: str
    head: str
    state: str
    by_bot: bool
    merged_as: str
    merged_by: str
    closed_by: str
    armed_by: str
    labels: frozenset[str]
    said: tuple[tuple[str, str], ...]
    asked: tuple[str, ...]
    draft: bool
    objects: bool
    body: str
    whole: str

    @property
    def core(self) -> tuple[object, ...]:
        """What only its owner or a maintainer changes: not what is said on it, nor its branch."""
        return self.state, self.labels, self.asked, self.draft, self.body

    @property
    def incident(self) -> str:
        found = BOT_BRANCH.fullmatch(self.branch)
        return found[1] if found else ""


@dataclass(frozen=True, kw_only=True)
class IssueFact:
    """An issue as anyone can see it; `whole` is all of it as text, to see any write by."""

    author: str
    title: str
    body: str
    labels: frozenset[str]
    is_open: bool
    whole: str

    @property
    def content(self) -> tuple[object, ...]:
        return self.title, self.body, self.labels, self.is_open


@dataclass(frozen=True)
class Facts:
    """Everything that the remote and the forge show at one moment."""

    refs: Mapping[str, str]
    pulls: Mapping[int, PullFact]
    issues: Mapping[int, IssueFact]
    paused: bool

    @property
    def main(self) -> str:
        return self.refs[MAIN]

    @property
    def bots(self) -> list[PullFact]:
        return [pull for pull in self.pulls.values() if pull.by_bot]

    @property
    def open_bots(self) -> list[PullFact]:
        return [pull for pull in self.bots if pull.state == "open"]


class Site(ABC):
    """One of the two forges with its bare repository, its people and its clock."""

    name: str
    bot: str
    """Whom the forge knows the bot as."""
    check: str
    """The name of the required check."""
    can_write: frozenset[str]
    people: tuple[str, ...]
    proof: str = program.BY_CI
    """Who proves what is proposed, as the configuration says it."""
    bare: BareRepository
    clock: Clock
    url: str
    """What is cloned from."""

    # --------------------------------------------------------------------------- looking around

    @abstractmethod
    def facts(self) -> Facts: ...

    @abstractmethod
    def describe(self) -> str:
        """All there is, byte for byte, to show that nothing changed."""

    @abstractmethod
    def is_green(self, commit: str) -> bool:
        """Whether every required check has passed on this commit."""

    @abstractmethod
    def unanswered(self) -> list[str]:
        """The commits that wait for CI."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """What the bot finds of this forge in its environment."""

    def clone(self, folder: Path) -> Path:
        return make_clone(self.bare, self.url, folder)

    @abstractmethod
    def objections(self) -> list[str]:
        """What the stand-ins could not vouch for."""

    def read(self, commit: str, path: str) -> str:
        done = self.bare.settled((commit,), "show", f"{commit}:{path}")
        return done.stdout if done.returncode == 0 else ""

    def main(self) -> str:
        return self.bare.refs(MAIN)[MAIN]

    def read_base(self, path: str) -> str:
        return self.read(self.main(), path)

    def parents(self, commit: str) -> list[str]:
        return self.bare.said((commit,), "rev-list", "--parents", "-n1", commit).split()[1:]

    def tree(self, commit: str) -> str:
        return self.bare.said((commit,), "rev-parse", f"{commit}^{{tree}}")

    def wanted(self, commit: str) -> program.Wanted:
        """What the configuration of a commit says."""
        text = self.read(commit, CONFIG)
        return program.wanted_by(self.proof).get(text, program.UNKNOWN)

    # -------------------------------------------------------------------------------- time and CI

    @abstractmethod
    def answer(self, commit: str, passed: bool) -> None:
        """CI says this of a commit."""

    def honest(self, commit: str) -> bool:
        return program.is_green(lambda path: self.read(commit, path))

    # ------------------------------------------------------------------------- people at the page

    @abstractmethod
    def close(self, number: int, who: str) -> None: ...

    @abstractmethod
    def reopen(self, number: int, who: str) -> None: ...

    @abstractmethod
    def review(self, number: int, who: str, *, approves: bool) -> None: ...

    @abstractmethod
    def comment(self, number: int, who: str, text: str) -> None: ...

    @abstractmethod
    def comment_on_line(self, number: int, who: str, path: str, text: str) -> None: ...

    @abstractmethod
    def label(self, number: int, who: str, label: str, *, on: bool) -> None: ...

    @abstractmethod
    def edit_body(self, number: int, who: str, text: str) -> None: ...

    @abstractmethod
    def set_draft(self, number: int, who: str, *, draft: bool) -> None: ...

    @abstractmethod
    def merge(self, number: int, who: str) -> None:
        """The merge button."""

    @abstractmethod
    def open_pull(self, branch: str, who: str) -> None: ...

    @abstractmethod
    def pause_by_issue(self, who: str, *, on: bool) -> None: ...

    @abstractmethod
    def edit_issue(
        self, number: int, who: str, *, body: str | None = None, is_open: bool | None = None
    ) -> None: ...

    # -------------------------------------------------------------------------- people with git

    @abstractmethod
    def moved(self, who: str, ref: str, before: str | None, after: str | None) -> None:
        """What follows at the forge from a ref that somebody has moved."""

    def move(self, who: str, ref: str, after: str | None) -> None:
        before = self.bare.refs(ref).get(ref)
        if before == after:
            raise NotDone(f"{ref} is there already")
        if after is None:
            self.bare.git("update-ref", "-d", ref)
        else:
            self.bare.git("update-ref", ref, after)
        self.moved(who, ref, before, after)

    def commit(self, who: str, parent: str, files: Mapping[str, str], message: str) -> str:
        """A person's commit, which no ref has yet."""
        author = f"{who} <{who}@example.invalid>"
        return self.bare.commit_files(
            parent, dict(files), f"{message}\n", author, self.clock.tick()
        )

    def push(self, who: str, branch: str, files: Mapping[str, str], message: str) -> str:
        ref = f"refs/heads/{branch}"
        parent = self.bare.refs(ref).get(ref) or self.main()
        made = self.commit(who, parent, files, message)
        self.move(who, ref, made)
        return made

    def merge_by_git(self, who: str, head: str) -> str:
        """`git merge` and `git push`, past every rule, as an administrator may."""
        main = self.main()
        with suppress(RuntimeError):
            if self.bare.is_ancestor(head, main):
                raise NotDone("it is merged")
        try:
            tree = self.bare.merged_tree(main, head)
        except Conflict as error:
            raise NotDone("it conflicts") from error
        return self._land(who, tree, [main, head], f"Merge {head[:9]}")

    def revert_by_git(self, who: str, merge: str) -> str:
        """`git revert` and `git push`."""
        main = self.main()
        if not self.bare.is_ancestor(merge, main):
            raise NotDone("it is not there any more")
        before = self.parents(merge)[0]
        undone = self._made(f"{before}^{{tree}}", [merge], who, "stand-in")
        try:
            tree = self.bare.merged_tree(main, undone)
        except Conflict as error:
            raise NotDone("it conflicts") from error
        if tree == self.tree(main):
            raise NotDone("it is taken back already")
        said = f"Revert {merge[:9]}\n\nThis reverts commit {merge}."
        return self._land(who, tree, [main], said)

    def _land(self, who: str, tree: str, parents: list[str], message: str) -> str:
        made = self._made(tree, parents, who, message)
        self.move(who, MAIN, made)
        return made

    def _made(self, tree: str, parents: list[str], who: str, message: str) -> str:
        author = f"{who} <{who}@example.invalid>"
        when = self.clock.tick()
        return self.bare.commit_tree(tree, parents, f"{message}\n", author, author, when)

    # ----------------------------------------------------------------------------------- bad luck

    @abstractmethod
    def arm(self, fault: Fault) -> None:
        """Let something go wrong with what the bot asks for next."""

    @abstractmethod
    def disarm(self) -> int:
        """Take back what has not come to pass; how much has."""

    @abstractmethod
    def crash_at_write(self, skip: int) -> None:
        """End the bot's tick when a write of its has had its effect and it does not know yet."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong: `kind` as the loopback GitHub spells it, after `skip` requests."""

    kind: str
    only: str
    after_effect: bool
    skip: int

    def __str__(self) -> str:
        effect = "after its effect" if self.after_effect else "without effect"
        which = f"{self.only or 'request'}"
        return f"{self.kind} at {which} {self.skip + 1}, {effect}"


class Crash(BaseException):
    """The tick's process is gone; nothing of the bot's may catch this."""


def make_clone(bare: BareRepository, url: str, folder: Path) -> Path:
    """A clone whose remote is at this address, made without asking a server."""
    bare.plain("clone", "-q", str(bare.path), str(folder))
    bare.plain("-C", str(folder), "remote", "set-url", "origin", url)
    return folder
