"""A merge of trees whose common ancestor is named, however much history this clone has.

Git finds a merge's ancestor by itself only where the commits in between are there, and a shallow
clone, as CI makes them, does not have them.
"""

from __future__ import annotations

from bot.forges.local_git import write_commit
from bot.git_formats import commit_content
from bot.model import Sha
from bot.repository import Repository

_NOBODY = "merge <merge@invalid.example> 0 +0000"


def three_way(repository: Repository, old: Sha, ours: Sha, theirs: Sha) -> Sha | None:
    """The tree of `ours` with what `theirs` changes of `old`, all trees; None on conflict."""

    def commit(tree: Sha, *parents: Sha) -> Sha:
        return write_commit(repository, commit_content(tree, parents, "merge\n", _NOBODY, _NOBODY))

    root = commit(old)
    return repository.merge_tree(commit(ours, root), commit(theirs, root))
