"""Tell an issue that handed the bot work what became of it, once, whoever deletes the comment."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.ledger import ToldRecord


class TellIssue(Params):
    number: int
    label: str
    """By which it hands the bot work; told only while it is open and has this."""
    about: str
    """What it is told, in a word; nothing is told twice."""
    text: str
    """Markdown, made harmless already."""


def execute(context: WriteContext, params: TellIssue) -> Done:
    refused = context.writer.tell_issue(
        params.number, params.text, marker=f"told:{params.about}", label=params.label
    )
    if refused and not refused.final:
        return Done(False, refused.reason)
    reason = refused.reason if refused else ""
    told = ToldRecord(at=context.now, issue=params.number, about=params.about, refused=reason)
    context.publisher.record((told,))
    if refused:
        return Done(False, f"the forge refused a comment on issue {params.number}: {reason}")
    return Done(True, f"issue {params.number} is told what became of it")


ACTION = Action(
    name="tell_issue",
    description="Tell an issue that handed the bot work what became of it.",
    effect=Effect.WRITE,
    parameters=TellIssue,
    execute=execute,
)
