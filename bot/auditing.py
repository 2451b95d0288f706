"""What an audit needs of git, read once; `bot.audit` judges it. Nothing here writes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from unidiff.patch import PatchSet

from bot.audit_links import Change, Facts, Hunk, Revert, revert_in
from bot.errors import UserError
from bot.forges.local_git import ahead, missing
from bot.git_formats import GitFailed, parse_messages
from bot.model import Pull, PullState, Sha
from bot.quarantine import HERMETIC, TARGET, is_shallow
from bot.repository import Repository
from bot.snapshot import Snapshot

_AS_FORWARD = ("--src-prefix=a/", "--dst-prefix=b/")
_AS_BACKWARD = ("-R", "--src-prefix=b/", "--dst-prefix=a/")  # -R would turn the prefixes as well


def gather(repository: Repository, snapshot: Snapshot) -> Facts:
    """The commits that pull requests and ledger speak of, and how they hang together.

    `snapshot` has been observed with everything in it. What git has nowhere is left out of the
    facts, and told apart by its absence.
    """
    pulls = snapshot.forge.pulls
    merges = {p.merged_as for p in pulls if p.state is PullState.MERGED and p.merged_as}
    heads = {record.head for record in snapshot.ledger.heads} | {pull.head for pull in pulls}
    cut_off = _whole_history(repository, snapshot.base_branch)
    _bring(repository, pulls)
    reverts = tuple(_reverts(repository, snapshot, merges)) if merges else ()
    wanted = heads | merges | {revert.sha for revert in reverts}
    here = wanted - missing(repository, wanted) - cut_off
    merges_here = merges & here
    return Facts(
        snapshot=snapshot,
        changes=_changes(repository, sorted(here), _own(snapshot)),
        line=_line(repository, snapshot, merges_here),
        inside=frozenset(_inside(repository, pulls, here)),
        in_base=frozenset(merges_here) - ahead(repository, snapshot.base.sha, merges_here),
        reverts=reverts,
    )


def _own(snapshot: Snapshot) -> dict[Sha, tuple[str, ...]]:
    """The bot's own heads, each with the files in which it only marks reflections."""
    return {
        head.head: tuple(sorted(mark.path for mark in head.marks)) for head in snapshot.ledger.heads
    }


def _whole_history(repository: Repository, base_branch: str) -> frozenset[Sha]:
    """Fetch the base branch as far back as the remote has it; a shallow clone has only its end.

    Returns the commits whose parents are still missing after that: git takes them for roots.
    """
    ref = f"refs/heads/{base_branch}"
    if is_shallow(repository.quarantine):
        quietly = ("--quiet", "--no-tags", "--no-write-fetch-head")
        try:
            repository.run("fetch", "--unshallow", *quietly, TARGET, f"+{ref}:{ref}")
        except GitFailed as error:
            raise UserError(
                f"git could not fetch the whole of {base_branch}: {error}; 'git fetch --unshallow' "
                f"shows why."
            ) from error
    else:
        repository.fetch([ref])
    if not is_shallow(repository.quarantine):
        return frozenset()
    lines = (repository.quarantine / "shallow").read_text().split()
    return frozenset(Sha(line) for line in lines)


def _bring(repository: Repository, pulls: Iterable[Pull]) -> None:
    """Fetch heads that no branch has any more from where forges keep them for ever."""
    gone = missing(repository, {pull.head for pull in pulls})
    names = [
        f"refs/{kept}/{pull.number}/head"
        for pull in pulls
        if pull.head in gone
        for kept in ("pull", "pulls")
    ]
    if names:
        found = repository.remote_refs(*names)
        repository.fetch([name for name in names if found.get(name)])


def _reverts(
    repository: Repository, snapshot: Snapshot, merges: Collection[Sha]
) -> Iterator[Revert]:
    """The commits of the base branch that take one of these back, or one of each other."""
    said = r"This reverts commit [0-9a-f]{40}|^Reverts .*#[0-9]"
    layout = ("-z", "--no-show-signature", "--format=%H%x00%P%x00%B")
    search = ("log", "--reverse", "--extended-regexp", f"--grep={said}", *layout)
    output = repository.run(*search, snapshot.base.sha, environment=HERMETIC)
    numbers = {pull.number for pull in snapshot.forge.pulls}
    ours = set(merges)
    for message in parse_messages(output):
        revert = revert_in(message.sha, message.text, snapshot.forge.repository)
        if revert and (ours & set(revert.commits) or numbers & set(revert.pulls)):
            ours.add(revert.sha)
            yield revert


