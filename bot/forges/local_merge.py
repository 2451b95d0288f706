"""The commit that merging a pull request makes, by each of the three methods."""

from __future__ import annotations

from bot.forges import Merged, Refused
from bot.forges.local_git import ahead, write_commit
from bot.forges.local_state import Found
from bot.git_formats import commit_content
from bot.model import Sha
from bot.repository import Repository
from bot.untrusted import one_line


def build_merge(
    repository: Repository, found: Found, base: Sha, method: str, committer: str
) -> Merged | Refused:
    """Build the merge as an object on top of `base`, or say why there is none.

    `committer` is the one who merges, with the date, as git writes it.
    """
    tree = repository.merge_tree(base, found.head)
    if tree is None:
        return Refused(f"it conflicts with {found.pull.base_branch}")
    if method == "merge":
        subject = f"Merge pull request {found.number}: {one_line(found.pull.title)}\n"
        content = commit_content(tree, (base, found.head), subject, committer, committer)
        return Merged(write_commit(repository, content), tree)
    if method not in ("squash", "rebase"):
        return Refused(f"there is no way to merge called {method!r}")
    commits = len(ahead(repository, base, (found.head,)))
    if method == "rebase" and commits != 1:
        return Refused(f"it has {commits} commits, and only a single one is rebased; use squash")
    if method == "rebase" and repository.plain_commit(found.head).parents == (base,):
        return Merged(found.head, tree)
    author, message = _author_and_message(repository, found.head)
    content = commit_content(tree, (base,), message, author, committer)
    return Merged(write_commit(repository, content), tree)


def _author_and_message(repository: Repository, commit: Sha) -> tuple[str, str]:
    raw = repository.run("cat-file", "commit", commit).decode("utf-8", "replace")
    headers, _, message = raw.partition("\n\n")
    authors = [line for line in headers.split("\n") if line.startswith("author ")]
    return authors[0].removeprefix("author "), message
