"""What GitHub is asked, in GraphQL; `bot.forges.github_answers` reads what it says. Pure.

One request brings the base branch, the bot's issues and fifty of its branches with their pull
requests, checks *and* statuses, labels, and what people said.
"""

from __future__ import annotations

from bot.forges.github_people import COMMENTS, IN_THREADS, SAID
from bot.forges.github_suites import SUITE
from bot.model import ATTENTION_LABEL, DASHBOARD_LABEL, PAUSE_LABEL

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
  mergedAt
  mergedBy { ... on Bot { databaseId } ... on User { databaseId } }
  SAID
}
""".replace("SAID", SAID)

_CHECKED = (
    """
fragment Checked on PullRequest {
  ...Facts
  IN_THREADS
  commits(last: 1) {
    nodes {
      commit {
        oid signature { isValid }
        checkSuites(first: 30) { nodes { SUITE } }
        statusCheckRollup { contexts(first: 100) { CONTEXTS } }
      }
    }
  }
}
""".replace("CONTEXTS", _CONTEXTS)
    .replace("IN_THREADS", IN_THREADS)
    .replace("SUITE", SUITE)
)

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
    dashboard: issues(last: 20, labels: ["DASHBOARD"]) { nodes { ...OneIssue } }
    attention: issues(last: 20, states: [OPEN], labels: ["ATTENTION"]) { nodes { ...OneIssue } }
""".replace("DASHBOARD", DASHBOARD_LABEL).replace("ATTENTION", ATTENTION_LABEL)

OBSERVE = (
    """
query Observe($owner: String!, $name: String!, $base: String!, $prefix: String!, $after: String) {
  viewer { databaseId login }
  repository(owner: $owner, name: $name) {
    nameWithOwner viewerDefaultMergeMethod autoMergeAllowed hasIssuesEnabled
    mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed
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

ISSUE_NOW = """
query IssueNow($owner: String!, $name: String!, $number: Int!, $before: String) {
  viewer { databaseId }
  repository(owner: $owner, name: $name) {
    issue(number: $number) {
      state
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

MORE_COMMENTS = """
query MoreComments($owner: String!, $name: String!, $number: Int!, $before: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { comments(last: 100, before: $before) { COMMENTS } }
  }
}
""".replace("COMMENTS", COMMENTS)

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
