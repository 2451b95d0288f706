"""Which work trees of a repository a push to one of its own branches would have to change.

Git moves a clean work tree along with its branch (`receive.denyCurrentBranch=updateInstead`) and
refuses where there are changes. It knows nothing of a second work tree of the same branch, and it
would write into one that is in the middle of a rebase: those are found here.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.git_formats import GitFailed
from bot.model import Pushed, Sha

RECEIVE_PACK = "git -c receive.denyCurrentBranch=updateInstead -c receive.autogc=false receive-pack"


@dataclass(frozen=True, slots=True)
class WorkTree:
    """One work tree; `ref` is what it has checked out, or comes back to when it is `busy`."""

    path: Path
    ref: str
    busy: str = ""


def parse_work_trees(listing: str) -> tuple[WorkTree, ...]:
    """Those of `git worktree list --porcelain -z` that have a branch, or are about to have it."""
    found = []
    for block in listing.split("\x00\x00"):
        values = {
            key: value for key, _, value in (row.partition(" ") for row in block.split("\x00"))
        }
        if not values.get("worktree") or "bare" in values:
            continue
        path = Path(values["worktree"])
        if "branch" in values:
            found.append(WorkTree(path, values["branch"]))
        else:
            found.extend(_interrupted(path))
    return tuple(found)


@contextmanager
def alone(git_dir: Path) -> Iterator[None]:
    """Keep other bots from pushing into this repository meanwhile.

    Git changes the work tree before it moves the refs, so no race must be lost in between.
    """
    folder = os.open(git_dir, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class Run(Protocol):
    """Runs git in a folder and gives what it printed; a failure is a GitFailed."""

    def __call__(self, folder: Path, *args: str) -> str: ...


class WorkTrees:
    """The work trees of the branches that one push is to move."""

    def __init__(
        self, run: Run, moves: Mapping[str, Sha | None], trees: Sequence[WorkTree]
    ) -> None:
        self._run = run
        self._moves = moves
        self._trees = [tree for tree in trees if tree.ref in moves]

    @classmethod
    def of(cls, run: Run, git_dir: Path, moves: Mapping[str, Sha | None]) -> WorkTrees:
        """`moves` are the branches by their full names; None deletes one."""
        listing = run(git_dir, "worktree", "list", "--porcelain", "-z") if moves else ""
        return cls(run, moves, parse_work_trees(listing))

    def refusal(self) -> str:
        """Why these branches cannot be moved, as a sentence without its end; "" if they can."""
        said = (self._refusal_of(tree) for tree in self._trees)
        return next((sentence for sentence in said if sentence), "")

    def _refusal_of(self, tree: WorkTree) -> str:
        name = tree.ref.removeprefix("refs/heads/")
        here = f"{name} is checked out in {tree.path}"
        others = [other.path for other in self._trees if other.ref == tree.ref and other != tree]
        if tree.busy:
            return f"{name} is in the middle of a {tree.busy} in {tree.path}; finish that first"
        if not tree.path.is_dir():
            return f"{here}, which is gone; run 'git worktree prune'"
        if self._moves[tree.ref] is None:
            return f"{here}; switch to another branch there first"
        if others:
            return f"{here} and in {others[0]}; switch one of them to another branch"
        status = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        if self._run(tree.path, *status):
            return (
                f"{here} with changes that are not committed; commit or stash them, or merge by "
                f"hand"
            )
        return ""

    def put_back(self) -> None:
        """Undo what a push did to clean work trees if its refs were not moved after all."""
        for tree in self._trees:
            new, head = self._moves[tree.ref], self._run(tree.path, "rev-parse", "HEAD")
            if new and new != head and self._is_staged(tree, new):
                self._run(tree.path, "read-tree", "-m", "-u", new, head)

    def explained(self, ended: Pushed) -> Pushed:
        """How a push ended, with where to look if it is a work tree that was in its way."""
        if not ended.rejected or not self._trees:
            return ended
        where = " and ".join(str(tree.path) for tree in self._trees)
        return Pushed(rejected=f"{ended.rejected}; make room in {where}, or merge by hand")

    def _is_staged(self, tree: WorkTree, commit: Sha) -> bool:
        try:
            self._run(tree.path, "diff-index", "--cached", "--quiet", commit)
        except GitFailed:
            return False
        return True


def _interrupted(path: Path) -> list[WorkTree]:
    """The branch that a work tree without one comes back to after its rebase or bisection."""
    pointer = path / ".git"
    git_dir = pointer
    if pointer.is_file():
        git_dir = path / pointer.read_text().strip().removeprefix("gitdir: ")
    for file, busy in (
        ("rebase-merge/head-name", "rebase"),
        ("rebase-apply/head-name", "rebase"),
        ("BISECT_START", "bisection"),
    ):
        named = git_dir / file
        if named.is_file():
            ref = named.read_text().strip()
            full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
            return [WorkTree(path, full, busy)]
    return []
