"""One tick: observe, propose, act. The shell around the pure middle.

`observe` and `propose` read; only `act` holds anything that writes. Judgement is in `select` and
`decide`, so what is printed before `act` is what `act` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.actions import Action, Done, Params, WriteContext
from bot.actions.registry import WRITE
from bot.body import commit_message
from bot.config import CONFIG_PATH, Config, parse_config
from bot.context import excerpts
from bot.engines import Budget, Engine, Task
from bot.errors import UserError
from bot.forges import ForgeReader
from bot.git_formats import Identity
from bot.ledger import LEDGER_REF, Ledger
from bot.model import (
    BRANCH_PREFIX,
    Answer,
    Attempt,
    BadRecord,
    Branch,
    Ending,
    Finding,
    Incident,
    NotActionable,
    Proposal,
    PullState,
    Reflection,
    Sha,
    Tree,
    Usage,
)
from bot.plan import Claim, Plan
from bot.repository import File, Repository
from bot.selection import Chosen, Selection, budget
from bot.snapshot import Snapshot
from bot.sources.reading import read_tree, read_work_tree
from bot.triage import incidents, triage
from bot.vet import vet_commit, vet_edits

PAUSED_REF = "refs/bot/paused"
"""While the remote has this ref, the bot does nothing."""
CODEOWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")

Progress = Callable[[str], None]


# ---------------------------------------------------------------------------------------- observe


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


def read_base(repository: Repository, base_branch: str = "", config: Config | None = None) -> Base:
    """Fetch the base branch, the bot's branches and the ledger; read the configuration.

    `config` tries another configuration than the base branch's; only a dry run may.
    """
    found = repository.remote_refs("HEAD", "refs/heads/*", "refs/bot/*")
    branch = base_branch or found.default_branch
    sha = found.get(f"refs/heads/{branch}") if branch else None
    if sha is None:
        raise UserError(
            f"The remote {repository.remote!r} has no branch {branch or '(default)'!r}; push one."
        )
    bot_branches = found.branches(BRANCH_PREFIX)
    refs = [f"refs/heads/{branch}", *(f"refs/heads/{b.name}" for b in bot_branches)]
    ledger = found.get(LEDGER_REF)
    repository.fetch([*refs, *([LEDGER_REF] if ledger else [])])
    tree = repository.tree(sha)
    text = tree.read(CONFIG_PATH)
    at_base = parse_config(text, f"{CONFIG_PATH} at {branch}") if text is not None else Config()
    halted = ""
    if found.get(PAUSED_REF):
        halted = f"the bot is paused: the remote has {PAUSED_REF}"
    elif not (config or at_base).enabled:
        halted = f"the bot is switched off: enabled = false in {CONFIG_PATH}"
    return Base(
        branch=branch,
        sha=sha,
        tree=tree,
        config=config or at_base,
        branches=bot_branches,
        ledger=ledger,
        halted=halted,
        notices=tuple(_ignored_config(repository, text, branch)),
    )


def _ignored_config(repository: Repository, at_base: str | None, branch: str) -> Iterator[str]:
    local = repository.root / CONFIG_PATH
    here = local.read_text(encoding="utf-8") if local.is_file() else None
    if here is not None and here != at_base:
        yield (
            f"{CONFIG_PATH} here differs from {branch}'s and is ignored; "
            f"try it with --dry-run --config {CONFIG_PATH}"
        )


def read_reflections(
    repository: Repository, config: Config
) -> tuple[tuple[Reflection, ...], tuple[BadRecord, ...]]:
    """Every record of every configured source, the unreadable ones apart."""
    records: list[Reflection | BadRecord] = []
    refs = [source.full_ref for source in config.source if source.ref]
    present = repository.remote_refs(*refs) if refs else None
    for source in config.source:
        if not source.ref:
            records.extend(read_work_tree(repository.root, source))
            continue
        sha = present.get(source.full_ref) if present else None
        if sha is None:
            records.append(BadRecord(source.ref, "the remote has no such branch yet"))
            continue
        repository.fetch([source.full_ref])
        records.extend(read_tree(repository.tree(sha), source))
    reflections = tuple(record for record in records if isinstance(record, Reflection))
    bad = tuple(record for record in records if isinstance(record, BadRecord))
    return reflections, bad


def observe(repository: Repository, reader: ForgeReader, base: Base, now: datetime) -> Snapshot:
    """Read everything once: sources, ledger, forge, and git's account of the bot's branches."""
    reflections, bad = read_reflections(repository, base.config)
    found, left_out = incidents((triage(r) for r in reflections), base.tree)
    log = repository.log(base.ledger) if base.ledger else ()
    ledger = Ledger.read(base.ledger, (message for _, message in log))
    forge = reader.observe(base.branch, _history_of(found, ledger))
    heads = {branch.head for branch in base.branches} | {pull.head for pull in forge.pulls}
    known = [sha for sha in sorted(heads) if repository.has(sha)]
    notices = [*base.notices, *(f"{record.where} {record.reason}" for record in bad)]
    if ledger.unknown:
        notices.append(f"{ledger.unknown} records of the ledger are of a newer version")
    return Snapshot(
        now=now,
        base_branch=base.branch,
        base=repository.commit(base.sha),
        tree=base.tree,
        config=base.config,
        owners=_owners(base.tree),
        incidents=found,
        left_out=left_out,
        branches=base.branches,
        commits=repository.commits(known),
        ledger=ledger,
        forge=forge,
        halted=base.halted,
        notices=tuple(notices),
    )


def _history_of(found: Iterable[Incident], ledger: Ledger) -> tuple[str, ...]:
    """The branches that incidents of today may have had: those of the ledger, and the first."""
    names: dict[str, None] = {}
    for incident in found:
        names[incident.branch(1)] = None
        for head in ledger.heads:
            shared = set(head.reflections) & set(incident.reflection_ids)
            if head.incident == incident.fingerprint or shared:
                names[head.branch] = None
    return tuple(names)


def _owners(tree: Tree) -> str:
    return next((text for path in CODEOWNERS_PATHS if (text := tree.read(path)) is not None), "")


# ---------------------------------------------------------------------------------------- propose


def propose(
    snapshot: Snapshot,
    selection: Selection,
    repository: Repository,
    reader: ForgeReader,
    engine: Engine,
    progress: Progress,
) -> tuple[Attempt, ...]:
    """Ask the engine about each chosen incident, within the limits, and build what it answers."""
    attempts: list[Attempt] = []
    spent = Usage()
    for chosen in selection.chosen:
        left: Budget = budget(snapshot, spent.tokens, spent.usd or 0.0)
        progress(f"asking {engine.name} about {chosen.incident.fingerprint}")
        task = Task(chosen.incident, excerpts(chosen.incident.places, snapshot.tree), snapshot.tree)
        answer = engine.solve(task, left)
        spent += answer.usage
        attempts.append(weigh(chosen, engine.name, answer, snapshot, repository, reader))
    return tuple(attempts)


def reconsider(
    claims: Sequence[Claim],
    selection: Selection,
    snapshot: Snapshot,
    repository: Repository,
    reader: ForgeReader,
) -> tuple[tuple[Attempt, ...], tuple[str, ...]]:
    """Build and judge anew what a plan file claims; what is no longer wanted is said, not done."""
    wanted = {chosen.incident.fingerprint: chosen for chosen in selection.chosen}
    attempts, dropped = [], []
    for claim in claims:
        chosen = wanted.pop(claim.fingerprint, None)
        if chosen is None:
            dropped.append(f"{claim.fingerprint} of the plan file is not to be worked on now")
            continue
        attempts.append(weigh(chosen, claim.engine, claim.answer, snapshot, repository, reader))
    return tuple(attempts), tuple(dropped)


def weigh(
    chosen: Chosen,
    engine: str,
    answer: Answer,
    snapshot: Snapshot,
    repository: Repository,
    reader: ForgeReader,
) -> Attempt:
    """Turn an engine's answer into a vetted proposal, or say why there is none."""
    attempt = Attempt(
        incident=chosen.incident,
        engine=engine,
        number=chosen.attempt,
        answer=answer,
        ending=Ending.FAILED,
        reason=answer.reason,
    )
    report, patch = answer.diagnosis, answer.patch
    if answer.out_of_budget:
        return replace(attempt, ending=Ending.HELD_BACK)
    if isinstance(report, NotActionable):
        return replace(attempt, ending=Ending.ABSTAINED, reason=report.reason)
    if report is None or patch is None:
        return attempt
    vetted = vet_edits(patch, snapshot.tree)
    if vetted.refused:
        return _rejected(attempt, vetted.refused)
    sha = repository.build(
        snapshot.base.sha,
        [File(file.path, file.mode, file.text.encode()) for file in vetted.files],
        commit_message(chosen.incident, report, patch, engine, chosen.attempt),
        Identity(snapshot.config.commit.name, snapshot.config.commit.email),
        snapshot.base.date,
    )
    commit = repository.commit(sha)
    refused = vet_commit(commit, vetted.files, snapshot.config.patch)
    if refused:
        return _rejected(attempt, refused)
    diff = repository.diff(commit)
    patch_id = repository.patch_id(diff)
    known = _refused_before(patch_id, snapshot, reader)
    if known:
        return _rejected(attempt, (known,))
    proposal = Proposal(
        incident=chosen.incident,
        report=report,
        patch=patch,
        engine=engine,
        attempt=chosen.attempt,
        base=snapshot.base.sha,
        commit=commit,
        diff=diff,
        patch_id=patch_id,
        usage=answer.usage,
    )
    return replace(attempt, ending=Ending.PROPOSED, proposal=proposal)


