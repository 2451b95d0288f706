"""The nouns of the bot, as frozen records.

Nothing here reads, writes or decides. Whatever crosses a module boundary is one of these records,
so a reader who knows this page can read any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NewType, Protocol

if TYPE_CHECKING:
    from bot.evidence import Evidence
    from bot.feedback import Feedback

Sha = NewType("Sha", str)
"""A full git object name, 40 lower-case hexadecimal digits."""

Fingerprint = NewType("Fingerprint", str)
"""An incident's identity, `v1-` and twelve hexadecimal digits; see `bot.triage.fingerprint`."""

BRANCH_PREFIX = "bot/"
"""Every branch of the bot starts with this, and no name in it comes from a model."""

CHECK_NAME = "tests"
"""The sandbox's check, on a forge that has no other and requires this one."""

HOLD_LABEL = "bot:hold"
"""A person puts this label on a pull request that the bot must leave alone."""

PAUSE_LABEL = "bot:pause"
"""While an open issue has this label, the bot writes nothing."""

DASHBOARD_LABEL = "bot:dashboard"
"""The one issue that the bot keeps up to date has this label."""

ATTENTION_LABEL = "bot:attention"
"""An issue of the bot's for a person, about what it must not do by itself, has this label."""

LABEL_PREFIX = "bot:"
COMMAND = "/bot"
"""What people write to the bot starts with this."""


class Severity(StrEnum):
    """How much a bug hurts, in the original's four words; `rank` orders them."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


# ---------------------------------------------------------------------------- what agents wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflection:
    """One record an agent wrote about its own work.

    `id` is the record's own, or `r-` and twelve hexadecimal digits of its canonical content.
    `source` is the name of the configured source, `where` the file and position for a person.

    What a format says in fields of its own comes in the last four: whether the work `failed` (None
    where it does not say), the record's `status` (`resolved`, `pending`, …), the type of the error,
    and the places it names, each as `path` or `path:line`.
    """

    id: str
    source: str
    where: str
    timestamp: str
    task: str
    outcome: str
    text: str
    failed: bool | None = None
    status: str = ""
    error_type: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be read: where it stands, and why, as one sentence."""

    where: str
    reason: str


class Verdict(StrEnum):
    """What triage says of one reflection."""

    ACTIONABLE = "actionable"
    """It speaks of a defect."""
    UNSURE = "unsure"
    """It ended badly, or is in a language triage only knows some words of; an engine may tell."""
    NOT_ACTIONABLE = "not actionable"


@dataclass(frozen=True, slots=True)
class Triaged:
    """Whether one reflection points at a defect in the code, and why.

    `kind` names the reason in a word or two that all verdicts of the same reason share, for counts.
    """

    reflection: Reflection
    verdict: Verdict
    reason: str
    kind: str = ""

    @property
    def actionable(self) -> bool:
        return self.verdict is Verdict.ACTIONABLE


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Somewhere in the base tree that a reflection names. `symbol` is a dotted name, or empty.

    An `ambiguous` place is one of several that the same words may mean.
    """

    path: str
    symbol: str = ""
    line: int = 0
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One or more reflections about the same problem, and the places they name.

    It is `unsure` when none of its reflections speaks of a defect for certain.
    """

    fingerprint: Fingerprint
    reflections: tuple[Reflection, ...]
    places: tuple[Place, ...]
    unsure: bool = False

    @property
    def reflection_ids(self) -> tuple[str, ...]:
        return tuple(reflection.id for reflection in self.reflections)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(sorted({reflection.source for reflection in self.reflections}))

    def branch(self, attempt: int) -> str:
        return f"{BRANCH_PREFIX}{self.fingerprint}-{attempt}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A reflection that this tick does not work on, and why."""

    reflection: Reflection
    reason: str


# ------------------------------------------------------------------------- what an engine answers


class Kind(StrEnum):
    """What a change is for, as far as policy tells changes apart."""

    FIX = "fix"
    REVERT = "revert"
    """It takes a merge back."""
    DOCS = "docs"
    """It changes nothing but documentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BugReport:
    """A diagnosis: this file (and symbol, if any) is wrong in this way."""

    path: str
    symbol: str
    summary: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class NotActionable:
    """A diagnosis: there is no defect in the code here, for this reason."""

    reason: str


Diagnosis = BugReport | NotActionable


@dataclass(frozen=True, slots=True)
class Edit:
    """One exact replacement in one file.

    `blob` is the git object the old text was read from; None means a new file, and then `old` is
    empty. `old` stands exactly once in that blob.
    """

    path: str
    blob: Sha | None
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Patch:
    """A set of edits that belong together, and what they change in a sentence or two."""

    edits: tuple[Edit, ...]
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an engine spent. `usd` is None where no price is configured."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = None

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        known = [usd for usd in (self.usd, other.usd) if usd is not None]
        return Usage(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            usd=sum(known) if known else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an engine made of one incident.

    With a patch there is a bug report. Without one, `reason` says why there is none, and `failed`
    whether that is the engine's failure (worth another try) rather than its judgement.
    `out_of_budget` says that nothing was asked, for want of budget. `notes` are sentences about how
    it went: what the server lacks, what was counted by estimate.
    """

    diagnosis: Diagnosis | None
    patch: Patch | None
    usage: Usage
    reason: str = ""
    failed: bool = False
    out_of_budget: bool = False
    notes: tuple[str, ...] = ()
    confidence: float | None = None
    """How sure the engine is of the patch, from 0 to 1; None where it does not say."""


