"""Have the forge merge a pull request by itself, at its tested head, once nothing lacks."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_open_pull, record_refusal
from bot.feedback import wishes
from bot.ledger import ArmedRecord, SwitchedRecord
from bot.model import CheckState, Pull, ReviewState, Sha
from bot.rules import check_state, parse_required


class EnableAutoMerge(Params):
    number: int
    branch: str
    head: Sha
    """The tested commit; the forge is told that it must be the head."""
    base: Sha
    """The commit the base branch must still point at: that it was tested on."""
    tree: Sha
    """The tested commit's tree, to hold the merged one against."""
    required: tuple[str, ...]
    """The checks that must pass, each as `name` or `name@app-id`; none of them may have failed."""
    method: str
    heard: tuple[str, ...] = ()
    """What people had said against a merge by then, see `bot.feedback.wishes`, all of it met."""


def execute(context: WriteContext, params: EnableAutoMerge) -> Done:
    pull = own_open_pull(context, params.number, params.head)
    if isinstance(pull, str):
        return Done(False, pull)
    changed = _no_longer_fit(pull, params)
    if changed:
        return Done(False, f"pull request {pull.number} is not left to auto-merge: {changed}")
    if context.publisher.head(context.base_branch) != params.base:
        return Done(False, f"{context.base_branch} has moved since the tests ran")
    armed = ArmedRecord(
        at=context.now,
        number=pull.number,
        branch=params.branch,
        head=params.head,
        base=params.base,
        tree=params.tree,
    )
    context.publisher.record((armed,))  # first: without it, the merge would be nobody's
    refused = context.writer.enable_auto_merge(pull.number, head=params.head, method=params.method)
    if refused:
        record_refusal(context, ACTION.name, pull, refused)
        return Done(False, f"the forge refused auto-merge of {pull.number}: {refused.reason}")
    on = SwitchedRecord(at=context.now, branch=params.branch, head=params.head, on=True)
    context.publisher.record((on,))  # from now on, only a person switches it off unseen
    return Done(True, f"left pull request {pull.number} to auto-merge at {params.head[:9]}")


def _no_longer_fit(pull: Pull, params: EnableAutoMerge) -> str:
    """What people or checks have said since the plan was made; empty if nothing against it."""
    if wishes(pull) - {*params.heard}:
        return "somebody has asked for something here meanwhile"
    if pull.auto_merge:
        return "it is so already"
    if pull.draft:
        return "it is a draft by now"
    if pull.review is ReviewState.CHANGES_REQUESTED:
        return f"its review is: {pull.review}"
    if pull.checks is None or not params.required:
        return "its checks could not be read"
    for name in params.required:
        if check_state(parse_required(name), pull.checks) is CheckState.FAILED:
            return f"the required check “{name}” failed"
    return ""


ACTION = Action(
    name="enable_auto_merge",
    description="Have the forge merge a pull request by itself, at its tested commit.",
    effect=Effect.WRITE,
    parameters=EnableAutoMerge,
    execute=execute,
)
