"""Open the pull request of a branch the bot has pushed."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.forges import Refused
from bot.ledger import FailureRecord
from bot.model import PullState, Sha


class OpenPullRequest(Params):
    branch: str
    head: Sha
    """The branch must still point at this commit."""
    title: str
    body: str
    draft: bool


def execute(context: WriteContext, params: OpenPullRequest) -> Done:
    if context.publisher.head(params.branch) != params.head:
        return Done(False, f"{params.branch} is no longer at {params.head[:9]}")
    existing = context.reader.current(params.branch)
    if existing is not None and existing.state is PullState.OPEN:
        return Done(False, f"pull request {existing.number} is open already")
    opened = context.writer.open(
        branch=params.branch,
        base_branch=context.base_branch,
        title=params.title,
        body=params.body,
        draft=params.draft,
    )
    if isinstance(opened, Refused):
        failure = FailureRecord(
            at=context.now,
            action=ACTION.name,
            branch=params.branch,
            head=params.head,
            reason=opened.reason,
        )
        context.publisher.record((failure,))
        return Done(False, f"the forge refused to open it: {opened.reason}")
    plain = " (the forge has no drafts here)" if params.draft and not opened.draft else ""
    said = f"opened pull request {opened.number}{plain}: {opened.url}"
    return Done(True, said, pull=opened.number)


ACTION = Action(
    name="open_pull_request",
    description="Open the pull request of a pushed branch.",
    effect=Effect.WRITE,
    parameters=OpenPullRequest,
    execute=execute,
)
