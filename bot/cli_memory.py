"""`bot status`, `bot audit`, `bot reflections`: what the bot remembers, none of it kept anywhere.

All of it is derived from the forge, the ledger and git each time, and nothing here writes, except
that `bot reflections export` writes the file it is told to.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import console, print_json, say
from bot.wiring import World, open_world

if TYPE_CHECKING:
    from bot.audit import AuditRecord

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
BaseBranch = Annotated[
    str, typer.Option("--base", help="The base branch; by default the default branch.")
]

reflections_app = typer.Typer(
    help="List reflections and their fates; export what came of them.", rich_markup_mode=None
)


class Format(StrEnum):
    """How `bot audit` prints."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    ORIGINAL = "original"


def status(as_json: Json = False, base: BaseBranch = "") -> None:
    """Show where the bot stands.

    Open pull requests, what waits and why, what was refused, and what it has spent.
    """
    from bot.report_memory import print_status
    from bot.status import status as status_of

    with open_world(base, None) as world:
        found = status_of(world.observe())
    if as_json:
        print_json(found.as_data())
    else:
        print_status(found, console())


def audit(
    form: Annotated[
        Format,
        typer.Option("--format", help="original: the shape of self_modification_audit.json."),
    ] = Format.TABLE,
    base: BaseBranch = "",
) -> None:
    """Rebuild what was done, and verify it.

    One record for each incident and attempt, skips included; every link from the reflection to the
    merge and its revert is held against git and the ledger.
    """
    from bot.audit import as_data, as_original

    with open_world(base, None) as world:
        records = _audited(world)
    match form:
        case Format.TABLE:
            from bot.report_memory import print_audit

            print_audit(records, console())
        case Format.JSON:
            print_json([as_data(record) for record in records])
        case Format.JSONL:
            for record in records:
                _print_line(as_data(record))
        case Format.ORIGINAL:
            print_json([as_original(record) for record in records])


@reflections_app.callback(invoke_without_command=True)
def reflections(context: typer.Context, as_json: Json = False, base: BaseBranch = "") -> None:
    """List reflections and their fates.

    Actionable or not and why, and what became of each.
    """
    if context.invoked_subcommand is not None:
        return
    from bot.reflecting import listing, print_listing

    with open_world(base, None) as world:
        snapshot = world.observe(everything=True)
    rows = listing(snapshot)
    for notice in snapshot.notices:
        say(f"! {notice}", error=True)
    if as_json:
        print_json([row.as_data() for row in rows])
    else:
        print_listing(rows, console())


@reflections_app.command()
def export(
    out: Annotated[
        Path | None, typer.Option(help="The file to write; by default standard output.")
    ] = None,
    base: BaseBranch = "",
) -> None:
    """Print what was tried and what came of it.

    As reflections that agents can read back; the bot itself never takes them for input.
    """
    from bot.exporting import experiences, write_experiences

    with open_world(base, None) as world:
        found = experiences(_audited(world))
    if out is None:
        print_json(found)
        return
    changed = write_experiences(out, found)
    noun = "record" if len(found) == 1 else "records"
    say(f"{len(found)} {noun} {'written to' if changed else 'are in'} {out}")


def _audited(world: World) -> tuple[AuditRecord, ...]:
    from bot.audit import audit as audit_of
    from bot.auditing import gather

    return audit_of(gather(world.repository, world.observe(everything=True)))


def _print_line(data: dict[str, object]) -> None:
    from bot.secrets import redact_data
    from bot.untrusted import for_json_log

    typer.echo(for_json_log(json.dumps(redact_data(data))))
