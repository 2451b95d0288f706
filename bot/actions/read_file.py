"""Look at a file of the base commit, whole or some lines of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.actions import Action, ActionError, Effect, Params, ReadContext
from bot.context import lines_of
from bot.model import Tree

MAX_LINES = 400
MAX_CHARS = 24_000
"""Lines that are longer than this together are not shown: they are data more often than code."""
MAX_CANDIDATES = 5


class ReadFile(Params):
    path: str
    first: Annotated[int, Field(ge=1)]
    """First line, from 1."""
    last: Annotated[int, Field(ge=1)]
    """Last line, inclusive."""


def execute(context: ReadContext, params: ReadFile) -> str:
    path = params.path.removeprefix("./")
    text = context.tree.read(path)
    if text is None:
        raise ActionError(f"{path} is not a text file of the base commit.{_hint(path, context)}")
    lines = lines_of(text)
    last = min(params.last, params.first + MAX_LINES - 1, len(lines))
    if params.first > len(lines):
        raise ActionError(f"{path} has only {len(lines)} lines.")
    if last < params.first:
        raise ActionError(f"Line {params.last} comes before line {params.first}.")
    shown: list[str] = []
    room = MAX_CHARS
    for line in lines[params.first - 1 : last]:
        room -= len(line)
        if room < 0:
            break
        shown.append(line)
    if not shown:
        raise ActionError(f"Line {params.first} of {path} is longer than {MAX_CHARS} characters.")
    last = params.first + len(shown) - 1
    return f"{path}, lines {params.first}-{last} of {len(lines)}:\n{''.join(shown)}"


def _hint(path: str, context: ReadContext) -> str:
    """Files of the same name elsewhere, for a model that guesses at folders."""
    found = _namesakes(path, context.tree)[:MAX_CANDIDATES]
    return f" There is {', '.join(found)}." if found else ""


def _namesakes(path: str, tree: Tree) -> list[str]:
    name = path.rpartition("/")[2]
    return [known for known in tree.paths() if known != path and known.rpartition("/")[2] == name]


ACTION = Action(
    name="read_file",
    description=f"Read lines of a file, at most {MAX_LINES}.",
    effect=Effect.READ,
    parameters=ReadFile,
    execute=execute,
)
