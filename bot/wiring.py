"""Wiring: which forge, engine and sandbox one command works with, put together once.

Heavy imports wait until something is really made.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.console import console, progress
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.config import Config
    from bot.engines.recording import Tape
    from bot.forges import ForgeReader, ForgeWriter
    from bot.observing import Base
    from bot.plan import Claim, Plan
    from bot.repository import Repository
    from bot.snapshot import Snapshot
    from bot.tick import Ended

API_URL = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which forge is used, and why where that was for the bot to choose."""

    name: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name}, because {self.why}" if self.why else self.name


class World:
    """One repository, its forge, and what one command does with them."""

    def __init__(
        self,
        repository: Repository,
        base: Base,
        tape: Tape | None = None,
        *,
        verifies: bool = True,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        from bot.engines.recording import Tape

        self._clock = clock or now
        self.repository = repository
        self.base = base
        url = repository.url if repository.has_remote else ""
        self.forge = choose_forge(base.config, url, os.environ.get("GITHUB_TOKEN", ""))
        self.reader = self._make_reader()
        self._tape = tape or Tape()
        self._verifies = verifies and base.config.sandbox.enabled
        self._observed: Snapshot | None = None
        self._problem = ""

    def observe(self, *, everything: bool = False) -> Snapshot:
        from bot.engines.registry import available
        from bot.observing import observe

        now = self._clock()
        observed = observe(self.repository, self.reader, self.base, now, everything=everything)
        engines = available(self.base.config.engine, os.environ, self._tape)
        self._observed = replace(observed, forge_said=str(self.forge), engines=engines)
        return self._observed

    def plan_revert(self, number: int, reason: str) -> Plan:
        """What taking back one merged pull request takes; a UserError says why it cannot be."""
        from bot.model import Attempt
        from bot.policy import decide
        from bot.renewal import Reverted
        from bot.reverting import revert
        from bot.selection import Revert, Selection

        snapshot = self.observe(everything=True)
        pull = next((one for one in snapshot.own_pulls if one.number == number), None)
        if pull is None:
            raise UserError(f"The bot has no pull request {number} here.")
        attempt = revert(pull, reason, snapshot, self.repository)
        if not isinstance(attempt, Attempt):
            raise UserError(f"Nothing was done: {attempt}.")
        only = replace(snapshot, forge=replace(snapshot.forge, pulls=(), has_issues=False))
        reverted = Reverted(Revert(pull, reason), attempt)
        return decide(only, Selection((), (), ()), (), reverts=(reverted,))

    def plan(self, only: str, claims: tuple[Claim, ...] | None = None) -> Plan:
        """Observe, ask the engine (or believe nothing of a plan file's claims), and decide."""
        from bot.actions.registry import load
        from bot.building import Workbench
        from bot.engines.registry import Means, make
        from bot.policy import decide
        from bot.proposing import propose, reconsider
        from bot.renewal import Reverted
        from bot.renewing import renew_next
        from bot.reverting import revert, unverified
        from bot.selection import select
        from bot.verifying import Verifier, check

        snapshot = self.observe()
        claimed = None if claims is None else {claim.fingerprint for claim in claims}
        selection = select(snapshot, only, claimed)
        dropped: tuple[str, ...] = ()
        base, config = self.base, self.base.config
        with progress() as say, Verifier(self.repository, base.sha, config, os.environ, say) as at:
            bench = Workbench(self.repository, self.reader, at if self._verifies else None)
            if claims is None:
                registry, verifier = load(config.actions.extra), bench.verifier
                means = Means(config.engine, registry, verifier, self._tape, say)
                engine = make(snapshot.engines, means)
                attempts, self._problem = propose(snapshot, selection, bench, engine, say)
            else:
                attempts, dropped = reconsider(claims, selection, snapshot, bench)
            checked = check(selection, snapshot, at) if self._verifies else ()
            renewal = renew_next(snapshot, selection, bench)
            verify = at.verify if self._verifies else unverified
            reverts = tuple(
                Reverted(one, revert(one.pull, one.reason, snapshot, self.repository, verify))
                for one in selection.reverts
            )
        notices = (*snapshot.notices, *at.notices, *dropped)
        return decide(
            replace(snapshot, notices=notices), selection, attempts, checked, renewal, reverts
        )

    def finish(self) -> None:
        """End with what a person has to mend, now that all else is done."""
        if self._problem:
            raise UserError(self._problem)

    def act(self, plan: Plan, *, on_stderr: bool) -> None:
        """Do what the plan says, and print how each step ended."""
        if not plan.steps:
            return
        from bot.report import print_outcomes

        failed = print_outcomes(self.carry_out(plan), console(stderr=on_stderr))
        if failed:
            steps = len(plan.steps)
            raise UserError(f"{failed} of {steps} steps failed; mend what they say above.")

    def carry_out(self, plan: Plan) -> Iterator[Ended]:
        """Each step as it ends. The only place that makes anything that writes."""
        from bot.actions import WriteContext
        from bot.publisher import GitPublisher
        from bot.tick import act

        assert self._observed is not None
        config = self.base.config
        context = WriteContext(
            reader=self.reader,
            writer=self.make_writer(),
            publisher=GitPublisher(self.repository, config, self.base.branch),
            config=config,
            base_branch=self.base.branch,
            me=self._observed.forge.me,
            now=self._observed.now,
        )
        yield from act(plan, context)

    def _make_reader(self) -> ForgeReader:
        if self.forge.name == "local":
            from bot.forges.local import LocalReader

            return LocalReader(self.repository, self.base.config.commit, self.base.branch)
        from bot.forges.github import GitHubAddress, GitHubReader

        return GitHubReader(GitHubAddress.from_environment(self.repository.url))

    def make_writer(self) -> ForgeWriter:
        if self.forge.name == "local":
            from bot.forges.local import LocalWriter

            me, branch = self.base.config.commit, self.base.branch
            return LocalWriter(self.repository, me, branch, self._clock)
        from bot.forges.github import GitHubAddress, GitHubWriter

        return GitHubWriter(GitHubAddress.from_environment(self.repository.url))


@contextmanager
def open_world(
    base: str,
    config: Config | None,
    tape: Tape | None = None,
    *,
    verifies: bool = True,
    rehearsal: bool = False,
    clock: Callable[[], datetime] | None = None,
) -> Iterator[World]:
    """The world around the current folder; what a person has to mend is raised at its end.

    A `rehearsal` is planned and printed, and never acted. `clock` tells another time than the
    machine's.
    """
    with open_repository() as repository:
        found = read_base(repository, base, config, rehearsal=rehearsal)
        world = World(repository, found, tape, verifies=verifies, clock=clock)
        yield world
        world.finish()


@contextmanager
def open_repository() -> Iterator[Repository]:
    from bot.repository import Repository

    token = os.environ.get("GITHUB_TOKEN", "")
    with Repository(Path.cwd(), token=token, token_host=git_host(_api_url())) as repository:
        yield repository


def read_base(
    repository: Repository, branch: str, config: Config | None = None, *, rehearsal: bool = False
) -> Base:
    from bot import observing

    return observing.read_base(repository, branch, config, rehearsal=rehearsal, environ=os.environ)


def choose_forge(config: Config, remote_url: str, token: str) -> Choice:
    """The forge that the config names, or the one that can work here. No URL is no remote."""
    if config.forge != "auto":
        return Choice(config.forge)
    if not remote_url:
        return Choice("local", "this repository has no remote")
    host = git_host(_api_url())
    with_scheme = re.match(r"[a-z+]+://(?:[^/@]*@)?([^/]+)/", remote_url)
    named = with_scheme or re.match(r"(?:[^/@]*@)?([^/:]+):", remote_url)
    if named is None or named[1] != host:
        return Choice("local", f"the remote is not at {host}")
    if not token:
        return Choice("local", "GITHUB_TOKEN is not set")
    return Choice("github")


def _api_url() -> str:
    return os.environ.get("GITHUB_API_URL", "") or API_URL


def git_host(api_url: str) -> str:
    """The host that serves git where this API is: the only one that is sent GITHUB_TOKEN."""
    host = api_url.split("://")[-1].split("/")[0]
    is_split = host == "api.github.com" or host.endswith(".ghe.com")
    return host.removeprefix("api.") if is_split else host


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
