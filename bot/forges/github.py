"""The forge `github`: pull requests at GitHub or anything that speaks its API.

This is the only module that knows PyGithub. The two halves have a client each: reads are repeated
after any hiccup, writes only where the server has said that nothing was done (a rate limit), for a
lost answer may have had its effect.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from types import TracebackType
from typing import Any
from urllib.parse import quote

import requests
from github import Auth, Github, GithubRetry
from github.GithubException import (
    BadCredentialsException,
    GithubException,
    UnknownObjectException,
)
from github.NamedUser import NamedUser
from github.PullRequest import PullRequest
from github.Repository import Repository
from urllib3.connectionpool import ConnectionPool
from urllib3.response import HTTPResponse

from bot.errors import UserError
from bot.forges import CheckResult, Merged, Opened, Refused
from bot.forges.github_queries import (
    HISTORY_BATCH,
    MORE_CHECKS,
    OBSERVE,
    ONE_PULL,
    checks_of,
    contexts_of,
    head_contexts,
    history_query,
    pull_of,
)
from bot.model import (
    BRANCH_PREFIX,
    Check,
    ForgeView,
    Pull,
    PullState,
    RequiredCheck,
    Sha,
)
from bot.untrusted import one_line

LONGEST_WAIT_S = 90
"""A rate limit that asks for a longer wait ends the tick; the next one goes on."""
TIMEOUT_S = 30
RULES_PER_PAGE = 100
_ANY_METHOD = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class GitHubAddress:
    """Where a repository lives: the API's address, `owner/name`, and the token to use."""

    api_url: str
    repository: str
    token: str

    @classmethod
    def from_environment(cls, remote_url: str) -> GitHubAddress:
        """As in Actions: GITHUB_TOKEN, GITHUB_REPOSITORY (else the remote's), GITHUB_API_URL."""
        token = os.environ.get("GITHUB_TOKEN", "")
        if not token:
            raise UserError(
                "The forge 'github' needs GITHUB_TOKEN; a token that may only read is enough for "
                "--dry-run."
            )
        repository = os.environ.get("GITHUB_REPOSITORY", "")
        if not repository:
            named = re.search(r"[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?$", remote_url)
            repository = named[1] if named else ""
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            raise UserError(
                f"Which GitHub repository is {remote_url}? Set GITHUB_REPOSITORY to owner/name."
            )
        api = os.environ.get("GITHUB_API_URL", "") or "https://api.github.com"
        return cls(api.rstrip("/"), repository, token)


