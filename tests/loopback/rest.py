"""REST: the literal table of routes, and the one way a request passes through it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode

from . import rest_pulls, rest_repos, rest_settings
from .call import Answer, Call, Route
from .errors import Refused, Violation
from .published import disagreement
from .state import Actor

if TYPE_CHECKING:
    from .server import LoopbackGitHub

PULL = "/repos/{owner}/{repo}/pulls/{number}"
ISSUE = "/repos/{owner}/{repo}/issues/{number}"
COMMIT = "/repos/{owner}/{repo}/commits/{sha}"
RULES = (
    "list[RepositoryRuleDetailedOneof3|RepositoryRuleDetailedOneof6"
    "|RepositoryRuleDetailedOneof7|RepositoryRuleDetailedOneof8]"
)
CHECK_RUNS = "ReposOwnerRepoCommitsRefCheckRunsGetResponse200"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/user", rest_repos.get_user, "PublicUser"),
    Route("GET", "/repos/{owner}/{repo}", rest_repos.get_repository, "FullRepository"),
    Route(
        "GET", "/repos/{owner}/{repo}/rules/branches/{branch}", rest_repos.get_rules, RULES,
        pages=True,
    ),
    Route(
        "GET", "/repos/{owner}/{repo}/collaborators/{login}/permission",
        rest_repos.get_permission, "RepositoryCollaboratorPermission",
    ),
    Route("GET", "/repos/{owner}/{repo}/actions/permissions", rest_settings.get_actions,
          "ActionsRepositoryPermissions"),
    Route("GET", "/repos/{owner}/{repo}/actions/permissions/workflow",
          rest_settings.get_workflow_rights, "ActionsGetDefaultWorkflowPermissions"),
    Route("GET", "/repos/{owner}/{repo}/actions/runs", rest_settings.list_runs,
          "ReposOwnerRepoActionsRunsGetResponse200", pages=True),
    Route("POST", "/repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs",
          rest_repos.rerun_failed_jobs, "EmptyObject", status=201),
    Route("GET", "/repos/{owner}/{repo}/git/commits/{sha}", rest_repos.get_commit, "GitCommit"),
    Route("GET", f"{COMMIT}/check-runs", rest_repos.get_check_runs, CHECK_RUNS, pages=True,
          query={"filter"}),
    Route("GET", f"{COMMIT}/status", rest_repos.get_status, "CombinedCommitStatus", pages=True),
    Route(
        "GET", "/repos/{owner}/{repo}/pulls", rest_pulls.list_pulls, "list[PullRequestSimple]",
        pages=True, query={"state", "head", "base", "sort", "direction"},
    ),
    Route(
        "POST", "/repos/{owner}/{repo}/pulls", rest_pulls.create_pull, "PullRequest", status=201,
        body={"title": str, "head": str, "base": str, "body": str, "draft": bool,
              "maintainer_can_modify": bool},
        required={"title", "head", "base"},
    ),
    Route("GET", PULL, rest_pulls.get_pull, "PullRequest"),
    Route("PATCH", PULL, rest_pulls.edit_pull, "PullRequest",
          body={"title": str, "body": str, "state": str}),
    Route(
        "PUT", f"{PULL}/merge", rest_pulls.merge_pull, "PullRequestMergeResult",
        body={"sha": str, "merge_method": str, "commit_title": str, "commit_message": str},
    ),
    Route(
        "POST", f"{PULL}/requested_reviewers", rest_pulls.request_reviewers, "PullRequestSimple",
        status=201, body={"reviewers": list, "team_reviewers": list},
    ),
    Route("GET", "/repos/{owner}/{repo}/issues", rest_repos.list_issues, "list[Issue]",
          pages=True, query={"state", "labels", "sort", "direction"}),
    Route("POST", "/repos/{owner}/{repo}/issues", rest_repos.create_issue, "Issue", status=201,
          body={"title": str, "body": str, "labels": list}, required={"title"}),
    Route("PATCH", ISSUE, rest_repos.edit_issue, "Issue", body={"title": str, "body": str}),
    Route("GET", f"{ISSUE}/comments", rest_pulls.list_comments, "list[IssueComment]", pages=True),
    Route("POST", f"{ISSUE}/comments", rest_pulls.create_comment, "IssueComment", status=201,
          body={"body": str}, required={"body"}),
    Route("POST", f"{ISSUE}/labels", rest_pulls.add_labels, "list[Label]",
          body={"labels": list}, bare_list="labels"),
    Route("DELETE", f"{ISSUE}/labels/{{name}}", rest_pulls.remove_label, "list[Label]"),
)  # fmt: skip

PAGE_PARAMETERS = {"per_page", "page"}
PAGED = ("check_runs", "statuses", "workflow_runs")
JSON_NAMES = {str: "a string", bool: "a boolean", list: "a list"}


@dataclass(frozen=True)
class Target:
    """A request's route and the parts of its path."""

    route: Route
    parts: dict[str, str]


