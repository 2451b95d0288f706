"""Auto-merge: when GitHub lets it be enabled, and the merge that follows by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import merging
from .graphql_nodes import GitHubError
from .state import Actor, AutoMerge, PullRequest

if TYPE_CHECKING:
    from .hosted import HostedRepository


def enable(
    repo: HostedRepository,
    pull: PullRequest,
    by: Actor,
    method: merging.MergeMethod,
    expected_head: str | None,
) -> None:
    if reason := why_not(repo, pull, method, expected_head):
        raise GitHubError("UNPROCESSABLE", f"Pull request {reason}")
    when = pull.updated_at = repo.github.clock.tick()
    pull.auto_merge = AutoMerge(by.login, method, when)


def disable(repo: HostedRepository, pull: PullRequest) -> None:
    if pull.auto_merge is None:
        raise GitHubError("UNPROCESSABLE", "Can't disable auto-merge for this pull request.")
    pull.auto_merge, pull.updated_at = None, repo.github.clock.tick()


def why_not(
    repo: HostedRepository,
    pull: PullRequest,
    method: merging.MergeMethod,
    expected_head: str | None,
) -> str:
    """In GitHub's words; empty where it may be enabled."""
    if not repo.settings.allow_auto_merge:
        return "Auto merge is not allowed for this repository"
    if pull.state == "closed":
        return "Pull request is closed"
    if method not in merging.allowed_methods(repo):
        return f"{method.capitalize()} merges are not allowed on this repository."
    if expected_head not in (None, pull.head_sha):
        return "Head branch was modified. Review and try the merge again."
    if not repo.rules(pull.base_ref).any():
        return "Protected branch rules not configured for this branch"
    state = merging.merge_state(repo, pull)
    if state in ("CLEAN", "UNSTABLE", "DIRTY", "UNKNOWN"):
        return f"Pull request is in {state.lower()} status"
    return ""


def settle(repo: HostedRepository) -> None:
    """Merge what waited for its requirements; a red check that nobody requires is no obstacle."""
    for pull in repo.pulls:
        waiting = pull.auto_merge if pull.state == "open" else None
        if waiting and merging.merge_state(repo, pull) in ("CLEAN", "UNSTABLE"):
            merging.merge(repo, pull, repo.github.actor(waiting.by), waiting.method)
