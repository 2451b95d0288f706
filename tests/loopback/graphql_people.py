"""GraphQL's fields on threads, reviews, issues and auto-merge, and the mutations on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import auto_merge, represent, talk
from .graphql_nodes import Context, Node, Resolver, actor_node, connection, not_found
from .state import Issue


def author(node: Node, context: Context) -> Node | None:
    return actor_node(context, node.value.author)


def reviews(node: Node, context: Context, **pages: Any) -> Node:
    nodes = [Node("PullRequestReview", one, node.repo) for one in node.value.reviews]
    return connection("PullRequestReviewConnection", nodes, **pages)


def threads(node: Node, context: Context, **pages: Any) -> Node:
    nodes = [Node("PullRequestReviewThread", one, node.repo) for one in node.value.threads]
    return connection("PullRequestReviewThreadConnection", nodes, **pages)


def thread_comments(node: Node, context: Context, **pages: Any) -> Node:
    nodes = [Node("PullRequestReviewComment", one, node.repo) for one in node.value.comments]
    return connection("PullRequestReviewCommentConnection", nodes, **pages)


def thread_pull(node: Node, context: Context) -> Node:
    found = talk.find_thread(node.home, f"PRRT_{node.value.id}")
    assert found is not None
    return Node("PullRequest", found[0], node.repo)


def auto_merge_request(node: Node, context: Context) -> Node | None:
    request = node.value.auto_merge if node.value.state == "open" else None
    return Node("AutoMergeRequest", request, node.repo) if request else None


def issue_node(node: Node, issue: Issue) -> Node:
    return Node("Issue", issue, node.repo)


def issues(
    node: Node,
    context: Context,
    states: list[str] | None = None,
    labels: list[str] | None = None,
    **pages: Any,
) -> Node:
    wanted = {name.casefold() for name in labels or ()}
    found = [
        issue_node(node, issue)
        for issue in node.home.issues
        if (not states or issue.state.upper() in states)
        and (not wanted or wanted & {name.casefold() for name in issue.labels})
    ]
    return connection("IssueConnection", found, **pages)


def issue(node: Node, context: Context, number: int) -> Node:
    found = talk.find_issue(node.home, number)
    if found is None:
        raise not_found(f"an Issue with the number of {number}")
    return issue_node(node, found)


def issue_labels(node: Node, context: Context, order_by: dict[str, str], **pages: Any) -> Node:
    nodes = [Node("Label", name, node.repo) for name in node.value.labels]
    return connection("LabelConnection", nodes, **pages)


def issue_comments(node: Node, context: Context, **pages: Any) -> Node:
    said = [Node("IssueComment", one, node.repo) for one in node.value.comments]
    return connection("IssueCommentConnection", said, **pages)


def issue_url(node: Node, context: Context) -> str:
    return f"{context.github.url}/{node.home.full_name}/issues/{node.value.number}"


def node_by_id(root: None, context: Context, id: str) -> Node:  # noqa: A002
    for repo in context.github.repos.values():
        found = talk.find_thread(repo, id)
        if found:
            return Node("PullRequestReviewThread", found[1], repo)
    if not id.startswith("PRRT_"):
        raise NotImplementedError(f"node(id: {id!r})")
    raise not_found(f"a node with the global id of '{id}'")


def _pull_by_id(context: Context, node_id: str) -> Node:
    for repo in context.github.repos.values():
        for pull in repo.pulls:
            if node_id == f"PR_{pull.id}":
                return Node("PullRequest", pull, repo)
    raise not_found(f"a node with the global id of '{node_id}'")


def add_reply(root: None, context: Context, input: dict[str, Any]) -> Node:  # noqa: A002
    thread = node_by_id(None, context, input["pullRequestReviewThreadId"])
    if set(input) != {"pullRequestReviewThreadId", "body"}:
        raise NotImplementedError(f"a reply with {sorted(input)}")
    pull = thread_pull(thread, context).value
    said = talk.answer_in_thread(thread.home, pull, thread.value, input["body"], context.viewer)
    comment = Node("PullRequestReviewComment", said, thread.repo)
    return Node("AddPullRequestReviewThreadReplyPayload", {"comment": comment}, thread.repo)


def enable_auto_merge(root: None, context: Context, input: dict[str, Any]) -> Node:  # noqa: A002
    pull = _pull_by_id(context, input["pullRequestId"])
    method = input["mergeMethod"].lower()
    if unknown := set(input) - {"pullRequestId", "mergeMethod", "expectedHeadOid"}:
        raise NotImplementedError(f"auto-merge with {sorted(unknown)}")
    expected = input.get("expectedHeadOid")
    auto_merge.enable(pull.home, pull.value, context.viewer, method, expected)
    return Node("EnablePullRequestAutoMergePayload", {"pullRequest": pull}, pull.repo)


def disable_auto_merge(root: None, context: Context, input: dict[str, Any]) -> Node:  # noqa: A002
    pull = _pull_by_id(context, input["pullRequestId"])
    auto_merge.disable(pull.home, pull.value)
    return Node("DisablePullRequestAutoMergePayload", {"pullRequest": pull}, pull.repo)


def _value(attribute: str) -> Resolver:
    return lambda node, context: getattr(node.value, attribute)


def _time(attribute: str) -> Resolver:
    return lambda node, context: represent.stamp(getattr(node.value, attribute))


def _id(prefix: str) -> Resolver:
    return lambda node, context: f"{prefix}_{node.value.id}"


def _part(name: str) -> Callable[[Node, Context], Any]:
    return lambda node, context: node.value[name]


def _head(node: Node, context: Context) -> Node:
    return Node("Commit", node.value.sha, node.repo)


QUERIES: dict[str, Resolver] = {"node": node_by_id}
IN_REPOSITORY: dict[str, Resolver] = {
    "issues": issues,
    "issue": issue,
    "hasIssuesEnabled": lambda node, context: node.home.settings.has_issues,
}
IN_PULL: dict[str, Resolver] = {
    "reviews": reviews,
    "reviewThreads": threads,
    "autoMergeRequest": auto_merge_request,
}
PEOPLE_FIELDS: dict[str, dict[str, Resolver]] = {
    "Mutation": {
        "addPullRequestReviewThreadReply": add_reply,
        "enablePullRequestAutoMerge": enable_auto_merge,
        "disablePullRequestAutoMerge": disable_auto_merge,
    },
    "AddPullRequestReviewThreadReplyPayload": {"comment": _part("comment")},
    "EnablePullRequestAutoMergePayload": {"pullRequest": _part("pullRequest")},
    "DisablePullRequestAutoMergePayload": {"pullRequest": _part("pullRequest")},
    "PullRequestReviewThread": {
        "id": _id("PRRT"),
        "isResolved": _value("resolved"),
        "path": _value("path"),
        "line": _value("line"),
        "comments": thread_comments,
        "pullRequest": thread_pull,
    },
    "PullRequestReviewComment": {
        "id": _id("PRRC"),
        "databaseId": _value("id"),
        "body": _value("body"),
        "createdAt": _time("created_at"),
        "author": author,
        "commit": _head,
        "originalCommit": _head,
    },
    "AutoMergeRequest": {
        "enabledAt": _time("enabled_at"),
        "enabledBy": lambda node, context: actor_node(context, node.value.by),
        "mergeMethod": lambda node, context: node.value.method.upper(),
    },
    "Issue": {
        "id": _id("I"),
        "number": _value("number"),
        "title": _value("title"),
        "body": _value("body"),
        "url": issue_url,
        "state": lambda node, context: node.value.state.upper(),
        "author": author,
        "labels": issue_labels,
        "createdAt": _time("created_at"),
        "comments": issue_comments,
    },
}
