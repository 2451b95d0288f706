"""The REST routes about repositories, commits, rules and users: one function each."""

from __future__ import annotations

from typing import Any

from . import represent, represent_commits, runner, talk
from .call import Call
from .errors import Refused, Violation
from .state import Issue, PullRequest


def get_user(call: Call) -> Any:
    if call.actor.kind == "Bot":
        raise Refused(403, "Resource not accessible by integration")
    return represent.private_user(call.github.url, call.actor, call.github.clock.now())


def get_repository(call: Call) -> Any:
    return represent.repository(call.repo, call.actor) | {"license": None}


def get_rules(call: Call) -> Any:
    """Only what rulesets say: classic protection is invisible here, as it is on GitHub."""
    rules = call.repo.rulesets.get(call.parts["branch"])
    if rules is None:
        return []
    ruleset = {
        "ruleset_source_type": "Repository",
        "ruleset_source": call.repo.full_name,
        "ruleset_id": 1,
    }
    found: list[dict[str, Any]] = []
    if rules.checks:
        parameters: dict[str, Any] = {
            "required_status_checks": [{"context": name} for name in rules.checks],
            "strict_required_status_checks_policy": rules.strict,
        }
        found.append({"type": "required_status_checks", "parameters": parameters, **ruleset})
    if rules.approvals or rules.code_owners or rules.conversations:
        parameters = {
            "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": rules.code_owners,
            "require_last_push_approval": False,
            "required_approving_review_count": rules.approvals,
            "required_review_thread_resolution": rules.conversations,
        }
        found.append({"type": "pull_request", "parameters": parameters, **ruleset})
    if rules.signatures:
        found.append({"type": "required_signatures", **ruleset})
    if rules.linear:
        found.append({"type": "required_linear_history", **ruleset})
    if rules.queue:
        queue = {
            "check_response_timeout_minutes": 60,
            "grouping_strategy": "ALLGREEN",
            "max_entries_to_build": 5,
            "max_entries_to_merge": 5,
            "merge_method": "MERGE",
            "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 5,
        }
        found.append({"type": "merge_queue", "parameters": queue, **ruleset})
    return found


def get_permission(call: Call) -> Any:
    actor = call.github.known_actor(call.parts["login"])
    if actor is None:
        raise Refused(404, f"{call.parts['login']} is not a user")
    return {
        "permission": actor.permission,
        "role_name": actor.permission,
        "user": represent.user(call.github.url, actor) | {"role_name": actor.permission},
    }


def list_issues(call: Call) -> Any:
    """Issues and pull requests alike, with all of the labels."""
    if call.query.get("state", "open") != "open" or call.query.get("sort") != "created":
        raise Violation("issues: only state=open and sort=created are implemented")
    if not call.repo.settings.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    wanted = {name.casefold() for name in call.query.get("labels", "").split(",") if name}

    def matches(one: Issue | PullRequest) -> bool:
        return one.state == "open" and wanted <= {name.casefold() for name in one.labels}

    issues = [represent.issue(call.repo, one) for one in filter(matches, call.repo.issues)]
    pulls = [represent.pull_as_issue(call.repo, one) for one in filter(matches, call.repo.pulls)]
    newest_first = call.query.get("direction", "desc") == "desc"
    return sorted(issues + pulls, key=lambda told: told["number"], reverse=newest_first)


def create_issue(call: Call) -> Any:
    body = call.body
    labels = body.get("labels", [])
    issue = talk.open_issue(call.repo, body["title"], body.get("body", ""), labels, call.actor)
    return represent.issue(call.repo, issue)


def edit_issue(call: Call) -> Any:
    issue = talk.find_issue(call.repo, int(call.parts["number"]))
    if issue is None:
        raise Refused(404, "Not Found")
    talk.edit_issue(call.repo, issue, title=call.body.get("title"), body=call.body.get("body"))
    return represent.issue(call.repo, issue)


def rerun_failed_jobs(call: Call) -> Any:
    if not call.parts["run_id"].isdigit():
        raise Refused(404, "Not Found")
    runner.rerun_failed(call.repo, int(call.parts["run_id"]))
    return {}


def get_commit(call: Call) -> Any:
    return represent_commits.git_commit(call.repo, _sha(call))


def get_check_runs(call: Call) -> Any:
    if call.query.get("filter", "latest") != "latest":
        raise Violation("check-runs: only filter=latest is implemented")
    runs = [
        represent_commits.check_run(call.repo, run) for run in call.repo.checks.runs_of(_sha(call))
    ]
    return {"total_count": len(runs), "check_runs": runs}


def get_status(call: Call) -> Any:
    sha = _sha(call)
    return represent_commits.combined_status(call.repo, sha, call.repo.checks.statuses_of(sha))


def _sha(call: Call) -> str:
    sha = call.repo.bare.resolve(call.parts["sha"])
    if sha is None:
        raise Refused(404, "Not Found")
    return sha
