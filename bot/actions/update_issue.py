"""Bring what an open issue of the bot's own says up to date."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.open_issue import record_issue_refusal
from bot.model import Sha


class UpdateIssue(Params):
    number: int
    title: str
    body: str
    """Markdown, made harmless already."""
    label: str
    """One of the bot's, `bot:…`."""
    base: Sha
    """The base it was decided on; what the forge refuses is not asked for again until it moves."""


def execute(context: WriteContext, params: UpdateIssue) -> Done:
    refused = context.writer.update_issue(params.number, title=params.title, body=params.body)
    if refused:
        record_issue_refusal(context, ACTION.name, params.label, params.base, refused)
        return Done(False, f"the forge refused to edit issue {params.number}: {refused.reason}")
    return Done(True, f"issue {params.number} is up to date")


ACTION = Action(
    name="update_issue",
    description="Bring what an issue of the bot's own says up to date.",
    effect=Effect.WRITE,
    parameters=UpdateIssue,
    execute=execute,
)
