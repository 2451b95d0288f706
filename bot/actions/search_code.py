"""Find the lines of the base commit's files that hold a text."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.actions import Action, Effect, Params, ReadContext
from bot.context import lines_of

MAX_HITS = 40


class SearchCode(Params):
    text: Annotated[str, Field(min_length=2)]
    """Exact text within one line."""
    folder: str
    """Only files below this folder; empty for all."""


def execute(context: ReadContext, params: SearchCode) -> str:
    below = f"{params.folder.strip('/')}/" if params.folder.strip("/.") else ""
    hits: list[str] = []
    for path in context.tree.paths():
        if not path.startswith(below):
            continue
        for number, line in enumerate(lines_of(context.tree.read(path) or ""), start=1):
            if params.text in line:
                if len(hits) == MAX_HITS:
                    return "\n".join([*hits, f"(only the first {MAX_HITS} lines are shown)"])
                hits.append(f"{path}:{number}: {line.strip()[:200]}")
    return "\n".join(hits) or "No line holds that text."


ACTION = Action(
    name="search_code",
    description=f"Find lines that hold a text, at most {MAX_HITS}.",
    effect=Effect.READ,
    parameters=SearchCode,
    execute=execute,
)
