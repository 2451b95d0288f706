"""Commits and what is reported about them, as the JSON of GitHub's REST API."""

from __future__ import annotations

from typing import Any

from . import represent
from .checks import combined_state
from .hosted import HostedRepository
from .state import CheckRun, CommitStatus


def check_run(repo: HostedRepository, check: CheckRun) -> dict[str, Any]:
    github = repo.github
    url = f"{github.url}/repos/{repo.full_name}/check-runs/{check.id}"
    first = represent.stamp(repo.created_at)
    return {
        "id": check.id,
        "node_id": f"CR_{check.id}",
        "head_sha": check.sha,
        "external_id": "",
        "url": url,
        "html_url": details_url(repo, check),
        "details_url": details_url(repo, check),
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": represent.stamp(check.started_at),
        "completed_at": represent.stamp(check.completed_at),
        "output": {
            "title": check.title,
            "summary": check.summary,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "name": check.name,
        "check_suite": {"id": check.suite_id},
        "app": {
            "id": check.app_id,
            "slug": check.app_slug,
            "node_id": f"A_{check.app_id}",
            "owner": represent.user(github.url, represent.owner(repo)),
            "name": check.app_slug,
            "description": None,
            "external_url": github.url,
            "html_url": f"{github.url}/apps/{check.app_slug}",
            "created_at": first,
            "updated_at": first,
            "permissions": {},
            "events": [],
        },
        "pull_requests": [],
    }


def details_url(repo: HostedRepository, check: CheckRun) -> str:
    run = check.run.id if check.run else check.suite_id
    return f"{repo.github.url}/{repo.full_name}/actions/runs/{run}/job/{check.id}"


def combined_status(
    repo: HostedRepository, sha: str, statuses: list[CommitStatus]
) -> dict[str, Any]:
    commit = f"{repo.github.url}/repos/{repo.full_name}/commits/{sha}"
    return {
        "state": combined_state(statuses),
        "statuses": [
            {
                "id": status.id,
                "node_id": f"SC_{status.id}",
                "url": f"{repo.github.url}/repos/{repo.full_name}/statuses/{sha}",
                "avatar_url": None,
                "state": status.state,
                "description": status.description,
                "target_url": status.target_url,
                "context": status.context,
                "created_at": represent.stamp(status.created_at),
                "updated_at": represent.stamp(status.created_at),
            }
            for status in statuses
        ],
        "sha": sha,
        "total_count": len(statuses),
        "repository": represent.repository(repo),
        "commit_url": commit,
        "url": f"{commit}/status",
    }


def git_commit(repo: HostedRepository, sha: str) -> dict[str, Any]:
    form = "%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%T%x00%P%x00%B"
    shown = repo.bare.said((sha,), "show", "-s", f"--format={form}", sha)
    a_name, a_email, a_date, c_name, c_email, c_date, tree, parents, message = shown.split("\0")
    url = f"{repo.github.url}/repos/{repo.full_name}/git"
    html = f"{repo.github.url}/{repo.full_name}/commit"
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": f"{url}/commits/{sha}",
        "html_url": f"{html}/{sha}",
        "author": {"name": a_name, "email": a_email, "date": a_date},
        "committer": {"name": c_name, "email": c_email, "date": c_date},
        "message": message.rstrip("\n"),
        "tree": {"sha": tree, "url": f"{url}/trees/{tree}"},
        "parents": [
            {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{html}/{parent}"}
            for parent in parents.split()
        ],
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }
