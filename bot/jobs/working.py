"""Work on what was listed: ask one engine, or run tests, with a bundle in the place of a forge.

Commits are built as the job that writes will build them again, from the same input to the same
name, so that what is said of one here is said of that one there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.body import commit_message
from bot.building import Built, Workbench, build, with_marks
from bot.config import Config, read_config
from bot.config.environment import overridden
from bot.engines import Engine
from bot.errors import UserError
from bot.jobs.answers import Brought, Claim
from bot.jobs.bundle import open_bundle
from bot.jobs.evidence import Statement
from bot.jobs.files import read_file
from bot.jobs.limits import MAX_WORK_BYTES
from bot.jobs.work import WORK_FILE, Assignment, Work, read_work
from bot.ledger import Ledger
from bot.model import Answer, Attempt, BugReport, Commit, Ending, ForgeView, Pull
from bot.proposing import Progress, task_of, weigh
from bot.repository import Repository
from bot.secrets import cleaned, without_secrets
from bot.selection import Chosen
from bot.snapshot import Snapshot
from bot.verifying import Verifier
from bot.write_back import Origin


class NoPulls:
    """The pull requests of a job that sees no forge; meets `bot.building.CurrentPulls`."""

    def current(self, branch: str) -> Pull | None:
        del branch
        return None


@dataclass(frozen=True, slots=True)
class Desk:
    """A job's work, the repository that came with it, and the base as a snapshot."""

    work: Work
    repository: Repository
    snapshot: Snapshot

    @property
    def config(self) -> Config:
        return self.snapshot.config

    def bench(self, verifier: Verifier | None) -> Workbench:
        return Workbench(self.repository, NoPulls(), verifier)

    def assignments(self, only: str) -> tuple[Assignment, ...]:
        """What is to be worked on; `only` names one incident, empty all."""
        return tuple(one for one in self.work.assignments if only in ("", one.name))

    def heads(self, only: str) -> tuple[Commit, ...]:
        """The commits whose tests are to be run; `only` names one of them, empty all."""
        wanted = [sha for sha in self.work.heads if only in ("", sha)]
        return self.repository.commits(wanted)


@contextmanager
def open_work(folder: Path, sha256: str, environ: Mapping[str, str]) -> Iterator[Desk]:
    """The work in a folder; a UserError if it is not the one of this SHA-256 (empty: any)."""
    file = folder / WORK_FILE
    content = read_file(file, MAX_WORK_BYTES)
    if sha256 and hashlib.sha256(content).hexdigest() != sha256.casefold():
        raise UserError(f"{file} is not the file of this SHA-256; take the one that was listed.")
    work = read_work(content.decode("utf-8", "replace"), str(file))
    with open_bundle(work, folder) as repository:
        yield Desk(work, repository, _snapshot(work, repository, environ))


def _snapshot(work: Work, repository: Repository, environ: Mapping[str, str]) -> Snapshot:
    """The base and its configuration; of everything else nothing is known here."""
    tree = repository.tree(work.base)
    config, _, _ = overridden(read_config(tree), environ)
    nothing = ForgeView(
        repository="",
        me=0,
        merge_method="merge",
        required=None,
        base_checks=None,
        pulls=(),
        has_issues=False,
    )
    return Snapshot(
        now=work.at,
        base_branch=work.branch,
        base=repository.plain_commit(work.base),
        tree=tree,
        config=config,
        owners="",
        incidents=(),
        left_out=(),
        branches=(),
        commits=(),
        ledger=Ledger(None, ()),
        forge=nothing,
        engines=config.engine.order,
    )


# ------------------------------------------------------------------------------------ proposing


def ask(
    desk: Desk,
    assignments: Sequence[Assignment],
    engine: Engine,
    bench: Workbench,
    brought: Brought,
    progress: Progress,
) -> Iterator[tuple[Attempt, Assignment]]:
    """Ask the engine about each incident that it is wanted for and no earlier answer mends."""
    known = {one.patch_id: one.sentence for one in desk.work.known}
    for one in assignments:
        mended = any(_built(claim, one, desk) for claim in _claims(brought, one))
        if engine.name not in one.engines or mended:
            continue
        progress(f"asking {engine.name} about {one.name}")
        chosen = _chosen(one)
        task = task_of(chosen, one.earlier, desk.snapshot, bench, known)
        answer = engine.solve(replace(task, engines=()), one.budget)
        weighs = weigh if bench.verifier else _unweighed
        yield weighs(chosen, engine.name, answer, desk.snapshot, bench), one


def _unweighed(
    chosen: Chosen, engine: str, answer: Answer, snapshot: Snapshot, bench: Workbench
) -> Attempt:
    """An answer as it is: where nothing can be run, weighing it adds nothing that travels."""
    del snapshot, bench
    return Attempt(
        incident=chosen.incident,
        engine=engine,
        number=chosen.attempt,
        answer=without_secrets(answer),
        ending=Ending.FAILED,
        reason=answer.reason,
    )


def _chosen(one: Assignment) -> Chosen:
    return Chosen(one.incident, one.attempt, engines=one.engines)


def _claims(brought: Brought, one: Assignment) -> list[Claim]:
    return [
        claim
        for claim in brought.claims
        if (claim.fingerprint, claim.number, claim.heard) == (one.name, one.attempt, one.heard)
    ]


# ------------------------------------------------------------------------------------ verifying


def verify(
    desk: Desk, only: str, brought: Brought, verifier: Verifier, progress: Progress
) -> Iterator[Statement]:
    """Run the tests of every commit that is listed or answered and of which nothing is said yet."""
    known = set()
    for commit in _commits(desk, only, brought):
        said = any(one.evidence and one.concerns(commit) for one in brought.statements)
        if said or commit.sha in known:
            continue
        known.add(commit.sha)
        progress(f"running the tests of {commit.sha[:9]}")
        yield Statement(commit.sha, verifier.verify(commit))


def _commits(desk: Desk, only: str, brought: Brought) -> Iterator[Commit]:
    yield from desk.heads(only)
    for one in desk.assignments(only):
        for claim in _claims(brought, one):
            built = _built(claim, one, desk)
            if built is not None:
                yield built.commit


def _built(claim: Claim, one: Assignment, desk: Desk) -> Built | None:
    """The commit that a claim becomes; None where vetting refuses it, or it holds no patch."""
    answer: Answer = without_secrets(claim.answer)
    if not isinstance(answer.diagnosis, BugReport) or answer.patch is None:
        return None
    incident, bench = cleaned(one.incident), desk.bench(None)
    message = commit_message(incident, answer.diagnosis, answer.patch, claim.engine, claim.number)
    built = build(answer.patch, message, desk.snapshot, bench)
    if not isinstance(built, Built):
        return None
    origin = Origin(incident.reflection_ids, incident.sources)
    return with_marks(built, origin, desk.snapshot, bench)[0]
