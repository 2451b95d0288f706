"""Replace the bot's own head on an open pull request's branch by a newer one of its own."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_open_pull
from bot.ledger import AttemptRecord, FailureRecord, HeadRecord, SpendRecord
from bot.model import Ending, Sha


class UpdateBranch(Params):
    number: int
    branch: str
    old: Sha
    """The bot's head that is replaced; a person's commit in its place stops this."""
    head: Sha
    head_record: HeadRecord
    spend_record: SpendRecord | None = None
    """What the attempt cost; none where it cost nothing."""
    is_attempt: bool = False
    """Whether an engine was asked for it; else it is the same change on a newer base."""
    disarmed: bool = False
    """Whether it is to be taken from auto-merge before, which would merge any head."""


def execute(context: WriteContext, params: UpdateBranch) -> Done:
    spent = (params.spend_record,) if params.spend_record else ()
    pull = own_open_pull(context, params.number, params.old)
    if isinstance(pull, str):
        context.publisher.record(spent)
        return Done(False, pull)
    if params.disarmed and pull.auto_merge:
        said = f"pull request {pull.number} is left to auto-merge, which would merge any new head"
        tried = (_in_vain(context, params, said),) if params.is_attempt else ()
        context.publisher.record((*spent, *tried))
        return Done(False, said)
    records = (*spent, params.head_record)
    ended = context.publisher.replace(params.branch, params.old, params.head, records)
    if ended.rejected:
        failure = FailureRecord(
            at=context.now,
            action=ACTION.name,
            branch=params.branch,
            head=params.old,
            reason=f"the remote refused the push: {ended.rejected}",
        )
        context.publisher.record((*spent, failure, _in_vain(context, params, failure.reason)))
        return Done(False, f"the remote refused {params.branch}: {ended.rejected}", failed=True)
    if ended.stale:
        context.publisher.record(spent)
        return Done(False, f"{params.branch} has moved meanwhile")
    return Done(True, f"brought pull request {pull.number} to {params.head[:9]}")


def _in_vain(context: WriteContext, params: UpdateBranch, reason: str) -> AttemptRecord:
    """The attempt counts, or the engine would be asked for it again for ever."""
    record = params.head_record
    return AttemptRecord(
        at=context.now,
        incident=record.incident,
        reflections=record.reflections,
        attempt=record.attempt,
        engine=record.engine,
        ending=Ending.REJECTED,
        reason=reason,
        base=record.base,
        patch_id=record.patch_id,
        answers=record.answers,
    )


ACTION = Action(
    name="update_branch",
    description="Replace the bot's own head on a pull request's branch by a newer one.",
    effect=Effect.WRITE,
    parameters=UpdateBranch,
    execute=execute,
)
