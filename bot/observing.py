"""Observe: read everything one tick needs, once, into a snapshot. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from bot.config import CONFIG_PATH, Config, Mode, SourceConfig, read_config, stopped_by
from bot.config.environment import overridden
from bot.errors import UserError
from bot.forges import ForgeReader
from bot.incidents import Sifted, incidents
from bot.ledger import LEDGER_REF, Ledger
from bot.model import (
    BRANCH_PREFIX,
    PAUSE_LABEL,
    BadRecord,
    Branch,
    ForgeView,
    Incident,
    Kind,
    LabelledIssue,
    Reflection,
    Sha,
    Tree,
    Triaged,
)
from bot.observing_merges import watched_merges
from bot.owners import CODEOWNERS_PATHS
from bot.repository import Repository
from bot.snapshot import Snapshot
from bot.sources import labelled_issues
from bot.sources.reading import read_tree, read_work_tree
from bot.triage import Words, triage
from bot.watching import branches_to_ask

PAUSED_REF = "refs/bot/paused"
"""While the remote has this ref, the bot does nothing."""
MAX_BAD_RECORDS = 50
"""So many unreadable records are named one by one; the rest are counted."""
MAX_MARKED = 50
"""So many of the newest fixes are remembered that have settled their reflections themselves."""


@dataclass(frozen=True, slots=True)
class Base:
    """The base branch as the remote has it, and what is read from it before anything else."""

    branch: str
    sha: Sha
    tree: Tree
    config: Config
    branches: tuple[Branch, ...]
    ledger: Sha | None
    halted: str
    notices: tuple[str, ...]


def read_base(
    repository: Repository,
    base_branch: str = "",
    config: Config | None = None,
    *,
    rehearsal: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Base:
    """Fetch the base branch, the bot's branches and the ledger; read the configuration.

    `config` tries another configuration than the base branch's; only a `rehearsal` may, which
    prints what would be done and does nothing. `environ` may hold `BOT_*` variables, which narrow
    what either allows.
    """
    bots = f"refs/heads/{BRANCH_PREFIX}*"
    asked = f"refs/heads/{base_branch}" if base_branch else "HEAD"
    found = repository.remote_refs("HEAD", asked, bots, "refs/bot/*")
    branch = base_branch or found.default_branch
    sha = found.get(f"refs/heads/{branch}") if branch else None
    if branch.startswith(BRANCH_PREFIX) or (not branch and found.refs):
        raise UserError("Which branch is the base branch here? Name it with --base.")
    if sha is None:
        named = f"branch {branch!r}" if branch else "branch with a commit"
        raise UserError(
            f"The remote {repository.remote!r} has no {named}; push one."
            if repository.has_remote
            else f"This repository has no {named}; commit something first."
        )
    bot_branches = found.branches(BRANCH_PREFIX)
    refs = [f"refs/heads/{branch}", *(f"refs/heads/{b.name}" for b in bot_branches)]
    ledger = found.get(LEDGER_REF)
    repository.fetch(refs, whole=False)
    repository.fetch([LEDGER_REF] if ledger and not repository.has(ledger) else [])
    tree = repository.tree(sha)
    at_base = read_config(tree)
    counts, overrides, misspelt = overridden(config or at_base, environ or {})
    halted = stopped_by(counts, rehearsal=rehearsal)
    if found.get(PAUSED_REF):
        halted = f"the bot is paused: the remote has {PAUSED_REF}"
    return Base(
        branch=branch,
        sha=sha,
        tree=tree,
        config=counts,
        branches=bot_branches,
        ledger=ledger,
        halted=halted,
        notices=(
            *_ignored_config(repository, tree.read(CONFIG_PATH), branch),
            *_only_rehearsed(counts, rehearsal),
            *(override.sentence for override in overrides),
            *misspelt,
        ),
    )


def _ignored_config(repository: Repository, at_base: str | None, branch: str) -> Iterator[str]:
    local = repository.root / CONFIG_PATH
    here = local.read_text(encoding="utf-8") if local.is_file() else None
    if here is not None and here != at_base:
        yield (
            f"{CONFIG_PATH} here differs from {branch}'s and is ignored; "
            f"try it with --dry-run --config {CONFIG_PATH}"
        )


def _only_rehearsed(config: Config, rehearsal: bool) -> Iterator[str]:
    if rehearsal and config.mode is Mode.OBSERVE:
        yield f'mode = "observe" in {CONFIG_PATH}: bot run asks no engine and does none of this'


def read_records(
    repository: Repository, config: Config, handed: Handed | None = None
) -> Iterator[Reflection | BadRecord]:
    """Every record of every configured source, one after the other, the unreadable ones among them.

    A stream: the files may hold far more than a tick can keep. `handed` are the labelled issues.
    """
    refs = [source.full_ref for source in config.source if source.ref]
    present = repository.remote_refs(*refs) if refs else None
    for source in config.source:
        if source.kind == "issues":
            yield from _issues_of(source, (handed or {}).get(source.name, ()))
            continue
        if not source.ref:
            yield from read_work_tree(repository.root, source)
            continue
        sha = present.get(source.full_ref) if present else None
        if sha is None:
            yield BadRecord(source.ref, "the remote has no such branch yet")
            continue
        repository.fetch([source.full_ref])
        yield from read_tree(repository.tree(sha), source)


Handed = Mapping[str, tuple[LabelledIssue, ...] | str]
"""The labelled issues of each source that has such, by its name; or why they cannot be read."""


def read_handed(reader: ForgeReader, config: Config) -> Handed:
    """Who may push is asked only where a source is trusted: nobody else's issues are, anyway."""
    return {
        source.name: reader.labelled_issues(source.label, rights=source.trust)
        for source in config.source
        if source.kind == "issues"
    }


