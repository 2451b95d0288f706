"""`bot pulls`: the bot's pull requests at a terminal, and what a person says to them.

Reading works on every forge. Writing is for `local`, where pull requests have no page of their own;
at a forge that has one, people use that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import console, print_json, say
from bot.errors import UserError
from bot.wiring import World, open_world

if TYPE_CHECKING:
    from bot.forges import Refused
    from bot.forges.local import LocalWriter
    from bot.model import Pull

pulls_app = typer.Typer(
    help="The bot's pull requests: list, show, approve, close, ...",
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
BaseBranch = Annotated[
    str, typer.Option("--base", help="The base branch; by default the default branch.")
]
Number = Annotated[int, typer.Argument(help="The pull request's number.")]


@pulls_app.callback(invoke_without_command=True)
def pulls(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Closed and merged ones too.")] = False,
    as_json: Json = False,
    base: BaseBranch = "",
) -> None:
    """List the bot's pull requests, and why each is not merged."""
    if context.invoked_subcommand is not None:
        return
    from bot.pulls import listing, print_listing

    with open_world(base, None) as world:
        rows = listing(world.observe(everything=everything), everything=everything)
    if as_json:
        print_json([row.as_data() for row in rows])
    else:
        print_listing(rows, console())


@pulls_app.command()
def show(number: Number, as_json: Json = False, base: BaseBranch = "") -> None:
    """Show one pull request: body, diff, checks and decision."""
    from bot.pulls import print_page, read_page

    with open_world(base, None) as world:
        page = read_page(world.observe(everything=True), number, world.repository)
        if as_json:
            print_json(page.as_data())
        else:
            print_page(page, console())


@pulls_app.command()
def approve(
    number: Number,
    comment: Annotated[str, typer.Option(help="What to say with it.")] = "",
    base: BaseBranch = "",
) -> None:
    """Approve a pull request's current head."""
    with _writing(base) as (writer, world):
        head = _pull(world, number).head
        _done(
            writer.review(number, head, approve=True, body=comment),
            f"approved pull request {number}",
        )


@pulls_app.command("request-changes")
def request_changes(
    number: Number,
    text: Annotated[str, typer.Argument(help="What is to be changed.")],
    base: BaseBranch = "",
) -> None:
    """Ask for changes; the bot does not merge this head then."""
    with _writing(base) as (writer, world):
        head = _pull(world, number).head
        said = f"asked for changes in pull request {number}"
        _done(writer.review(number, head, approve=False, body=text), said)


@pulls_app.command()
def comment(
    number: Number,
    text: Annotated[str, typer.Argument(help="What to say.")],
    path: Annotated[str, typer.Option(help="The file it is about.")] = "",
    line: Annotated[int, typer.Option(min=0, help="The line of that file.")] = 0,
    base: BaseBranch = "",
) -> None:
    """Comment on a pull request, or on a line of it."""
    with _writing(base) as (writer, _):
        refused = writer.comment(number, text, path=path, line=line or None)
        _done(refused, f"commented on pull request {number}")


@pulls_app.command()
def label(
    number: Number,
    name: Annotated[str, typer.Argument(help="The label, such as bot:hold.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take it off.")] = False,
    base: BaseBranch = "",
) -> None:
    """Put a label on a pull request, or take it off."""
    with _writing(base) as (writer, world):
        if not remove:
            _done(writer.add_label(number, name), f"pull request {number} has the label {name}")
            return
        pull = world.reader.pull(number)
        if pull and name.casefold() not in {known.casefold() for known in pull.labels}:
            raise UserError(f"Nothing was done: pull request {number} has no label {name}.")
        _done(writer.remove_label(number, name), f"took the label {name} off pull request {number}")


@pulls_app.command()
def close(number: Number, base: BaseBranch = "") -> None:
    """Close a pull request: a "no" to it, so that its incident is not proposed again."""
    with _writing(base) as (writer, _):
        _done(writer.close(number), f"closed pull request {number}")


@pulls_app.command()
def reopen(number: Number, base: BaseBranch = "") -> None:
    """Open a closed pull request again."""
    with _writing(base) as (writer, _):
        _done(writer.reopen(number), f"reopened pull request {number}")


@pulls_app.command()
def ready(
    number: Number,
    undo: Annotated[bool, typer.Option("--undo", help="Make it a draft again.")] = False,
    base: BaseBranch = "",
) -> None:
    """Mark a draft ready for review."""
    with _writing(base) as (writer, _):
        state = "a draft" if undo else "ready for review"
        _done(writer.set_draft(number, undo), f"pull request {number} is {state}")


@pulls_app.command()
def merge(
    number: Number,
    untested: Annotated[
        bool, typer.Option("--untested", help="Even if its tests have not run or not passed.")
    ] = False,
    base: BaseBranch = "",
) -> None:
    """Merge a pull request yourself, by the configured method."""
    from bot.forges import Merged
    from bot.model import PullState

    with _writing(base) as (writer, world):
        pull = _pull(world, number)
        if pull.state is PullState.MERGED:
            raise UserError(f"Pull request {number} is merged already.")
        method = world.base.config.merge.method
        how = "merge" if method == "default" else method
        merged = writer.merge(number, head=pull.head, method=how, untested=untested)
        if not isinstance(merged, Merged):
            hint = "; --untested merges it all the same" if "check" in merged.reason else ""
            raise UserError(f"Pull request {number} is not merged: {merged.reason}{hint}.")
        say(f"merged pull request {number} as {merged.commit[:9]}")


class Result(StrEnum):
    """What a check may have found."""

    PASSED = "passed"
    FAILED = "failed"


@pulls_app.command()
def check(
    commit: Annotated[str, typer.Argument(help="The commit that was checked.")],
    name: Annotated[str, typer.Argument(help="The check's name, as in merge.required_checks.")],
    result: Annotated[Result, typer.Argument(help="What it found.")],
    url: Annotated[str, typer.Option(help="Where more of it can be read.")] = "",
    base: BaseBranch = "",
) -> None:
    """Keep what another runner, or you, found of a commit: a pull request's, or of the base."""
    from bot.forges.local_git import full_name
    from bot.model import CheckState

    with _writing(base) as (writer, world):
        sha = full_name(world.repository, commit)
        if sha is None:
            raise UserError(f"There is no commit {commit} here; fetch it, or name it in full.")
        refused = writer.tell(sha, name, CheckState(result), url)
        _done(refused, f"the check {name} of {sha[:9]} {result}")


@contextmanager
def _writing(base: str) -> Iterator[tuple[LocalWriter, World]]:
    """What a person writes with: as themselves, by git's own user.name and user.email."""
    from bot.forges.local import LocalWriter

    with open_world(base, None) as world:
        if world.forge.name != "local":
            raise UserError(
                f"These pull requests live at {world.forge.name}; use its page, or its own command."
            )
        world.check_writable()
        person = world.repository.person()
        yield LocalWriter(world.repository, person, world.base.branch), world


def _pull(world: World, number: int) -> Pull:
    pull = world.reader.pull(number)
    if pull is None:
        raise UserError(f"There is no pull request {number}; 'bot pulls --all' lists them.")
    return pull


def _done(refused: Refused | None, sentence: str) -> None:
    if refused is not None:
        raise UserError(f"Nothing was done: {refused.reason}.")
    say(sentence)
