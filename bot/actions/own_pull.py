"""The precondition that every write on a pull request shares, read just before the write."""

from __future__ import annotations

from bot.actions import WriteContext
from bot.model import HOLD_LABEL, Pull, PullState, Sha


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


def is_held(pull: Pull) -> bool:
    """Whether a person has put the hold label on it; a forge's labels differ by more than case."""
    return HOLD_LABEL in {label.casefold() for label in pull.labels}
