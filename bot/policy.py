"""Decide: from what was observed and proposed to the plan of one tick. Pure.

The rules are in `bot.rules` and where a pull request stands is in `bot.gate`; here both become
ordered steps. The order matters: what people wait for comes first, a merge comes last, because it
moves the base that everything else was planned on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from bot.after_merging import after_merging, taken_back
from bot.answering import after_closing, answers, tidied
from bot.auto_merging import armed, disarmed, merged_meanwhile
from bot.body import current_status, speaks_of_another, status_block
from bot.dashboard import kept
from bot.evidence import Checked
from bot.feedback import wishes
from bot.gate import Obstacle, standing
from bot.ledger import HeadRecord, SpendRecord, UntestedRecord
from bot.merge_method import merge_method
from bot.model import Attempt, Kind, Pull, PullState, Sha
from bot.offering import kept_check, offered, picked_up, renewed
from bot.owners import reviewers
from bot.plan import OpenPull, Plan, Step
from bot.renewal import Renewal, Reverted
from bot.rules import spell_required
from bot.seen_again import unlisted
from bot.selection import Selection
from bot.snapshot import Snapshot
from bot.telling import told
from bot.watching import watched


def decide(
    snapshot: Snapshot,
    selection: Selection,
    attempts: Sequence[Attempt],
    checked: Sequence[Checked] = (),
    renewal: Renewal | None = None,
    reverts: Sequence[Reverted] = (),
    costs: Sequence[SpendRecord] = (),
) -> Plan:
    """The plan of this tick. The same arguments give the same plan.

    `checked` is what the sandbox says of heads that are open already and had no check yet;
    `renewal` what became of the pull request that was to be brought up to date, `reverts` of the
    merges that people want taken back. `costs` are those of jobs that asked by themselves.
    """
    pulls = tuple(OpenPull(pull, standing(pull, snapshot)) for pull in snapshot.open_pulls)
    moving = {attempt.pull.number for attempt in attempts if attempt.pull}
    moving |= {renewal.pull.number} if renewal else set()
    ready = _next_to_merge(pulls, snapshot)
    cases = []
    steps: list[Step] = []
    if not snapshot.halted:
        steps.extend(disarmed(pulls, snapshot, moving, ready))
        steps.extend(_after_merges(snapshot))
        steps.extend(after_closing(snapshot))
        steps.extend(after_merging(snapshot))
        if costs:  # before anything is done with the answers, which may come to nothing
            why = "what other jobs have spent on their answers"
            steps.append(Step(APPEND_LEDGER.name, AppendLedger(records=tuple(costs)), why))
        for record in selection.orphans:
            steps.extend(picked_up(record, snapshot))
    for attempt in attempts:
        case, wanted = offered(attempt, snapshot)
        cases.append(case)
        steps.extend(wanted)
    for reverted in reverts:
        of_revert, wanted = taken_back(reverted, snapshot)
        cases += [of_revert] if of_revert else []
        steps.extend(wanted)
    if not snapshot.halted:
        steps.extend(kept_check(one.branch, one.evidence) for one in checked)
        if renewal:
            steps.extend(renewed(renewal, snapshot))
        for line in pulls:
            steps.extend(answers(line, snapshot, moving))
            if line.pull.number not in moving:
                steps.extend(_care(line, snapshot))
        steps.extend(told(snapshot))
        steps.extend(armed(pulls, snapshot, moving, ready))
        merging = list(_merge(ready, snapshot))
        steps.extend(merging or kept(snapshot))  # a merge changes most of what it would say
    return Plan(
        repository=snapshot.forge.repository,
        forge=snapshot.forge_said,
        base_branch=snapshot.base_branch,
        base=snapshot.base.sha,
        halted=snapshot.halted,
        cases=tuple(cases),
        pulls=pulls,
        skipped=selection.skipped,
        notices=(*snapshot.notices, *merged_meanwhile(snapshot)),
        steps=tuple(steps),
        merges=watched(snapshot),
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
    news = record if speaks_of_another(pull.body, record) else None
    kept_so = snapshot.ledger.failed(UPDATE_STATUS.name, pull.branch, pull.head)
    if not kept_so and (news or (shown is not None and shown != status)):
        update = UpdateStatus(
            number=pull.number,
            branch=pull.branch,
            head=pull.head,
            status=status,
            head_record=news,
        )
        yield Step(UPDATE_STATUS.name, update, f"#{pull.number}: {stands.sentence}")
    yield from _seen_again(pull, record, snapshot)
    if not stands.has(Obstacle.REVIEW) or stands.has(Obstacle.FAILED, Obstacle.WAITING):
        return
    names = reviewers(pull, snapshot)
    refused = snapshot.ledger.failed(REQUEST_REVIEW.name, pull.branch, pull.head)
    if names and not refused:
        request = RequestReview(
            number=pull.number, branch=pull.branch, head=pull.head, reviewers=names
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
    if new and not snapshot.ledger.failed(ADD_REFLECTIONS.name, pull.branch, pull.head):
        add = AddReflections(
            number=pull.number, branch=pull.branch, head=pull.head, reflections=new
        )
        yield Step(ADD_REFLECTIONS.name, add, f"#{pull.number}: {record.incident} was seen again")


def _after_merges(snapshot: Snapshot) -> Iterator[Step]:
    """Tidy up behind merged pull requests, and say so where a merge was not the tested tree."""
    present = {branch.name: branch.head for branch in snapshot.branches}
    for pull in sorted(snapshot.own_pulls, key=lambda pull: pull.number):
        if pull.state is not PullState.MERGED or snapshot.record_of(pull) is None:
            continue
        here = present.get(pull.branch) == pull.head
        tested = _tested_tree(pull, snapshot)
        differs = tested is not None and pull.merged_tree not in (None, tested)
        looked_after = here or snapshot.is_bots_merge(pull)
        if (
            differs
            and looked_after
            and pull.merged_as
            and not snapshot.ledger.untested(pull.number)
        ):
            untested = UntestedRecord(
                at=snapshot.now, number=pull.number, head=pull.head, merged_as=pull.merged_as
            )
            why = f"#{pull.number} was merged with other files than the tested ones"
            yield Step(APPEND_LEDGER.name, AppendLedger(records=(untested,)), why)
        yield from tidied(pull, "is merged", snapshot)


def _tested_tree(pull: Pull, snapshot: Snapshot) -> Sha | None:
    """The tree of its head, also where the branch is gone; None if nothing tells."""
    commit = snapshot.commit(pull.head)
    if commit is not None:
        return commit.tree
    armed_heads = snapshot.ledger.armed(pull.branch)
    return next((one.tree for one in armed_heads if one.head == pull.head), None)


def _next_to_merge(pulls: Sequence[OpenPull], snapshot: Snapshot) -> OpenPull | None:
    """At most one: a revert that is ready, else the oldest pull request that is."""
    able = [line for line in pulls if line.standing.ready]
    return min(able, key=lambda line: not _is_revert(line.pull, snapshot), default=None)


def _merge(ready: OpenPull | None, snapshot: Snapshot) -> Iterator[Step]:
    commit = snapshot.commit(ready.pull.head) if ready else None
    if ready is None or commit is None:
        return
    pull = ready.pull
    merge = MergePullRequest(
        number=pull.number,
        required=tuple(spell_required(need) for need in snapshot.required),
        branch=pull.branch,
        head=pull.head,
        base=snapshot.base.sha,
        tree=commit.tree,
        method=merge_method(snapshot).method,
        heard=tuple(sorted(wishes(pull))),
    )
    decision = ready.standing.decision
    yield Step(MERGE.name, merge, f"#{pull.number}: rule “{decision.rule}” ({decision.reason})")
    if not snapshot.shares_branch(pull):
        delete = DeleteBranch(number=pull.number, branch=pull.branch, head=pull.head)
        yield Step(DELETE_BRANCH.name, delete, f"#{pull.number} is merged then")


def _is_revert(pull: Pull, snapshot: Snapshot) -> bool:
    record = snapshot.record_of(pull)
    return record is not None and record.change is Kind.REVERT