def _refused_before(patch_id: str, snapshot: Snapshot, reader: ForgeReader) -> Finding | None:
    """A patch that a person has refused is refused whatever incident it comes back under."""
    for head in snapshot.ledger.heads:
        if head.patch_id == patch_id:
            pull = reader.current(head.branch)
            if pull is not None and pull.state is PullState.CLOSED:
                said = f"#{pull.number} with the same change was refused"
                return Finding("refused before", head.path, said)
    return None


def _rejected(attempt: Attempt, findings: tuple[Finding, ...]) -> Attempt:
    reason = "; ".join(finding.sentence for finding in findings[:3])
    return replace(attempt, ending=Ending.REJECTED, reason=reason, proposal=None, findings=findings)


# -------------------------------------------------------------------------------------------- act


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step of a plan ended."""

    action: str
    done: Done


def act(plan: Plan, context: WriteContext) -> Iterator[Outcome]:
    """Run the steps in order. Before each the kill switch is read again; each checks its own state.

    A step that finds the world changed does nothing and says so; the next tick plans anew.
    """
    registered: dict[str, Action[WriteContext, Params, Done]] = {a.name: a for a in WRITE}
    for step in plan.steps:
        halted = context.publisher.halted()
        if halted:
            yield Outcome(step.action, Done(False, halted))
            return
        yield Outcome(step.action, registered[step.action].execute(context, step.params))
