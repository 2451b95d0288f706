"""`bot doctor`: whether the bot can work here, found out without writing anything."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import console, print_json, printable, progress
from bot.doctor import ABOUT_TOKENS
from bot.errors import UserError
from bot.wiring import World, now, open_repository, read_base

if TYPE_CHECKING:
    from bot.config import Config
    from bot.doctor.seen import Engines, Seen
    from bot.engines.asking import Asked
    from bot.repository import Repository


def doctor(
    ask_model: Annotated[
        bool | None,
        typer.Option(
            "--ask-model/--no-ask-model",
            help="Send the model one tiny question, or none; by default you are asked, at a "
            "terminal only.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    base: Annotated[
        str, typer.Option("--base", help="The base branch; by default the default branch.")
    ] = "",
) -> None:
    """Check whether the bot can work here; say what to mend.

    Reads only. Exit code 1 where it finds a problem, 0 where notes and warnings are all.
    """
    from bot.doctor import Level
    from bot.doctor.examining import in_full
    from bot.doctor.registry import examine

    with open_repository() as repository, progress() as say:
        say("looking around")
        seen = in_full(_look(repository, base), repository, os.environ)
    asked = _ask(seen.config, seen.engines, ask_model, quiet=as_json)
    seen = replace(seen, asked=asked, asking=True)
    told = examine(seen)
    findings = [finding for group in told for finding in group.findings]
    if as_json:
        print_json({"findings": [one.as_data() for one in findings]})
    else:
        from bot.doctor.report import print_findings

        print_findings(told, console())
    if any(one.level is Level.PROBLEM for one in findings):
        raise typer.Exit(1)


def _look(repository: Repository, base_branch: str) -> Seen:
    """What a tick would observe, and what it would not; where it would fail, why."""
    from bot.doctor.examining import at_hand, with_access
    from bot.doctor.seen import Engines, Seen

    keyed = bool(os.environ.get("OPENAI_API_KEY"))
    engines = Engines(has_key=keyed, server=os.environ.get("OPENAI_BASE_URL", ""))
    seen = Seen(now=now(), engines=engines)
    try:
        base = read_base(repository, base_branch)
        seen = replace(seen, config=base.config, base_branch=base.branch, config_says=base.notices)
        world = World(repository, base)
    except UserError as error:
        return replace(seen, unreadable=str(error))
    try:
        found = at_hand(world.observe(), repository, world.reader, os.environ, has_key=keyed)
        seen = replace(found, config_says=base.notices)
    except UserError as error:
        seen = replace(seen, unreadable=str(error))
    if world.forge.name != "github":
        return seen
    try:
        return with_access(seen, repository, base.sha, os.environ)
    except UserError as error:
        return replace(seen, unreadable=seen.unreadable or str(error))


def _ask(
    config: Config | None, engines: Engines | None, wanted: bool | None, *, quiet: bool
) -> Asked | None:
    """Ask the model, if that is wanted; a person at a terminal is asked for leave first."""
    if config is None or engines is None or not engines.has_key:
        return None
    if "openai" not in config.engine.order:
        return None
    model = config.engine.openai
    if wanted is None and not quiet and sys.stdin.isatty() and sys.stdout.isatty():
        server = printable(engines.server or "OpenAI's server")
        wanted = typer.confirm(
            f"Ask {printable(model.model)} at {server} one tiny question, of about "
            f"{ABOUT_TOKENS} tokens?",
            default=False,
        )
    if not wanted:
        return None
    from bot.engines.asking import ask_once
    from bot.engines.openai import HttpWire

    return ask_once(model, HttpWire(model))
