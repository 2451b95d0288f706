"""The REST routes about pull requests: one function each."""

from __future__ import annotations

from typing import Any

from . import merging, represent
from .call import Call
from .errors import Refused, Violation, invalid
from .state import Event


def list_pulls(call: Call) -> Any:
    state = call.query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("PullRequest", "state", f"{state} is no state", code="invalid")
    head = call.query.get("head")
    if head and not head.startswith(f"{call.repo.owner}:"):
        raise Violation(f"pulls: GitHub ignores head={head!r}, it wants owner:branch", status=400)
    if call.query.get("sort", "created") != "created":
        raise Violation("pulls: only sort=created is implemented")
    found = [
        pull
        for pull in call.repo.pulls
        if state in ("all", pull.state)
        and (head is None or head == f"{call.repo.owner}:{pull.head_ref}")
        and call.query.get("base", pull.base_ref) == pull.base_ref
    ]
    newest_first = call.query.get("direction", "desc") == "desc"
    ordered = reversed(found) if newest_first else found
    return [represent.pull_simple(call.repo, pull) for pull in ordered]


def create_pull(call: Call) -> Any:
    body = call.body
    pull = call.repo.open_pull(
        call.actor,
        body["title"],
        body.get("body", ""),
        body["head"],
        body["base"],
        body.get("draft", False),
    )
    pull.maintainer_can_modify = body.get("maintainer_can_modify", False)
    return represent.pull_full(call.repo, pull)


def get_pull(call: Call) -> Any:
    return represent.pull_full(call.repo, call.pull)


def edit_pull(call: Call) -> Any:
    pull, body = call.pull, call.body
    call.repo.check_text(body.get("title", pull.title), body.get("body", pull.body))
    if body.get("state", "open") not in ("open", "closed"):
        raise invalid("PullRequest", "state", "state is neither open nor closed", code="invalid")
    if "state" in body:
        call.repo.set_state(pull, body["state"], call.actor)
    if "title" in body or "body" in body:
        pull.title, pull.body = body.get("title", pull.title), body.get("body", pull.body)
        pull.updated_at = call.github.clock.tick()
    return represent.pull_full(call.repo, pull)


def merge_pull(call: Call) -> Any:
    body = call.body
    method = body.get("merge_method", "merge")
    if method not in ("merge", "squash", "rebase"):
        raise invalid("PullRequest", "merge_method", f"{method} is no method", code="invalid")
    commit = merging.merge(
        call.repo,
        call.pull,
        call.actor,
        method,
        body.get("sha"),
        body.get("commit_title"),
        body.get("commit_message"),
    )
    return {"sha": commit, "merged": True, "message": "Pull Request successfully merged"}


def request_reviewers(call: Call) -> Any:
    pull, repo = call.pull, call.repo
    for login in call.body.get("reviewers", []):
        actor = call.github.known_actor(login)
        if login == pull.author:
            raise Refused(422, "Review cannot be requested from pull request author.")
        if actor is None or actor.permission == "none":
            raise Refused(
                422,
                "Reviews may only be requested from collaborators. One or more of the users or "
                f"teams you specified is not a collaborator of the {repo.full_name} repository.",
            )
    for slug in call.body.get("team_reviewers", []):
        if slug not in repo.teams:
            raise Refused(422, "Could not resolve to a node with the global id of a team.")
    _add_missing(pull.requested_reviewers, call.body.get("reviewers", []))
    _add_missing(pull.requested_teams, call.body.get("team_reviewers", []))
    when = pull.updated_at = call.github.clock.tick()
    for login in call.body.get("reviewers", []):
        pull.events.append(Event("ReviewRequestedEvent", call.actor.login, when, reviewer=login))
    for slug in call.body.get("team_reviewers", []):
        pull.events.append(Event("ReviewRequestedEvent", call.actor.login, when, team=slug))
    return represent.pull_simple(repo, pull)


def _add_missing(names: list[str], more: list[str]) -> None:
    names.extend(name for name in more if name not in names)


def list_comments(call: Call) -> Any:
    found = call.conversation
    return [represent.comment(call.repo, found, said) for said in found.comments]


def create_comment(call: Call) -> Any:
    found = call.conversation
    said = call.repo.add_comment(found, call.body["body"], call.actor)
    return represent.comment(call.repo, found, said)


def add_labels(call: Call) -> Any:
    call.repo.add_labels(call.pull, call.body.get("labels", []), call.actor)
    return [represent.label(call.repo, name) for name in call.pull.labels]


def remove_label(call: Call) -> Any:
    call.repo.remove_label(call.pull, call.parts["name"], call.actor)
    return [represent.label(call.repo, name) for name in call.pull.labels]
