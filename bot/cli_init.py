"""`bot init`: the files with which the bot starts in a repository, shown before they are written.

At most three questions: where reflections lie, how the tests are run, and whether to write this.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit

import typer

from bot.console import console, say
from bot.errors import UserError
from bot.wiring import choose_forge, open_repository, open_world

if TYPE_CHECKING:
    from bot.model import Tree
    from bot.repository import Repository
    from bot.starting.beginning import Version
    from bot.starting.configuring import Choices
    from bot.starting.detecting import Found
    from bot.starting.writing import Start

BRANCH = "amendbot/start"
"""Where the files are proposed from: none of the branches that ticks are about."""


def init(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, and write.")] = False,
    pull_request: Annotated[
        bool,
        typer.Option("--pull-request", help="Propose the files at GitHub, and write none here."),
    ] = False,
    mode: Annotated[
        str, typer.Option(help="How far the bot may go to begin with: observe, propose or merge.")
    ] = "propose",
    reflections: Annotated[
        list[str] | None, typer.Option(help="A file of reflections, or a pattern; repeatable.")
    ] = None,
    tests: Annotated[str, typer.Option(help="The command that runs the tests.")] = "",
    one_job: Annotated[
        bool, typer.Option("--one-job", help="One job for everything: simpler, and less safe.")
    ] = False,
    settle: Annotated[
        bool, typer.Option("--settle", help="Also go on as soon as CI has ended on a branch.")
    ] = False,
    base: Annotated[
        str, typer.Option("--base", help="The base branch; by default the default branch.")
    ] = "",
    pin: Annotated[
        str, typer.Option(help="The commit of the bot to use; by default that of this one.")
    ] = "",
) -> None:
    """Add the bot to a repository.

    Writes .github/bot.toml and the workflows, shows them first, and never changes a file that is
    there.
    """
    from bot.config import Mode

    if mode not in list(Mode):
        raise typer.BadParameter(f"--mode is one of {', '.join(Mode)}.")
    asks = not yes and sys.stdin.isatty()
    wanted = _Wanted(mode, tuple(reflections or ()), tests, one_job, settle, pin)
    if pull_request:
        _propose(wanted, base, asks=asks, writes=yes or asks)
    else:
        _write(wanted, base, asks=asks, writes=yes or asks)


class _Wanted:
    """What the command line says of the choices; empty is for what is found."""

    def __init__(
        self,
        mode: str,
        reflections: tuple[str, ...],
        tests: str,
        one_job: bool,
        settle: bool,
        pin: str,
    ) -> None:
        self.mode = mode
        self.reflections = reflections
        self.tests = tests
        self.one_job = one_job
        self.settle = settle
        self.pin = pin

    def choices(self, found: Found, *, asks: bool) -> Choices:
        from bot.starting.configuring import Choices

        files = self.reflections or found.sources
        tests = self.tests or found.tests.command
        if asks and not self.reflections:
            said = typer.prompt("Where do agents write reflections?", ", ".join(files))
            files = tuple(part for part in re.split(r"[\s,]+", said) if part)
        if asks and not self.tests:
            said = typer.prompt("What runs the tests? (- for nothing)", tests or "-")
            tests = "" if said.strip() == "-" else said.strip()
        return Choices(
            reflections=files,
            tests=tests,
            mode=self.mode,
            one_job=self.one_job,
            settle=self.settle,
        )


def _write(wanted: _Wanted, base: str, *, asks: bool, writes: bool) -> None:
    from bot.starting.beginning import next_steps
    from bot.starting.writing import FolderTree, write

    with open_repository() as repository:
        branch = base or _base_branch(repository)
        tree = FolderTree(repository.root)
        _, _, starts = _planned(wanted, tree, branch, repository, asks)
        new = _shown(starts)
        if not new:
            say("Everything is there already; nothing is written.")
            return
        if not _agreed(f"Write {_count(new)}?", asks=asks, writes=writes):
            return
        write(repository.root, new)
    say(f"Written: {', '.join(start.path for start in new)}. What is left to do:")
    for number, step in enumerate(next_steps([start.path for start in new]), start=1):
        say(f"  {number}. {step}")


def _propose(wanted: _Wanted, base: str, *, asks: bool, writes: bool) -> None:
    from bot.config.reading import CONFIG_PATH
    from bot.starting.beginning import pull_text
    from bot.starting.opening import open_start

    with open_world(base, None, verifies=False) as world:
        if world.forge.name != "github":
            raise UserError(
                f"There is no GitHub to open a pull request at ({world.forge}); leave "
                "--pull-request out, and the files are written here."
            )
        tree, branch = world.base.tree, world.base.branch
        found, choices, starts = _planned(wanted, tree, branch, world.repository, asks)
        new = _shown(starts)
        if not new:
            say(f"{branch} has everything already, {CONFIG_PATH} included; nothing is proposed.")
            return
        if not _agreed(f"Open a pull request with {_count(new)}?", asks=asks, writes=writes):
            return
        files = [(start.path, start.text) for start in new]
        say(open_start(world, BRANCH, files, pull_text(files, found, choices)))


def _planned(
    wanted: _Wanted, tree: Tree, branch: str, repository: Repository, asks: bool
) -> tuple[Found, Choices, tuple[Start, ...]]:
    from rich.table import Table

    from bot.config import TestConfig
    from bot.report import printed
    from bot.sandbox.suite import test_command
    from bot.starting.beginning import beginning, seen
    from bot.starting.detecting import detect
    from bot.starting.writing import compared

    found = detect(tree, branch, test_command(tree, TestConfig()))
    grid = Table.grid(padding=(0, 2))
    for what, told in seen(found):
        grid.add_row(what, printed(told))
    console().print(grid)
    choices = wanted.choices(found, asks=asks)
    files = beginning(found, choices, version(wanted.pin), _name(repository))
    if _is_elsewhere(repository):
        say("The remote is not at GitHub, so there are no workflows to write.")
        files = files[:1]
    return found, choices, compared(files, tree)


def _shown(starts: tuple[Start, ...]) -> tuple[Start, ...]:
    """Print what would be written, and what is in its way; the new ones."""
    from bot.report import diff_text

    out = console()
    for start in starts:
        if start.is_new or start.differs:
            out.print()
            out.print(diff_text(start.diff))
    for start in starts:
        if start.differs:
            say(f"\n{start.path} is there and stays as it is; above is what would differ.")
        elif not start.is_new:
            say(f"\n{start.path} is there as it would be written.")
    return tuple(start for start in starts if start.is_new)


def _agreed(question: str, *, asks: bool, writes: bool) -> bool:
    if not writes:
        say("\nNothing is written, because nobody can be asked here; say --yes to go on.")
        return False
    if asks and not typer.confirm(f"\n{question}", default=True):
        say("Nothing is written.")
        return False
    return True


def _count(new: tuple[Start, ...]) -> str:
    return f"{'this file' if len(new) == 1 else f'these {len(new)} files'}"


# ------------------------------------------------------------------------ what is known first


def _base_branch(repository: Repository) -> str:
    """The remote's default branch, else the one that is checked out; of a new repository too."""
    try:
        known = repository.remote_refs("HEAD").default_branch
    except UserError:
        known = ""  # the remote does not answer, and is not needed here
    return known or repository.checked_out()[0] or "main"


