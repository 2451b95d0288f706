"""Open an issue about what the bot must not do by itself, once, whoever closes it."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.forges import Refused
from bot.ledger import CalledRecord
from bot.model import ATTENTION_LABEL


class CallPerson(Params):
    about: str
    """What nobody is called about twice: a merge commit or an incident."""
    title: str
    body: str
    """Markdown, made harmless already."""


def execute(context: WriteContext, params: CallPerson) -> Done:
    issue = context.writer.open_issue(title=params.title, body=params.body, label=ATTENTION_LABEL)
    if isinstance(issue, Refused):
        if issue.final:
            context.publisher.record((CalledRecord(at=context.now, about=params.about),))
        return Done(False, f"the forge refused to open an issue: {issue.reason}")
    called = CalledRecord(at=context.now, about=params.about, issue=issue.number)
    context.publisher.record((called,))
    return Done(True, f"issue {issue.number} asks for a person: {issue.url}")


ACTION = Action(
    name="call_person",
    description="Open an issue that asks for a person.",
    effect=Effect.WRITE,
    parameters=CallPerson,
    execute=execute,
)
