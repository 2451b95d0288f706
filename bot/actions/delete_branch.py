"""Delete the branch of a pull request that is merged, or that people have refused."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_pull
from bot.ledger import DoneRecord, FailureRecord
from bot.model import Pull, PullState, Sha


class DeleteBranch(Params):
    number: int
    branch: str
    head: Sha
    """The branch is deleted only while it points at this commit."""


def execute(context: WriteContext, params: DeleteBranch) -> Done:
    pull = own_pull(context, params.number, params.branch)
    if isinstance(pull, str):
        return Done(False, pull)
    if not _is_over(pull):
        return Done(False, f"{params.branch} is neither merged nor refused")
    other = context.reader.current(params.branch)
    if other and other.state is PullState.OPEN and other.number != params.number:
        return Done(False, f"pull request {other.number} is open from {params.branch} too")
    deleted = DoneRecord(at=context.now, action=ACTION.name, branch=params.branch, head=params.head)
    ended = context.publisher.delete(params.branch, params.head, (deleted,))
    if ended.rejected:
        failure = FailureRecord(
            at=context.now,
            action=ACTION.name,
            branch=params.branch,
            head=params.head,
            reason=ended.rejected,
        )
        context.publisher.record((failure,))
        return Done(False, f"the remote refused to delete {params.branch}: {ended.rejected}")
    if ended.stale:
        return Done(False, f"{params.branch} is gone already or has moved")
    return Done(True, f"deleted {params.branch}")


def _is_over(pull: Pull) -> bool:
    refused = pull.closed_by is not None and pull.closed_by.may_write
    return pull.state is PullState.MERGED or (pull.state is PullState.CLOSED and refused)


ACTION = Action(
    name="delete_branch",
    description="Delete the branch of a pull request that is merged or refused.",
    effect=Effect.WRITE,
    parameters=DeleteBranch,
    execute=execute,
)
