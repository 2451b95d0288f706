"""The precondition that every write on a pull request shares, read just before the write."""

from __future__ import annotations

from bot.actions import WriteContext
from bot.model import HOLD_LABEL, Pull, PullState, Sha


def own_open_pull(context: WriteContext, branch: str, head: Sha) -> Pull | str:
    """The open pull request of this branch at this head, or why the bot must not touch it."""
    pull = context.reader.current(branch)
    if pull is None:
        return f"{branch} has no pull request"
    if pull.state is not PullState.OPEN:
        return f"pull request {pull.number} is {pull.state} by now"
    if pull.author_id != context.me:
        return f"pull request {pull.number} is not the bot's own"
    if pull.head != head:
        return f"pull request {pull.number} has a new head commit"
    if HOLD_LABEL in pull.labels:
        return f"pull request {pull.number} is on hold"
    return pull
