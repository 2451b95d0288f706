"""Push a proposal's commit to a new branch, together with the ledger's record of its head."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.ledger import AttemptRecord, HeadRecord, SpendRecord
from bot.model import Ending, Sha


class PublishBranch(Params):
    branch: str
    """A new branch; the push is refused if it exists."""
    head: Sha
    head_record: HeadRecord
    spend_record: SpendRecord | None
    """What the attempt cost; none where it cost nothing."""
    onto: Sha | None = None
    """The commit that the base branch must still be at, for a revert."""
    unless: str = ""
    """A branch of a person's for the same; where it has a pull request, this is not wanted."""


def execute(context: WriteContext, params: PublishBranch) -> Done:
    spent = (params.spend_record,) if params.spend_record else ()
    if params.onto and context.publisher.head(context.base_branch) != params.onto:
        return Done(False, f"{context.base_branch} has moved meanwhile; the next tick looks again")
    theirs = context.reader.current(params.unless) if params.unless else None
    if theirs is not None:
        return Done(False, f"pull request {theirs.number} is to do the same; a person was first")
    ended = context.publisher.publish(params.branch, params.head, (*spent, params.head_record))
    if not ended.stale and not ended.rejected:
        return Done(True, f"pushed {params.branch}")
    if not ended.rejected:
        context.publisher.record(spent)
        return Done(False, f"{params.branch} exists already; another run was first")
    record = params.head_record
    attempt = AttemptRecord(
        at=context.now,
        incident=record.incident,
        reflections=record.reflections,
        attempt=record.attempt,
        engine=record.engine,
        ending=Ending.REJECTED,
        reason=f"the remote refused the push: {ended.rejected}",
        base=record.base,
        patch_id=record.patch_id,
    )
    context.publisher.record((*spent, attempt))
    return Done(False, f"the remote refused {params.branch}: {ended.rejected}", failed=True)


ACTION = Action(
    name="publish_branch",
    description="Push a proposal's commit to a new branch of the bot's.",
    effect=Effect.WRITE,
    parameters=PublishBranch,
    execute=execute,
)
