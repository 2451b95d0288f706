"""What a forge says: pull requests, their checks, and what people said of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.names import Sha


class CheckState(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, order=True)
class Check:
    """One check run or commit status on one commit. `app_id` is 0 where no app vouches for it."""

    name: str
    state: CheckState
    app_id: int = 0
    url: str = ""
    id: int = 0
    """The forge's number for this very result; 0 where it is not asked for or there is none."""
    run: int = 0
    """The forge's number for what can be started again to have it anew; 0 where nothing can."""


@dataclass(frozen=True, slots=True)
class CommitChecks:
    """What checks say of one commit, whatever branch has it; None where that cannot be read."""

    sha: Sha
    checks: tuple[Check, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedMerge:
    """A merge of the bot's that is looked after, and what it was merged onto.

    `before` is None where the parent is not known. `taken_back_by` is a later commit of the base
    branch that says it takes this one back, whoever made it.
    """

    number: int
    after: CommitChecks
    before: CommitChecks | None
    taken_back_by: Sha | None = None
    is_merge_commit: bool = False
    """Whether it has two parents, which whoever reverts it by hand has to choose from."""


@dataclass(frozen=True, slots=True, order=True)
class RequiredCheck:
    """A check that must pass before a merge; `app_id` 0 accepts it from anyone."""

    name: str
    app_id: int = 0


class PullState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class ReviewState(StrEnum):
    """What the forge says of reviews as a whole; NONE where it asks for none and has none."""

    NONE = "none"
    REQUIRED = "required"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes requested"


@dataclass(frozen=True, slots=True, order=True)
class Actor:
    """Somebody at the forge. `may_write` says that they are a person who may push here.

    It is never true of an app, nor of the bot itself, nor of those whose words ask for nothing:
    about them the forge is not asked.
    """

    login: str
    id: int = 0
    may_write: bool = False


class RemarkKind(StrEnum):
    COMMENT = "comment"
    """In the conversation as a whole."""
    REVIEW = "review"
    """What was said along with a verdict, or instead of one."""
    THREAD = "thread"
    """On a line, or an answer to that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that somebody said of a pull request. `text` is exactly what they wrote.

    `id` stays the same whatever becomes of it. `verdict` is for reviews, and NONE where there was
    none or it was dismissed. `head` is the commit that was looked at, where the forge tells.
    `path`, `line` (None once it is outdated), `thread` and `resolved` are for threads.
    """

    id: str
    author: Actor
    at: datetime
    text: str
    kind: RemarkKind
    verdict: ReviewState = ReviewState.NONE
    head: Sha | None = None
    path: str = ""
    line: int | None = None
    thread: str = ""
    resolved: bool = False
    is_bots: bool = False
    """Whether the bot itself wrote it, by its author id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Who put a label of the bot's (`bot:…`) on a pull request that still has it, and when."""

    label: str
    by: Actor
    at: datetime


class Mergeable(StrEnum):
    YES = "yes"
    CONFLICT = "conflict"
    BLOCKED = "blocked"
    """A rule of the forge is unmet, and it does not say which."""
    BEHIND = "behind"
    """The forge wants it brought up to date with the base branch first."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Started:
    """Something that a forge set going for a commit: a workflow, or another app's checks.

    `awaits` says that it goes no further before a person lets it.
    """

    name: str
    url: str = ""
    awaits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """One pull request as the forge has it now.

    `checks` is None when they could not be read completely: then nothing about them is known.
    `foreign` says that the head is in a fork. `asked` are the logins and `org/team` names that were
    ever asked to review or did.

    `closed_by` and `closed_at` are None unless it is closed and not merged. `closed_by` is None too
    where nobody closed it but its branch was deleted. `remarks` are in their order.
    `auto_merge` says that the forge will merge it by itself. `open_conversations` counts the
    threads that are not resolved; None where they were not counted completely.
    """

    number: int
    url: str
    title: str
    body: str
    state: PullState
    draft: bool
    author_id: int
    foreign: bool
    branch: str
    head: Sha
    base_branch: str
    labels: tuple[str, ...] = ()
    checks: tuple[Check, ...] | None = None
    review: ReviewState = ReviewState.NONE
    mergeable: Mergeable = Mergeable.UNKNOWN
    asked: tuple[str, ...] = ()
    merged_as: Sha | None = None
    merged_tree: Sha | None = None
    created_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: Actor | None = None
    remarks: tuple[Remark, ...] = ()
    labelled: tuple[Labelled, ...] = ()
    auto_merge: bool = False
    open_conversations: int | None = None
    started: tuple[Started, ...] | None = None
    """What was set going for its head, whether a check has come of it or not; None if unknown."""
    signed: bool | None = None
    """Whether its head has a signature that the forge has verified."""
    approved_by: tuple[str, ...] = ()
    """Who approves of it, of those who may push."""
    objected_by: tuple[str, ...] = ()
    """Who asks for changes, of those who may push."""
    auto_merge_by: int | None = None
    """The id of whoever had the forge merge it by itself; None where nobody did."""
    merged_by: int | None = None
    """The id of whoever merged it, or had the forge do that; None if unknown."""
    merged_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRules:
    """What the forge asks of a merge into the base branch besides checks; None where unknown."""

    approvals: int | None = None
    """How many people must approve."""
    code_owners: bool | None = None
    """Whether an owner of each changed file must approve."""
    conversations: bool | None = None
    """Whether every conversation must be resolved."""
    signatures: bool | None = None
    """Whether every commit must be signed."""
    strict: bool | None = None
    """Whether the branch must be up to date with the base branch."""
    linear: bool | None = None
    """Whether merge commits are refused."""
    queue: bool | None = None
    """Whether merges go through the forge's merge queue."""
    methods: tuple[str, ...] | None = None
    """The merge methods that are allowed, by the repository's settings and by rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One of the bot's own open issues."""

    number: int
    url: str
    title: str
    body: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledIssue:
    """An open issue by whose label people hand the bot work, as its author or a writer left it."""

    number: int
    title: str
    body: str
    author: Actor
    created_at: str
    """ISO 8601, as the forge says it."""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeView:
    """Everything one tick reads from a forge. `me` is the author id of the bot's own token.

    `required` lists the checks the forge itself requires on the base branch; None where the token
    may not read them. `pulls` holds every pull request whose head is one of the bot's branches.
    `issues` are the bot's own open ones that have one of its labels.
    """

    repository: str
    me: int
    merge_method: str
    required: tuple[RequiredCheck, ...] | None
    base_checks: tuple[Check, ...] | None
    pulls: tuple[Pull, ...]
    checks_here: bool = False
    """Whether the bot's own sandbox is the only one to run checks, and `required` is its check."""
    rules: BaseRules = BaseRules()
    allows_auto_merge: bool | None = None
    paused_by_issue: str = ""
    """The number of an open issue labelled `bot:pause`, as text; empty where there is none."""
    issues: tuple[Issue, ...] = ()
    has_issues: bool = True
    """Whether issues can be opened here at all."""
    login: str = ""
    """The name of the bot's own account; empty where unknown."""
    closed_dashboards: tuple[Issue, ...] = ()
    """The bot's own dashboards that somebody has closed."""
