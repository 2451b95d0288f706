"""Observe what became of the bot's own merges: their checks, and who took them back already.

Nothing here writes. Where no merge is watched, nothing is asked of the forge.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.audit_links import revert_in
from bot.config import Config
from bot.forges import ForgeReader
from bot.forges.local_git import missing
from bot.git_formats import GitFailed, parse_messages
from bot.ledger import Ledger, MergeRecord
from bot.model import ForgeView, Sha, WatchedMerge
from bot.quarantine import HERMETIC, TARGET, is_shallow
from bot.repository import Repository
from bot.watching import recent

MAX_LOOKED_BACK = 50
"""So many merges are looked at where the whole history is wanted, the newest."""
_SAYS_REVERT = r"This reverts commit [0-9a-f]{40}|^Reverts .*#[0-9]"


def watched_merges(
    repository: Repository,
    reader: ForgeReader,
    base: Sha,
    forge: ForgeView,
    ledger: Ledger,
    config: Config,
    now: datetime,
    *,
    everything: bool = False,
) -> tuple[WatchedMerge, ...]:
    """The merges in the window, or of late, with what checks say of them and of their parents."""
    records = ledger.merges[-MAX_LOOKED_BACK:] if everything else recent(ledger, config, now)
    known = {pull.merged_as for pull in forge.pulls}
    records = tuple(record for record in records if record.merged_as in known)
    if not records:
        return ()
    _bring(repository, [record.merged_as for record in records])
    parents = {one.merged_as: _parents(repository, one.merged_as) for one in records}
    wanted = dict.fromkeys([*parents, *(found[0] for found in parents.values() if found)])
    told = {one.sha: one for one in reader.checks_of(tuple(wanted))}
    undone = _undone(repository, base, forge.repository, records)
    return tuple(
        WatchedMerge(
            number=record.number,
            after=told[record.merged_as],
            before=next((told[sha] for sha in parents[record.merged_as][:1]), None),
            is_merge_commit=len(parents[record.merged_as]) > 1,
            taken_back_by=undone.get(record.merged_as),
        )
        for record in records
    )


def _bring(repository: Repository, merges: Sequence[Sha]) -> None:
    """Fetch merges, with their parents, that a shallow clone does not have; as far as it can be."""
    absent = missing(repository, merges)
    if not absent or not is_shallow(repository.git_dir):
        return
    quietly = ("--quiet", "--no-tags", "--no-write-fetch-head", "--depth=2")
    try:
        repository.run("fetch", *quietly, TARGET, *sorted(absent))
    except GitFailed:
        return  # a server that names no commits by their ids; then the parent is not known


def _parents(repository: Repository, merge: Sha) -> tuple[Sha, ...]:
    """What a merge was made onto, and what it brought; nothing where this clone does not know."""
    return repository.plain_commit(merge).parents if repository.has(merge) else ()


def _undone(
    repository: Repository, base: Sha, named: str, records: Sequence[MergeRecord]
) -> dict[Sha, Sha]:
    """For each of these merges a later commit of the base branch that says it takes it back.

    One that was taken back itself does not count.
    """
    oldest = min(records, key=lambda record: record.at).merged_as
    if not repository.has(oldest):
        return {}
    layout = ("-z", "--no-show-signature", "--format=%H%x00%P%x00%B")
    search = ("log", "--reverse", "--extended-regexp", f"--grep={_SAYS_REVERT}", *layout)
    output = repository.run(*search, base, f"^{oldest}", environment=HERMETIC)
    found = [revert_in(one.sha, one.text, named) for one in parse_messages(output)]
    reverts = [revert for revert in found if revert]
    idle = {sha for revert in reverts for sha in revert.commits}
    return {
        record.merged_as: revert.sha
        for revert in reverts
        if revert.sha not in idle
        for record in records
        if record.merged_as in revert.commits or record.number in revert.pulls
    }
