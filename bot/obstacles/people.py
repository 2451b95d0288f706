"""What people have said, or have yet to say, before a merge. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.actions.own_pull import is_held
from bot.config import Outcome
from bot.feedback import objections, will_answer, wish
from bot.ledger import HeadRecord
from bot.model import HOLD_LABEL, BaseRules, Pull, ReviewState, short
from bot.obstacles import (
    CHANGES_LEFT,
    CHANGES_REQUESTED,
    CONVERSATIONS,
    DRAFT,
    HELD,
    NOT_APPROVED,
    OBJECTED,
    OTHER_BASE,
    PERSON_DECIDES,
    PERSONS_COMMIT,
    RULE_STOPS,
    RULE_WAITS,
    WISHED_OTHERWISE,
    Reason,
)
from bot.rules import NO_RULE, Decision
from bot.snapshot import Snapshot
from bot.untrusted import one_line

MAX_NAMED = 5
"""So many people are named; of more, their number is said."""


def hands_off(pull: Pull, record: HeadRecord | None, snapshot: Snapshot) -> Iterator[Reason]:
    """Why the bot does nothing at all with it."""
    if record is None:
        said = f"Its head {short(pull.head)} is a person's commit, so the bot leaves it to people."
        yield PERSONS_COMMIT.because(said)
    if is_held(pull):
        said = f"On hold: the label {HOLD_LABEL} is set; remove it to let the bot go on."
        yield HELD.because(said)
    if pull.base_branch != snapshot.base_branch:
        said = f"It is for {pull.base_branch}, not {snapshot.base_branch}; the bot leaves it."
        yield OTHER_BASE.because(said)


def decision_reasons(decision: Decision) -> Iterator[Reason]:
    """What policy says, where that is not a merge."""
    if decision.pending:
        yield RULE_WAITS.because(f"Rule “{decision.rule}” {decision.reason}.")
        return
    if decision.outcome is Outcome.REVIEW:
        why = "" if decision.rule == NO_RULE else f": {decision.reason}"
        yield PERSON_DECIDES.because(f"A person reviews and merges it{why}.")
    if decision.outcome in (Outcome.DRAFT, Outcome.REFUSE):
        said = f"Rule “{decision.rule}” says {decision.outcome}, so a person goes on from here."
        yield RULE_STOPS.because(said)


def review_reasons(pull: Pull, snapshot: Snapshot) -> Iterator[Reason]:
    wanted = wish(pull, snapshot)
    if wanted:
        yield WISHED_OTHERWISE.because(f"Not merged before it is answered: {wanted}.")
    yield from _objected(pull, snapshot)
    if pull.draft:
        yield DRAFT.because("It is a draft; mark it ready for review to go on.")
    yield from _changes_requested(pull, snapshot)
    rules = snapshot.forge.rules
    missing = (rules.approvals or 0) > len(pull.approved_by)
    not_yet = pull.review is ReviewState.REQUIRED
    if not_yet or (missing and pull.review is not ReviewState.APPROVED):
        yield NOT_APPROVED.because(_approvals(pull, rules))
    yield from _conversations(pull, snapshot)


def _objected(pull: Pull, snapshot: Snapshot) -> Iterator[Reason]:
    open_threads = objections(pull, snapshot)
    if open_threads:
        who = one_line(open_threads[0].author.login, 40)
        said = (
            f"{who} objects in an open conversation, and the bot makes no further attempt at that: "
            f"it goes on once the conversation is resolved, or {who} approves."
        )
        yield OBJECTED.because(said)


def _changes_requested(pull: Pull, snapshot: Snapshot) -> Iterator[Reason]:
    if pull.review is not ReviewState.CHANGES_REQUESTED and not pull.objected_by:
        return
    who = _people(pull.objected_by) or "A reviewer"
    if will_answer(pull, snapshot):
        said = f"{who} asked for changes; the bot tries again within its limits."
        yield CHANGES_REQUESTED.because(said)
    else:
        said = f"{who} asked for changes, and the bot makes no further attempt at them"
        yield CHANGES_LEFT.because(f"{said}: it waits for an approval.")


def _approvals(pull: Pull, rules: BaseRules) -> str:
    """How many approve, of how many that must, as far as the forge tells."""
    if rules.approvals is None:
        number = "an approving review"
    else:
        most = max(1, rules.approvals)
        number = "1 approving review" if most == 1 else f"{most} approving reviews"
    owners = ", with one by an owner of each changed file" if rules.code_owners else ""
    by = f": {_people(pull.approved_by)}" if pull.approved_by else ""
    return (
        f"The repository requires {number}{owners}; it has {len(pull.approved_by) or 'none'}{by}."
    )


def _conversations(pull: Pull, snapshot: Snapshot) -> Iterator[Reason]:
    count = pull.open_conversations
    if count == 0:
        return
    if not snapshot.forge.rules.conversations:
        yield from _unread(pull, count or 0)
        return
    must = f"{snapshot.base_branch} requires that every conversation is resolved"
    if count is None:
        yield CONVERSATIONS.because(f"{must}, and not all of them could be counted; see for them.")
    else:
        are = "1 is" if count == 1 else f"{count} are"
        yield CONVERSATIONS.because(f"{must}, and {are} open.")


def _unread(pull: Pull, count: int) -> Iterator[Reason]:
    """Open conversations that were not read, since only the newest are, may be objections."""
    more = count - len({one.thread for one in pull.remarks if one.thread and not one.resolved})
    if more > 0:
        are = "1 open conversation is" if more == 1 else f"{more} open conversations are"
        yield CONVERSATIONS.because(
            f"{are} older than those that the bot reads, and may object; it goes on once they "
            "are resolved."
        )


def _people(names: Sequence[str]) -> str:
    shown = [one_line(name, 40) for name in names[:MAX_NAMED]]
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
