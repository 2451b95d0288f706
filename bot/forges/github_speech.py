"""What the bot says at GitHub: comments, answers, labels, closings, auto-merge and issues.

Before each write it is read how things are, so that nothing is said twice; after an answer that was
lost it is read again, and the write is never repeated on a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import requests
from github.GithubException import GithubException, UnknownObjectException

from bot.forges import Refused, hidden, marked
from bot.forges.github_answers import own_issues
from bot.forges.github_client import GitHubAddress, ask, writing
from bot.forges.github_errors import is_hidden, is_lost, plain_errors, reason_of, refusal_of
from bot.forges.github_queries import (
    DISABLE_AUTO_MERGE,
    ENABLE_AUTO_MERGE,
    ISSUE_NOW,
    KEPT_ISSUES,
    NOW,
    ONE_ISSUE,
    REPLY,
    THREAD,
)
from bot.model import Issue, Sha, short

PASSING_REFUSALS = ("clean status", "unstable status", "modified", "correct state")
"""Refusals of auto-merge that another moment answers otherwise."""


class GitHubSpeech:
    """The half of `bot.forges.ForgeWriter` that reads before it writes."""

    def __init__(self, address: GitHubAddress) -> None:
        self._address = address
        self._github = writing(address)

    def comment(self, number: int, text: str, *, marker: str) -> Refused | None:
        path = f"{self._issue_path(number)}/comments"
        body = marked(text, marker)
        with plain_errors("comment"):
            return self._unless(
                lambda: self._has_said(number, hidden(marker)),
                lambda: self._send("POST", path, body=body),
            )

    def reply(self, number: int, thread: str, text: str) -> Refused | None:
        def is_there() -> bool | Refused:
            data = self._ask(THREAD, id=thread)
            found = data["node"] or {}
            if not found or found["pullRequest"]["number"] != number:
                return Refused(f"pull request {number} has no such thread")
            said = _own_words(found["comments"]["nodes"], data["viewer"]["databaseId"])
            return bool(said) and _same(said[-1], text)

        answer = {"pullRequestReviewThreadId": thread, "body": text}
        with plain_errors("answer in a thread"):
            return self._unless(is_there, lambda: self._mutate(REPLY, answer))

    def close(self, number: int) -> Refused | None:
        was_open = False

        def is_closed() -> bool | Refused:
            nonlocal was_open
            state = self._now(number)["state"]
            if state != "OPEN" and not was_open:
                return Refused(f"pull request {number} is {state.lower()}")
            was_open = True
            return bool(state == "CLOSED")

        path = f"/repos/{self._address.repository}/pulls/{number}"
        with plain_errors("close a pull request"):
            return self._unless(is_closed, lambda: self._send("PATCH", path, state="closed"))

    def add_label(self, number: int, label: str) -> Refused | None:
        path = f"{self._issue_path(number)}/labels"
        with plain_errors("set a label"):
            return self._unless(
                lambda: self._has_label(number, label),
                lambda: self._send("POST", path, labels=[label]),
            )

    def remove_label(self, number: int, label: str) -> Refused | None:
        path = f"{self._issue_path(number)}/labels/{quote(label, safe='')}"
        with plain_errors("take off a label"):
            return self._unless(
                lambda: not self._has_label(number, label),
                lambda: self._send("DELETE", path),
            )

    def enable_auto_merge(self, number: int, *, head: Sha, method: str) -> Refused | None:
        wanted = {"expectedHeadOid": str(head), "mergeMethod": method.upper()}

        def is_on() -> bool | Refused:
            now = self._now(number)
            if now["state"] == "MERGED" or now["autoMergeRequest"]:
                return True
            if now["state"] != "OPEN":
                return Refused(f"pull request {number} is {now['state'].lower()}")
            if now["headRefOid"] != head:
                moved = f"pull request {number} is at {short(now['headRefOid'])} by now"
                return Refused(moved, final=False)
            wanted["pullRequestId"] = now["id"]
            return False

        with plain_errors("enable auto-merge"):
            refused = self._unless(is_on, lambda: self._mutate(ENABLE_AUTO_MERGE, wanted))
        if refused and any(words in refused.reason for words in PASSING_REFUSALS):
            return Refused(refused.reason, final=False)
        return refused

    def disable_auto_merge(self, number: int) -> Refused | None:
        wanted: dict[str, str] = {}

        def is_off() -> bool:
            now = self._now(number)
            wanted["pullRequestId"] = now["id"]
            return not now["autoMergeRequest"]

        with plain_errors("disable auto-merge"):
            return self._unless(is_off, lambda: self._mutate(DISABLE_AUTO_MERGE, wanted))

    def open_issue(self, *, title: str, body: str, label: str) -> Issue | Refused:
        found: list[Issue] = []
        made: list[Any] = []

        def is_there() -> bool:
            data = self._ask(KEPT_ISSUES, label=label)
            own = own_issues(data["repository"]["kept"]["nodes"], data["viewer"]["databaseId"])
            found[:] = [issue for issue in own if issue.title == title]
            return bool(found)

        path = f"/repos/{self._address.repository}/issues"
        new = {"title": title, "body": body, "labels": [label]}
        with plain_errors("open an issue"):
            refused = self._unless(
                is_there, _or_refused(lambda: made.append(self._send("POST", path, **new)))
            )
        if refused:
            return refused
        if found:
            return found[0]
        number, url = made[0]["number"], made[0]["html_url"]
        return Issue(number=number, url=url, title=title, body=body, labels=(label,))

    def tell_issue(self, number: int, text: str, *, marker: str, label: str) -> Refused | None:
        def is_said() -> bool | Refused:
            issue = self._issue_now(number)
            names = {one["name"].casefold() for one in issue["labels"]["nodes"]}
            if issue["state"] != "OPEN" or label.casefold() not in names:
                return Refused(f"issue {number} is no work for the bot any more", final=False)
            return self._is_among(hidden(marker), issue, lambda at: self._issue_now(number, at))

        path, body = f"{self._issue_path(number)}/comments", marked(text, marker)
        with plain_errors("comment on an issue"):
            return self._unless(is_said, _or_refused(lambda: self._send("POST", path, body=body)))

    def update_issue(self, number: int, *, title: str, body: str) -> Refused | None:
        def is_so() -> bool | Refused:
            data = self._ask(ONE_ISSUE, number=number)
            nodes = [data["repository"]["issue"]]
            own = tuple(own_issues(nodes, data["viewer"]["databaseId"]))
            if not own:
                said = f"issue {number} is not an open one of the bot's own"
                return Refused(said, final=False)  # somebody may reopen it
            return own[0].title == title and _same(own[0].body, body)

        path = self._issue_path(number)
        with plain_errors("edit an issue"):
            return self._unless(
                is_so, _or_refused(lambda: self._send("PATCH", path, title=title, body=body))
            )

    # ------------------------------------------------------------------------------ how it is done

    def _unless(
        self, is_so: Callable[[], bool | Refused], write: Callable[[], object]
    ) -> Refused | None:
        """Write unless it is so already; after a lost answer, look whether it is so by now."""
        try:
            so = is_so()
        except UnknownObjectException as error:
            return Refused(reason_of(error))
        if isinstance(so, Refused) or so:
            return so if isinstance(so, Refused) else None
        try:
            write()
        except _NotGranted as error:
            return Refused(str(error))
        except (GithubException, requests.RequestException) as error:
            refused = refusal_of(error)
            if refused is None and not (is_lost(error) and is_so() is True):
                raise
            return refused
        return None

    def _has_said(self, number: int, mark: str) -> bool:
        """Whether a comment of the bot's own on a pull request has this in it."""
        return self._is_among(mark, self._now(number), lambda before: self._now(number, before))

    def _is_among(
        self, mark: str, now: dict[str, Any], further: Callable[[str], dict[str, Any]]
    ) -> bool:
        """Whether a comment of the bot's own has this in it, looking back page by page."""
        while True:
            if any(mark in said for said in _own_words(now["comments"]["nodes"], now["me"])):
                return True
            page = now["comments"]["pageInfo"]
            if not page["hasPreviousPage"]:
                return False
            now = further(page["startCursor"])

    def _has_label(self, number: int, label: str) -> bool:
        names = {one["name"].casefold() for one in self._now(number)["labels"]["nodes"]}
        return label.casefold() in names

    def _now(self, number: int, before: str | None = None) -> dict[str, Any]:
        """How a pull request is just now, and who the bot is."""
        data = self._ask(NOW, number=number, before=before)
        pull: dict[str, Any] = data["repository"]["pullRequest"]
        return pull | {"me": data["viewer"]["databaseId"]}

    def _issue_now(self, number: int, before: str | None = None) -> dict[str, Any]:
        data = self._ask(ISSUE_NOW, number=number, before=before)
        issue: dict[str, Any] = data["repository"]["issue"]
        return issue | {"me": data["viewer"]["databaseId"]}

    def _issue_path(self, number: int) -> str:
        return f"/repos/{self._address.repository}/issues/{number}"

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        return ask(self._github, query, self._address.variables | variables)

    def _send(self, method: str, path: str, **fields: Any) -> Any:
        _, answer = self._github.requester.requestJsonAndCheck(method, path, input=fields or None)
        return answer

    def _mutate(self, mutation: str, fields: dict[str, str]) -> None:
        self._github.requester.graphql_query(mutation, {"input": fields})


class _NotGranted(Exception):
    """The token may not write this, and the bot can do without."""


def _or_refused(write: Callable[[], object]) -> Callable[[], object]:
    """The write, but a right that the token lacks is a refusal, not something that must be mended.

    So it is for issues: a bot that may not write any says so once, and does the rest of its work.
    """

    def attempt() -> object:
        try:
            return write()
        except GithubException as error:
            if not is_hidden(error):
                raise
            said = f"GITHUB_TOKEN may not write issues: {reason_of(error)}"
            raise _NotGranted(said) from error

    return attempt


def _own_words(nodes: Iterable[dict[str, Any]], me: int) -> list[str]:
    """What the bot itself said, in order."""
    return [node["body"] for node in nodes if (node["author"] or {}).get("databaseId") == me]


def _same(one: str, other: str) -> bool:
    """Whether two texts say the same; a forge may change the ends of lines."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