def _issues_of(
    source: SourceConfig, issues: tuple[LabelledIssue, ...] | str
) -> Iterator[Reflection | BadRecord]:
    if isinstance(issues, str):
        yield BadRecord(f"source {source.name!r}", issues)
    else:
        yield from labelled_issues.reflections(issues, source)


def _without(handed: Handed, me: int) -> Handed | None:
    """The issues that are not the bot's own; None where all are other people's."""
    others = {
        name: issues
        if isinstance(issues, str)
        else tuple(issue for issue in issues if issue.author.id != me)
        for name, issues in handed.items()
    }
    return others if others != handed else None


def sift(
    records: Iterable[Reflection | BadRecord], tree: Tree, config: Config
) -> tuple[Sifted, tuple[str, ...]]:
    """The incidents in a stream of records, and what is to be said about the rest of it."""
    words = Words(config.triage.keywords, config.triage.ignore)
    bad: list[str] = []
    unshown = 0

    def verdicts() -> Iterator[Triaged]:
        nonlocal unshown
        for record in records:
            if isinstance(record, Reflection):
                yield triage(record, words)
            elif len(bad) < MAX_BAD_RECORDS:
                bad.append(f"{record.where} {record.reason}")
            else:
                unshown += 1

    sifted = incidents(verdicts(), tree)
    if unshown:
        bad.append(f"{unshown:,} more records could not be read")
    if sifted.notice:
        bad.append(sifted.notice)
    return sifted, tuple(bad)


def observe(
    repository: Repository,
    reader: ForgeReader,
    base: Base,
    now: datetime,
    *,
    everything: bool = False,
) -> Snapshot:
    """Read everything once: sources, ledger, forge, and git's account of the bot's branches.

    With `everything` that is the history of every branch the bot ever pushed, for people to list.
    """
    handed = read_handed(reader, base.config)
    records = read_records(repository, base.config, handed)
    sifted, said = sift(records, base.tree, base.config)
    log = repository.log(base.ledger) if base.ledger else ()
    ledger = Ledger.read(base.ledger, (message for _, message in log))
    branches = _history_of(sifted.incidents, ledger)
    branches = tuple(dict.fromkeys((*branches, *branches_to_ask(ledger, base.config, now))))
    if everything:
        branches = tuple(dict.fromkeys((*branches, *(head.branch for head in ledger.heads))))
    forge = reader.observe(base.branch, base.sha, branches)
    if others := _without(handed, forge.me):  # who the bot is, only the forge's answer has told
        records = read_records(repository, base.config, others)
        sifted, said = sift(records, base.tree, base.config)
    watched = watched_merges(
        repository, reader, base.sha, forge, ledger, base.config, now, everything=everything
    )
    heads = {branch.head for branch in base.branches} | {pull.head for pull in forge.pulls}
    known = [sha for sha in sorted(heads) if repository.has(sha)]
    notices = [*base.notices, *said]
    if ledger.unknown:
        notices.append(f"{ledger.unknown} records of the ledger are of a newer version")
    return Snapshot(
        now=now,
        base_branch=base.branch,
        base=repository.plain_commit(base.sha),
        tree=base.tree,
        config=base.config,
        owners=_owners(base.tree),
        incidents=sifted.incidents,
        left_out=sifted.left_out,
        branches=base.branches,
        commits=repository.commits(known),
        ledger=ledger,
        forge=forge,
        watched=watched,
        trees=cache(partial(_tree_of, repository)),
        base_stuck=repository.why_stuck(base.branch),
        halted=base.halted or _paused(forge),
        notices=tuple(notices),
    )


def _tree_of(repository: Repository, sha: Sha) -> Tree | None:
    return repository.tree(sha) if repository.has(sha) else None


def _paused(forge: ForgeView) -> str:
    number = forge.paused_by_issue
    return f"the bot is paused: issue #{number} has the label {PAUSE_LABEL}" if number else ""


def _history_of(found: Iterable[Incident], ledger: Ledger) -> tuple[str, ...]:
    """The branches that incidents of today may have had: those of the ledger, and the first.

    Reverts too, and those fixes whose reflections speak of no incident any more.
    """
    names: dict[str, None] = {}
    for incident in found:
        names[incident.branch(1)] = None
        for head in ledger.heads:
            shared = set(head.reflections) & set(incident.reflection_ids)
            if head.incident == incident.fingerprint or shared:
                names[head.branch] = None
    for head in ledger.heads:
        if head.change is Kind.REVERT:
            names[head.branch] = None
    for head in [head for head in ledger.heads if head.marks][-MAX_MARKED:]:
        names[head.branch] = None
    return tuple(names)


def _owners(tree: Tree) -> str:
    return next((text for path in CODEOWNERS_PATHS if (text := tree.read(path)) is not None), "")