# ------------------------------------------------------------------------------- what git answers


class Tree(Protocol):
    """The files of one commit, to read only."""

    @property
    def commit(self) -> Sha: ...

    def paths(self) -> tuple[str, ...]:
        """Every path in the tree, `/`-separated, sorted; links and submodules included."""
        ...

    def mode(self, path: str) -> str:
        """Git's mode for the path (`100644`, `100755`, `120000`, `160000`); "" where absent."""
        ...

    def blob(self, path: str) -> Sha | None:
        """The object name of a regular file, None where there is none."""
        ...

    def read(self, path: str) -> str | None:
        """A regular file's text with its own line endings; None where absent or not UTF-8."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One row of git's own comparison of a commit with its parent (`diff-tree --no-renames`).

    `status` is git's letter (A, D, M, T); modes are git's six digits, `000000` where absent;
    `added` and `removed` count lines and are None for a binary file.
    """

    path: str
    status: str
    old_mode: str
    new_mode: str
    added: int | None
    removed: int | None

    @property
    def lines(self) -> int:
        return (self.added or 0) + (self.removed or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as git has it, compared with its first parent. `date` is raw: seconds and zone."""

    sha: Sha
    tree: Sha
    parents: tuple[Sha, ...]
    message: str
    date: str
    changes: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a push ended: both empty when every ref was moved, else none was.

    `stale` names refs that were not as expected; `rejected` is the remote's reason to refuse.
    """

    stale: tuple[str, ...] = ()
    rejected: str = ""


# -------------------------------------------------------------------------------- what is offered


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that vetting or policy noticed: a short rule name, the path, one sentence."""

    rule: str
    path: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A commit built from a patch on top of a known base, and what is known about it."""

    incident: Incident
    report: BugReport
    patch: Patch
    engine: str
    attempt: int
    base: Sha
    commit: Commit
    diff: str
    patch_id: str
    usage: Usage
    risks: tuple[Finding, ...] = ()
    """What it newly does that a person should look at; see `bot.risks`."""
    evidence: Evidence | None = None
    """What its tests say; None where nothing was run."""
    confidence: float | None = None
    """How sure the engine is, from 0 to 1; None where it does not say."""
    kind: Kind = Kind.FIX

    on: str = ""
    """The branch of the open pull request that it is a further attempt on; empty for a new one."""

    @property
    def branch(self) -> str:
        return self.on or self.incident.branch(self.attempt)


class Ending(StrEnum):
    """How one attempt on one incident ended."""

    PROPOSED = "proposed"
    ABSTAINED = "abstained"
    """The engine says that there is no bug, or none that it can mend."""
    REJECTED = "rejected"
    """The engine's patch did not pass vetting."""
    FAILED = "failed"
    """The engine gave no usable answer; worth another try later."""
    REFUSED = "refused"
    """A rule of the policy refuses the patch."""
    HELD_BACK = "held back"
    """A limit left no room to ask; nothing was spent and nothing is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one attempt on one incident; `proposal` only where a commit was built.

    `findings` say why a patch was rejected.
    """

    incident: Incident
    engine: str
    number: int
    answer: Answer
    ending: Ending
    reason: str
    proposal: Proposal | None = None
    findings: tuple[Finding, ...] = ()
    pull: Pull | None = None
    """The open pull request that it is a further attempt on."""
    feedback: Feedback | None = None
    """Why a further attempt was due."""


# ------------------------------------------------------------------------------ what the forge says


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """One pull request as the forge has it now.

    `checks` is None when they could not be read completely: then nothing about them is known.
    `foreign` says that the head is in a fork. `asked` are the logins and `org/team` names that were
    ever asked to review or did.

    `closed_by` and `closed_at` are None unless it is closed and not merged. `closed_by` is None too
    where nobody closed it but its branch was deleted. `remarks` are the newest, in their order.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One of the bot's own open issues."""

    number: int
    url: str
    title: str
    body: str
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


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """A branch on the remote and the commit it points at."""

    name: str
    head: Sha


# ----------------------------------------------------------------------------------------- ids


def short(sha: str) -> str:
    """A commit for a person's eye."""
    return sha[:9]


def digest(*parts: str) -> str:
    """Twelve hexadecimal digits that name these texts; no two lists of parts run together."""
    state = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        state.update(f"{len(encoded)}:".encode())
        state.update(encoded)
    return state.hexdigest()[:12]


def fingerprint_of_revert(merge: Sha) -> Fingerprint:
    """The identity of the incident that taking this merge back is."""
    return Fingerprint(f"v1-{digest('revert', merge)}")


def latest(moments: Sequence[datetime]) -> datetime | None:
    """The latest of these moments, None if there are none."""
    return max(moments, default=None)
