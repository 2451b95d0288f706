"""GraphQL as PyGithub asks it: what is promised is answered, and nothing else is."""

from __future__ import annotations

import pytest
from github import GithubException, UnknownObjectException

from . import LoopbackGitHub, Repo
from .driving import BOT, ask, client

EVERYTHING = """
query($number: Int!, $page: Int = 20) {
  viewer { login databaseId id }
  repository(owner: "acme", name: "agent") {
    id viewerDefaultMergeMethod mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed
    autoMergeAllowed deleteBranchOnMerge viewerPermission
    defaultBranchRef {
      name prefix target { oid ... on Commit { tree { oid } messageHeadline message
        committedDate parents(first: 2) { nodes { oid } } } }
      refUpdateRule { requiredStatusCheckContexts requiredApprovingReviewCount requiresSignatures
        requiresConversationResolution requiresCodeOwnerReviews }
      branchProtectionRule { requiresStrictStatusChecks }
    }
    absent: ref(qualifiedName: "refs/heads/absent") { name }
    ledger: ref(qualifiedName: "refs/bot/ledger") { name prefix }
    refs(refPrefix: "refs/heads/", first: $page) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes { name associatedPullRequests(states: [OPEN], first: 1) {
        totalCount nodes { number } } }
    }
    pullRequests(headRefName: "topic", states: [OPEN, CLOSED, MERGED], last: $page,
                 orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { number } }
    pullRequest(number: $number) { ...Pull }
  }
}
fragment Pull on PullRequest {
  number id state title body url isDraft merged mergedAt closedAt createdAt updatedAt
  headRefName headRefOid baseRefName baseRefOid mergeable mergeStateStatus reviewDecision
  headRepository { nameWithOwner } isCrossRepository
  author { login __typename ... on Bot { databaseId } ... on User { databaseId } }
  labels(first: 10) { nodes { name } }
  latestReviews(first: 10) { nodes { state author { login } commit { oid } submittedAt } }
  reviewRequests(first: 10) { nodes { requestedReviewer {
    ... on User { login } ... on Team { slug } } } }
  comments(last: 10) { nodes { body author { login } createdAt id databaseId authorAssociation } }
  mergeCommit { oid tree { oid } } mergedBy { login }
  commits(last: 1) { nodes { commit { oid statusCheckRollup { state contexts(first: 10) {
    totalCount pageInfo { hasNextPage endCursor } nodes { __typename
      ... on CheckRun { name status conclusion detailsUrl title summary startedAt completedAt
        databaseId isRequired(pullRequestNumber: $number)
        checkSuite { app { databaseId slug } workflowRun { event databaseId workflow { name } } } }
      ... on StatusContext { context state description targetUrl createdAt
        isRequired(pullRequestNumber: $number) } } } } } } }
  timelineItems(itemTypes: [CLOSED_EVENT, REOPENED_EVENT], last: 5) { nodes { __typename
    ... on ClosedEvent { actor { login ... on User { databaseId } ... on Bot { databaseId } }
      createdAt } } }
  files(first: 10) { nodes { path additions deletions changeType } }
  changedFiles additions deletions viewerCanUpdate autoMergeRequest { enabledAt }
  headRef { target { oid } }
}
"""