def _line(repository: Repository, snapshot: Snapshot, merges: Collection[Sha]) -> tuple[Sha, ...]:
    bases = {getattr(record, "base", None) for record in snapshot.ledger.records}
    output = repository.run("rev-list", "--first-parent", snapshot.base.sha).decode()
    return tuple(Sha(sha) for sha in output.split() if sha in bases or sha in merges)


def _inside(
    repository: Repository, pulls: Iterable[Pull], here: Collection[Sha]
) -> Iterable[tuple[Sha, Sha]]:
    for pull in pulls:
        merge = pull.merged_as
        if merge is None or merge not in here or pull.head not in here:
            continue
        try:
            repository.run("merge-base", "--is-ancestor", pull.head, merge)
        except GitFailed as error:
            if error.status != 1:
                raise
        else:
            yield pull.head, merge


def _changes(
    repository: Repository, shas: list[Sha], own: Mapping[Sha, tuple[str, ...]]
) -> tuple[Change, ...]:
    """These commits with their patch ids, and the bot's own with the lines they replace.

    It takes a handful of git commands, however many commits there are. The patch id that the ledger
    has leaves out the files that are only marked.
    """
    if not shas:
        return ()
    bare = _diffs(repository, shas, "--unified=0", *_AS_FORWARD)
    patch_ids = _patch_ids(repository, _diffs(repository, shas, "--unified=3", *_AS_FORWARD))
    marked = [sha for sha in shas if own.get(sha)]
    for paths in {own[sha] for sha in marked}:
        group = [sha for sha in marked if own[sha] == paths]
        but_for = ("--", ".", *(f":(exclude,literal){path}" for path in paths))
        fixes = _diffs(repository, group, "--unified=3", *_AS_FORWARD, *but_for)
        patch_ids |= _patch_ids(repository, fixes)
    bare_ids = _patch_ids(repository, bare)
    backwards = _patch_ids(repository, _diffs(repository, shas, "--unified=0", *_AS_BACKWARD))
    hunks = _hunks(bare, own)
    return tuple(
        Change(
            commit=commit,
            patch_id=patch_ids.get(commit.sha, ""),
            bare=bare_ids.get(commit.sha, ""),
            backwards=backwards.get(commit.sha, ""),
            hunks=hunks.get(commit.sha, ()),
        )
        for commit in repository.commits(shas)
    )


def _diffs(repository: Repository, shas: Iterable[Sha], *options: str) -> bytes:
    """Git's own diff of each commit against its first parent, after a line that names it."""
    return repository.run(
        "-c", "core.quotePath=false", "log", "--no-walk=unsorted", "--stdin", "-p", "--root",
        "--diff-merges=first-parent", "--no-show-signature", "--no-renames", "--no-ext-diff",
        "--no-textconv", "--no-color", "--format=commit %H", *options,
        stdin="".join(f"{sha}\n" for sha in shas).encode(),
    )  # fmt: skip


def _patch_ids(repository: Repository, diffs: bytes) -> dict[Sha, str]:
    output = repository.run("patch-id", "--stable", stdin=diffs).decode()
    rows = (line.split(" ") for line in output.splitlines())
    return {Sha(sha): patch_id for patch_id, sha in rows}


_COMMIT = re.compile(rb"^commit ([0-9a-f]{40})$", re.MULTILINE)
"""A line of a diff starts with a sign or a blank, so none of them looks like this."""


def _hunks(diffs: bytes, own: Collection[Sha]) -> dict[Sha, tuple[Hunk, ...]]:
    parts = _COMMIT.split(diffs)
    pairs = zip((Sha(sha.decode()) for sha in parts[1::2]), parts[2::2], strict=True)
    return {
        sha: tuple(_hunks_of(diff.decode("utf-8", "replace"))) for sha, diff in pairs if sha in own
    }


def _hunks_of(diff: str) -> Iterable[Hunk]:
    for file in PatchSet(diff.lstrip("\n")):
        for hunk in file:
            insertion = hunk.source_length == 0
            start = hunk.source_start + 1 if insertion else hunk.source_start
            new = "".join(line.value for line in hunk if line.is_added)
            yield Hunk(file.path, start, start + hunk.source_length - 1, new)
