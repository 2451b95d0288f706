"""The GraphQL that reads GitHub, and how its answers become the bot's nouns. Pure.

One request brings the base branch and fifty of the bot's branches with their pull requests, checks
*and* statuses, reviews and labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.model import Check, CheckState, Mergeable, Pull, PullState, ReviewState, Sha

_CONTEXTS = """
  pageInfo { hasNextPage endCursor }
  nodes {
    __typename
    ... on CheckRun { name status conclusion detailsUrl checkSuite { app { databaseId } } }
    ... on StatusContext { context state targetUrl }
  }
"""

_FACTS = """
fragment Facts on PullRequest {
  number url title body state isDraft headRefName headRefOid baseRefName isCrossRepository
  mergeable mergeStateStatus reviewDecision
  author { login ... on Bot { databaseId } ... on User { databaseId } }
  labels(first: 50) { nodes { name } }
  latestOpinionatedReviews(first: 100, writersOnly: true) { nodes { state author { login } } }
  reviewRequests(first: 50) {
    nodes { requestedReviewer { ... on User { login } ... on Team { combinedSlug } } }
  }
  timelineItems(first: 20, itemTypes: [REVIEW_REQUESTED_EVENT]) {
    nodes {
      ... on ReviewRequestedEvent {
        requestedReviewer { ... on User { login } ... on Team { combinedSlug } }
      }
    }
  }
  mergeCommit { oid tree { oid } }
}
"""

_CHECKED = """
fragment Checked on PullRequest {
  ...Facts
  commits(last: 1) {
    nodes { commit { oid statusCheckRollup { contexts(first: 100) { CONTEXTS } } } }
  }
}
""".replace("CONTEXTS", _CONTEXTS)

OBSERVE = (
    """
query Observe($owner: String!, $name: String!, $base: String!, $prefix: String!, $after: String) {
  viewer { databaseId }
  repository(owner: $owner, name: $name) {
    nameWithOwner viewerDefaultMergeMethod
    ref(qualifiedName: $base) {
      refUpdateRule { requiredStatusCheckContexts }
      target { ... on Commit { oid statusCheckRollup { contexts(first: 100) { CONTEXTS } } } }
    }
    refs(refPrefix: $prefix, first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        associatedPullRequests(first: 3, orderBy: {field: CREATED_AT, direction: DESC}) {
          nodes { ...Checked }
        }
      }
    }
  }
}
"""
    + _CHECKED
    + _FACTS
).replace("CONTEXTS", _CONTEXTS)

ONE_PULL = (
    """
query OnePull($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { ...Checked } }
}
"""
    + _CHECKED
    + _FACTS
)

MORE_CHECKS = """
query MoreChecks($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      commits(last: 1) {
        nodes {
          commit { oid statusCheckRollup { contexts(first: 100, after: $after) { CONTEXTS } } }
        }
      }
    }
  }
}
""".replace("CONTEXTS", _CONTEXTS)

HISTORY_BATCH = 50


def history_query(count: int) -> str:
    """A query for the pull requests of `count` branches, given as $b0, $b1, …"""
    variables = "".join(f", $b{index}: String!" for index in range(count))
    fields = "\n".join(
        f"h{index}: pullRequests(headRefName: $b{index}, first: 10, "
        f"orderBy: {{field: CREATED_AT, direction: DESC}}) {{ nodes {{ ...Facts }} }}"
        for index in range(count)
    )
    return (
        f"query History($owner: String!, $name: String!{variables}) "
        f"{{ repository(owner: $owner, name: $name) {{ {fields} }} }}\n{_FACTS}"
    )


def pull_of(node: dict[str, Any], checks: tuple[Check, ...] | None) -> Pull:
    """A pull request from its GraphQL node; `checks` are read apart, as they may have pages."""
    author = node["author"] or {}
    merged = node["mergeCommit"] or {}
    return Pull(
        number=node["number"],
        url=node["url"],
        title=node["title"],
        body=node["body"],
        state=PullState(node["state"].lower()),
        draft=node["isDraft"],
        author_id=author.get("databaseId") or 0,
        foreign=node["isCrossRepository"],
        branch=node["headRefName"],
        head=Sha(node["headRefOid"]),
        base_branch=node["baseRefName"],
        labels=tuple(label["name"] for label in node["labels"]["nodes"]),
        checks=checks,
        review=_review(node),
        mergeable=_mergeable(node),
        asked=tuple(sorted(set(_asked(node)))),
        merged_as=Sha(merged["oid"]) if merged else None,
        merged_tree=Sha(merged["tree"]["oid"]) if merged else None,
    )


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
    for part in ("reviewRequests", "timelineItems"):
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
