"""Reading what the doctor judges. Nothing here writes, and nothing asks a model.

`at_hand` is what a tick knows without another request; `in_full` asks for the rest.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bot.config import CONFIG_PATH, SourceConfig
from bot.doctor.seen import Engines, Holding, Seen, SourceCount, TokenKind, kind_of_token
from bot.doctor.workflows import workflows_of
from bot.errors import UserError
from bot.forges import ForgeReader
from bot.git_formats import GitFailed
from bot.model import BRANCH_PREFIX, BadRecord, Reflection, Sha, Tree, configured_name
from bot.quarantine import TARGET
from bot.repository import Repository
from bot.snapshot import Snapshot
from bot.sources.reading import read_tree, read_work_tree
from bot.untrusted import one_line

_IN_A_FILE = re.compile(r"(:[^/\[\]]*)?(\[\d+\])?$")
"""Where in its file a record stands, as `bot.sources.json_values` says it."""
PROBED_BRANCH = f"{BRANCH_PREFIX}doctor"
"""Never made: a push to it is rehearsed, which asks the server for the right and no more."""


def at_hand(
    snapshot: Snapshot,
    repository: Repository,
    reader: ForgeReader,
    environ: Mapping[str, str],
    *,
    has_key: bool | None,
) -> Seen:
    """What is known once a tick has observed; `has_key` is None where no engine is asked."""
    server = one_line(environ.get("OPENAI_BASE_URL", ""))
    return Seen(
        now=snapshot.now,
        forge=reader.name,
        forge_said=snapshot.forge_said or reader.name,
        repository=snapshot.forge.repository,
        config=snapshot.config,
        configured=snapshot.tree.mode(CONFIG_PATH) is not None,
        base_branch=snapshot.base_branch,
        snapshot=snapshot,
        token=_token(snapshot, reader, environ),
        answered=reader.answered,
        workflows=workflows_of(snapshot.tree, snapshot.base_branch),
        engines=None if has_key is None else Engines(has_key=has_key, server=server),
        git=git_version(repository),
    )


def _token(snapshot: Snapshot, reader: ForgeReader, environ: Mapping[str, str]) -> TokenKind | None:
    if reader.name != "github":
        return None
    return kind_of_token(environ.get("GITHUB_TOKEN", ""), snapshot.forge.login, reader.answered)


def git_version(repository: Repository) -> str:
    return repository.run("version").decode("utf-8", "replace").strip()


def in_full(seen: Seen, repository: Repository, environ: Mapping[str, str]) -> Seen:
    """Find out what holds programs here, and what the sources hold."""
    snapshot = seen.snapshot
    whole = replace(seen, holding=holding(repository, environ), git=git_version(repository))
    if snapshot is None:
        return whole
    return replace(
        whole,
        test_command=_test_command(snapshot),
        sources=tuple(_count(source, repository, snapshot) for source in snapshot.config.source),
    )


def with_access(seen: Seen, repository: Repository, base: Sha, environ: Mapping[str, str]) -> Seen:
    """Ask GitHub what the token may do, also where that is too little for a tick to observe."""
    from bot.forges.github_access import read_access
    from bot.forges.github_client import GitHubAddress

    address = GitHubAddress.from_environment(repository.url)
    has_issues = seen.snapshot.forge.has_issues if seen.snapshot else False
    access = read_access(address, base, has_issues=has_issues)
    kind = kind_of_token(environ.get("GITHUB_TOKEN", ""), "", access.answered)
    return replace(
        seen,
        forge="github",
        repository=address.repository,
        token=seen.token or kind,
        access=replace(access, why_no_push=_why_no_push(repository, base)),
    )


def holding(repository: Repository, environ: Mapping[str, str]) -> Holding:
    """What holds programs here, found out by running one; and what there is to steal."""
    from bot.sandbox.credentials import held_credentials
    from bot.sandbox.isolation import probe

    isolation = probe()
    home = Path(environ.get("HOME") or Path.home())
    held = held_credentials(environ, home, repository.git_dir)
    return Holding(
        isolated=isolation.kind == "bubblewrap",
        reason=isolation.reason,
        credential=held[0] if held else "",
    )


def _test_command(snapshot: Snapshot) -> str:
    from bot.sandbox.suite import test_command

    return shlex.join(test_command(snapshot.tree, snapshot.config.test))


def _why_no_push(repository: Repository, sha: Sha) -> str:
    """What the server says to a rehearsed push; empty where it would take one."""
    rehearsed = ("push", "--dry-run", "--quiet", "--no-verify", TARGET)
    try:
        repository.run(*rehearsed, f"{sha}:refs/heads/{PROBED_BRANCH}")
    except GitFailed as error:
        return one_line(str(error), 200)
    return ""


# --------------------------------------------------------------------------------- sources


def _count(source: SourceConfig, repository: Repository, snapshot: Snapshot) -> SourceCount:
    if source.kind == "issues":
        return _issues(source, snapshot)
    place = ", ".join(source.files) + (f" on {source.ref}" if source.ref else "")
    try:
        records = _records(source, repository)
        return _counted(source, place, records, snapshot.tree)
    except UserError as error:
        return SourceCount(name=source.name, place=place, unreadable=1, first_unreadable=str(error))


def _issues(source: SourceConfig, snapshot: Snapshot) -> SourceCount:
    """Issues were read when the tick observed, and are not asked for again."""
    members = [one for incident in snapshot.incidents for one in incident.reflections]
    members += [one.reflection for one in snapshot.left_out]
    found = [one for one in members if configured_name(one.source) == source.name]
    return SourceCount(
        name=source.name,
        place=f"issues labelled {source.label}",
        reflections=len(found),
        files=len({one.where for one in found}),
    )


def _records(source: SourceConfig, repository: Repository) -> Iterator[Reflection | BadRecord]:
    if not source.ref:
        yield from read_work_tree(repository.root, source)
        return
    sha = repository.remote_refs(source.full_ref).get(source.full_ref)
    if sha is None:
        yield BadRecord(source.ref, "the remote has no such branch yet")
        return
    repository.fetch([source.full_ref])
    yield from read_tree(repository.tree(sha), source)


def _counted(
    source: SourceConfig, place: str, records: Iterable[Reflection | BadRecord], tree: Tree
) -> SourceCount:
    """Counted as they come, for there may be more than fit into memory."""
    reflections = unreadable = 0
    files: set[str] = set()
    first = ""
    for record in records:
        if isinstance(record, Reflection):
            reflections += 1
            where = record.where.removeprefix(f"{source.ref}:")
            files.add(_IN_A_FILE.sub("", where))
        else:
            unreadable += 1
            first = first or f"{record.where} {record.reason}"
    return SourceCount(
        name=source.name,
        place=place,
        reflections=reflections,
        files=len(files),
        uncommitted=() if source.ref else tuple(sorted(files - set(tree.paths()))),
        unreadable=unreadable,
        first_unreadable=first,
    )
