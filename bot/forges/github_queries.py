"""The GraphQL that reads GitHub, and how its answers become the bot's nouns. Pure.

One request brings the base branch, the bot's issues and fifty of its branches with their pull
requests, checks *and* statuses, labels, and what people said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.forges import github_people
from bot.forges.github_people import IN_THREADS, SAID, People, moment
from bot.model import (
    ATTENTION_LABEL,
    DASHBOARD_LABEL,
    PAUSE_LABEL,
    Check,
    CheckState,
    Issue,
    Mergeable,
    Pull,
    PullState,
    ReviewState,
    Sha,
)

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
  asking: timelineItems(first: 20, itemTypes: [REVIEW_REQUESTED_EVENT]) {
    nodes {
      ... on ReviewRequestedEvent {
        requestedReviewer { ... on User { login } ... on Team { combinedSlug } }
      }
    }
  }
  mergeCommit { oid tree { oid } }
  SAID
}
""".replace("SAID", SAID)

_CHECKED = """
fragment Checked on PullRequest {
  ...Facts
  IN_THREADS
  commits(last: 1) {
    nodes { commit { oid statusCheckRollup { contexts(first: 100) { CONTEXTS } } } }
  }
}
""".replace("CONTEXTS", _CONTEXTS).replace("IN_THREADS", IN_THREADS)

_PAUSED = """
    paused: issues(first: 1, states: [OPEN], labels: ["PAUSE"]) { nodes { number } }
""".replace("PAUSE", PAUSE_LABEL)

_ISSUE = """
fragment OneIssue on Issue {
  number url title body state labels(first: 20) { nodes { name } }
  author { login ... on Bot { databaseId } ... on User { databaseId } }
}
"""

_KEPT = """
    dashboard: issues(first: 5, states: [OPEN], labels: ["DASHBOARD"]) { nodes { ...OneIssue } }
    attention: issues(last: 20, states: [OPEN], labels: ["ATTENTION"]) { nodes { ...OneIssue } }
""".replace("DASHBOARD", DASHBOARD_LABEL).replace("ATTENTION", ATTENTION_LABEL)

OBSERVE = (
    """
query Observe($owner: String!, $name: String!, $base: String!, $prefix: String!, $after: String) {
  viewer { databaseId }
  repository(owner: $owner, name: $name) {
    nameWithOwner viewerDefaultMergeMethod autoMergeAllowed
    PAUSED
    KEPT
    ref(qualifiedName: $base) {
      refUpdateRule {
        requiredStatusCheckContexts requiredApprovingReviewCount requiresCodeOwnerReviews
        requiresConversationResolution requiresLinearHistory requiresSignatures
      }
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
    + _ISSUE
)
OBSERVE = OBSERVE.replace("CONTEXTS", _CONTEXTS).replace("PAUSED", _PAUSED).replace("KEPT", _KEPT)

PAUSED = """
query Paused($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { PAUSED } }
""".replace("PAUSED", _PAUSED)

KEPT_ISSUES = (
    """
query Kept($owner: String!, $name: String!, $label: String!) {
  viewer { databaseId }
  repository(owner: $owner, name: $name) {
    kept: issues(last: 50, states: [OPEN], labels: [$label]) { nodes { ...OneIssue } }
  }
}
"""
    + _ISSUE
)

ONE_ISSUE = (
    """
query ReadIssue($owner: String!, $name: String!, $number: Int!) {
  viewer { databaseId }
  repository(owner: $owner, name: $name) { issue(number: $number) { ...OneIssue } }
}
"""
    + _ISSUE
)

NOW = """
query Now($owner: String!, $name: String!, $number: Int!, $before: String) {
  viewer { databaseId }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      id state headRefOid
      autoMergeRequest { enabledAt }
      labels(first: 100) { nodes { name } }
      comments(last: 100, before: $before) {
        pageInfo { hasPreviousPage startCursor }
        nodes { body author { login ... on Bot { databaseId } ... on User { databaseId } } }
      }
    }
  }
}
"""

THREAD = """
query Thread($owner: String!, $name: String!, $id: ID!) {
  viewer { databaseId }
  repository(owner: $owner, name: $name) { nameWithOwner }
  node(id: $id) {
    ... on PullRequestReviewThread {
      pullRequest { number }
      comments(last: 50) {
        nodes { body author { login ... on Bot { databaseId } ... on User { databaseId } } }
      }
    }
  }
}
"""

REPLY = """
mutation Reply($input: AddPullRequestReviewThreadReplyInput!) {
  addPullRequestReviewThreadReply(input: $input) { comment { id } }
}
"""
ENABLE_AUTO_MERGE = """
mutation Enable($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}
"""
DISABLE_AUTO_MERGE = """
mutation Disable($input: DisablePullRequestAutoMergeInput!) {
  disablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}
"""

ONE_PULL = (
    """
query OnePull($owner: String!, $name: String!, $number: Int!) {
  viewer { databaseId }
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
        f"h{index}: pullRequests(headRefName: $b{index}, first: 5, "
        f"orderBy: {{field: CREATED_AT, direction: DESC}}) {{ nodes {{ ...Facts }} }}"
        for index in range(count)
    )
    return (
        f"query History($owner: String!, $name: String!{variables}) "
        f"{{ repository(owner: $owner, name: $name) {{ {fields} }} }}\n{_FACTS}"
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
        auto_merge=node.get("autoMergeRequest") is not None,
        open_conversations=github_people.open_conversations(node),
    )


def own_issues(nodes: Iterable[dict[str, Any]], me: int) -> Iterator[Issue]:
    """Issues from their GraphQL nodes, as far as the bot opened them."""
    for node in nodes:
        if node["state"] == "OPEN" and (node["author"] or {}).get("databaseId") == me:
            yield Issue(
                number=node["number"],
                url=node["url"],
                title=node["title"],
                body=node["body"],
                labels=tuple(label["name"] for label in node["labels"]["nodes"]),
            )


def paused_by(repository: dict[str, Any]) -> str:
    return "".join(str(node["number"]) for node in repository["paused"]["nodes"])


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
