"""The command line: parse, wire, print. Heavy imports wait until a command needs them.

Exit codes: 0 done; 1 something a person can mend, said in one sentence; 2 wrong usage; 3 a defect
of the bot, with a traceback.
"""

from __future__ import annotations

import io
import json
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import typer

from bot.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from bot.config import Config
    from bot.engines.recording import Tape
    from bot.forges.github import GitHubAddress, GitHubReader
    from bot.observing import Base
    from bot.plan import Claim, Plan
    from bot.repository import Repository
    from bot.snapshot import Snapshot

app = typer.Typer(
    name="bot",
    help="Turn an agent's reflections about its own code into small, proven pull requests.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help is there in half the time
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"amendbot {version('amendbot')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    del version


config_app = typer.Typer(
    help="The configuration, .github/bot.toml.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(config_app, name="config")

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
BaseBranch = Annotated[
    str, typer.Option("--base", help="The base branch; by default the remote's default branch.")
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
) -> None:
    """Run one tick: observe, ask, decide, act."""
    if replay and not dry_run:
        raise typer.BadParameter("--replay goes with --dry-run only: nothing of it is done.")
    if config and not dry_run:
        raise typer.BadParameter("--config goes with --dry-run only: the base branch's counts.")
    trial = _read_config(config) if config else None
    with _world(base, trial, _tape(record, replay)) as world:
        plan = world.plan(only)
        _show(plan, as_json, verb="would" if dry_run else "will")
        if not dry_run:
            world.act(plan, as_json)


@app.command()
def plan(
    out: Annotated[Path, typer.Option(help="Where to write the plan.")],
    only: Only = "",
    base: BaseBranch = "",
    record: Record = None,
    replay: Replay = None,
) -> None:
    """Write a tick's plan to a file.

    For reading and for `bot apply`; nothing else is changed.
    """
    from bot.plan import write_plan_file

    with _world(base, None, _tape(record, replay)) as world:
        planned = world.plan(only)
        out.write_text(write_plan_file(planned), encoding="utf-8")
        _show(planned, as_json=False, verb="would")


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="A plan that `bot plan` wrote.")],
    as_json: Json = False,
    base: BaseBranch = "",
) -> None:
    """Take a plan file's proposals up.

    Each is rebuilt and vetted, the world is observed afresh, and what is decided then is done.
    """
    from bot.plan import read_plan_file

    claims = read_plan_file(_read(file), str(file))
    with _world(base, None) as world:
        decided = world.plan("", claims)
        _show(decided, as_json, verb="will")
        world.act(decided, as_json)


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
    with _repository() as repository:
        found = _base(repository, base)
        where = write_reflection(
            repository, found.config, found.branch, to, task, outcome, text, _now()
        )
    typer.echo(where)


@app.command()
def reflections(as_json: Json = False, base: BaseBranch = "") -> None:
    """List reflections and their fates.

    Actionable or not and why, and what became of each.
    """
    from bot.reflecting import listing, print_listing

    with _world(base, None) as world:
        snapshot = world.observe()
    rows = listing(snapshot)
    for notice in snapshot.notices:
        typer.echo(_printable(f"! {notice}"), err=True)
    if as_json:
        _print_json([row.as_data() for row in rows])
    else:
        print_listing(rows, _console())


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


@config_app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The file to check.")] = Path(".github/bot.toml"),
) -> None:
    """Check a configuration file."""
    _read_config(file)
    typer.echo(f"{file} is fine.")


@config_app.command()
def schema() -> None:
    """Print the configuration's JSON Schema, for editors."""
    from bot.config import config_schema

    typer.echo(config_schema())


# ------------------------------------------------------------------------------------- wiring


class _World:
    """One repository, its forge, and what one command does with them."""

    def __init__(
        self,
        repository: Repository,
        base: Base,
        address: GitHubAddress,
        tape: Tape | None = None,
    ) -> None:
        from bot.forges.github import GitHubReader

        self._repository = repository
        self._base = base
        self._address = address
        self._tape = tape
        self._reader: GitHubReader = GitHubReader(address)
        self._observed: Snapshot | None = None
        self._problem = ""

    def observe(self) -> Snapshot:
        from bot.observing import observe

        self._observed = observe(self._repository, self._reader, self._base, _now())
        return self._observed

    def plan(self, only: str, claims: tuple[Claim, ...] | None = None) -> Plan:
        """Observe, ask the engine (or believe nothing of a plan file's claims), and decide."""
        from dataclasses import replace

        from bot.actions.registry import load
        from bot.engines.registry import make
        from bot.policy import decide
        from bot.proposing import propose, reconsider
        from bot.selection import select

        snapshot = self.observe()
        claimed = None if claims is None else {claim.fingerprint for claim in claims}
        selection = select(snapshot, only, claimed)
        if claims is None:
            registry = load(snapshot.config.actions.extra)
            engine = make(snapshot.config.engine, registry, self._tape)
            with _progress() as say:
                attempts, self._problem = propose(
                    snapshot, selection, self._repository, self._reader, engine, say
                )
        else:
            attempts, dropped = reconsider(
                claims, selection, snapshot, self._repository, self._reader
            )
            snapshot = replace(snapshot, notices=(*snapshot.notices, *dropped))
        return decide(snapshot, selection, attempts)

    def finish(self) -> None:
        """End with what a person has to mend, now that all else is done."""
        if self._problem:
            raise UserError(self._problem)

    def act(self, plan: Plan, as_json: bool) -> None:
        """The only place that makes anything that writes."""
        from bot.actions import WriteContext
        from bot.forges.github import GitHubWriter
        from bot.publisher import GitPublisher
        from bot.report import print_outcomes
        from bot.tick import act

        assert self._observed is not None
        config = self._base.config
        context = WriteContext(
            reader=self._reader,
            writer=GitHubWriter(self._address),
            publisher=GitPublisher(self._repository, config, self._base.branch),
            config=config,
            base_branch=self._base.branch,
            me=self._observed.forge.me,
            now=self._observed.now,
        )
        failed = print_outcomes(act(plan, context), _console(stderr=as_json))
        if failed:
            steps = len(plan.steps)
            raise UserError(f"{failed} of {steps} steps failed; mend what they say above.")


@contextmanager
def _world(base: str, config: Config | None, tape: Tape | None = None) -> Iterator[_World]:
    from bot.forges.github import GitHubAddress

    with _repository() as repository:
        address = GitHubAddress.from_environment(repository.url)
        world = _World(repository, _base(repository, base, config), address, tape)
        yield world
        world.finish()


def _tape(record: Path | None, replay: Path | None) -> Tape:
    from bot.engines.recording import Tape

    if record and replay:
        raise typer.BadParameter("--record and --replay exclude each other.")
    return Tape(record, replay)


@contextmanager
def _repository() -> Iterator[Repository]:
    import os

    from bot.repository import Repository

    token = os.environ.get("GITHUB_TOKEN", "")
    host = _git_host(os.environ.get("GITHUB_API_URL", "") or "https://api.github.com")
    with Repository(Path.cwd(), token=token, token_host=host) as repository:
        yield repository


def _git_host(api_url: str) -> str:
    """The host that serves git where this API is: the only one that is sent GITHUB_TOKEN."""
    host = api_url.split("://")[-1].split("/")[0]
    is_split = host == "api.github.com" or host.endswith(".ghe.com")
    return host.removeprefix("api.") if is_split else host


def _base(repository: Repository, branch: str, config: Config | None = None) -> Base:
    from bot.observing import read_base

    return read_base(repository, branch, config)


def _show(plan: Plan, as_json: bool, *, verb: str) -> None:
    if as_json:
        from bot.plan import as_json as to_data

        _print_json(to_data(plan))
    else:
        from bot.report import print_plan

        print_plan(plan, _console(), verb=verb)


def _print_json(data: object) -> None:
    from bot.secrets import redact_data
    from bot.untrusted import for_json_log

    typer.echo(for_json_log(json.dumps(redact_data(data), indent=2)))


def _printable(text: str) -> str:
    """A text that may quote what strangers wrote, for the terminal and the job's log."""
    from bot.secrets import redact
    from bot.untrusted import for_log

    return for_log(redact(text))


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    return Console(
        file=stream if terminal else cast("TextIO", _Trimmed(stream)),
        highlight=False,
        markup=False,  # texts of strangers are printed: [bold] and [link=…] are words
        emoji=False,
        soft_wrap=not terminal,
    )


class _Trimmed(io.TextIOBase):
    """A stream without the blanks that tables are padded with, for pipes and files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(re.sub(r"[ \t]+(?=\n)", "", text))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """The step at hand on standard error, at a terminal only."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("observing") as status:
        yield status.update


def _read_config(file: Path) -> Config:
    from bot.config import parse_config

    return parse_config(_read(file), str(file))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}.") from error


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def main() -> None:
    """Run the command line and turn what went wrong into the exit codes above."""
    try:
        app()
    except UserError as error:
        typer.echo(_printable(f"bot: {error}"), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("bot: interrupted", err=True)
        sys.exit(130)
    except Exception:  # noqa: BLE001 # the last resort: exit code 3 with the traceback
        typer.echo(_printable(traceback.format_exc()), err=True)
        sys.exit(3)


if __name__ == "__main__":
    main()
