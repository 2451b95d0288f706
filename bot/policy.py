"""Decide: from what was observed and proposed to the plan of one tick. Pure.

The rules are in `bot.rules` and where a pull request stands is in `bot.gate`; here both become
ordered steps. The order matters: what people wait for comes first, a merge comes last, because it
moves the base that everything else was planned on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codeowners import CodeOwners

from bot.actions.add_reflections import ACTION as ADD_REFLECTIONS
from bot.actions.add_reflections import AddReflections
from bot.actions.append_ledger import ACTION as APPEND_LEDGER
from bot.actions.append_ledger import AppendLedger
from bot.actions.delete_branch import ACTION as DELETE_BRANCH
from bot.actions.delete_branch import DeleteBranch
from bot.actions.merge_pull_request import ACTION as MERGE
from bot.actions.merge_pull_request import MergePullRequest
from bot.actions.request_review import ACTION as REQUEST_REVIEW
from bot.actions.request_review import RequestReview
from bot.actions.update_status import ACTION as UPDATE_STATUS
from bot.actions.update_status import UpdateStatus
from bot.answering import after_closing, answers, told_of_revert
from bot.body import current_status, status_block
from bot.evidence import Checked
from bot.gate import Obstacle, standing
from bot.ledger import HeadRecord, UntestedRecord
from bot.model import Attempt, Pull, PullState
from bot.offering import kept_check, offered, picked_up, renewed
from bot.plan import OpenPull, Plan, Step
from bot.renewal import Renewal, Reverted
from bot.rules import spell_required
from bot.seen_again import unlisted
from bot.selection import Selection
from bot.snapshot import Snapshot


def decide(
    snapshot: Snapshot,
    selection: Selection,
    attempts: Sequence[Attempt],
    checked: Sequence[Checked] = (),
    renewal: Renewal | None = None,
    reverts: Sequence[Reverted] = (),
) -> Plan:
    """The plan of this tick. The same arguments give the same plan.

    `checked` is what the sandbox says of heads that are open already and had no check yet;
    `renewal` what became of the pull request that was to be brought up to date, `reverts` of the
    merges that people want taken back.
    """
    pulls = tuple(OpenPull(pull, standing(pull, snapshot)) for pull in snapshot.open_pulls)
    cases = []
    steps: list[Step] = []
    if not snapshot.halted:
        steps.extend(_after_merges(snapshot))
        steps.extend(after_closing(snapshot))
        for record in selection.orphans:
            steps.extend(picked_up(record, snapshot))
    for attempt in attempts:
        case, wanted = offered(attempt, snapshot)
        cases.append(case)
        steps.extend(wanted)
    for reverted in reverts:
        decision = None
        if isinstance(reverted.attempt, Attempt):
            case, wanted = offered(reverted.attempt, snapshot)
            decision = case.decision
            cases.append(case)
            steps.extend(wanted)
        steps.extend(told_of_revert(reverted, decision))
    if not snapshot.halted:
        steps.extend(kept_check(one.branch, one.evidence) for one in checked)
        if renewal:
            steps.extend(renewed(renewal, snapshot))
        moving = {attempt.pull.number for attempt in attempts if attempt.pull}
        moving |= {renewal.pull.number} if renewal else set()
        for line in pulls:
            steps.extend(answers(line, snapshot, moving))
            if line.pull.number not in moving:
                steps.extend(_care(line, snapshot))
        steps.extend(_merge(pulls, snapshot))
    return Plan(
        repository=snapshot.forge.repository,
        forge=snapshot.forge_said,
        base_branch=snapshot.base_branch,
        base=snapshot.base.sha,
        halted=snapshot.halted,
        cases=tuple(cases),
        pulls=pulls,
        skipped=selection.skipped,
        notices=snapshot.notices,
        steps=tuple(steps),
    )


# ------------------------------------------------------------------ what is open, or was merged


def _care(line: OpenPull, snapshot: Snapshot) -> Iterator[Step]:
    """Keep an open pull request's status true, and ask for a review when it is time."""
    pull, stands = line.pull, line.standing
    record = snapshot.record_of(pull)
    if record is None or stands.has(Obstacle.LEFT_TO_PEOPLE, Obstacle.UNSETTLED):
        return
    status = status_block(stands, pull, record, snapshot)
    shown = current_status(pull.body)
    if shown is not None and shown != status:
        update = UpdateStatus(number=pull.number, branch=pull.branch, head=pull.head, status=status)
        yield Step(UPDATE_STATUS.name, update, f"#{pull.number}: {stands.sentence}")
    yield from _seen_again(pull, record, snapshot)
    if not stands.has(Obstacle.REVIEW) or stands.has(Obstacle.FAILED, Obstacle.WAITING):
        return
    asked = {name.casefold() for name in (*pull.asked, *snapshot.ledger.asked(pull.branch))}
    names = [name for name in _reviewers(pull, snapshot) if name.casefold() not in asked]
    refused = snapshot.ledger.failed(REQUEST_REVIEW.name, pull.branch, pull.head)
    if names and not refused:
        request = RequestReview(
            number=pull.number, branch=pull.branch, head=pull.head, reviewers=tuple(names)
        )
        yield Step(REQUEST_REVIEW.name, request, f"#{pull.number}: {stands.sentence}")


