"""Obstacles: everything that may keep a pull request from being merged by the bot. Pure.

Each is one state with a name of its own, in the table `STATES`: what kind of obstacle it is, who
can change it, and how. The modules here find the states that a pull request is in, one function for
each kind of reason, and say them in a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Obstacle(StrEnum):
    """The kinds of things that keep a pull request from being merged by the bot."""

    LEFT_TO_PEOPLE = "left to people"
    """The bot writes nothing at all on it."""
    FAILED = "failed"
    WAITING = "waiting"
    """Something is still on its way; nothing is to be said to anyone yet."""
    REVIEW = "review"
    """People are asked."""
    BLOCKED = "blocked"
    """People know of it already, or nobody at hand can change it; nobody is asked."""
    BEHIND = "behind"
    """The base has moved since it was tested; the bot brings it up to date when its turn comes."""
    UNSETTLED = "unsettled"
    """The forge has not worked something out yet; not even the body is touched."""


@dataclass(frozen=True, slots=True)
class State:
    """One way for a pull request to be kept from its merge.

    `who` acts next, and `change` is what would change it, as a clause.
    """

    name: str
    obstacle: Obstacle
    who: str
    change: str

    def because(self, sentence: str) -> Reason:
        return Reason(self, sentence)


@dataclass(frozen=True, slots=True)
class Reason:
    """The state a pull request is in, and the sentence that says so."""

    state: State
    sentence: str

    @property
    def obstacle(self) -> Obstacle:
        return self.state.obstacle


_LEFT, _FAILED, _WAITING = Obstacle.LEFT_TO_PEOPLE, Obstacle.FAILED, Obstacle.WAITING
_REVIEW, _BLOCKED = Obstacle.REVIEW, Obstacle.BLOCKED
_BEHIND, _UNSETTLED = Obstacle.BEHIND, Obstacle.UNSETTLED
BOT, PEOPLE, MAINTAINER, NOBODY = "the bot", "a person", "a maintainer", "nobody"

PERSONS_COMMIT = State("a person's commit", _LEFT, PEOPLE, "whoever pushed it goes on from here")
HELD = State("on hold", _LEFT, PEOPLE, "taking the label `bot:hold` off")
OTHER_BASE = State("for another branch", _LEFT, PEOPLE, "changing its base branch back")

NOTHING_PROVEN = State("tests prove nothing", _REVIEW, PEOPLE, "a review and a merge by hand")
NONE_REQUIRED = State(
    "no check required", _REVIEW, MAINTAINER, "requiring a check; else a merge by hand"
)
CHECKS_UNREAD = State("checks unread", _UNSETTLED, BOT, "the next tick reads them")
CHECK_FAILED = State(
    "check failed", _FAILED, BOT, "another attempt, within its limits; or a commit of a person's"
)
CHECKS_PENDING = State("checks pending", _WAITING, NOBODY, "the checks come to an end")
AWAITS_APPROVAL = State(
    "run awaits approval", _REVIEW, MAINTAINER, "approving the run; then it goes on by itself"
)
NOTHING_STARTED = State(
    "nothing started", _REVIEW, MAINTAINER, "a token whose pushes start workflows"
)
CHECK_NEVER_STARTED = State(
    "check never started", _REVIEW, MAINTAINER, "mending the workflow's filter or the check's name"
)

RULE_WAITS = State("rule waits", _WAITING, NOBODY, "what the rule waits for comes")
PERSON_DECIDES = State("policy asks for review", _REVIEW, PEOPLE, "a review and a merge by hand")
RULE_STOPS = State("rule stops it", _BLOCKED, PEOPLE, "another rule, or a merge by hand")

WISHED_OTHERWISE = State("a wish is open", _BLOCKED, BOT, "an answer to whoever asked")
DRAFT = State("draft", _BLOCKED, PEOPLE, "marking it ready for review")
CHANGES_REQUESTED = State(
    "changes requested", _BLOCKED, BOT, "another attempt, within its limits; or their approval"
)
CHANGES_LEFT = State(
    "changes left to people", _BLOCKED, PEOPLE, "their approval, or a merge by hand"
)
OBJECTED = State(
    "objection stands", _BLOCKED, PEOPLE, "resolving the conversation, or its author's approval"
)
NOT_APPROVED = State("approval missing", _REVIEW, PEOPLE, "as many approvals as are required")
CONVERSATIONS = State("open conversations", _BLOCKED, PEOPLE, "resolving them")

STUCK_BEHIND = State("cannot be renewed", _BLOCKED, PEOPLE, "a merge by hand, or a rebase")
OUT_OF_DATE = State("tested on an older base", _BEHIND, BOT, "its turn to be brought up to date")
FORGE_WANTS_NEWER = State("forge wants it newer", _BEHIND, BOT, "its turn to be brought up to date")

UNSIGNED = State(
    "signatures required", _REVIEW, MAINTAINER, "a signed commit, or a merge by a person"
)
QUEUED_MERGES = State("merge queue", _REVIEW, PEOPLE, "adding it to the queue")
NO_METHOD = State("no merge method", _REVIEW, MAINTAINER, "another `merge.method`")
SWITCHED_OFF = State(
    "auto-merge switched off", _BLOCKED, PEOPLE, "a merge by hand, or switching it on again"
)
MARKS_CONFLICT = State(
    "marks conflict", _BEHIND, BOT, "its turn to be brought up to date, or `/bot rebase`"
)
CONFLICT = State("conflict", _BLOCKED, PEOPLE, "a merge by hand, or another attempt")
UNNAMED_REQUIREMENT = State("forge blocks it", _REVIEW, PEOPLE, "what its merge box asks for")
WORK_TREE = State("work tree in the way", _BLOCKED, PEOPLE, "committing or stashing the changes")
MERGE_REFUSED = State("merge refused", _REVIEW, PEOPLE, "a merge by hand")
UNKNOWN_MERGEABILITY = State("mergeability unknown", _UNSETTLED, NOBODY, "the forge works it out")
HEAD_MISSING = State("head not fetched", _UNSETTLED, BOT, "the next tick fetches it")

STATES: tuple[State, ...] = (
    PERSONS_COMMIT, HELD, OTHER_BASE,
    NOTHING_PROVEN, NONE_REQUIRED, CHECKS_UNREAD, CHECK_FAILED, CHECKS_PENDING,
    AWAITS_APPROVAL, NOTHING_STARTED, CHECK_NEVER_STARTED,
    RULE_WAITS, PERSON_DECIDES, RULE_STOPS,
    WISHED_OTHERWISE, OBJECTED, DRAFT, CHANGES_REQUESTED, CHANGES_LEFT, NOT_APPROVED,
    CONVERSATIONS,
    STUCK_BEHIND, OUT_OF_DATE, FORGE_WANTS_NEWER,
    UNSIGNED, QUEUED_MERGES, NO_METHOD, SWITCHED_OFF, MARKS_CONFLICT, CONFLICT, UNNAMED_REQUIREMENT,
    WORK_TREE, MERGE_REFUSED, UNKNOWN_MERGEABILITY, HEAD_MISSING,
)  # fmt: skip
"""In the order in which they are said: the weightiest of those that hold stands first."""
