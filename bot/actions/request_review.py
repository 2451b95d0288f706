"""Ask people to review a pull request, once."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_open_pull
from bot.forges import Refused
from bot.ledger import FailureRecord
from bot.model import Sha


class RequestReview(Params):
    branch: str
    head: Sha
    reviewers: tuple[str, ...]
    """Logins and `org/team` names, without the @."""


def execute(context: WriteContext, params: RequestReview) -> Done:
    pull = own_open_pull(context, params.branch, params.head)
    if isinstance(pull, str):
        return Done(False, pull)
    refused = context.writer.request_review(pull.number, params.reviewers)
    if isinstance(refused, Refused):
        failure = FailureRecord(
            at=context.now,
            action=ACTION.name,
            branch=params.branch,
            head=params.head,
            reason=refused.reason,
        )
        context.publisher.record((failure,))
        return Done(False, f"the forge refused the request for review: {refused.reason}")
    names = ", ".join(params.reviewers)
    return Done(True, f"asked {names} to review pull request {pull.number}")


ACTION = Action(
    name="request_review",
    description="Ask people to review a pull request.",
    effect=Effect.WRITE,
    parameters=RequestReview,
    execute=execute,
)
