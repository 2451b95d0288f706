"""List: what one tick would ask engines about, and whose tests it would run, as a work file.

Budgets are shared out here. Jobs that run at the same time know nothing of what the others spend,
so each gets all that it may, and what then is left over for none waits for the next tick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bot.building import Workbench
from bot.engines import Budget, Earlier
from bot.jobs.answers import heard
from bot.jobs.bundle import write_bundle
from bot.jobs.files import write_text
from bot.jobs.limits import MAX_MATRIX
from bot.jobs.work import BUNDLE_FILE, WORK_FILE, Assignment, KnownChange, Work, write_work
from bot.model import SEARCH, Attempt, Incident, PullState, Reflection, Sha
from bot.proposing import earlier
from bot.renewing import renew_next
from bot.reverting import revert
from bot.secrets import cleaned
from bot.selection import Chosen, Selection, budget
from bot.snapshot import Snapshot

MAX_KNOWN = 2_000
"""So many changes of before a job knows, the newest; the job that writes knows all."""
MAX_TEXTS = 50
"""Of so many reflections of one incident a job knows the words; of more, the ids."""
MAX_TEXT_CHARS = 20_000


def list_work(
    snapshot: Snapshot, selection: Selection, bench: Workbench, folder: Path
) -> tuple[Work, tuple[str, ...]]:
    """Write the work file and its bundle, and say what is left for a later tick."""
    heads = tuple(dict.fromkeys(_heads(snapshot, selection, bench)))[: MAX_MATRIX // 2]
    shared, notices = _shared_out(selection.chosen, snapshot, MAX_MATRIX - len(heads))
    work = Work(
        branch=snapshot.base_branch,
        base=snapshot.base.sha,
        at=snapshot.now,
        bundle=write_bundle(bench.repository, snapshot.base.sha, heads, folder / BUNDLE_FILE),
        assignments=tuple(
            Assignment(
                incident=_told_of(chosen.incident),
                attempt=chosen.attempt,
                engines=engines,
                budget=left,
                heard=heard(chosen.feedback, chosen.pull),
                earlier=_shortened(earlier(chosen, snapshot, bench)),
            )
            for chosen, engines, left in shared
        ),
        heads=heads,
        known=tuple(_known(snapshot))[-MAX_KNOWN:],
    )
    write_text(folder / WORK_FILE, write_work(work))
    return work, notices


def _shared_out(
    chosen: tuple[Chosen, ...], snapshot: Snapshot, most: int
) -> tuple[list[tuple[Chosen, tuple[str, ...], Budget]], tuple[str, ...]]:
    """Who is asked about what, and for how much: together no more than the limits allow."""
    shared: list[tuple[Chosen, tuple[str, ...], Budget]] = []
    tokens, usd, poor = 0, 0.0, 0
    for number, one in enumerate(chosen):
        if len(shared) == most:
            said = f"a job matrix has room for {MAX_MATRIX}; a later tick takes the rest"
            return shared, (said,)
        left = budget(snapshot, tokens, usd)
        engines = one.engines or snapshot.engines
        if left.usd is not None and snapshot.config.limits.usd_per_incident is None:
            left = replace(left, usd=left.usd / (len(chosen) - number))
        if left.tokens <= 0 or (left.usd is not None and left.usd <= 0):
            engines = tuple(name for name in engines if name == SEARCH)
            left = Budget(0, None if left.usd is None else 0.0)  # a day may end a little over it
        elif engines != (SEARCH,):
            tokens, usd = tokens + left.tokens, usd + (left.usd or 0.0)
        if engines:
            shared.append((one, engines, left))
        else:
            poor += 1
    left_over = f"{poor} incident{'' if poor == 1 else 's'}"
    said = f"the budget of this tick leaves {left_over} for a later one (limits.tokens_per_tick)"
    return shared, (said,) if poor else ()


def _heads(snapshot: Snapshot, selection: Selection, bench: Workbench) -> Iterator[Sha]:
    """Commits on today's base that no engine makes and whose tests are yet to be run."""
    if not snapshot.config.sandbox.enabled or snapshot.halted:
        return
    renewal = renew_next(snapshot, selection, bench)
    if renewal and renewal.commit:
        yield renewal.commit.sha
    for wanted in selection.reverts:
        attempt = revert(wanted.pull, wanted.reason, snapshot, bench.repository)
        if isinstance(attempt, Attempt) and attempt.proposal:
            yield attempt.proposal.commit.sha
    for pull in selection.unchecked:
        record, commit = snapshot.record_of(pull), snapshot.commit(pull.head)
        here = commit is not None and commit.parents == (snapshot.base.sha,)
        if here and record is not None and record.evidence is None:
            yield pull.head


def _known(snapshot: Snapshot) -> Iterator[KnownChange]:
    """The changes of pull requests that were observed: no engine need propose them again."""
    pulls = {pull.branch: pull for pull in snapshot.forge.pulls}
    fates = {
        PullState.OPEN: "is open already",
        PullState.CLOSED: "was refused",
        PullState.MERGED: "was merged already",
    }
    for head in snapshot.ledger.heads:
        pull = pulls.get(head.branch)
        if pull is not None and head.patch_id:
            said = f"#{pull.number} with the same change {fates[pull.state]}"
            yield KnownChange(head.patch_id, said)


def _told_of(incident: Incident) -> Incident:
    """The incident without secrets, and without the words that no engine would be shown."""
    told = cleaned(incident)
    words = tuple(map(_cut, told.reflections[:MAX_TEXTS]))
    rest = tuple(replace(one, task="", text="") for one in told.reflections[MAX_TEXTS:])
    return replace(told, reflections=(*words, *rest))


def _cut(reflection: Reflection) -> Reflection:
    return replace(
        reflection,
        task=reflection.task[:MAX_TEXT_CHARS],
        outcome=reflection.outcome[:MAX_TEXT_CHARS],
        text=reflection.text[:MAX_TEXT_CHARS],
    )


def _shortened(before: Earlier | None) -> Earlier | None:
    return before and replace(before, diff=before.diff[:MAX_TEXT_CHARS])