def _is_elsewhere(repository: Repository) -> bool:
    """Whether there is a remote, and no GitHub behind it. A token says nothing about that."""
    from bot.config import Config

    chosen = choose_forge(Config(), repository.url, token="any")
    return repository.has_remote and chosen.name != "github"


def _name(repository: Repository) -> str:
    """`owner/name`, or whatever else tells this repository from others."""
    said = os.environ.get("GITHUB_REPOSITORY", "")
    named = re.search(r"[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?$", repository.url)
    if said or not repository.has_remote:
        return said or repository.root.name
    return named[1] if named else repository.root.name


def version(pin: str = "") -> Version:
    """The bot that is to run: that at `pin`, else this one. A UserError where it is unknown."""
    from importlib.metadata import version as installed

    from bot.home import COMMIT, REPOSITORY_URL
    from bot.starting.beginning import Version

    commit = pin or COMMIT or _installed_commit()
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        why = f"{pin!r} is no commit" if pin else "this bot does not know its own commit"
        raise UserError(
            f"The workflows name the bot by a commit, and {why}; take one of "
            f"{REPOSITORY_URL}/commits and say --pin COMMIT, all 40 characters."
        )
    return Version(commit=commit, number=installed("amendbot"))


def _installed_commit() -> str:
    """The commit that pip installed from git, or that a checkout is at; empty if neither."""
    from importlib.metadata import distribution

    from bot.repository import Repository

    said = json.loads(distribution("amendbot").read_text("direct_url.json") or "{}")
    commit = said.get("vcs_info", {}).get("commit_id", "")
    folder = Path(unquote(urlsplit(said.get("url", "")).path))
    if commit or not said.get("dir_info", {}).get("editable") or not (folder / ".git").exists():
        return str(commit)
    with Repository(folder) as checkout:
        return checkout.checked_out()[1] or ""
