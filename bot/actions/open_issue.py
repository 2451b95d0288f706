"""Open one of the bot's own issues, unless there is an open one of that title already."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.forges import Refused
from bot.ledger import FailureRecord
from bot.model import LABEL_PREFIX, Sha


class OpenIssue(Params):
    title: str
    body: str
    """Markdown, made harmless already."""
    label: str
    """One of the bot's, `bot:…`."""
    base: Sha
    """The base it was decided on, for the record of a refusal."""


def execute(context: WriteContext, params: OpenIssue) -> Done:
    if not params.label.startswith(LABEL_PREFIX):
        return Done(False, f"the label {params.label} is not the bot's")
    issue = context.writer.open_issue(title=params.title, body=params.body, label=params.label)
    if isinstance(issue, Refused):
        record_issue_refusal(context, ACTION.name, params.label, params.base, issue)
        return Done(False, f"the forge refused to open an issue: {issue.reason}")
    return Done(True, f"issue {issue.number} is open: {issue.url}")


def record_issue_refusal(
    context: WriteContext, action: str, label: str, base: Sha, refused: Refused
) -> None:
    """Remember what the forge will not do, unless another moment may answer otherwise."""
    if refused.final:
        failure = FailureRecord(
            at=context.now, action=action, branch=label, head=base, reason=refused.reason
        )
        context.publisher.record((failure,))


ACTION = Action(
    name="open_issue",
    description="Open an issue for people, such as the dashboard.",
    effect=Effect.WRITE,
    parameters=OpenIssue,
    execute=execute,
)
