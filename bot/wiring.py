"""Wiring: which forge, engine and sandbox one command works with, put together once.

Heavy imports wait until something is really made.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli_runner import in_a_job
from bot.console import console, progress
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.actions import Done
    from bot.building import Workbench
    from bot.config import Config
    from bot.engines.recording import Tape
    from bot.forges import ForgeReader, ForgeWriter
    from bot.jobs.answers import Brought
    from bot.jobs.work import Work
    from bot.ledger import SpendRecord
    from bot.model import Attempt
    from bot.observing import Base
    from bot.plan import Plan
    from bot.repository import Repository
    from bot.selection import Selection
    from bot.snapshot import Snapshot
    from bot.tick import Ended

API_URL = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which forge is used, and why where that was for the bot to choose."""

    name: str
    why: str = ""
    missing: str = ""
    """What has to be set before anything is written: the choice is good for looking only."""

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
        self._planned: Plan | None = None
        self._done: list[Done] | None = None

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
            raise UserError(
                f"The bot has no pull request {number} here; 'bot pulls --all' lists what it has."
            )
        attempt = revert(pull, reason, snapshot, self.repository)
        if not isinstance(attempt, Attempt):
            raise UserError(f"Nothing was done: {attempt}.")
        only = replace(snapshot, forge=replace(snapshot.forge, pulls=(), has_issues=False))
        reverted = Reverted(Revert(pull, reason), attempt)
        self._planned = decide(only, Selection((), (), ()), (), reverts=(reverted,))
        return self._planned

    def plan(self, only: str) -> Plan:
        """Observe, ask the engines, run the tests, and decide."""
        from bot.actions.registry import load
        from bot.building import Workbench
        from bot.engines.counted import Counted
        from bot.engines.registry import Means, make
        from bot.proposing import propose
        from bot.selection import select
        from bot.verifying import Verifier

        snapshot = self.observe()
        has_key = bool(self._tape.replay or os.environ.get("OPENAI_API_KEY"))
        unfit = self._unfit(snapshot, has_key=has_key)
        selection = select(snapshot, only)
        base, config = self.base, self.base.config
        with progress() as say, Verifier(self.repository, base.sha, config, os.environ, say) as at:
            verifier = at if self._verifies else None
            bench = Workbench(self.repository, self.reader, verifier)
            means = Means(config.engine, load(config.actions.extra), verifier, self._tape, say)
            engine = Counted(make(snapshot.engines, means), say.spent)
            attempts, self._problem = propose(snapshot, selection, bench, engine, say)
            return self._decided(
                snapshot, selection, attempts, bench, lambda: (*unfit, *at.notices)
            )

    def reconsider(self, brought: Brought) -> Plan:
        """Observe, build and judge anew what files bring, and decide; nothing of it is run."""
        from bot.building import Workbench
        from bot.jobs.evidence import Given
        from bot.jobs.reconsidering import claimed, reconsider
        from bot.selection import select
        from bot.verifying import scrubbed

        snapshot = self._observe_for_jobs()
        selection = select(snapshot, "", claimed(brought.claims))
        told = [
            replace(one, evidence=one.evidence and scrubbed(one.evidence))
            for one in brought.statements
        ]
        given = Given(self.base.sha, told)
        bench = Workbench(self.repository, self.reader, given if self._verifies else None)
        found = reconsider(brought.claims, selection, snapshot, bench)
        said = (*self._unfit(snapshot), *brought.notices, *found.notices)
        return self._decided(
            snapshot,
            selection,
            found.attempts,
            bench,
            lambda: (*said, *given.notices),
            found.costs,
        )

    def list_work(self, only: str, folder: Path) -> tuple[Work, tuple[str, ...]]:
        """Observe, and write what other jobs are to do into a folder."""
        from bot.building import Workbench
        from bot.jobs.listing import list_work
        from bot.selection import select

        snapshot = self._observe_for_jobs()
        bench = Workbench(self.repository, self.reader, None)
        work, said = list_work(snapshot, select(snapshot, only), bench, folder)
        halted = (snapshot.halted,) if snapshot.halted else ()
        return work, (*halted, *snapshot.notices, *self._unfit(snapshot), *said)

    def _unfit(self, snapshot: Snapshot, *, has_key: bool | None = None) -> tuple[str, ...]:
        """What `bot doctor` calls a problem, as far as that is known without asking for more."""
        from bot.doctor.examining import at_hand
        from bot.doctor.registry import problems

        seen = at_hand(snapshot, self.repository, self.reader, os.environ, has_key=has_key)
        return problems(seen)

    def _observe_for_jobs(self) -> Snapshot:
        """With all configured engines: other jobs ask them, and hold what they need."""
        snapshot = replace(self.observe(), engines=self.base.config.engine.order)
        self._observed = snapshot
        return snapshot

    def _decided(
        self,
        snapshot: Snapshot,
        selection: Selection,
        attempts: Sequence[Attempt],
        bench: Workbench,
        notices: Callable[[], tuple[str, ...]],
        costs: tuple[SpendRecord, ...] = (),
    ) -> Plan:
        """The plan for these attempts, and for all else that the bench has a proof of."""
        from bot.policy import decide
        from bot.renewal import Reverted
        from bot.renewing import renew_next
        from bot.reverting import revert, unverified
        from bot.verifying import check

        proof = bench.verifier
        checked = check(selection, snapshot, proof) if proof else ()
        renewal = renew_next(snapshot, selection, bench)
        verify = proof.verify if proof else unverified
        reverts = [
            Reverted(one, revert(one.pull, one.reason, snapshot, self.repository, verify))
            for one in selection.reverts
        ]
        if proof:
            reverts = [one for one in reverts if not (one.commit and proof.awaits(one.commit))]
        snapshot = replace(snapshot, notices=(*snapshot.notices, *notices()))
        self._planned = decide(snapshot, selection, attempts, checked, renewal, reverts, costs)
        return self._planned

    def finish(self) -> None:
        """End with what a person has to mend, now that all else is done."""
        if self._problem:
            raise UserError(self._problem)

    def check_writable(self) -> None:
        """Raises UserError where the forge was only chosen for want of a token.

        Else a run without its token would push branches and refs of its own to GitHub, where nobody
        would see a pull request.
        """
        if self.forge.missing:
            raise UserError(
                f"The remote is at {git_host(_api_url())}, and {self.forge.missing} is not set, so "
                f"nothing is written. Set it ('export {self.forge.missing}=…'), or look only, with "
                "'bot run --dry-run'; BOT_FORGE=local keeps pull requests as git refs on that "
                "remote."
            )

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
        self._done = []
        with closing(act(plan, context)) as steps:  # so that whoever stops early stops it at once
            for ended in steps:
                self._done.append(ended.done)
                yield ended

    def tell_runner(self) -> None:
        """Leave what was planned and done where a job's runner shows it, if one reads this."""
        if self._planned and in_a_job():
            from bot.cli_runner import tell_runner
            from bot.job_summary import Run

            done = self._done
            tell_runner(Run(self._planned, tuple(done or ()), rehearsed=done is None))

    def _make_reader(self) -> ForgeReader:
        if self.forge.name == "local":
            from bot.forges.local import LocalReader

            return LocalReader(self.repository, self.base.config.commit, self.base.branch)
        from bot.forges.github import GitHubAddress, GitHubReader

        return GitHubReader(GitHubAddress.from_environment(self.repository.url))

    def make_writer(self) -> ForgeWriter:
        self.check_writable()
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
        try:
            yield world
            world.finish()
        finally:
            world.tell_runner()


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
        return Choice("local", "GITHUB_TOKEN is not set", missing="GITHUB_TOKEN")
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