def _seen_again(pull: Pull, record: HeadRecord, snapshot: Snapshot) -> Iterator[Step]:
    """Name further reflections of the same incident in its open pull request."""
    known = set(record.reflections)
    news = [
        id_
        for incident in snapshot.incidents
        if incident.fingerprint == record.incident or known & set(incident.reflection_ids)
        for id_ in incident.reflection_ids
        if id_ not in known
    ]
    new = unlisted(pull.body, news)
    if new:
        add = AddReflections(
            number=pull.number, branch=pull.branch, head=pull.head, reflections=new
        )
        yield Step(ADD_REFLECTIONS.name, add, f"#{pull.number}: {record.incident} was seen again")


def _reviewers(pull: Pull, snapshot: Snapshot) -> tuple[str, ...]:
    """The owners of the changed paths by the base branch's CODEOWNERS, else the configured ones."""
    commit = snapshot.commit(pull.head)
    owners: dict[str, None] = {}
    if commit and snapshot.owners:
        table = CodeOwners(_valid_owners(snapshot.owners))
        for change in commit.changes:
            for kind, name in table.of(change.path):
                if kind in ("USERNAME", "TEAM"):
                    owners[name.removeprefix("@")] = None
    return tuple(owners) or snapshot.config.review.reviewers


def _valid_owners(text: str) -> str:
    """CODEOWNERS without the lines that are none, which the forge skips too."""
    kept = []
    for line in text.splitlines():
        try:
            CodeOwners(line)
        except ValueError:
            continue
        kept.append(line)
    return "\n".join(kept)


def _after_merges(snapshot: Snapshot) -> Iterator[Step]:
    """Tidy up behind merged pull requests, and say so where a merge was not the tested tree."""
    present = {branch.name: branch.head for branch in snapshot.branches}
    for pull in sorted(snapshot.own_pulls, key=lambda pull: pull.number):
        commit = snapshot.commit(pull.head)
        here = present.get(pull.branch) == pull.head and snapshot.record_of(pull) is not None
        kept = snapshot.ledger.failed(DELETE_BRANCH.name, pull.branch, pull.head)
        if pull.state is not PullState.MERGED or not here:
            continue
        differs = commit is not None and pull.merged_tree not in (None, commit.tree)
        if differs and pull.merged_as and not snapshot.ledger.untested(pull.number):
            untested = UntestedRecord(
                at=snapshot.now, number=pull.number, head=pull.head, merged_as=pull.merged_as
            )
            why = f"#{pull.number} was merged with other files than the tested ones"
            yield Step(APPEND_LEDGER.name, AppendLedger(records=(untested,)), why)
        if not kept:
            delete = DeleteBranch(number=pull.number, branch=pull.branch, head=pull.head)
            yield Step(DELETE_BRANCH.name, delete, f"#{pull.number} is merged")


def _merge(pulls: Sequence[OpenPull], snapshot: Snapshot) -> Iterator[Step]:
    """At most one merge: the oldest pull request that is ready."""
    ready = next((line for line in pulls if line.standing.ready), None)
    commit = snapshot.commit(ready.pull.head) if ready else None
    if ready is None or commit is None:
        return
    method = snapshot.config.merge.method
    pull = ready.pull
    merge = MergePullRequest(
        number=pull.number,
        required=tuple(spell_required(need) for need in snapshot.required),
        branch=pull.branch,
        head=pull.head,
        base=snapshot.base.sha,
        tree=commit.tree,
        method=snapshot.forge.merge_method if method == "default" else method,
    )
    decision = ready.standing.decision
    yield Step(MERGE.name, merge, f"#{pull.number}: rule “{decision.rule}” ({decision.reason})")
    delete = DeleteBranch(number=pull.number, branch=pull.branch, head=pull.head)
    yield Step(DELETE_BRANCH.name, delete, f"#{pull.number} is merged then")
