"""Say something on a pull request of the bot's own, or answer in one of its threads, once."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import is_held, own_pull, record_refusal
from bot.forges import hidden
from bot.model import Sha


class Comment(Params):
    number: int
    branch: str
    text: str
    """Markdown, made harmless already."""
    marker: str = ""
    """By which the bot knows a comment again and does not repeat it; for the whole conversation."""
    thread: str = ""
    """The thread to answer in; then no marker is needed."""
    head: Sha | None = None
    """What it speaks of: said only while the branch is there."""
    speaks_of: str = ""
    """The branch that has this head, where it is not the pull request's own."""
    of_hold: bool = False
    """It tells of the hold label: said only under that, where nothing else is said."""

    @model_validator(mode="after")
    def _is_said_once(self) -> Self:
        if bool(self.marker) == bool(self.thread):
            raise ValueError("a comment has a marker, an answer has a thread")
        return self


def execute(context: WriteContext, params: Comment) -> Done:
    pull = own_pull(context, params.number, params.branch, while_held=params.of_hold)
    if isinstance(pull, str):
        return Done(False, pull)
    if params.of_hold and not is_held(pull):
        return Done(False, f"pull request {pull.number} is not on hold, whatever was asked for")
    spoken_of = params.speaks_of or params.branch
    if params.head and context.publisher.head(spoken_of) != params.head:
        return Done(False, f"{spoken_of} is not at {params.head[:9]}, of which this speaks")
    if params.thread:
        refused = context.writer.reply(pull.number, params.thread, params.text)
    elif any(remark.is_bots and hidden(params.marker) in remark.text for remark in pull.remarks):
        return Done(False, f"pull request {pull.number} has this comment already")
    else:
        refused = context.writer.comment(pull.number, params.text, marker=params.marker)
    if refused:
        record_refusal(context, ACTION.name, pull, refused, marker=params.marker)
        return Done(False, f"the forge refused a comment on {pull.number}: {refused.reason}")
    return Done(True, f"commented on pull request {pull.number}")


ACTION = Action(
    name="comment",
    description="Comment on a pull request, or answer in one of its threads.",
    effect=Effect.WRITE,
    parameters=Comment,
    execute=execute,
)
