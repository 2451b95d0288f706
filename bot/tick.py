"""Act: run a plan's steps in order. Only this holds anything that writes.

Judgement is in `select` and `decide`, so what is printed before is what is done here.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from bot.actions import Action, Done, Params, WriteContext
from bot.actions.registry import WRITE
from bot.errors import UserError
from bot.model import PAUSE_LABEL
from bot.plan import Plan


@dataclass(frozen=True, slots=True)
class Ended:
    """How one step of a plan ended."""

    action: str
    done: Done


def _paused(context: WriteContext) -> str:
    number = context.reader.paused_by_issue()
    return f"the bot is paused: issue #{number} has the label {PAUSE_LABEL}" if number else ""


def act(plan: Plan, context: WriteContext) -> Generator[Ended, None, None]:
    """Run the steps in order. Before each the kill switch is read again; each checks its own state.

    A step that finds the world changed does nothing and says so; one that fails does not keep the
    others from their work. The next tick plans anew.
    """
    registered: dict[str, Action[WriteContext, Params, Done]] = {a.name: a for a in WRITE}
    for step in plan.steps:
        try:
            halted = context.publisher.halted() or _paused(context)
            if halted:
                yield Ended(step.action, Done(False, halted))
                return
            done = registered[step.action].execute(context, step.params)
        except UserError as error:
            done = Done(False, f"{step.action}: {error}", failed=True)
        yield Ended(step.action, done)
