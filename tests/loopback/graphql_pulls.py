"""GraphQL's fields on pull requests and what hangs on them: a literal table of resolvers."""

from __future__ import annotations

from typing import Any

from . import graphql_people, merging, represent
from .graphql_nodes import Context, Node, Resolver, actor_node, connection, snake
from .state import Comment, Event, PullRequest


def state_of(pull: PullRequest) -> str:
    return "MERGED" if pull.merged else pull.state.upper()


def pull_connection(
    node: Node,
    pulls: list[PullRequest],
    states: list[str] | None = None,
    order_by: dict[str, str] | None = None,
    **pages: Any,
) -> Node:
    found = [pull for pull in pulls if not states or state_of(pull) in states]
    if order_by:
        keys = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at"}
        found.sort(
            key=lambda pull: (getattr(pull, keys[order_by["field"]]), pull.number),
            reverse=order_by["direction"] == "DESC",
        )
    nodes = [Node("PullRequest", pull, node.repo) for pull in found]
    return connection("PullRequestConnection", nodes, **pages)


def mergeable(node: Node, context: Context) -> str:
    answers = {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}
    answer = answers[merging.mergeable(node.home, node.value)]
    pull: PullRequest = node.value
    pull.unknown_mergeability_answers = max(0, pull.unknown_mergeability_answers - 1)
    return answer


def labels(node: Node, context: Context, order_by: dict[str, str], **pages: Any) -> Node:
    if order_by != {"field": "CREATED_AT", "direction": "ASC"}:  # the schema's own default
        raise NotImplementedError(f"labels(orderBy: {order_by})")
    return connection(
        "LabelConnection", [Node("Label", name, node.repo) for name in node.value.labels], **pages
    )


def latest_reviews(node: Node, context: Context, **pages: Any) -> Node:
    reviews = [Node("PullRequestReview", one, node.repo) for one in node.value.latest_reviews()]
    return connection("PullRequestReviewConnection", reviews, **pages)


def opinionated_reviews(
    node: Node, context: Context, writers_only: bool = False, **pages: Any
) -> Node:
    """The latest approval or request for changes of each person, whatever the branch requires."""
    reviews = [
        Node("PullRequestReview", one, node.repo)
        for one in node.value.latest_reviews()
        if one.state in ("APPROVED", "CHANGES_REQUESTED")
        and (not writers_only or context.github.actor(one.author).can_write)
    ]
    return connection("PullRequestReviewConnection", reviews, **pages)


def review_requests(node: Node, context: Context, **pages: Any) -> Node:
    pull: PullRequest = node.value
    people = [actor_node(context, login) for login in pull.requested_reviewers]
    teams = [Node("Team", slug, node.repo) for slug in pull.requested_teams]
    requests = [Node("ReviewRequest", one, node.repo) for one in [*people, *teams]]
    return connection("ReviewRequestConnection", requests, **pages)


def comments(node: Node, context: Context, **pages: Any) -> Node:
    said = [Node("IssueComment", one, node.repo) for one in node.value.comments]
    return connection("IssueCommentConnection", said, **pages)


def commits(node: Node, context: Context, **pages: Any) -> Node:
    pull: PullRequest = node.value
    nodes = [
        Node("PullRequestCommit", sha, node.repo)
        for sha in node.home.bare.commits_between(pull.base_sha, pull.head_sha)
    ]
    return connection("PullRequestCommitConnection", nodes, **pages)


ITEM_TYPES = {
    "CLOSED_EVENT": "ClosedEvent",
    "REOPENED_EVENT": "ReopenedEvent",
    "MERGED_EVENT": "MergedEvent",
    "LABELED_EVENT": "LabeledEvent",
    "UNLABELED_EVENT": "UnlabeledEvent",
    "REVIEW_REQUESTED_EVENT": "ReviewRequestedEvent",
    "HEAD_REF_DELETED_EVENT": "HeadRefDeletedEvent",
}


def timeline(
    node: Node,
    context: Context,
    item_types: list[str] | None = None,
    **pages: Any,
) -> Node:
    if not item_types or not ITEM_TYPES.keys() >= set(item_types):
        raise NotImplementedError(f"timelineItems(itemTypes: {item_types}); known: {[*ITEM_TYPES]}")
    wanted = {ITEM_TYPES[item] for item in item_types}
    events = [Node(one.type, one, node.repo) for one in node.value.events if one.type in wanted]
    return connection("PullRequestTimelineItemsConnection", events, **pages)


def requested_reviewer(node: Node, context: Context) -> Node | None:
    event: Event = node.value
    if event.team is not None:
        return Node("Team", event.team, node.repo)
    return actor_node(context, event.reviewer or "")


def changes(node: Node) -> list[Any]:
    pull: PullRequest = node.value
    return list(node.home.bare.changes(pull.base_sha, pull.head_sha))


def files(node: Node, context: Context, **pages: Any) -> Node:
    changed = [Node("PullRequestChangedFile", change, node.repo) for change in changes(node)]
    return connection("PullRequestChangedFileConnection", changed, **pages)


def merge_commit(node: Node, context: Context) -> Node | None:
    pull: PullRequest = node.value
    return Node("Commit", pull.merge_commit_sha, node.repo) if pull.merge_commit_sha else None


