"""What the loopback GitHub remembers: plain records, so a test can assert on them directly."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

Permission = Literal["none", "read", "write", "admin"]
ActorKind = Literal["User", "Bot"]
GITHUB_TOKEN_LOGIN = "github-actions[bot]"
ACTIONS_APP_SLUG = "github-actions"
ACTIONS_APP_ID = 15368


class Clock:
    """Deterministic time: each write takes one second, and a test can let days pass."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)

    def tick(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def now(self) -> datetime:
        return self._now

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        self._now += timedelta(days=days, hours=hours, seconds=seconds)


class Ids:
    """One sequence of numbers for everything that has an id, so no two things share one."""

    def __init__(self) -> None:
        self._last = 1000

    def next(self) -> int:
        self._last += 1
        return self._last


@dataclass(frozen=True)
class Actor:
    """Somebody with a login: a person, or an app's bot user."""

    login: str
    id: int
    permission: Permission
    kind: ActorKind

    @property
    def can_write(self) -> bool:
        return self.permission in ("write", "admin")

    @property
    def is_workflow_token(self) -> bool:
        """Whether this is the workflow's own GITHUB_TOKEN, whose events start no CI."""
        return self.login == GITHUB_TOKEN_LOGIN

    @property
    def association(self) -> str:
        if self.kind == "Bot" or self.permission == "none":
            return "NONE"
        return "OWNER" if self.permission == "admin" else "COLLABORATOR"

    @property
    def email(self) -> str:
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(frozen=True)
class Review:
    author: str
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]
    sha: str
    submitted_at: datetime
    id: int
    body: str = ""


@dataclass(frozen=True)
class ThreadComment:
    id: int
    author: str
    body: str
    created_at: datetime
    sha: str


@dataclass
class Thread:
    """A conversation about one line."""

    id: int
    path: str
    line: int | None
    comments: list[ThreadComment]
    resolved: bool = False


@dataclass(frozen=True)
class AutoMerge:
    by: str
    method: Literal["merge", "squash", "rebase"]
    enabled_at: datetime


@dataclass
class Issue:
    number: int
    id: int
    title: str
    body: str
    author: str
    created_at: datetime
    updated_at: datetime
    labels: list[str]
    state: Literal["open", "closed"] = "open"
    comments: list[Comment] = field(default_factory=list)


@dataclass(frozen=True)
class Comment:
    id: int
    author: str
    body: str
    created_at: datetime


@dataclass(frozen=True)
class Event:
    """One entry of a pull request's timeline; ``type`` is its GraphQL type name."""

    type: Literal[
        "ClosedEvent",
        "ReopenedEvent",
        "MergedEvent",
        "LabeledEvent",
        "UnlabeledEvent",
        "ReviewRequestedEvent",
        "HeadRefDeletedEvent",
    ]
    actor: str
    created_at: datetime
    label: str | None = None
    reviewer: str | None = None
    team: str | None = None


@dataclass(frozen=True)
class WorkflowRun:
    id: int
    suite_id: int
    sha: str
    event: Literal["push", "pull_request"]
    ref: str
    path: str
    workflow: str


@dataclass
class CheckRun:
    """``status`` and ``conclusion`` are spelt as in REST; GraphQL spells them in capitals."""

    id: int
    suite_id: int
    name: str
    sha: str
    status: Literal["queued", "in_progress", "completed"] = "queued"
    conclusion: str | None = None
    title: str | None = None
    summary: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    app_slug: str = ACTIONS_APP_SLUG
    app_id: int = ACTIONS_APP_ID
    run: WorkflowRun | None = None


@dataclass(frozen=True)
class CommitStatus:
    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    created_at: datetime


@dataclass
class PullRequest:
    number: int
    id: int
    title: str
    body: str
    author: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    """Tip of the base branch when the head was last pushed, which is what GitHub reports."""
    created_at: datetime
    updated_at: datetime
    draft: bool = False
    maintainer_can_modify: bool = False
    state: Literal["open", "closed"] = "open"
    merged: bool = False
    merged_by: str | None = None
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    labels: list[str] = field(default_factory=list)
    requested_reviewers: list[str] = field(default_factory=list)
    requested_teams: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    auto_merge: AutoMerge | None = None
    events: list[Event] = field(default_factory=list)
    unknown_mergeability_answers: int = 0

    def latest_reviews(self) -> list[Review]:
        """The newest opinion of each reviewer; a bare comment does not replace an opinion."""
        newest: dict[str, Review] = {}
        for review in self.reviews:
            if review.state != "COMMENTED" or review.author not in newest:
                newest[review.author] = review
        return list(newest.values())


@dataclass
class Rules:
    """What one branch demands, said either by rulesets or by classic protection."""

    checks: list[str] = field(default_factory=list)
    strict: bool = False
    approvals: int = 0
    code_owners: bool = False
    conversations: bool = False
    signatures: bool = False
    linear: bool = False
    queue: bool = False
    """Merges go through the merge queue, which this stand-in has not: nobody merges directly."""

    def any(self) -> bool:
        return self != Rules()


@dataclass
class Settings:
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    allow_auto_merge: bool = False
    delete_branch_on_merge: bool = False
    has_issues: bool = True
    private: bool = True
    archived: bool = False
    actions_enabled: bool = True
    workflows_open_pulls: bool = True
    """Whether a workflow's own token may create pull requests."""


@dataclass(frozen=True)
class Request:
    """One line of the request log. ``status`` is 0 where the connection was cut."""

    method: str
    path: str
    kind: Literal["rest", "graphql", "git"]
    is_write: bool
    status: int
    actor: str | None


@dataclass(frozen=True)
class Write:
    """A write whose effect has happened and whose answer has not been sent yet."""

    method: str
    path: str
    kind: Literal["rest", "graphql", "git"]
    actor: str
