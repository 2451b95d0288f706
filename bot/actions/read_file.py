"""Look at a file of the base commit, whole or some lines of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.actions import Action, ActionError, Effect, Params, ReadContext
from bot.context import lines_of

MAX_LINES = 400


class ReadFile(Params):
    path: str
    first: Annotated[int, Field(ge=1)]
    """First line, from 1."""
    last: Annotated[int, Field(ge=1)]
    """Last line, inclusive."""


def execute(context: ReadContext, params: ReadFile) -> str:
    text = context.tree.read(params.path)
    if text is None:
        raise ActionError(f"{params.path} is not a text file of the base commit.")
    lines = lines_of(text)
    last = min(params.last, params.first + MAX_LINES - 1, len(lines))
    shown = "".join(lines[params.first - 1 : last])
    return f"{params.path}, lines {params.first}-{last} of {len(lines)}:\n{shown}"


ACTION = Action(
    name="read_file",
    description=f"Read lines of a file, at most {MAX_LINES}.",
    effect=Effect.READ,
    parameters=ReadFile,
    execute=execute,
)
