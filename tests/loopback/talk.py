"""What people and bots say at length: review threads and issues, and whether that holds a merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .errors import Refused, invalid
from .state import Actor, Issue, PullRequest, Review, Thread, ThreadComment

if TYPE_CHECKING:
    from .hosted import HostedRepository


def begin_thread(
    repo: HostedRepository, pull: PullRequest, path: str, line: int | None, body: str, by: Actor
) -> Thread:
    """A comment on a line; GitHub files it under a review without words of its own."""
    when = repo.github.clock.tick()
    pull.reviews.append(Review(by.login, "COMMENTED", pull.head_sha, when, repo.github.ids.next()))
    said = ThreadComment(repo.github.ids.next(), by.login, body, when, pull.head_sha)
    thread = Thread(repo.github.ids.next(), path, line, [said])
    pull.threads.append(thread)
    pull.updated_at = when
    return thread


def answer_in_thread(
    repo: HostedRepository, pull: PullRequest, thread: Thread, body: str, by: Actor
) -> ThreadComment:
    if not body.strip():
        raise invalid("PullRequestReviewComment", "body", "body is empty")
    when = pull.updated_at = repo.github.clock.tick()
    said = ThreadComment(repo.github.ids.next(), by.login, body, when, pull.head_sha)
    thread.comments.append(said)
    return said


def find_thread(repo: HostedRepository, node_id: str) -> tuple[PullRequest, Thread] | None:
    for pull in repo.pulls:
        for thread in pull.threads:
            if node_id == f"PRRT_{thread.id}":
                return pull, thread
    return None


def unresolved(pull: PullRequest) -> int:
    return sum(not thread.resolved for thread in pull.threads)


def open_issue(
    repo: HostedRepository, title: str, body: str, labels: list[str], by: Actor
) -> Issue:
    if not repo.settings.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    repo.check_text(title, body)
    when = repo.github.clock.tick()
    for name in labels:
        repo.labels.setdefault(name, repo.github.ids.next())
    issue = Issue(
        number=repo.next_number(),
        id=repo.github.ids.next(),
        title=title,
        body=body,
        author=by.login,
        created_at=when,
        updated_at=when,
        labels=list(labels),
    )
    repo.issues.append(issue)
    return issue


def find_issue(repo: HostedRepository, number: int) -> Issue | None:
    return next((issue for issue in repo.issues if issue.number == number), None)


def edit_issue(
    repo: HostedRepository,
    issue: Issue,
    *,
    title: str | None = None,
    body: str | None = None,
    state: Literal["open", "closed"] | None = None,
) -> None:
    repo.check_text(title or issue.title, body or issue.body)
    issue.title = issue.title if title is None else title
    issue.body = issue.body if body is None else body
    issue.state = state or issue.state
    issue.updated_at = repo.github.clock.tick()
