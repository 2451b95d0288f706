"""Merge a pull request at the tested head, on the base it was tested on."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_open_pull
from bot.forges import Refused
from bot.ledger import UntestedRecord
from bot.model import Sha


class MergePullRequest(Params):
    branch: str
    head: Sha
    """The tested commit."""
    base: Sha
    """The commit the base branch must still point at."""
    tree: Sha
    """The tested commit's tree; the merged one must equal it."""
    method: str


def execute(context: WriteContext, params: MergePullRequest) -> Done:
    pull = own_open_pull(context, params.branch, params.head)
    if isinstance(pull, str):
        return Done(False, pull)
    if context.publisher.head(context.base_branch) != params.base:
        return Done(False, f"{context.base_branch} has moved since the tests ran")
    merged = context.writer.merge(pull.number, head=params.head, method=params.method)
    if isinstance(merged, Refused):
        return Done(False, f"the forge refused to merge {pull.number}: {merged.reason}")
    if merged.tree != params.tree:
        untested = UntestedRecord(
            at=context.now, number=pull.number, head=params.head, merged_as=merged.commit
        )
        context.publisher.record((untested,))
        return Done(
            True,
            f"merged pull request {pull.number} as {merged.commit[:9]}, whose files are NOT the "
            f"tested ones: {context.base_branch} moved during the merge; watch it",
        )
    return Done(True, f"merged pull request {pull.number} as {merged.commit[:9]}")


ACTION = Action(
    name="merge_pull_request",
    description="Merge a pull request at its tested commit.",
    effect=Effect.WRITE,
    parameters=MergePullRequest,
    execute=execute,
)
