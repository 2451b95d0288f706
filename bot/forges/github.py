"""The forge `github`: pull requests at GitHub or anything that speaks its API.

Only this module and those beside it that share its name know PyGithub. The two halves have a client
each, see `bot.forges.github_client`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain, count
from typing import Any
from urllib.parse import quote

from github.GithubException import GithubException, UnknownObjectException
from github.NamedUser import NamedUser
from github.PullRequest import PullRequest
from github.Repository import Repository

from bot.errors import UserError
from bot.forges.access import Answered
from bot.forges.github_answers import (
    checks_of,
    contexts_of,
    head_contexts,
    merge_methods,
    own_issues,
    paused_by,
    pull_of,
)
from bot.forges.github_client import GitHubAddress, ask_with_head, reading
from bot.forges.github_commits import (
    COMMITS_BATCH,
    MORE_OF_COMMIT,
    commit_checks,
    commits_query,
)
from bot.forges.github_errors import is_hidden, plain_errors, reason_of
from bot.forges.github_issues import LabelledIssues, labelled_issue
from bot.forges.github_people import People
from bot.forges.github_queries import (
    HISTORY_BATCH,
    MORE_CHECKS,
    MORE_COMMENTS,
    OBSERVE,
    ONE_PULL,
    PAUSED,
    history_query,
)
from bot.forges.github_rules import Rows, base_rules, required_checks
from bot.forges.github_writing import GitHubWriter
from bot.model import (
    BRANCH_PREFIX,
    Check,
    CommitChecks,
    ForgeView,
    LabelledIssue,
    Pull,
    PullState,
    Sha,
)

__all__ = ["GitHubAddress", "GitHubReader", "GitHubWriter"]

RULES_PER_PAGE = 100
FURTHER_COMMENTS = 10
"""So many more pages of a hundred comments are read where people talk a lot; the bot knows by its
own among them what it has done already."""
NO_ISSUES = 410
"""How GitHub answers where a repository has issues switched off."""


class GitHubReader:
    """Meets `bot.forges.ForgeReader`."""

    name = "github"

    def __init__(self, address: GitHubAddress) -> None:
        self._address = address
        self._github = reading(address)
        self._may_push: dict[str, bool] = {}
        self.answered: Answered | None = None

    @property
    def _repository(self) -> Repository:
        return self._github.get_repo(self._address.repository)

    def observe(self, base_branch: str, base: Sha, branches: Sequence[str]) -> ForgeView:
        with plain_errors("read pull requests"):
            self._may_push.clear()
            first, pulls = self._open_branches(base_branch)
            known = {pull.branch for pull in pulls}
            gone = [branch for branch in branches if branch not in known]
            pulls += self._history(gone, self._people(first))
            repository, me = first["repository"], first["viewer"]["databaseId"]
            ref = repository["ref"]
            if ref is None:
                raise UserError(
                    f"{self._address.repository} has no branch {base_branch!r}; name another "
                    f"with --base."
                )
            rows, classic = self._rules(base_branch), ref["refUpdateRule"]
            kept = chain(repository["dashboard"]["nodes"], repository["attention"]["nodes"])
            return ForgeView(
                repository=repository["nameWithOwner"],
                me=me,
                merge_method=repository["viewerDefaultMergeMethod"].lower(),
                required=required_checks(rows, classic),
                base_checks=_whole(ref["target"], base),
                pulls=tuple(pull for pull in pulls if not pull.foreign),
                rules=base_rules(rows, classic, merge_methods(repository)),
                allows_auto_merge=repository["autoMergeAllowed"],
                paused_by_issue=paused_by(repository),
                issues=tuple(own_issues(kept, me)),
                login=first["viewer"]["login"],
                has_issues=repository["hasIssuesEnabled"],
                closed_dashboards=tuple(own_issues(repository["dashboard"]["nodes"], me, "CLOSED")),
            )

    def pull(self, number: int) -> Pull | None:
        with plain_errors("read a pull request"):
            try:
                data = self._ask(ONE_PULL, number=number)
            except UnknownObjectException as error:
                if "PullRequest" not in reason_of(error):
                    raise
                return None
            node = data["repository"]["pullRequest"]
            return self._read(node, self._people(data)) if node else None

    def current(self, branch: str) -> Pull | None:
        with plain_errors("read a pull request"):
            owner = self._address.variables["owner"]
            found = self._repository.get_pulls(state="all", head=f"{owner}:{branch}")
            for pull in found:
                read = _pull_from_rest(pull)
                if read.branch == branch and not read.foreign:
                    return read
        return None

    def labelled_issues(self, label: str, *, rights: bool) -> tuple[LabelledIssue, ...] | str:
        from bot.sandbox.setup import cache_folder

        address, requester = self._address, self._github.requester
        issues = LabelledIssues(
            address.repository,
            lambda path, headers: requester.requestJsonAndCheck("GET", path, headers=headers),
            cache_folder(os.environ) / "amendbot" / "issues",
            f"{address.api_url} {address.token}",
        )
        with plain_errors("read issues"):
            try:
                rows = tuple(issues.rows(label))
            except GithubException as error:
                if not is_hidden(error) and error.status != NO_ISSUES:
                    raise
                return f"cannot be read, let GITHUB_TOKEN read issues: {reason_of(error)}"
            may_push = self._is_writer if rights else lambda _: False
            found = (labelled_issue(row, may_push) for row in rows)
            return tuple(issue for issue in found if issue)

    def paused_by_issue(self) -> str:
        with plain_errors("read issues"):
            return paused_by(self._ask(PAUSED)["repository"])

    def checks_of(self, commits: Sequence[Sha]) -> tuple[CommitChecks, ...]:
        found: list[CommitChecks] = []
        with plain_errors("read checks"):
            for start in range(0, len(commits), COMMITS_BATCH):
                batch = commits[start : start + COMMITS_BATCH]
                names = {f"c{index}": sha for index, sha in enumerate(batch)}
                answer = self._ask(commits_query(len(batch)), **names)["repository"]
                for index, sha in enumerate(batch):
                    found.append(CommitChecks(sha, self._told(answer[f"c{index}"], sha)))
        return tuple(found)

    def _told(self, node: dict[str, Any] | None, sha: Sha) -> tuple[Check, ...] | None:
        """All checks of one commit, further pages included; None where there is no such commit."""
        checks: list[Check] = []
        while node:
            contexts = contexts_of(node)
            checks.extend(commit_checks(contexts["nodes"]))
            if not contexts["pageInfo"]["hasNextPage"]:
                return tuple(checks)
            after = contexts["pageInfo"]["endCursor"]
            node = self._ask(MORE_OF_COMMIT, c0=sha, after=after)["repository"]["c0"]
        return None

    def _open_branches(self, base_branch: str) -> tuple[dict[str, Any], list[Pull]]:
        """The first page's data, and every pull request whose branch still exists."""
        variables = {"base": f"refs/heads/{base_branch}", "prefix": f"refs/heads/{BRANCH_PREFIX}"}
        first: dict[str, Any] = {}
        pulls: list[Pull] = []
        after: str | None = None
        while True:
            data = self._ask(OBSERVE, **variables, after=after)
            first = first or data
            people = self._people(data)
            refs = data["repository"]["refs"]
            for ref in refs["nodes"]:
                for node in ref["associatedPullRequests"]["nodes"]:
                    pulls.append(self._read(node, people))
            if not refs["pageInfo"]["hasNextPage"]:
                return first, pulls
            after = refs["pageInfo"]["endCursor"]

    def _checks(self, node: dict[str, Any]) -> tuple[Check, ...] | None:
        """All checks on a pull request's head, further pages included."""
        contexts = head_contexts(node)
        if contexts is None or node["state"] != "OPEN":
            return None
        checks = list(checks_of(contexts["nodes"]))
        while contexts["pageInfo"]["hasNextPage"]:
            after = contexts["pageInfo"]["endCursor"]
            pull = self._ask(MORE_CHECKS, number=node["number"], after=after)
            further = head_contexts(
                pull["repository"]["pullRequest"] | {"headRefOid": node["headRefOid"]}
            )
            if further is None:
                return None
            checks.extend(checks_of(further["nodes"]))
            contexts = further
        return tuple(checks)

    def _history(self, branches: Sequence[str], people: People) -> list[Pull]:
        pulls: list[Pull] = []
        for start in range(0, len(branches), HISTORY_BATCH):
            batch = branches[start : start + HISTORY_BATCH]
            names = {f"b{index}": name for index, name in enumerate(batch)}
            found = self._ask(history_query(len(batch)), **names)["repository"]
            for index in range(len(batch)):
                nodes = found[f"h{index}"]["nodes"]
                pulls.extend(self._read(node, people, checked=False) for node in nodes)
        return pulls

    def _read(self, node: dict[str, Any], people: People, *, checked: bool = True) -> Pull:
        """One pull request, with the further pages of its checks and of what was said on it."""
        for _ in range(FURTHER_COMMENTS):
            page = node["comments"]["pageInfo"]
            if not page["hasPreviousPage"]:
                break
            before = page["startCursor"]
            asked = self._ask(MORE_COMMENTS, number=node["number"], before=before)
            earlier = asked["repository"]["pullRequest"]["comments"]
            told = [*earlier["nodes"], *node["comments"]["nodes"]]
            node = node | {"comments": {"pageInfo": earlier["pageInfo"], "nodes": told}}
        return pull_of(node, self._checks(node) if checked else None, people)

    def _rules(self, base_branch: str) -> Rows:
        """Every rule of the active rulesets on the branch; None where the token may not see."""
        try:
            return tuple(self._pages_of_rules(base_branch))
        except GithubException as error:
            if not is_hidden(error):
                raise
            return None

    def _pages_of_rules(self, base_branch: str) -> Iterator[dict[str, Any]]:
        path = f"/repos/{self._address.repository}/rules/branches/{quote(base_branch, safe='')}"
        for page in count(1):
            query = f"?per_page={RULES_PER_PAGE}&page={page}"
            _, answer = self._github.requester.requestJsonAndCheck("GET", path + query)
            rows: Any = answer
            yield from rows
            if len(rows) < RULES_PER_PAGE:
                return

    def _people(self, data: dict[str, Any]) -> People:
        return People(data["viewer"]["databaseId"], self._is_writer)

    def _is_writer(self, login: str) -> bool:
        """Whether this person may push, asked once in a tick; those nobody knows may not."""
        if login not in self._may_push:
            try:
                granted = self._repository.get_collaborator_permission(login)
            except GithubException as error:
                if not is_hidden(error):
                    raise
                granted = "none"
            self._may_push[login] = granted in ("admin", "write")
        return self._may_push[login]

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        asked = self._address.variables | variables
        data, self.answered = ask_with_head(self._github, query, asked)
        return data


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
