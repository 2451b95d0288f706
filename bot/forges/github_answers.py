"""What GitHub answers in GraphQL, as the bot's nouns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.forges import github_people
from bot.forges.github_people import People, moment
from bot.forges.github_suites import started
from bot.model import (
    Check,
    CheckState,
    Issue,
    Mergeable,
    Pull,
    PullState,
    ReviewState,
    Sha,
)


def pull_of(node: dict[str, Any], checks: tuple[Check, ...] | None, people: People) -> Pull:
    """A pull request from its GraphQL node; `checks` are read apart, as they may have pages.

    Of other people's pull requests nobody is asked about.
    """
    state = PullState(node["state"].lower())
    author = node["author"] or {}
    merged = node["mergeCommit"] or {}
    labels = tuple(label["name"] for label in node["labels"]["nodes"])
    if author.get("databaseId") != people.me or node["isCrossRepository"]:
        people = People(people.me, lambda login: False)
    closed_at, closed_by = github_people.closing(node, state, people)
    commit, auto = _head_commit(node), node.get("autoMergeRequest")
    return Pull(
        number=node["number"],
        url=node["url"],
        title=node["title"],
        body=node["body"],
        state=state,
        draft=node["isDraft"],
        author_id=author.get("databaseId") or 0,
        foreign=node["isCrossRepository"],
        branch=node["headRefName"],
        head=Sha(node["headRefOid"]),
        base_branch=node["baseRefName"],
        labels=labels,
        checks=checks,
        review=_review(node),
        mergeable=_mergeable(node),
        asked=tuple(sorted(set(_asked(node)))),
        merged_as=Sha(merged["oid"]) if merged else None,
        merged_tree=Sha(merged["tree"]["oid"]) if merged else None,
        created_at=moment(node["createdAt"]),
        closed_at=closed_at,
        closed_by=closed_by,
        remarks=github_people.remarks(node, people),
        labelled=github_people.labelled(node, labels, people),
        auto_merge=auto is not None,
        open_conversations=github_people.open_conversations(node),
        started=started(commit["checkSuites"]["nodes"]) if commit else None,
        signed=bool((commit["signature"] or {}).get("isValid")) if commit else None,
        approved_by=tuple(sorted(_opinions(node, "APPROVED"))),
        objected_by=tuple(sorted(_opinions(node, "CHANGES_REQUESTED"))),
        auto_merge_by=_id((auto or {}).get("enabledBy")),
        merged_by=_id(node["mergedBy"]),
        merged_at=moment(node["mergedAt"]) if node["mergedAt"] else None,
    )


def own_issues(nodes: Iterable[dict[str, Any]], me: int, state: str = "OPEN") -> Iterator[Issue]:
    """Issues from their GraphQL nodes, as far as the bot opened them."""
    for node in nodes:
        if node["state"] == state and (node["author"] or {}).get("databaseId") == me:
            yield Issue(
                number=node["number"],
                url=node["url"],
                title=node["title"],
                body=node["body"],
                labels=tuple(label["name"] for label in node["labels"]["nodes"]),
            )


def paused_by(repository: dict[str, Any]) -> str:
    return "".join(str(node["number"]) for node in repository["paused"]["nodes"])


def merge_methods(repository: dict[str, Any]) -> tuple[str, ...]:
    """The methods that the repository's settings allow."""
    allowed = ("mergeCommitAllowed", "squashMergeAllowed", "rebaseMergeAllowed")
    names = ("merge", "squash", "rebase")
    return tuple(name for name, key in zip(names, allowed, strict=True) if repository[key])


def _head_commit(node: dict[str, Any]) -> dict[str, Any] | None:
    """What was read of the head itself; None if it is another commit's, or was not read."""
    commits = node.get("commits") or {"nodes": ()}
    found = [one["commit"] for one in commits["nodes"]]
    return found[0] if found and found[0]["oid"] == node["headRefOid"] else None


