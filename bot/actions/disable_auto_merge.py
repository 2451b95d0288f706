"""Keep the forge from merging a pull request by itself, where the bot had asked it to."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_pull, record_refusal
from bot.ledger import SwitchedRecord
from bot.model import PullState


class DisableAutoMerge(Params):
    number: int
    branch: str
    noted: bool = False
    """Whether the ledger says already that the bot switches it off."""


def execute(context: WriteContext, params: DisableAutoMerge) -> Done:
    pull = own_pull(context, params.number, params.branch, while_held=True)
    if isinstance(pull, str):
        return Done(False, pull)
    if pull.state is not PullState.OPEN or not pull.auto_merge:
        return Done(False, f"pull request {pull.number} is not left to auto-merge any more")
    if pull.auto_merge_by != context.me:
        return Done(False, f"auto-merge of pull request {pull.number} is a person's wish")
    off = SwitchedRecord(at=context.now, branch=pull.branch, head=pull.head, on=False)
    context.publisher.record(() if params.noted else (off,))  # first: or a person would have it
    refused = context.writer.disable_auto_merge(pull.number)
    if refused:
        record_refusal(context, ACTION.name, pull, refused)
        return Done(False, f"the forge keeps auto-merge of {pull.number}: {refused.reason}")
    return Done(True, f"took pull request {pull.number} from auto-merge")


ACTION = Action(
    name="disable_auto_merge",
    description="Keep the forge from merging a pull request of the bot's by itself.",
    effect=Effect.WRITE,
    parameters=DisableAutoMerge,
    execute=execute,
)
