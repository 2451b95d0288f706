"""The REST routes about Actions and what a repository lets it do: one function each."""

from __future__ import annotations

from typing import Any

from .call import Call
from .errors import Refused, Violation


def get_actions(call: Call) -> Any:
    _for_admins(call)
    enabled = call.repo.settings.actions_enabled
    return {"enabled": enabled, "allowed_actions": "all"} if enabled else {"enabled": enabled}


def get_workflow_rights(call: Call) -> Any:
    _for_admins(call)
    return {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": call.repo.settings.workflows_open_pulls,
    }


def list_runs(call: Call) -> Any:
    """How many there were, and none of them."""
    total = len({run.run.id for run in call.repo.checks.runs if run.run})
    if int(call.query.get("per_page", 30)) * int(call.query.get("page", 1)) > 1:
        raise Violation("runs: only a page of one is implemented, which says how many there are")
    return {"total_count": total, "workflow_runs": []}


def _for_admins(call: Call) -> None:
    if call.actor.permission != "admin":
        raise Refused(403, "Resource not accessible by integration")
