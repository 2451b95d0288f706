"""Push a proposal's commit to a new branch, together with the ledger's record of its head."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.ledger import HeadRecord, SpendRecord
from bot.model import Sha


class PublishBranch(Params):
    branch: str
    """A new branch; the push is refused if it exists."""
    head: Sha
    head_record: HeadRecord
    spend_record: SpendRecord | None
    """What the attempt cost; none where it cost nothing."""


def execute(context: WriteContext, params: PublishBranch) -> Done:
    spent = (params.spend_record,) if params.spend_record else ()
    if context.publisher.publish(params.branch, params.head, (*spent, params.head_record)):
        return Done(True, f"pushed {params.branch}")
    if spent:
        context.publisher.record(spent)
    return Done(False, f"{params.branch} exists already; another run was first")


ACTION = Action(
    name="publish_branch",
    description="Push a proposal's commit to a new branch of the bot's.",
    effect=Effect.WRITE,
    parameters=PublishBranch,
    execute=execute,
)
