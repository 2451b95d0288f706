"""`bot evidence`: what the tests say of one commit against another, wherever git is.

It needs no forge, no token and no key, so a workflow without any right runs it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import console, progress
from bot.errors import UserError
from bot.wiring import open_repository

if TYPE_CHECKING:
    from bot.evidence import Evidence
    from bot.model import Sha
    from bot.repository import Repository


def evidence(
    base: Annotated[str, typer.Argument(help="A commit; the one where both part counts.")],
    head: Annotated[str, typer.Argument(help="The commit to judge.")] = "HEAD",
    summary: Annotated[
        Path | None, typer.Option(help="Add the result to this file, as Markdown.")
    ] = None,
) -> None:
    """Run the tests of two commits and compare them.

    The configuration is that of the base. Fails where the head breaks something, and where nothing
    could be compared.
    """
    from bot.body import evidence_text
    from bot.report import print_evidence

    with open_repository() as repository:
        found = _compared(repository, base, head)
    print_evidence(found, console())
    if summary:
        with summary.open("a", encoding="utf-8") as file:
            file.write(f"## Evidence\n\n{evidence_text(found)}\n")
    if not found.green:
        raise UserError(f"{found.sentence.removesuffix('.')}: {found.head[:9]} does not pass.")


def _compared(repository: Repository, base: str, head: str) -> Evidence:
    from bot.config import read_config
    from bot.verifying import Verifier

    commit = repository.commit(_named(repository, head))
    forked = _git(repository, "merge-base", _named(repository, base), commit.sha)
    if forked is None:
        raise UserError(f"{base} and {head} have no commit in common; fetch their whole history.")
    config = read_config(repository.tree(forked))
    with (
        progress() as tell,
        Verifier(repository, forked, config, os.environ, tell) as verifier,
    ):
        found = verifier.verify(commit)
        if found is None:
            raise UserError(f"Nothing could be compared: {'; '.join(verifier.notices)}.")
    return found


def _named(repository: Repository, name: str) -> Sha:
    known = repository.checked_out()[1] if name == "HEAD" else None
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    sha = known or (_git(repository, *asked) if re.fullmatch(r"[0-9a-f]{7,40}", name) else None)
    if sha is None:
        raise UserError(f"There is no commit {name!r} here; fetch it, and name it by its hash.")
    return sha


def _git(repository: Repository, *args: str) -> Sha | None:
    from bot.git_formats import GitFailed
    from bot.model import Sha

    try:
        return Sha(repository.run(*args).decode().strip())
    except GitFailed:
        return None
