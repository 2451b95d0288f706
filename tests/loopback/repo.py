"""A repository as a test holds it: its settings, and the people who use its website."""

from __future__ import annotations

from typing import Literal

from . import auto_merge, merging, runner, talk
from .hosted import HostedRepository
from .state import CheckRun, Comment, CommitStatus, Issue, Review, Rules, Thread

RulesVia = Literal["ruleset", "classic"]


class Repo(HostedRepository):
    """Methods that take ``by`` are somebody using the website; no HTTP is involved."""

    def require_checks(
        self,
        names: list[str],
        via: RulesVia = "ruleset",
        branch: str | None = None,
        strict: bool = False,
    ) -> None:
        rules = self._rules_of(via, branch)
        rules.checks, rules.strict = list(names), strict
        self._protect()

    def require_reviews(
        self,
        approvals: int = 1,
        via: RulesVia = "ruleset",
        branch: str | None = None,
        code_owners: bool = False,
    ) -> None:
        rules = self._rules_of(via, branch)
        rules.approvals, rules.code_owners = approvals, code_owners
        self._protect()

    def require(self, via: RulesVia = "ruleset", **rules: bool) -> None:
        """Ask for signatures, linear history, conversations or a queue, by the rule's name."""
        for name, asked in rules.items():
            if name not in ("signatures", "linear", "conversations", "queue"):
                raise ValueError(f"there is no such rule: {name}")
            setattr(self._rules_of(via, None), name, asked)
        self._protect()

    def add_team(self, slug: str) -> None:
        self.teams.append(slug)

    def _rules_of(self, via: RulesVia, branch: str | None) -> Rules:
        store = self.rulesets if via == "ruleset" else self.classic
        return store.setdefault(branch or self.default_branch, Rules())

    def _protect(self) -> None:
        self.bare.protect(sorted({*self.rulesets, *self.classic}))

    def push_commit(
        self,
        branch: str,
        files: dict[str, str | None],
        by: str,
        message: str = "Change files",
    ) -> str:
        """A commit on top of the branch, or of the default branch when there is none yet."""
        actor = self.github.actor(by)
        ref = f"refs/heads/{branch}"
        with self.github.lock:
            before = self.bare.resolve(ref)
            parent = before or self.branch_sha(self.default_branch)
            sha = self.bare.commit_files(
                parent, files, f"{message}\n", f"{by} <{actor.email}>", self.github.clock.tick()
            )
            self.bare.git("update-ref", ref, sha)
            self.refs_moved(actor, {ref: (before, sha)})
        return sha

    def delete_branch(self, branch: str, by: str) -> None:
        ref = f"refs/heads/{branch}"
        with self.github.lock:
            before = self.branch_sha(branch)
            self.bare.git("update-ref", "-d", ref)
            self.refs_moved(self.github.actor(by), {ref: (before, None)})

    def close(self, number: int, by: str) -> None:
        with self.github.lock:
            self.set_state(self.pull(number), "closed", self.github.actor(by))

    def reopen(self, number: int, by: str) -> None:
        with self.github.lock:
            self.set_state(self.pull(number), "open", self.github.actor(by))

    def merge(self, number: int, by: str, method: merging.MergeMethod = "merge") -> str:
        with self.github.lock:
            return merging.merge(self, self.pull(number), self.github.actor(by), method)

    def approve(self, number: int, by: str, body: str = "") -> None:
        self._review(number, by, "APPROVED", body)

    def request_changes(self, number: int, by: str, body: str = "") -> None:
        self._review(number, by, "CHANGES_REQUESTED", body)

    def _review(
        self, number: int, by: str, state: Literal["APPROVED", "CHANGES_REQUESTED"], body: str
    ) -> None:
        with self.github.lock:
            pull, actor = self.pull(number), self.github.actor(by)
            if actor.login == pull.author:
                raise ValueError(f"{by} cannot review their own pull request")
            when = self.github.clock.tick()
            pull.reviews.append(
                Review(by, state, pull.head_sha, when, self.github.ids.next(), body)
            )
            if by in pull.requested_reviewers:
                pull.requested_reviewers.remove(by)
            pull.updated_at = when
            auto_merge.settle(self)

    def comment_on_line(
        self, number: int, path: str, line: int | None, body: str, by: str
    ) -> Thread:
        with self.github.lock:
            actor = self.github.actor(by)
            return talk.begin_thread(self, self.pull(number), path, line, body, actor)

    def answer(self, number: int, thread: Thread, body: str, by: str) -> None:
        with self.github.lock:
            actor = self.github.actor(by)
            talk.answer_in_thread(self, self.pull(number), thread, body, actor)

    def resolve(self, thread: Thread) -> None:
        thread.resolved = True
        auto_merge.settle(self)

    def open_issue(
        self, title: str, by: str, body: str = "", labels: tuple[str, ...] = ()
    ) -> Issue:
        with self.github.lock:
            return talk.open_issue(self, title, body, list(labels), self.github.actor(by))

    def edit_issue(self, number: int, *, labels: list[str] | None = None, body: str = "") -> None:
        """What a person changes of an issue: all of its labels, or what it says."""
        with self.github.lock:
            issue = talk.find_issue(self, number)
            assert issue is not None
            issue.labels = issue.labels if labels is None else labels
            for name in issue.labels:
                self.labels.setdefault(name, self.github.ids.next())
            talk.edit_issue(self, issue, body=body or None)

    def close_issue(self, number: int) -> None:
        with self.github.lock:
            issue = talk.find_issue(self, number)
            assert issue is not None
            talk.edit_issue(self, issue, state="closed")

    def label(self, number: int, name: str, by: str | None = None) -> None:
        with self.github.lock:
            pull = self.pull(number)
            self.add_labels(pull, [name], self.github.actor(by or self.owner))

    def unlabel(self, number: int, name: str, by: str | None = None) -> None:
        with self.github.lock:
            pull = self.pull(number)
            self.remove_label(pull, name, self.github.actor(by or self.owner))

    def comment(self, number: int, body: str, by: str) -> Comment:
        with self.github.lock:
            return self.add_comment(self.pull(number), body, self.github.actor(by))

    def bot_comments(self, number: int) -> list[str]:
        """What the pull request's author has said on it."""
        with self.github.lock:
            pull = self.pull(number)
            return [said.body for said in pull.comments if said.author == pull.author]

    def edit_body(self, number: int, body: str) -> None:
        with self.github.lock:
            pull = self.pull(number)
            pull.body, pull.updated_at = body, self.github.clock.tick()

    def set_draft(self, number: int, draft: bool) -> None:
        self.pull(number).draft = draft

    def hold_mergeability(self, number: int, answers: int = 1) -> None:
        """Say "not worked out yet" the next few times somebody asks."""
        self.pull(number).unknown_mergeability_answers = answers

    # Checks

    def set_status(
        self, sha: str, context: str, state: Literal["error", "failure", "pending", "success"]
    ) -> None:
        with self.github.lock:
            self.checks.statuses.append(
                CommitStatus(
                    id=self.github.ids.next(),
                    sha=sha,
                    context=context,
                    state=state,
                    description=None,
                    target_url=None,
                    created_at=self.github.clock.tick(),
                )
            )
            auto_merge.settle(self)

    def set_check(self, sha: str, name: str, conclusion: str | None = "success") -> CheckRun:
        """Report a check run by hand; ``None`` leaves it queued.

        A queued run of that name is finished instead of a second one being added, and
        :meth:`run_workflows` leaves it alone from then on.
        """
        with self.github.lock:
            ids = self.github.ids
            queued = [
                check
                for check in self.checks.runs_of(sha)
                if check.name == name and check.status == "queued"
            ]
            checks = queued or [CheckRun(ids.next(), ids.next(), name, sha)]
            self.checks.runs.extend(check for check in checks if not queued)
            for check in checks:
                if conclusion is not None:
                    check.status, check.conclusion = "completed", conclusion
                    check.started_at = check.completed_at = self.github.clock.tick()
            auto_merge.settle(self)
            return checks[-1]

    def approve_runs(self, sha: str) -> None:
        """Let the workflow runs of this commit go on that wait for a person's approval."""
        with self.github.lock:
            runner.approve_runs(self, sha)

    def run_workflows(self) -> list[CheckRun]:
        """Execute the queued workflow runs; the check runs they finished."""
        finished = runner.run_queue(self)
        with self.github.lock:
            auto_merge.settle(self)
        return finished
