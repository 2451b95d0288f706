"""The command line: parse, wire, print. Heavy imports wait until a command needs them.

Exit codes: 0 done; 1 something a person can mend, said in one sentence; 2 wrong usage; 3 a defect
of the bot, with a traceback.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_config import config_app, read_config_file
from bot.cli_doctor import doctor
from bot.cli_evidence import evidence
from bot.cli_init import init
from bot.cli_jobs import list_work, propose, verify
from bot.cli_memory import audit, reflections_app, status
from bot.cli_policy import policy_app
from bot.cli_pulls import pulls_app
from bot.cli_runner import mask_secrets, tell_error
from bot.console import Loudness, console, loudness, print_json, say, speak
from bot.errors import UserError
from bot.wiring import now, open_repository, open_world, read_base

if TYPE_CHECKING:
    from bot.engines.recording import Tape
    from bot.plan import Plan

app = typer.Typer(
    name="bot",
    help="Turn an agent's reflections about its own code into small, proven pull requests.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # plain help is there in half the time
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"amendbot {version('amendbot')}")
        raise typer.Exit


Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print only what was changed and what went wrong.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print each step of the work as it goes.")
]


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    del version
    _speak(quiet, verbose)


def _speak(quiet: bool, verbose: bool) -> None:
    if quiet and verbose:
        raise typer.BadParameter("--quiet and --verbose exclude each other.")
    if quiet or verbose:
        speak(Loudness.QUIET if quiet else Loudness.VERBOSE)


app.add_typer(config_app, name="config")
app.add_typer(policy_app, name="policy")
app.add_typer(pulls_app, name="pulls")
app.add_typer(reflections_app, name="reflections")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Only = Annotated[
    str, typer.Option(help="Ask the engine about this incident alone, by id or fingerprint.")
]
Record = Annotated[
    Path | None,
    typer.Option(help="Keep the conversations with the model in this file, without the key."),
]
Replay = Annotated[
    Path | None,
    typer.Option(help="Answer from such a file instead of a model: no key, no network, no cost."),
]
NoVerify = Annotated[
    bool, typer.Option("--no-verify", help="Run no tests and no pre-commit hooks in the sandbox.")
]
BaseBranch = Annotated[
    str, typer.Option("--base", help="The base branch; by default the default branch.")
]


@app.command()
def run(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and change nothing.")
    ] = False,
    as_json: Json = False,
    only: Only = "",
    base: BaseBranch = "",
    config: Annotated[
        Path | None, typer.Option(help="Try another configuration; only with --dry-run.")
    ] = None,
    record: Record = None,
    replay: Replay = None,
    no_verify: NoVerify = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run one tick: observe, ask, decide, act."""
    _speak(quiet, verbose)
    if replay and not dry_run:
        raise typer.BadParameter("--replay goes with --dry-run only: nothing of it is done.")
    if config and not dry_run:
        raise typer.BadParameter("--config goes with --dry-run only: the base branch's counts.")
    trial = read_config_file(config) if config else None
    with open_world(
        base, trial, _tape(record, replay), verifies=not no_verify, rehearsal=dry_run
    ) as world:
        if not dry_run:
            world.check_writable()
        plan = world.plan(only)
        _show(plan, as_json, verb="would" if dry_run else "will")
        if not dry_run:
            world.act(plan, on_stderr=as_json)


@app.command()
def plan(
    out: Annotated[Path | None, typer.Option(help="Where to write the plan.")] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="Ask nothing: list the work for other jobs in --work.")
    ] = False,
    work: Annotated[
        Path | None, typer.Option(help="With --list: the folder to write the work to.")
    ] = None,
    outputs: Annotated[
        Path | None,
        typer.Option(help="With --list: add the matrix and what else jobs need to this file."),
    ] = None,
    only: Only = "",
    base: BaseBranch = "",
    record: Record = None,
    replay: Replay = None,
    no_verify: NoVerify = False,
) -> None:
    """Write a tick's plan to a file, or list its work for jobs with separate rights.

    For reading and for `bot apply`; nothing else is changed. With --list no engine is asked and no
    test is run: the job matrix is printed.
    """
    if list_:
        if work is None or out or record or replay:
            raise typer.BadParameter("--list goes with --work, and with none of the others.")
        list_work(work, outputs, only, base)
        return
    from bot.jobs.answers import write_plan_file

    if out is None or work or outputs:
        raise typer.BadParameter("name the file with --out, or use --list with --work.")
    with open_world(
        base, None, _tape(record, replay), verifies=not no_verify, rehearsal=True
    ) as world:
        planned = world.plan(only)
        out.write_text(write_plan_file(planned), encoding="utf-8")
        _show(planned, as_json=False, verb="would")