def _id(actor: dict[str, Any] | None) -> int | None:
    return (actor or {}).get("databaseId")


def _opinions(node: dict[str, Any], state: str) -> Iterator[str]:
    """Whose latest word this is, of those who may push."""
    for review in node["latestOpinionatedReviews"]["nodes"]:
        if review["state"] == state:
            yield (review["author"] or {"login": "ghost"})["login"]


def head_contexts(node: dict[str, Any]) -> dict[str, Any] | None:
    """The connection of checks on a pull request's head; None if they are another commit's."""
    commits = node["commits"]["nodes"]
    if not commits or commits[0]["commit"]["oid"] != node["headRefOid"]:
        return None
    return contexts_of(commits[0]["commit"])


def contexts_of(commit: dict[str, Any]) -> dict[str, Any]:
    """The connection of checks on a commit, an empty one where nothing ever ran."""
    rollup: dict[str, Any] | None = commit["statusCheckRollup"]
    if rollup is None:
        return {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    contexts: dict[str, Any] = rollup["contexts"]
    return contexts


def checks_of(nodes: Sequence[dict[str, Any]]) -> Iterator[Check]:
    """Check runs and commit statuses alike, as checks."""
    for node in nodes:
        if node["__typename"] == "StatusContext":
            state = _STATUSES.get(node["state"], CheckState.PENDING)
            yield Check(node["context"], state, 0, node["targetUrl"] or "")
        else:
            app = (node["checkSuite"] or {}).get("app") or {}
            url = node["detailsUrl"] or ""
            yield Check(node["name"], _run_state(node), app.get("databaseId") or 0, url)


def _run_state(node: dict[str, Any]) -> CheckState:
    if node["status"] != "COMPLETED":
        return CheckState.PENDING
    return _CONCLUSIONS.get(node["conclusion"], CheckState.FAILED)


def _review(node: dict[str, Any]) -> ReviewState:
    """Opinions count whether the branch asks for reviews or not: a "no" is a "no" everywhere."""
    opinions = {review["state"] for review in node["latestOpinionatedReviews"]["nodes"]}
    if "CHANGES_REQUESTED" in opinions:
        return ReviewState.CHANGES_REQUESTED
    return _REVIEWS[node["reviewDecision"]]


def _mergeable(node: dict[str, Any]) -> Mergeable:
    if node["mergeable"] == "MERGEABLE":
        return _MERGE_STATES.get(node["mergeStateStatus"], Mergeable.YES)
    return Mergeable.CONFLICT if node["mergeable"] == "CONFLICTING" else Mergeable.UNKNOWN


def _asked(node: dict[str, Any]) -> Iterator[str]:
    for review in node["latestOpinionatedReviews"]["nodes"]:
        if review["author"]:
            yield review["author"]["login"]
    for part in ("reviewRequests", "asking"):
        for request in node[part]["nodes"]:
            reviewer = request.get("requestedReviewer") or {}
            name = reviewer.get("login") or reviewer.get("combinedSlug")
            if name:
                yield name


_REVIEWS = {
    None: ReviewState.NONE,
    "REVIEW_REQUIRED": ReviewState.REQUIRED,
    "APPROVED": ReviewState.APPROVED,
    "CHANGES_REQUESTED": ReviewState.CHANGES_REQUESTED,
}
_MERGE_STATES = {
    "BLOCKED": Mergeable.BLOCKED,
    "BEHIND": Mergeable.BEHIND,
    "UNKNOWN": Mergeable.UNKNOWN,
}
_CONCLUSIONS = {
    "SUCCESS": CheckState.PASSED,
    "NEUTRAL": CheckState.PASSED,
    "SKIPPED": CheckState.PASSED,
    "STALE": CheckState.PENDING,
    "ACTION_REQUIRED": CheckState.PENDING,
}
_STATUSES = {
    "SUCCESS": CheckState.PASSED,
    "FAILURE": CheckState.FAILED,
    "ERROR": CheckState.FAILED,
}
