"""Conclude that a reflection points at a bug in one file of the base commit."""

from __future__ import annotations

from bot.actions import Action, ActionError, Effect, Params, ProposeContext
from bot.model import BugReport, Severity


class LogBugReport(Params):
    filename: str
    function: str
    """Function, Class.method or empty."""
    summary: str
    """One sentence: the cause."""
    severity: Severity


def execute(context: ProposeContext, params: LogBugReport) -> str:
    if context.tree.blob(params.filename) is None:
        raise ActionError(f"{params.filename} is not a file of the base commit.")
    if not params.summary.strip():
        raise ActionError("The summary is empty.")
    context.report = BugReport(
        path=params.filename,
        symbol=params.function.strip(),
        summary=params.summary.strip(),
        severity=params.severity,
    )
    return "Noted. Now call propose_code_patch."


ACTION = Action(
    name="log_bug_report",
    description="Report the bug behind the reflection.",
    effect=Effect.PROPOSE,
    parameters=LogBugReport,
    execute=execute,
)
