"""Offer a patch: exact replacements, each anchored to the file as the base commit has it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.actions import Action, ActionError, Effect, Params, ProposeContext
from bot.model import Edit, Patch


class CodeEdit(Params):
    filename: str
    old: str
    """Exact text that stands once in the file; empty to make a new file."""
    new: str


class ProposeCodePatch(Params):
    edits: Annotated[tuple[CodeEdit, ...], Field(min_length=1)]
    explanation: str
    """One or two sentences: what changes."""


def execute(context: ProposeContext, params: ProposeCodePatch) -> str:
    if not params.explanation.strip():
        raise ActionError("The explanation is empty.")
    edits = []
    for edit in params.edits:
        exists = context.tree.mode(edit.filename) != ""
        if not exists and edit.old:
            raise ActionError(f"{edit.filename} is not a file of the base commit.")
        if exists and not edit.old:
            raise ActionError(
                f"{edit.filename} exists already; give the exact old text to replace."
            )
        blob = context.tree.blob(edit.filename) if exists else None
        edits.append(Edit(edit.filename, blob, edit.old, edit.new))
    context.patch = Patch(tuple(edits), params.explanation.strip())
    return "Noted." if context.report else "Noted. Now call log_bug_report."


ACTION = Action(
    name="propose_code_patch",
    description="Fix it with the smallest change.",
    effect=Effect.PROPOSE,
    parameters=ProposeCodePatch,
    execute=execute,
)