def test_graphql_answers_everything_it_promises(
    github: LoopbackGitHub, repo: Repo, token: str
) -> None:
    repo.require_checks(["test"], via="classic")
    repo.add_team("core")
    sha = repo.push_commit("topic", {"check.py": "print('fine')\n"}, by="alice")
    repo.git("update-ref", "refs/bot/ledger", sha)
    with client(github, token) as connection:
        pull = connection.get_repo("acme/agent").create_pull("main", "topic", title="T", body="B")
        pull.create_review_request(reviewers=["alice"], team_reviewers=["core"])
    repo.run_workflows()
    repo.set_status(sha, "lint", "success")
    repo.comment(1, "hm", by="alice")
    repo.close(1, by="alice")
    repo.reopen(1, by="alice")
    data = ask(github, token, EVERYTHING, number=1)

    def dig(*keys: str | int) -> object:
        found: object = data
        for key in keys:
            found = found[key]  # type: ignore[index]
        return found

    seen = ("repository", "pullRequest")
    contexts = (*seen, "commits", "nodes", 0, "commit", "statusCheckRollup", "contexts", "nodes")
    assert dig("viewer", "login") == BOT
    assert dig(*seen, "author") == {"login": "amendbot", "__typename": "Bot", "databaseId": 4242}
    assert dig(*seen, "mergeStateStatus") == "CLEAN"
    assert dig(*seen, "reviewDecision") is None
    assert dig(*contexts, 0, "conclusion") == "SUCCESS"
    assert dig(*contexts, 0, "isRequired") is True
    assert dig(*contexts, 1, "__typename") == "StatusContext"
    assert dig(*seen, "timelineItems", "nodes", 0, "actor", "login") == "alice"
    assert dig(*seen, "reviewRequests", "nodes", 1, "requestedReviewer") == {"slug": "core"}
    assert dig(*seen, "files", "nodes", 0, "changeType") == "MODIFIED"
    assert dig("repository", "absent") is None
    assert dig("repository", "ledger") == {"name": "ledger", "prefix": "refs/bot/"}
    branch = ("repository", "defaultBranchRef")
    assert dig(*branch, "refUpdateRule", "requiredStatusCheckContexts") == ["test"]
    assert dig(*branch, "branchProtectionRule") is None
    assert dig("repository", "refs", "totalCount") == 2


def test_graphql_pages_and_misses(github: LoopbackGitHub, repo: Repo, token: str) -> None:
    for name in "abc":
        repo.git("branch", f"topic-{name}", "main")
    query = """query($after: String) { repository(owner: "acme", name: "agent") {
        refs(refPrefix: "refs/heads/", first: 3, after: $after) {
            nodes { name } pageInfo { hasNextPage endCursor } } } }"""
    names: list[str] = []
    after: str | None = None
    while True:
        refs = ask(github, token, query, after=after)["repository"]["refs"]  # type: ignore[index]
        names += [node["name"] for node in refs["nodes"]]
        after = refs["pageInfo"]["endCursor"]
        if not refs["pageInfo"]["hasNextPage"]:
            break
    assert names == ["main", "topic-a", "topic-b", "topic-c"]
    with pytest.raises(UnknownObjectException):
        ask(github, token, '{ repository(owner: "acme", name: "other") { id } }')


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("{ viewer { nickname } }", "nickname"),
        ("{ viewer { company } }", "User.company has no resolver"),
        ("{ repository(owner: $o, name: $n) { id } }", "is not defined"),
        ('{R refs(refPrefix: "refs/heads/") { totalCount } }}', "needs `first` or `last`"),
        ("{R pullRequests(first: 101) { totalCount } }}", "the limit is 100"),
        (
            "{R pullRequests(first: 100) { nodes { comments(first: 100) { nodes { id } } "
            "files(first: 51) { nodes { path } } labels(first: 100) { nodes { name "
            "pullRequests(first: 50) { totalCount } } } } } }}",
            "the limit is 500,000",
        ),
        ('{R pullRequests(first: 1, labels: ["x"]) { totalCount } }}', "labels"),
        ('mutation { mergePullRequest(input: {pullRequestId: "x"}) { clientMutationId } }', "no"),
    ],
)
def test_graphql_is_strict(
    github: LoopbackGitHub, repo: Repo, token: str, query: str, complaint: str
) -> None:
    query = query.replace("{R", '{ repository(owner: "acme", name: "agent") {')
    with pytest.raises(GithubException):
        ask(github, token, query)
    (violation,) = github.violations
    assert complaint in violation
    github.violations.clear()
