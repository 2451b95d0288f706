"""Close a pull request of the bot's own without merging it; that is no "no" of a person's."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_open_pull, record_refusal
from bot.feedback import has_said
from bot.ledger import DoneRecord
from bot.model import Sha


class ClosePullRequest(Params):
    number: int
    branch: str
    head: Sha
    said: str = ""
    """The marker of the bot's own comment that says why, and has to be there before."""


def execute(context: WriteContext, params: ClosePullRequest) -> Done:
    pull = own_open_pull(context, params.number, params.head)
    if isinstance(pull, str):
        return Done(False, pull)
    if params.said and not has_said(pull, params.said):
        return Done(False, f"pull request {pull.number} is not closed before it is said why")
    refused = context.writer.close(pull.number)
    if refused:
        record_refusal(context, ACTION.name, pull, refused)
        return Done(False, f"the forge refused to close {pull.number}: {refused.reason}")
    closed = DoneRecord(at=context.now, action=ACTION.name, branch=pull.branch, head=pull.head)
    context.publisher.record((closed,))
    return Done(True, f"closed pull request {pull.number}")


ACTION = Action(
    name="close_pull_request",
    description="Close a pull request without merging it.",
    effect=Effect.WRITE,
    parameters=ClosePullRequest,
    execute=execute,
)
