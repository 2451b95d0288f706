"""`bot policy`: why a pull request, a plan's proposal or a path is decided as it is.

It reads and prints. A plan's proposals are built and vetted again, as `bot apply` does, for nothing
is believed because a file says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import console, print_json, say
from bot.errors import UserError
from bot.wiring import now, open_repository, open_world, read_base

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from bot.config import Config
    from bot.explaining import Explanation
    from bot.facts import Weighed
    from bot.jobs.answers import Brought

policy_app = typer.Typer(
    help="The policy: what decides, and why.", no_args_is_help=True, rich_markup_mode=None
)


@policy_app.callback()
def _policy() -> None:
    """Keep `explain` a command of its own, also while it is the only one."""


@policy_app.command()
def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PR|FILE",
            help="An open pull request's number, a plan that 'bot plan' wrote, or a file's path.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="Ask this configuration, not the base branch's.")
    ] = None,
    base: Annotated[
        str, typer.Option("--base", help="The base branch; by default the remote's default branch.")
    ] = "",
) -> None:
    """Print every rule, whether it matches and on which fact.

    Built-in rules come first; then the policy file's, of which the first that matches decides.
    """
    trial = _read_config(config) if config else None
    number = target.removeprefix("#")
    if number.isdecimal():
        found = _explain_pull(int(number), trial, base)
    elif (brought := _brought(Path(target))) is not None:
        found = _explain_plan(brought, trial, base)
    else:
        found = _explain_path(target, trial, base)
    if as_json:
        print_json([one.as_data() for one in found])
        return
    for one in found:
        print_explanation(one, console())


def _explain_pull(number: int, trial: Config | None, base: str) -> list[Explanation]:
    from bot.explaining import explain_pull

    with open_world(base, trial) as world:
        return [explain_pull(number, world.observe(everything=True))]


def _explain_plan(brought: Brought, trial: Config | None, base: str) -> list[Explanation]:
    from bot.explaining import explain_case

    with open_world(base, trial, rehearsal=True) as world:
        plan = world.reconsider(brought)
    for notice in plan.notices:
        say(f"! {notice}", error=True)
    if plan.halted:
        say(f"! {plan.halted}", error=True)
    return [explain_case(case) for case in plan.cases]


def _explain_path(target: str, trial: Config | None, base: str) -> list[Explanation]:
    from bot.explaining import explain_path

    with open_repository() as repository:
        file = Path(target).resolve()
        root = repository.root.resolve()
        if file == root or not file.is_relative_to(root):
            raise UserError(f"{target} is no pull request's number and no file in {root}.")
        found = read_base(repository, base, trial)
        path = file.relative_to(root).as_posix()
        return [explain_path(path, found.tree, found.config, now())]


def _brought(file: Path) -> Brought | None:
    """What a plan file brings; None where this is another file, or none."""
    from bot.jobs.answers import read_answers
    from bot.jobs.limits import MAX_ANSWERS_BYTES

    if not file.is_file() or file.stat().st_size > MAX_ANSWERS_BYTES:
        return None
    text = file.read_text(encoding="utf-8", errors="replace")
    return read_answers(text, str(file)) if _is_plan(text) else None


def _is_plan(text: str) -> bool:
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and {"version", "answers", "plan"} <= data.keys()


def _read_config(file: Path) -> Config:
    from bot.config import parse_config

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}.") from error
    return parse_config(text, str(file))


# ------------------------------------------------------------------------------------- printing


def print_explanation(one: Explanation, console: Console) -> None:
    """One explanation as a person reads it: the decision, what led to it, and what is left."""
    from rich.padding import Padding
    from rich.text import Text

    from bot.explaining import parts
    from bot.report import OUTCOME_STYLES, printed, printed_line

    console.print(Text(printed_line(one.subject, 200), style="bold"))
    if one.decision:
        waits = "will " if one.decision.pending else ""
        style = OUTCOME_STYLES[one.decision.outcome]
        by = f" by rule “{one.decision.rule}”: {printed(one.decision.reason)}"
        console.print(Text.assemble((f"{waits}{one.decision.outcome}", style), by))
    for heading, rules in parts(one):
        console.print()
        console.print(Text(heading, style="bold"))
        console.print(Padding(_table(rules, one), (0, 0, 0, 2), expand=False))
    if one.why_not:
        console.print()
        console.print(Text("Why it is not merged" if one.decision else "Note", style="bold"))
        for sentence in one.why_not:
            console.print(Text(f"  {printed(sentence)}"))
    console.print()


def _table(rules: Iterable[Weighed], one: Explanation) -> RenderableType:
    from rich.table import Table

    from bot.explaining import facts_of
    from bot.report import printed

    grid = Table.grid(padding=(0, 2))
    for _ in range(3):
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for rule in rules:
        mark = "→" if one.decides(rule) else " "
        name = rule.rule.removeprefix("built-in: ")
        facts = "\n".join(map(printed, facts_of(rule)))
        grid.add_row(f"{mark} {rule.met.value}", name, rule.outcome, facts)
    return grid
