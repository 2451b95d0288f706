"""Delete the branch of a pull request that is merged."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.model import PullState, Sha


class DeleteBranch(Params):
    branch: str
    head: Sha
    """The branch is deleted only while it points at this commit."""


def execute(context: WriteContext, params: DeleteBranch) -> Done:
    pull = context.reader.current(params.branch)
    if pull is None or pull.state is not PullState.MERGED:
        return Done(False, f"{params.branch} is not merged")
    if not context.publisher.delete(params.branch, params.head):
        return Done(False, f"{params.branch} is gone already or has moved")
    return Done(True, f"deleted {params.branch}")


ACTION = Action(
    name="delete_branch",
    description="Delete the branch of a merged pull request.",
    effect=Effect.WRITE,
    parameters=DeleteBranch,
    execute=execute,
)
