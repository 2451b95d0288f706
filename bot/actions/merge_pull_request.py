"""Merge a pull request at the tested head, on the base it was tested on."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_open_pull
from bot.feedback import wishes
from bot.forges import Merged, Refused
from bot.ledger import FailureRecord, MergeRecord, UntestedRecord
from bot.model import CheckState, Mergeable, Pull, ReviewState, Sha
from bot.rules import check_state, parse_required


class MergePullRequest(Params):
    number: int
    branch: str
    head: Sha
    """The tested commit."""
    base: Sha
    """The commit the base branch must still point at."""
    tree: Sha
    """The tested commit's tree; the merged one must equal it."""
    required: tuple[str, ...]
    """The checks that must still pass, each as `name` or `name@app-id`."""
    method: str
    heard: tuple[str, ...] = ()
    """What people had said against a merge by then, see `bot.feedback.wishes`, all of it met."""


def execute(context: WriteContext, params: MergePullRequest) -> Done:
    pull = own_open_pull(context, params.number, params.head)
    if isinstance(pull, str):
        return Done(False, pull)
    changed = _no_longer_ready(pull, params)
    if changed:
        return Done(False, f"pull request {pull.number} is not merged: {changed}")
    if context.publisher.head(context.base_branch) != params.base:
        return Done(False, f"{context.base_branch} has moved since the tests ran")
    merged = context.writer.merge(
        pull.number, head=params.head, base=params.base, method=params.method
    )
    if isinstance(merged, Refused):
        if merged.final and _is_unexplained(context, params):
            failure = FailureRecord(
                at=context.now,
                action=ACTION.name,
                branch=params.branch,
                head=params.head,
                reason=merged.reason,
            )
            context.publisher.record((failure,))
        return Done(False, f"the forge refused to merge {pull.number}: {merged.reason}")
    return _written_down(context, params, merged)


def _written_down(context: WriteContext, params: MergePullRequest, merged: Merged) -> Done:
    """The merge is watched from now on, the more so where its files are not the tested ones."""
    said = f"merged pull request {params.number} as {merged.commit[:9]}"
    record = MergeRecord(
        at=context.now,
        number=params.number,
        branch=params.branch,
        head=params.head,
        merged_as=merged.commit,
    )
    if merged.tree == params.tree:
        context.publisher.record((record,))
        return Done(True, said)
    untested = UntestedRecord(
        at=context.now, number=params.number, head=params.head, merged_as=merged.commit
    )
    context.publisher.record((untested, record))
    return Done(
        True,
        f"{said}, whose files are NOT the tested ones: {context.base_branch} moved during the "
        f"merge; watch it",
    )


def _is_unexplained(context: WriteContext, params: MergePullRequest) -> bool:
    """Whether a refusal has no reason that the next tick sees by itself: all is as it was."""
    pull = own_open_pull(context, params.number, params.head)
    if isinstance(pull, str) or _no_longer_ready(pull, params):
        return False
    return pull.mergeable is Mergeable.YES


def _no_longer_ready(pull: Pull, params: MergePullRequest) -> str:
    """What people or checks have said since the plan was made; empty if nothing against it."""
    if wishes(pull) - {*params.heard}:
        return "somebody has asked for something here meanwhile"
    if pull.draft:
        return "it is a draft by now"
    if pull.review in (ReviewState.CHANGES_REQUESTED, ReviewState.REQUIRED):
        return f"its review is: {pull.review}"
    if pull.checks is None or not params.required:
        return "its checks could not be read"
    for name in params.required:
        state = check_state(parse_required(name), pull.checks)
        if state is not CheckState.PASSED:
            return f"the required check “{name}” is {state} by now"
    return ""


ACTION = Action(
    name="merge_pull_request",
    description="Merge a pull request at its tested commit.",
    effect=Effect.WRITE,
    parameters=MergePullRequest,
    execute=execute,
)