def _pattern(path: str) -> re.Pattern[str]:
    """A branch name may hold slashes; no other part of a path does."""
    path = path.replace("{branch}", "(?P<branch>.+)")
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


PATTERNS = tuple((route, _pattern(route.path)) for route in ROUTES)


def find_route(method: str, path: str) -> Target:
    for route, pattern in PATTERNS:
        match = pattern.fullmatch(path) if route.method == method else None
        if match:
            return Target(route, {name: unquote(part) for name, part in match.groupdict().items()})
    raise Violation(f"unknown route: {method} {path}")


def answer_rest(
    github: LoopbackGitHub, actor: Actor, method: str, path: str, query: str, body: bytes
) -> Answer:
    """Check the request strictly, answer it, and hold the answer against GitHub's models."""
    target = find_route(method, path)
    route = target.route
    where = f"{method} {path}"
    call = Call(github, actor, target.parts, _query(route, where, query), _body(route, where, body))
    if method != "GET" and not actor.can_write:
        raise Refused(403, "Resource not accessible by integration")
    payload = route.answer(call)
    headers: dict[str, str] = {}
    if route.pages:
        payload, headers = _page(github, path, call.query, payload)
    if problem := disagreement(route.answers, payload):
        raise Violation(f"{where}: the stand-in's own answer is {problem}", status=500)
    return Answer(route.status, payload, headers)


def _query(route: Route, where: str, query: str) -> dict[str, str]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    known = route.query | (PAGE_PARAMETERS if route.pages else set())
    if unknown := sorted(set(given) - known):
        raise Violation(f"{where}: unknown query parameter {', '.join(unknown)}", status=400)
    return given


def _body(route: Route, where: str, body: bytes) -> dict[str, Any]:
    given = json.loads(body) if body else {}
    if route.bare_list and isinstance(given, list):
        given = {route.bare_list: given}
    if not isinstance(given, dict):
        raise Violation(f"{where}: the body is no object", status=400)
    if unknown := sorted(set(given) - set(route.body)):
        raise Violation(f"{where}: unknown body field {', '.join(unknown)}", status=400)
    for name, value in given.items():
        if not isinstance(value, route.body[name]):
            expected = JSON_NAMES[route.body[name]]
            raise Violation(f"{where}: body field {name} is not {expected}", status=400)
    if missing := sorted(route.required - set(given)):
        raise Violation(f"{where}: missing body field {', '.join(missing)}", status=400)
    return given


def _page(
    github: LoopbackGitHub, path: str, query: dict[str, str], payload: Any
) -> tuple[Any, dict[str, str]]:
    """One page of a list, or of the one list inside an object, and the links to the others."""
    size, number = int(query.get("per_page", 30)), int(query.get("page", 1))
    if not 1 <= size <= 100:
        raise Violation(f"{path}: per_page is not between 1 and 100", status=400)
    key = next((key for key in PAGED if key in payload), None)
    items = payload[key] if key else payload
    page = items[(number - 1) * size : number * size]
    last = max(1, -(-len(items) // size))

    def link(target: int, relation: str) -> str:
        arguments = urlencode({**query, "page": target})
        return f'<{github.url}{path}?{arguments}>; rel="{relation}"'

    links = [link(number + 1, "next"), link(last, "last")] if number < last else []
    if number > 1:
        links += [link(1, "first"), link(number - 1, "prev")]
    headers = {"Link": ", ".join(links)} if links else {}
    return ({**payload, key: page} if key else page), headers
