"""Conclude that there is no bug in the code, and say why."""

from __future__ import annotations

from bot.actions import Action, ActionError, Effect, Params, ProposeContext


class ReportNoBug(Params):
    reason: str


def execute(context: ProposeContext, params: ReportNoBug) -> str:
    if not params.reason.strip():
        raise ActionError("The reason is empty.")
    context.no_bug = params.reason.strip()
    return "Noted."


ACTION = Action(
    name="report_no_bug",
    description="Say that no code here needs fixing.",
    effect=Effect.PROPOSE,
    parameters=ReportNoBug,
    execute=execute,
)
