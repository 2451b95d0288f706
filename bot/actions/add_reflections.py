"""Name further reflections of the same incident in an open pull request, each of them once."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_open_pull, record_refusal
from bot.model import Sha
from bot.seen_again import with_reflections


class AddReflections(Params):
    number: int
    branch: str
    head: Sha
    reflections: tuple[str, ...]
    """Ids that the body does not name yet."""


def execute(context: WriteContext, params: AddReflections) -> Done:
    pull = own_open_pull(context, params.number, params.head)
    if isinstance(pull, str):
        return Done(False, pull)
    body = with_reflections(pull.body, params.reflections)
    if body == pull.body:
        return Done(False, f"pull request {pull.number} names them already")
    refused = context.writer.set_body(pull.number, body)
    if refused:
        record_refusal(context, ACTION.name, pull, refused)
        return Done(False, f"the forge keeps the body of {pull.number}: {refused.reason}")
    count = len(params.reflections)
    noun = "reflection" if count == 1 else "reflections"
    return Done(True, f"added {count} {noun} to pull request {pull.number}")


ACTION = Action(
    name="add_reflections",
    description="Name further reflections of the same incident in an open pull request.",
    effect=Effect.WRITE,
    parameters=AddReflections,
    execute=execute,
)
