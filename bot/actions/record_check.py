"""Keep the sandbox's verdict on a head as its check, on a forge that has no runner of its own."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.forges import CheckResult, Refused
from bot.model import CHECK_NAME, CheckState, Sha


class RecordCheck(Params):
    branch: str
    head: Sha
    """The commit whose tests were run."""
    passed: bool
    summary: str
    base: Sha
    """The commit it was compared with."""
    base_passed: bool | None
    """None where the base's tests say nothing."""


def execute(context: WriteContext, params: RecordCheck) -> Done:
    pull = context.reader.current(params.branch)
    if pull is None or pull.head != params.head:
        return Done(False, f"{params.branch} has no pull request at {params.head[:9]}")
    result = CheckResult(
        head=params.head,
        name=CHECK_NAME,
        state=_state(params.passed),
        summary=params.summary,
        base=params.base,
        base_state=None if params.base_passed is None else _state(params.base_passed),
    )
    refused = context.writer.check(params.branch, result)
    if isinstance(refused, Refused):
        return Done(False, f"the check was not kept: {refused.reason}")
    return Done(True, f"the check “{CHECK_NAME}” of pull request {pull.number} {result.state}")


def _state(passed: bool) -> CheckState:
    return CheckState.PASSED if passed else CheckState.FAILED


ACTION = Action(
    name="record_check",
    description="Keep the sandbox's verdict with a pull request.",
    effect=Effect.WRITE,
    parameters=RecordCheck,
    execute=execute,
)