class _ReadRetry(GithubRetry):
    """Repeats reads after 5xx and short rate limits; a long wait is an error at once."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: HTTPResponse | None = None,  # type: ignore[override] # as GithubRetry has it
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Any:
        wait = response.headers.get("Retry-After", "") if response is not None else ""
        if response is not None and wait.isdigit() and int(wait) > LONGEST_WAIT_S:
            message = f"rate limit: GitHub asks to wait {wait} seconds."
            raise GithubException(response.status, {"message": message}, dict(response.headers))
        return super().increment(method, url, response, error, _pool, _stacktrace)


class _WriteRetry(_ReadRetry):
    """Repeats a write only after a rate limit, where the server says that it did nothing."""

    RETRY_AFTER_STATUS_CODES = frozenset({429})


def _client(address: GitHubAddress, retry: GithubRetry) -> Github:
    return Github(
        auth=Auth.Token(address.token),
        base_url=address.api_url,
        timeout=TIMEOUT_S,
        retry=retry,
        lazy=True,
        seconds_between_requests=None,
        seconds_between_writes=None,
        user_agent="amendbot",
    )


class GitHubReader:
    """Meets `bot.forges.ForgeReader`."""

    name = "github"

    def __init__(self, address: GitHubAddress) -> None:
        self._address = address
        retry = _ReadRetry(total=3, backoff_factor=0.5, max_rate_limit_wait=LONGEST_WAIT_S)
        self._github = _client(address, retry)
        self._owner, self._name = address.repository.split("/")

    @property
    def _repository(self) -> Repository:
        return self._github.get_repo(self._address.repository)

    def observe(self, base_branch: str, base: Sha, branches: Sequence[str]) -> ForgeView:
        with _plain_errors("read pull requests"):
            first, pulls = self._open_branches(base_branch)
            known = {pull.branch for pull in pulls}
            pulls += self._history([branch for branch in branches if branch not in known])
            ref = first["repository"]["ref"]
            if ref is None:
                raise UserError(f"{self._address.repository} has no branch {base_branch!r}.")
            return ForgeView(
                repository=first["repository"]["nameWithOwner"],
                me=first["viewer"]["databaseId"],
                merge_method=first["repository"]["viewerDefaultMergeMethod"].lower(),
                required=self._required(base_branch, ref["refUpdateRule"]),
                base_checks=_whole(ref["target"], base),
                pulls=tuple(pull for pull in pulls if not pull.foreign),
            )

    def pull(self, number: int) -> Pull | None:
        with _plain_errors("read a pull request"):
            variables = {"owner": self._owner, "name": self._name, "number": number}
            try:
                node = self._ask(ONE_PULL, variables)["repository"]["pullRequest"]
            except UnknownObjectException as error:
                if "PullRequest" not in _reason(error):
                    raise
                return None
            return pull_of(node, self._checks(node)) if node else None

    def current(self, branch: str) -> Pull | None:
        with _plain_errors("read a pull request"):
            found = self._repository.get_pulls(state="all", head=f"{self._owner}:{branch}")
            for pull in found:
                read = _pull_from_rest(pull)
                if read.branch == branch and not read.foreign:
                    return read
        return None

    def _open_branches(self, base_branch: str) -> tuple[dict[str, Any], list[Pull]]:
        """The first page's data, and every pull request whose branch still exists."""
        variables: dict[str, Any] = {
            "owner": self._owner,
            "name": self._name,
            "base": f"refs/heads/{base_branch}",
            "prefix": f"refs/heads/{BRANCH_PREFIX}",
            "after": None,
        }
        first: dict[str, Any] = {}
        pulls: list[Pull] = []
        while True:
            data = self._ask(OBSERVE, variables)
            first = first or data
            refs = data["repository"]["refs"]
            for ref in refs["nodes"]:
                for node in ref["associatedPullRequests"]["nodes"]:
                    pulls.append(pull_of(node, self._checks(node)))
            if not refs["pageInfo"]["hasNextPage"]:
                return first, pulls
            variables["after"] = refs["pageInfo"]["endCursor"]

    def _checks(self, node: dict[str, Any]) -> tuple[Check, ...] | None:
        """All checks on a pull request's head, further pages included."""
        contexts = head_contexts(node)
        if contexts is None or node["state"] != "OPEN":
            return None
        checks = list(checks_of(contexts["nodes"]))
        while contexts["pageInfo"]["hasNextPage"]:
            variables = {
                "owner": self._owner,
                "name": self._name,
                "number": node["number"],
                "after": contexts["pageInfo"]["endCursor"],
            }
            pull = self._ask(MORE_CHECKS, variables)["repository"]["pullRequest"]
            further = head_contexts(pull | {"headRefOid": node["headRefOid"]})
            if further is None:
                return None
            checks.extend(checks_of(further["nodes"]))
            contexts = further
        return tuple(checks)

    def _history(self, branches: Sequence[str]) -> list[Pull]:
        pulls: list[Pull] = []
        for start in range(0, len(branches), HISTORY_BATCH):
            batch = branches[start : start + HISTORY_BATCH]
            variables: dict[str, Any] = {f"b{index}": name for index, name in enumerate(batch)}
            variables |= {"owner": self._owner, "name": self._name}
            found = self._ask(history_query(len(batch)), variables)["repository"]
            for index in range(len(batch)):
                pulls.extend(pull_of(node, None) for node in found[f"h{index}"]["nodes"])
        return pulls

    def _required(
        self, base_branch: str, classic: dict[str, Any] | None
    ) -> tuple[RequiredCheck, ...] | None:
        """Required checks from rulesets and from classic protection; None if hidden from us."""
        names = (classic or {}).get("requiredStatusCheckContexts") or ()
        required = {RequiredCheck(name) for name in names}
        try:
            for rule in self._rules(base_branch):
                if rule["type"] == "required_status_checks":
                    for check in rule["parameters"]["required_status_checks"]:
                        app = check.get("integration_id") or 0
                        required.add(RequiredCheck(check["context"], app))
        except GithubException as error:
            if error.status not in (403, 404):
                raise
            return tuple(sorted(required)) or None
        return tuple(sorted(required))

    def _rules(self, base_branch: str) -> Iterator[dict[str, Any]]:
        """Every rule of the active rulesets on the branch, all pages of them."""
        path = f"/repos/{self._address.repository}/rules/branches/{quote(base_branch, safe='')}"
        for page in count(1):
            query = f"?per_page={RULES_PER_PAGE}&page={page}"
            _, answer = self._github.requester.requestJsonAndCheck("GET", path + query)
            rows: Any = answer
            yield from rows
            if len(rows) < RULES_PER_PAGE:
                return

    def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        _, answer = self._github.requester.graphql_query(query, variables)
        data: dict[str, Any] = answer["data"]
        if data["repository"] is None:
            raise UserError(f"GitHub has no repository {self._address.repository}.")
        return data


