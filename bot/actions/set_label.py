"""Put one of the bot's labels on a pull request of its own, or take it off."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_pull, record_refusal
from bot.model import HOLD_LABEL, LABEL_PREFIX


class SetLabel(Params):
    number: int
    branch: str
    label: str
    """One of the bot's, `bot:…`."""
    on: bool = True
    """False takes it off; only people take off the hold label."""


def execute(context: WriteContext, params: SetLabel) -> Done:
    label = params.label.casefold()
    if not label.startswith(LABEL_PREFIX) or (label == HOLD_LABEL and not params.on):
        return Done(False, f"the label {params.label} is not the bot's to set or to take off")
    pull = own_pull(context, params.number, params.branch, while_held=label == HOLD_LABEL)
    if isinstance(pull, str):
        return Done(False, pull)
    if params.on == (label in {known.casefold() for known in pull.labels}):
        state = "has" if params.on else "has not"
        return Done(False, f"pull request {pull.number} {state} the label {params.label} already")
    change = context.writer.add_label if params.on else context.writer.remove_label
    refused = change(pull.number, params.label)
    if refused:
        record_refusal(context, ACTION.name, pull, refused)
        return Done(False, f"the forge refused a label on {pull.number}: {refused.reason}")
    if params.on:
        return Done(True, f"labelled pull request {pull.number} {params.label}")
    return Done(True, f"took the label {params.label} off pull request {pull.number}")


ACTION = Action(
    name="set_label",
    description="Put one of the bot's labels on a pull request, or take it off.",
    effect=Effect.WRITE,
    parameters=SetLabel,
    execute=execute,
)