def head_ref(node: Node, context: Context) -> Node | None:
    name = f"refs/heads/{node.value.head_ref}"
    return Node("Ref", name, node.repo) if node.home.bare.resolve(name) else None


def url(node: Node, context: Context) -> str:
    return f"{context.github.url}/{node.home.full_name}/pull/{node.value.number}"


def viewer_can_update(node: Node, context: Context) -> bool:
    return context.viewer.can_write or context.viewer.login == node.value.author


def author(node: Node, context: Context) -> Node | None:
    return actor_node(context, node.value.author)


def association(node: Node, context: Context) -> str:
    said: Comment | PullRequest = node.value
    return context.github.actor(said.author).association


def event_actor(node: Node, context: Context) -> Node | None:
    event: Event = node.value
    return actor_node(context, event.actor)


def _plain(*names: str) -> dict[str, Resolver]:
    """Fields that are an attribute of the record under the same name, spelt with underscores."""

    def resolver(attribute: str) -> Resolver:
        return lambda node, context: getattr(node.value, attribute)

    return {name: resolver(snake(name)) for name in names}


def _times(*names: str) -> dict[str, Resolver]:
    def resolver(attribute: str) -> Resolver:
        return lambda node, context: represent.stamp(getattr(node.value, attribute))

    return {name: resolver(snake(name)) for name in names}


EVENT_FIELDS: dict[str, Resolver] = {"actor": event_actor, **_times("createdAt")}
LABEL_EVENT_FIELDS: dict[str, Resolver] = {
    **EVENT_FIELDS,
    "label": lambda node, context: Node("Label", node.value.label, node.repo),
}
PULL_FIELDS: dict[str, dict[str, Resolver]] = {
    "PullRequest": {
        **_plain("number", "title", "body", "merged"),
        **_times("mergedAt", "closedAt", "createdAt", "updatedAt"),
        "id": lambda node, context: f"PR_{node.value.id}",
        "databaseId": lambda node, context: node.value.id,
        "state": lambda node, context: state_of(node.value),
        "url": url,
        "closed": lambda node, context: node.value.state == "closed",
        "isDraft": lambda node, context: node.value.draft,
        "headRefName": lambda node, context: node.value.head_ref,
        "baseRefName": lambda node, context: node.value.base_ref,
        "headRefOid": lambda node, context: node.value.head_sha,
        "baseRefOid": lambda node, context: node.value.base_sha,
        "headRef": head_ref,
        "mergeable": mergeable,
        "mergeStateStatus": lambda node, context: merging.merge_state(node.home, node.value),
        "reviewDecision": lambda node, context: merging.review_decision(node.home, node.value),
        "headRepository": lambda node, context: Node("Repository", node.repo, node.repo),
        "isCrossRepository": lambda node, context: False,
        "author": author,
        "authorAssociation": association,
        "labels": labels,
        "latestReviews": latest_reviews,
        "latestOpinionatedReviews": opinionated_reviews,
        "reviewRequests": review_requests,
        "comments": comments,
        "mergeCommit": merge_commit,
        "mergedBy": lambda node, context: actor_node(context, node.value.merged_by),
        "commits": commits,
        "timelineItems": timeline,
        "files": files,
        "changedFiles": lambda node, context: len(changes(node)),
        "additions": lambda node, context: sum(one.additions for one in changes(node)),
        "deletions": lambda node, context: sum(one.deletions for one in changes(node)),
        "viewerCanUpdate": viewer_can_update,
        **graphql_people.IN_PULL,
    },
    "PullRequestCommit": {"commit": lambda node, context: Node("Commit", node.value, node.repo)},
    "PullRequestReview": {
        **_plain("state", "body"),
        **_times("submittedAt"),
        "createdAt": lambda node, context: represent.stamp(node.value.submitted_at),
        "id": lambda node, context: f"PRR_{node.value.id}",
        "author": author,
        "commit": lambda node, context: Node("Commit", node.value.sha, node.repo),
    },
    "PullRequestChangedFile": {
        **_plain("path", "additions", "deletions"),
        "changeType": lambda node, context: node.value.kind,
    },
    "ReviewRequest": {"requestedReviewer": lambda node, context: node.value},
    "Team": {
        "slug": lambda node, context: node.value,
        "combinedSlug": lambda node, context: f"{node.home.owner}/{node.value}",
        "name": lambda node, context: node.value,
    },
    "Label": {"name": lambda node, context: node.value},
    "IssueComment": {
        **_plain("body"),
        **_times("createdAt"),
        "author": author,
        "authorAssociation": association,
        "databaseId": lambda node, context: node.value.id,
        "id": lambda node, context: f"IC_{node.value.id}",
    },
    "ClosedEvent": EVENT_FIELDS,
    "ReopenedEvent": EVENT_FIELDS,
    "MergedEvent": EVENT_FIELDS,
    "LabeledEvent": LABEL_EVENT_FIELDS,
    "UnlabeledEvent": LABEL_EVENT_FIELDS,
    "HeadRefDeletedEvent": EVENT_FIELDS,
    "ReviewRequestedEvent": {**EVENT_FIELDS, "requestedReviewer": requested_reviewer},
}