class GitHubWriter:
    """Meets `bot.forges.ForgeWriter`."""

    def __init__(self, address: GitHubAddress) -> None:
        retry = _WriteRetry(
            total=2,
            read=False,
            other=0,
            status_forcelist=[],
            allowed_methods=_ANY_METHOD,
            max_rate_limit_wait=LONGEST_WAIT_S,
        )
        self._address = address
        self._repository = _client(address, retry).get_repo(address.repository)

    def open(
        self, *, branch: str, base_branch: str, title: str, body: str, draft: bool
    ) -> Opened | Refused:
        with _plain_errors("open a pull request"):
            try:
                pull = self._repository.create_pull(
                    base=base_branch, head=branch, title=title, body=body, draft=draft
                )
            except GithubException as error:
                if error.status != 422:
                    raise
                reason = _reason(error)
                if draft and "draft" in reason.casefold():
                    return self.open(
                        branch=branch, base_branch=base_branch, title=title, body=body, draft=False
                    )
                return Refused(reason)
            return Opened(pull.number, pull.html_url, pull.draft)

    def set_body(self, number: int, body: str) -> None:
        with _plain_errors("edit a pull request"):
            self._pull(number).edit(body=body)

    def request_review(self, number: int, reviewers: Sequence[str]) -> Refused | None:
        people = [name for name in reviewers if "/" not in name]
        teams = [name.split("/", 1)[1] for name in reviewers if "/" in name]
        with _plain_errors("request a review"):
            try:
                self._pull(number).create_review_request(people, teams)
            except GithubException as error:
                if error.status != 422:
                    raise
                return Refused(_reason(error))
        return None

    def merge(self, number: int, *, head: Sha, method: str) -> Merged | Refused:
        with _plain_errors("merge a pull request"):
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

    def _merged_meanwhile(self, number: int) -> Sha | None:
        """The merge commit if the pull request is merged after all: read again, never repeated."""
        pull = self._pull(number)
        pull.update()
        return Sha(pull.merge_commit_sha) if pull.merged else None

    def _pull(self, number: int) -> PullRequest:
        return self._repository.get_pull(number)


# ----------------------------------------------------------------------------- its own formats


def _pull_from_rest(pull: PullRequest) -> Pull:
    state = PullState.MERGED if pull.merged_at else PullState(pull.state)
    repository: Repository | None = pull.head.repo
    user: NamedUser | None = pull.user
    return Pull(
        number=pull.number,
        url=pull.html_url,
        title=pull.title,
        body=pull.body or "",
        state=state,
        draft=pull.draft,
        author_id=user.id if user else 0,
        foreign=repository is None or repository.id != pull.base.repo.id,
        branch=pull.head.ref,
        head=Sha(pull.head.sha),
        base_branch=pull.base.ref,
        labels=tuple(label.name for label in pull.labels),
    )


def _whole(target: dict[str, Any], base: Sha) -> tuple[Check, ...] | None:
    """The checks of the base commit; None if it is another commit, or they fill over one page."""
    contexts = contexts_of(target)
    if target["oid"] != base or contexts["pageInfo"]["hasNextPage"]:
        return None
    return tuple(checks_of(contexts["nodes"]))


def _merge_refusal(error: GithubException | requests.RequestException) -> Refused:
    """Why a merge did not happen; anything but a clear refusal or a lost answer is raised."""
    if isinstance(error, GithubException):
        if error.status in (405, 409, 422):
            reason = _reason(error)
            moved = error.status == 409 or "modified" in reason.casefold()
            return Refused(reason, final=not moved)
        if error.status < 500:
            raise error
        return Refused(f"no clear answer ({error.status}); the next tick looks again", final=False)
    return Refused("the answer was lost; the next tick looks again", final=False)


def _reason(error: GithubException) -> str:
    """GitHub's own words in one line."""
    data = error.data if isinstance(error.data, dict) else {}
    words = [str(data.get("message", "")) or f"HTTP {error.status}"]
    for detail in data.get("errors") or ():
        said = detail.get("message") or detail.get("code") if isinstance(detail, dict) else detail
        words.append(str(said or ""))
    return one_line(": ".join(word for word in words if word), 300)


@contextmanager
def _plain_errors(doing: str) -> Iterator[None]:
    """Turn what a user can mend, or what passes by itself, into one sentence."""
    try:
        yield
    except BadCredentialsException as error:
        raise UserError("GitHub refused GITHUB_TOKEN (401); it is wrong or expired.") from error
    except GithubException as error:
        reason = _reason(error)
        limited = error.status == 429 or "rate limit" in reason.casefold()
        if limited:
            raise UserError(
                f"GitHub asks the bot to slow down{_until(error)}: {reason} The next tick goes on."
            ) from error
        if error.status in (403, 404):
            raise UserError(f"GITHUB_TOKEN may not {doing}: {reason}; grant it that.") from error
        if error.status >= 500:
            raise UserError(
                f"GitHub failed ({error.status}) when asked to {doing}; the next tick goes on."
            ) from error
        raise
    except requests.RequestException as error:
        raise UserError(
            f"GitHub gave no answer while the bot was to {doing}: {one_line(str(error))}; "
            f"the next tick goes on."
        ) from error


def _until(error: GithubException) -> str:
    reset = (error.headers or {}).get("x-ratelimit-reset", "")
    if not reset.isdigit():
        return ""
    return f" until {datetime.fromtimestamp(int(reset), UTC):%H:%M UTC}"
