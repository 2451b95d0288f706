"""The world at the loopback GitHub."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Literal, cast

from tests.life import program
from tests.life.site import PAUSED, Facts, Fault, IssueFact, NotDone, PullFact, Site
from tests.loopback import LoopbackGitHub, Write, talk
from tests.loopback.checks import verdict
from tests.loopback.errors import Refused
from tests.loopback.faults import FaultKind
from tests.loopback.repo import Repo
from tests.loopback.state import Issue, PullRequest

PAUSE = "bot:pause"
AT_ONCE = timedelta(seconds=5)


class GitHubSite(Site):
    """`acme/agent`: alice and bob may write there, mallory may not, amendbot is the bot."""

    name = "github"
    bot = "amendbot[bot]"
    check = "test"
    can_write = frozenset({"alice", "bob"})
    people = ("alice", "bob", "mallory")

    def __init__(self, github: LoopbackGitHub, wanted: program.Wanted) -> None:
        self.github = github
        self.clock = github.clock
        self.token = github.add_actor(self.bot, id=4242)
        for login in self.people:
            github.add_actor(login, permission="write" if login in self.can_write else "read")
        first = program.files(wanted.text(self.proof), tracked=wanted.options.write_back)
        self.repo: Repo = github.create_repo("acme/agent", first)
        self.repo.settings.allow_auto_merge = True
        self.repo.require_checks([self.check])
        self.bare = self.repo.bare
        self.url = self.repo.clone_url

    # --------------------------------------------------------------------------- looking around

    def facts(self) -> Facts:
        issues = {one.number: _issue(one) for one in self.repo.issues}
        refs = self.bare.refs()
        stopped = any(one.state == "open" and PAUSE in one.labels for one in self.repo.issues)
        pulls = {pull.number: self._fact(pull) for pull in self.repo.pulls}
        return Facts(refs, pulls, issues, stopped or PAUSED in refs)

    def _fact(self, pull: PullRequest) -> PullFact:
        state = "merged" if pull.merged else pull.state
        said = [(one.author, one.body) for one in pull.comments]
        said += [(one.author, one.body) for thread in pull.threads for one in thread.comments]
        return PullFact(
            number=pull.number,
            branch=pull.head_ref,
            head=pull.head_sha,
            state=state,
            by_bot=pull.author == self.bot,
            merged_as=pull.merge_commit_sha or "" if pull.merged else "",
            merged_by=pull.merged_by or "",
            closed_by=_closer(pull) if state == "closed" else "",
            armed_by=pull.auto_merge.by if pull.auto_merge else "",
            labels=frozenset(pull.labels),
            said=tuple(said),
            asked=tuple(
                event.reviewer or event.team or ""
                for event in pull.events
                if event.type == "ReviewRequestedEvent" and event.actor == self.bot
            ),
            draft=pull.draft,
            objects=any(
                one.state == "CHANGES_REQUESTED" and one.sha == pull.head_sha
                for one in pull.latest_reviews()
                if one.author in self.can_write
            ),
            body=pull.body,
            whole=repr(replace(pull, unknown_mergeability_answers=0)),
        )

    def describe(self) -> str:
        return self.github.describe()

    def is_green(self, commit: str) -> bool:
        said = [verdict(one) for one in self.repo.checks.contexts_of(commit)]
        return bool(said) and set(said) == {"SUCCESS"}

    def unanswered(self) -> list[str]:
        runs = [run.sha for run in self.repo.checks.runs if run.status == "queued"]
        return list(dict.fromkeys(runs))

    def environment(self) -> dict[str, str]:
        return {
            "GITHUB_TOKEN": self.token,
            "GITHUB_REPOSITORY": self.repo.full_name,
            "GITHUB_API_URL": self.github.url,
        }

    def objections(self) -> list[str]:
        return list(self.github.violations)

    def answer(self, commit: str, passed: bool) -> None:
        self.repo.set_check(commit, self.check, "success" if passed else "failure")

    # ------------------------------------------------------------------------- people at the page

    @contextmanager
    def _page(self, who: str, *, needs_write: bool = True) -> Iterator[None]:
        if needs_write and who not in self.can_write:
            raise NotDone(f"{who} may not")
        try:
            yield
        except (Refused, ValueError, KeyError) as error:
            raise NotDone(str(error)) from error

    def close(self, number: int, who: str) -> None:
        with self._page(who):
            self.repo.close(number, by=who)

    def reopen(self, number: int, who: str) -> None:
        with self._page(who):
            self.repo.reopen(number, by=who)

    def review(self, number: int, who: str, *, approves: bool) -> None:
        with self._page(who, needs_write=False):
            if approves:
                self.repo.approve(number, who, "Fine.")
            else:
                self.repo.request_changes(number, who, "Please do it another way.")

    def comment(self, number: int, who: str, text: str) -> None:
        with self._page(who, needs_write=False):
            self.repo.comment(number, text, by=who)

    def comment_on_line(self, number: int, who: str, path: str, text: str) -> None:
        with self._page(who, needs_write=False):
            self.repo.comment_on_line(number, path, 1, text, by=who)

    def label(self, number: int, who: str, label: str, *, on: bool) -> None:
        with self._page(who):
            if on:
                self.repo.label(number, label, by=who)
            else:
                self.repo.unlabel(number, label, by=who)

    def edit_body(self, number: int, who: str, text: str) -> None:
        with self._page(who):
            self.repo.edit_body(number, text)

    def set_draft(self, number: int, who: str, *, draft: bool) -> None:
        with self._page(who):
            self.repo.set_draft(number, draft)

    def merge(self, number: int, who: str) -> None:
        with self._page(who):
            self.repo.merge(number, by=who)

    def open_pull(self, branch: str, who: str) -> None:
        with self._page(who), self.github.lock:
            self.repo.open_pull(self.github.actor(who), "My own", "Words.", branch, "main")

    def pause_by_issue(self, who: str, *, on: bool) -> None:
        there = [one for one in self.repo.issues if PAUSE in one.labels and one.state == "open"]
        with self._page(who):
            if on and not there:
                self.repo.open_issue("Stop", by=who, labels=(PAUSE,))
            for issue in [] if on else there:
                self.repo.close_issue(issue.number)

    def edit_issue(
        self, number: int, who: str, *, body: str | None = None, is_open: bool | None = None
    ) -> None:
        issue = talk.find_issue(self.repo, number)
        assert issue is not None
        state: Literal["open", "closed"] = issue.state
        if is_open is not None:
            state = "open" if is_open else "closed"
        with self._page(who), self.github.lock:
            if body in (None, issue.body) and state == issue.state:
                raise NotDone("it is so already")
            talk.edit_issue(self.repo, issue, body=body, state=state)

    def moved(self, who: str, ref: str, before: str | None, after: str | None) -> None:
        with self.github.lock:
            self.repo.refs_moved(self.github.actor(who), {ref: (before, after)})

    # ----------------------------------------------------------------------------------- bad luck

    def arm(self, fault: Fault) -> None:
        if fault.kind == "mergeable":
            for pull in self.repo.pulls:
                self.repo.hold_mergeability(pull.number, fault.skip + 1)
            return
        self.github.fault(
            cast(FaultKind, fault.kind),
            only=cast(Literal["", "read", "write"], fault.only),
            after_effect=fault.after_effect,
            skip=fault.skip,
        )

    def disarm(self) -> int:
        self.github.on_write = None
        self.github.faults.clear()
        for pull in self.repo.pulls:
            pull.unknown_mergeability_answers = 0
        happened, self.github.faults.happened = self.github.faults.happened, 0
        return happened

    def crash_at_write(self, skip: int) -> None:
        left = skip

        def crash(write: Write) -> None:
            nonlocal left
            if write.actor != self.bot:
                return
            if left:
                left -= 1
                return
            self.github.on_write = None
            self.github.faults.happened += 1
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGUSR1)

        self.github.on_write = crash


def _issue(issue: Issue) -> IssueFact:
    return IssueFact(
        author=issue.author,
        title=issue.title,
        body=issue.body,
        labels=frozenset(issue.labels),
        is_open=issue.state == "open",
        whole=repr(issue),
    )


def _closer(pull: PullRequest) -> str:
    """Who closed it; nobody in particular where its branch was deleted."""
    closing = [event.created_at for event in pull.events if event.type == "ClosedEvent"]
    deleting = [event.created_at for event in pull.events if event.type == "HeadRefDeletedEvent"]
    if closing and any(abs(closing[-1] - one) <= AT_ONCE for one in deleting):
        return ""
    return pull.closed_by or ""
