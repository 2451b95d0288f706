"""GitHub's writing half: opening, reviewing and merging; see `bot.forges.github_speech` too."""

from __future__ import annotations

from collections.abc import Sequence

import requests
from github.GithubException import GithubException
from github.PullRequest import PullRequest
from github.Repository import Repository

from bot.forges import CheckResult, Merged, Opened, Refused
from bot.forges.github_errors import is_hidden, is_limit, plain_errors, reason_of, refusal_of
from bot.forges.github_speech import GitHubSpeech
from bot.model import Sha


class GitHubWriter(GitHubSpeech):
    """Meets `bot.forges.ForgeWriter`."""

    def open(
        self, *, branch: str, base_branch: str, title: str, body: str, draft: bool
    ) -> Opened | Refused:
        with plain_errors("open a pull request"):
            try:
                pull = self._repository.create_pull(
                    base=base_branch, head=branch, title=title, body=body, draft=draft
                )
            except GithubException as error:
                if error.status != 422:
                    raise
                reason = reason_of(error)
                if draft and "draft" in reason.casefold():
                    return self.open(
                        branch=branch, base_branch=base_branch, title=title, body=body, draft=False
                    )
                return Refused(reason)
            return Opened(pull.number, pull.html_url, pull.draft)

    def set_body(self, number: int, body: str) -> Refused | None:
        with plain_errors("edit a pull request"):
            try:
                self._pull(number).edit(body=body)
            except GithubException as error:
                refused = refusal_of(error)
                if refused is None:
                    raise
                return refused
        return None

    def request_review(self, number: int, reviewers: Sequence[str]) -> Refused | None:
        people = [name for name in reviewers if "/" not in name]
        teams = [name.split("/", 1)[1] for name in reviewers if "/" in name]
        with plain_errors("request a review"):
            try:
                self._pull(number).create_review_request(people, teams)
            except GithubException as error:
                if error.status != 422:
                    raise
                return Refused(reason_of(error))
        return None

    def merge(self, number: int, *, head: Sha, base: Sha, method: str) -> Merged | Refused:
        del base  # GitHub takes none; what came of it is compared afterwards
        with plain_errors("merge a pull request"):
            try:
                merged = Sha(self._pull(number).merge(sha=head, merge_method=method).sha)
            except (GithubException, requests.RequestException) as error:
                refused = _merge_refusal(error)
                found = self._merged_meanwhile(number)
                if found is None:
                    return refused
                merged = found
            tree = self._repository.get_git_commit(merged).tree.sha
            return Merged(merged, Sha(tree))

    def check(self, branch: str, result: CheckResult) -> Refused | None:
        del branch, result
        return Refused("GitHub runs its checks itself")

    def rerun(self, run: int) -> Refused | None:
        path = f"/repos/{self._address.repository}/actions/runs/{run}/rerun-failed-jobs"
        with plain_errors("run checks again"):
            try:
                self._send("POST", path)
            except GithubException as error:
                if is_limit(error) or error.status not in (403, 404, 409, 422):
                    raise
                reason = reason_of(error)
                return Refused(reason, final="already running" not in reason.casefold())
        return None

    def _merged_meanwhile(self, number: int) -> Sha | None:
        """The merge commit if the pull request is merged after all: read again, never repeated."""
        pull = self._pull(number)
        pull.update()
        return Sha(pull.merge_commit_sha) if pull.merged else None

    def _pull(self, number: int) -> PullRequest:
        return self._repository.get_pull(number)

    @property
    def _repository(self) -> Repository:
        return self._github.get_repo(self._address.repository)


def _merge_refusal(error: GithubException | requests.RequestException) -> Refused:
    """Why a merge did not happen; anything but a clear refusal or a lost answer is raised."""
    if isinstance(error, GithubException):
        if error.status in (405, 409, 422):
            reason = reason_of(error)
            moved = error.status == 409 or "modified" in reason.casefold()
            return Refused(reason, final=not moved)
        if is_hidden(error):
            return Refused(f"GITHUB_TOKEN may not merge it: {reason_of(error)}")
        if error.status < 500:
            raise error
        return Refused(f"no clear answer ({error.status}); the next tick looks again", final=False)
    return Refused("the answer was lost; the next tick looks again", final=False)