@app.command()
def apply(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE|FOLDER]...",
            help="What `bot plan` or other jobs wrote, or folders of it.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and change nothing.")
    ] = False,
    as_json: Json = False,
    base: BaseBranch = "",
) -> None:
    """Take proposals up that a plan or other jobs have made.

    Each is rebuilt and vetted, the world is observed afresh, and what is decided then is done. No
    engine is asked and nothing proposed is run. Without files, what is open already is settled.
    """
    from bot.jobs.gathering import gather

    with open_world(base, None) as world:
        if not dry_run:
            world.check_writable()
        brought = gather(files or [], outside=world.repository.root)
        decided = world.reconsider(brought)
        _show(decided, as_json, verb="would" if dry_run else "will")
        if not dry_run:
            world.act(decided, on_stderr=as_json)


app.command()(propose)
app.command()(verify)


@app.command()
def reflect(
    text: Annotated[str, typer.Argument(help="What happened, and what it points at.")],
    task: Annotated[str, typer.Option(help="What was being done.")] = "",
    outcome: Annotated[str, typer.Option(help="How it ended.")] = "failure",
    to: Annotated[
        str, typer.Option(help="A source's name; by default the first one configured.")
    ] = "",
    base: BaseBranch = "",
) -> None:
    """Write a reflection.

    To the source's file in the work tree, or straight to its ref on the remote.
    """
    from bot.reflecting import write_reflection

    if not text.strip():
        raise UserError("The reflection is empty; say what happened and where.")
    with open_repository() as repository:
        found = read_base(repository, base)
        where = write_reflection(
            repository, found.config, found.branch, to, task, outcome, text, now()
        )
    typer.echo(where)


@app.command()
def actions(as_json: Json = False) -> None:
    """List everything the bot can do.

    --json prints the tool definitions that a model is given.
    """
    from bot.actions.registry import load

    registry = load()
    if as_json:
        typer.echo(json.dumps(registry.tools(), indent=2))
        return
    for action in registry:
        typer.echo(f"{action.effect:<8} {action.name:<20} {action.description}")


app.command()(init)
app.command()(doctor)
app.command()(evidence)
app.command()(status)
app.command()(audit)


@app.command()
def revert(
    number: Annotated[int, typer.Argument(help="The merged pull request's number.")],
    reason: Annotated[str, typer.Option(help="Why; the proposal says so.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and change nothing.")
    ] = False,
    base: BaseBranch = "",
) -> None:
    """Propose to take a merge of the bot's back."""
    with open_world(base, None) as world:
        if not dry_run:
            world.check_writable()
        plan = world.plan_revert(number, reason)
        _show(plan, as_json=False, verb="would" if dry_run else "will")
        if not dry_run:
            world.act(plan, on_stderr=False)


@app.command()
def pause(
    reason: Annotated[str, typer.Argument(help="Why; it is kept with the ref.")] = "",
) -> None:
    """Stop every bot on this repository before its next write."""
    from bot.pausing import pause

    with open_repository() as repository:
        say(pause(repository, reason, now()))


@app.command()
def resume() -> None:
    """Let the bot go on after 'bot pause'."""
    from bot.pausing import resume

    with open_repository() as repository:
        say(resume(repository))


# ------------------------------------------------------------------------------- its own needs


def _tape(record: Path | None, replay: Path | None) -> Tape:
    from bot.engines.recording import Tape

    if record and replay:
        raise typer.BadParameter("--record and --replay exclude each other.")
    return Tape(record, replay)


def _show(plan: Plan, as_json: bool, *, verb: str) -> None:
    if as_json:
        from bot.plan import as_json as to_data

        print_json(to_data(plan))
    elif loudness() is not Loudness.QUIET:
        from bot.report import print_plan

        print_plan(plan, console(), verb=verb)


def main() -> None:
    """Run the command line and turn what went wrong into the exit codes above."""
    speak(Loudness.NORMAL)
    mask_secrets(os.environ)
    try:
        app()
    except UserError as error:
        say(f"bot: {error}", error=True)
        tell_error(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("bot: interrupted", err=True)
        sys.exit(130)
    except Exception:  # noqa: BLE001 # the last resort: exit code 3 with the traceback
        say(traceback.format_exc(), error=True)
        sys.exit(3)


if __name__ == "__main__":
    main()
