"""Propose the files of a start as a pull request, by the same halves as every other write.

The commit is built from the base and these files alone, with the base's date, so a run that was
interrupted builds the same one and goes on. Nothing is pushed but one new branch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.forges import Refused
from bot.git_formats import Identity
from bot.model import PullState, Sha
from bot.observing import PAUSED_REF
from bot.repository import File, RefUpdate

if TYPE_CHECKING:
    from bot.wiring import World

TITLE = "Add Amendbot"


def open_start(world: World, branch: str, files: Sequence[tuple[str, str]], body: str) -> str:
    """Open the pull request, unless there is or was one; says what became of it."""
    before = world.reader.current(branch)
    if before is not None:
        if before.state is PullState.OPEN:
            return f"Pull request {before.number} proposes this already: {before.url}"
        if before.state is PullState.CLOSED:
            raise UserError(
                f"Pull request {before.number} proposed this and was closed; reopen it, or run "
                "'bot init' without --pull-request."
            )
    _push(world, branch, _commit(world, files))
    opened = world.make_writer().open(
        branch=branch, base_branch=world.base.branch, title=TITLE, body=body, draft=False
    )
    if isinstance(opened, Refused):
        raise UserError(
            f"The branch {branch} is pushed, but no pull request could be opened: {opened.reason}; "
            "open it by hand, or allow that and try again."
        )
    return f"Opened pull request {opened.number}: {opened.url}"


def _commit(world: World, files: Sequence[tuple[str, str]]) -> Sha:
    me, base = world.base.config.commit, world.base.sha
    return world.repository.build(
        base,
        [File(path, "100644", text.encode()) for path, text in files],
        f"{TITLE}\n\nIts configuration, and the workflows that run it.\n",
        Identity(me.name, me.email),
        world.repository.plain_commit(base).date,
    )


def _push(world: World, branch: str, head: Sha) -> None:
    ref = f"refs/heads/{branch}"
    there = world.repository.remote_refs(ref, PAUSED_REF)
    if there.get(PAUSED_REF):
        raise UserError(f"The bot is paused: the remote has {PAUSED_REF}; 'bot resume' removes it.")
    if there.get(ref) == head:
        return
    ended = world.repository.push([RefUpdate(ref, None, head)])
    if ended.rejected:
        raise UserError(
            f"The remote refuses {branch}: {ended.rejected}; the token has to be allowed to write "
            "contents and workflows, which a workflow's own never is."
        )
    if ended.stale:
        raise UserError(f"The remote has a branch {branch} that is something else; delete it.")
