"""The precondition that every write on a pull request shares, read just before the write."""

from __future__ import annotations

from bot.actions import WriteContext
from bot.forges import Refused
from bot.ledger import FailureRecord
from bot.model import BRANCH_PREFIX, HOLD_LABEL, Pull, PullState, Sha


def own_open_pull(context: WriteContext, number: int, head: Sha) -> Pull | str:
    """The open pull request of this number at this head, or why the bot must not touch it."""
    pull = context.reader.pull(number)
    if pull is None:
        return f"there is no pull request {number}"
    if pull.state is not PullState.OPEN:
        return f"pull request {number} is {pull.state} by now"
    if pull.author_id != context.me or pull.foreign:
        return f"pull request {number} is not the bot's own"
    if pull.base_branch != context.base_branch:
        return f"pull request {number} is for {pull.base_branch} by now"
    if pull.head != head:
        return f"pull request {number} has a new head commit"
    if is_held(pull):
        return f"pull request {number} is on hold"
    return pull


def own_pull(
    context: WriteContext, number: int, branch: str, *, while_held: bool = False
) -> Pull | str:
    """The bot's own pull request in whatever state it is, or why the bot must not touch it."""
    pull = context.reader.pull(number)
    if pull is None:
        return f"there is no pull request {number}"
    ours = branch.startswith(BRANCH_PREFIX) and pull.branch == branch
    if pull.author_id != context.me or pull.foreign or not ours:
        return f"pull request {number} is not the bot's own"
    if is_held(pull) and not while_held:
        return f"pull request {number} is on hold"
    return pull


def record_refusal(
    context: WriteContext, action: str, pull: Pull, refused: Refused, *, marker: str = ""
) -> None:
    """Remember what the forge will not do, unless another moment may answer otherwise.

    `marker` is of the comment that it will not have.
    """
    if refused.final:
        failure = FailureRecord(
            at=context.now,
            action=action,
            branch=pull.branch,
            head=pull.head,
            reason=refused.reason,
            marker=marker,
        )
        context.publisher.record((failure,))


def is_held(pull: Pull) -> bool:
    """Whether a person has put the hold label on it; a forge's labels differ by more than case."""
    return HOLD_LABEL in {label.casefold() for label in pull.labels}
