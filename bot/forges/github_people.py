"""What people did to a pull request, from its GraphQL node. Pure.

Who may push here is asked apart, and only about those whose words ask the bot for something: a
command, changes, an open thread, a label of the bot's, the closing of a pull request. An
`authorAssociation` does not tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.model import (
    COMMAND,
    LABEL_PREFIX,
    Actor,
    Labelled,
    PullState,
    Remark,
    RemarkKind,
    ReviewState,
    Sha,
)

_AT_ONCE = timedelta(seconds=5)
"""A branch deleted so shortly before the closing is what closed the pull request."""

_AUTHOR = "__typename login ... on Bot { databaseId } ... on User { databaseId }"
COMMENTS = """
  pageInfo { hasPreviousPage startCursor }
  nodes { id createdAt body author { AUTHOR } }
""".replace("AUTHOR", _AUTHOR)
SAID = """
  createdAt
  closing: timelineItems(last: 5, itemTypes: [CLOSED_EVENT, HEAD_REF_DELETED_EVENT]) {
    nodes {
      __typename
      ... on ClosedEvent { createdAt actor { AUTHOR } }
      ... on HeadRefDeletedEvent { createdAt }
    }
  }
  labelling: timelineItems(last: 20, itemTypes: [LABELED_EVENT]) {
    nodes { ... on LabeledEvent { createdAt label { name } actor { AUTHOR } } }
  }
  comments(last: 100) { COMMENTS }
  reviews(last: 30) {
    nodes { id state submittedAt createdAt body commit { oid } author { AUTHOR } }
  }
""".replace("COMMENTS", COMMENTS).replace("AUTHOR", _AUTHOR)
"""For every pull request, whatever became of it."""
IN_THREADS = """
  autoMergeRequest { enabledBy { AUTHOR } }
  conversations: reviewThreads(first: 100) { totalCount nodes { isResolved } }
  reviewThreads(last: 20) {
    nodes {
      id isResolved path line
      comments(last: 10) { nodes { id createdAt body originalCommit { oid } author { AUTHOR } } }
    }
  }
""".replace("AUTHOR", _AUTHOR)
"""For those whose branch is there."""


@dataclass(frozen=True, slots=True)
class People:
    """Who the bot is, and who may push. `may_push` is asked about a login, and seldom."""

    me: int
    may_push: Callable[[str], bool]

    def actor(self, node: dict[str, Any] | None, *, matters: bool) -> Actor:
        """Whoever did something; someone without an account any more is `ghost`, as at GitHub."""
        if node is None:
            return Actor("ghost")
        id_ = node.get("databaseId") or 0
        is_person = node["__typename"] == "User" and id_ != self.me
        may = matters and is_person and self.may_push(node["login"])
        return Actor(node["login"], id_, may)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def closing(
    node: dict[str, Any], state: PullState, people: People
) -> tuple[datetime | None, Actor | None]:
    """When a pull request was closed unmerged and by whom; nobody where its branch was deleted."""
    events = node["closing"]["nodes"] if state is PullState.CLOSED else []
    closed = [event for event in events if event["__typename"] == "ClosedEvent"]
    if not closed:
        return None, None
    at = moment(closed[-1]["createdAt"])
    deletions = [e for e in events if e["__typename"] == "HeadRefDeletedEvent"]
    lags = [at - moment(event["createdAt"]) for event in deletions]
    if any(timedelta() <= lag <= _AT_ONCE for lag in lags):
        return at, None
    return at, people.actor(closed[-1]["actor"], matters=True)


def labelled(node: dict[str, Any], labels: Iterable[str], people: People) -> tuple[Labelled, ...]:
    """Who last put each of the bot's labels there that is still there."""
    there = {label.casefold() for label in labels if label.casefold().startswith(LABEL_PREFIX)}
    found: dict[str, Labelled] = {}
    for event in node["labelling"]["nodes"]:
        name = event["label"]["name"]
        if name.casefold() in there:
            by = people.actor(event["actor"], matters=True)
            found[name.casefold()] = Labelled(label=name, by=by, at=moment(event["createdAt"]))
    return tuple(found.values())


def remarks(node: dict[str, Any], people: People) -> tuple[Remark, ...]:
    """What was said, oldest first."""
    found = [*_comments(node, people), *_reviews(node, people), *_in_threads(node, people)]
    return tuple(sorted(found, key=lambda remark: (remark.at, remark.id)))


def open_conversations(node: dict[str, Any]) -> int | None:
    threads = node.get("conversations")
    if threads is None or threads["totalCount"] > len(threads["nodes"]):
        return None
    return sum(not thread["isResolved"] for thread in threads["nodes"])


def _comments(node: dict[str, Any], people: People) -> Iterator[Remark]:
    for said in node["comments"]["nodes"]:
        author = people.actor(said["author"], matters=COMMAND in said["body"])
        yield Remark(
            id=said["id"],
            author=author,
            at=moment(said["createdAt"]),
            text=said["body"],
            kind=RemarkKind.COMMENT,
            is_bots=author.id == people.me,
        )


def _reviews(node: dict[str, Any], people: People) -> Iterator[Remark]:
    """Reviews with a verdict or with words; those that only hold threads say nothing."""
    for said in node["reviews"]["nodes"]:
        verdict = _VERDICTS.get(said["state"], ReviewState.NONE)
        if said["state"] == "PENDING" or (verdict is ReviewState.NONE and not said["body"].strip()):
            continue
        asks = verdict is ReviewState.CHANGES_REQUESTED or COMMAND in said["body"]
        author = people.actor(said["author"], matters=asks)
        yield Remark(
            id=said["id"],
            author=author,
            at=moment(said["submittedAt"] or said["createdAt"]),
            text=said["body"],
            kind=RemarkKind.REVIEW,
            verdict=verdict,
            head=_oid(said["commit"]),
            is_bots=author.id == people.me,
        )


def _in_threads(node: dict[str, Any], people: People) -> Iterator[Remark]:
    for thread in (node.get("reviewThreads") or {"nodes": ()})["nodes"]:
        for said in thread["comments"]["nodes"]:
            asks = not thread["isResolved"] or COMMAND in said["body"]
            author = people.actor(said["author"], matters=asks)
            yield Remark(
                id=said["id"],
                author=author,
                at=moment(said["createdAt"]),
                text=said["body"],
                kind=RemarkKind.THREAD,
                head=_oid(said["originalCommit"]),
                path=thread["path"],
                line=thread["line"],
                thread=thread["id"],
                resolved=thread["isResolved"],
                is_bots=author.id == people.me,
            )


def _oid(commit: dict[str, Any] | None) -> Sha | None:
    return Sha(commit["oid"]) if commit else None


_VERDICTS = {
    "APPROVED": ReviewState.APPROVED,
    "CHANGES_REQUESTED": ReviewState.CHANGES_REQUESTED,
}
