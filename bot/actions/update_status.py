"""Bring what a pull request's body says of its newest head up to date, and leave the rest."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_open_pull, record_refusal
from bot.body import replace_status, rewritten_for
from bot.ledger import HeadRecord
from bot.model import Sha


class UpdateStatus(Params):
    number: int
    branch: str
    head: Sha
    status: str
    """The Markdown that stands between the body's two status marks."""
    head_record: HeadRecord | None = None
    """What the rest speaks of from now on, where it speaks of an earlier head."""


def execute(context: WriteContext, params: UpdateStatus) -> Done:
    pull = own_open_pull(context, params.number, params.head)
    if isinstance(pull, str):
        return Done(False, pull)
    body = replace_status(pull.body, params.status) or pull.body
    if params.head_record:
        body = rewritten_for(body, params.head_record)
    if body == pull.body:
        return Done(False, f"the body of pull request {pull.number} needs no change")
    refused = context.writer.set_body(pull.number, body)
    if refused:
        record_refusal(context, ACTION.name, pull, refused)
        return Done(False, f"the forge keeps the body of {pull.number}: {refused.reason}")
    return Done(True, f"updated the status in pull request {pull.number}")


ACTION = Action(
    name="update_status",
    description="Bring the status in a pull request's body up to date.",
    effect=Effect.WRITE,
    parameters=UpdateStatus,
    execute=execute,
)
