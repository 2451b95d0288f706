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
from bot.actions.open_pull_request import ACTION as OPEN
from bot.actions.open_pull_request import OpenPullRequest
from bot.actions.publish_branch import ACTION as PUBLISH
from bot.actions.publish_branch import PublishBranch
from bot.actions.record_check import ACTION as RECORD_CHECK
from bot.actions.record_check import RecordCheck
from bot.actions.request_review import ACTION as REQUEST_REVIEW
from bot.actions.request_review import RequestReview
from bot.actions.update_status import ACTION as UPDATE_STATUS
from bot.actions.update_status import UpdateStatus
from bot.body import current_status, observed, pull_body, status_block, title
from bot.config import Outcome
from bot.evidence import Checked, Evidence
from bot.gate import Obstacle, Standing, first_standing, standing
from bot.ledger import AttemptRecord, FailureRecord, HeadRecord, SpendRecord, UntestedRecord
from bot.model import Attempt, BugReport, Ending, Proposal, Pull, PullState, Severity, Usage
from bot.plan import Case, OpenPull, Plan, Step
from bot.rules import spell_required
from bot.seen_again import unlisted
from bot.selection import Selection
from bot.snapshot import Snapshot


def decide(
    snapshot: Snapshot,
    selection: Selection,
    attempts: Sequence[Attempt],
    checked: Sequence[Checked] = (),
) -> Plan:
    """The plan of this tick. The same arguments give the same plan.

    `checked` is what the sandbox says of heads that are open already and had no check yet.
    """
    pulls = tuple(OpenPull(pull, standing(pull, snapshot)) for pull in snapshot.open_pulls)
    cases = []
    steps: list[Step] = []
    if not snapshot.halted:
        steps.extend(_after_merges(snapshot))
        for record in selection.orphans:
            steps.extend(_orphan(record, snapshot))
    for attempt in attempts:
        case, wanted = _attempt(attempt, snapshot)
        cases.append(case)
        steps.extend(wanted)
    if not snapshot.halted:
        steps.extend(_record(one.branch, one.evidence) for one in checked)
        for line in pulls:
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


# -------------------------------------------------------------------------- what was proposed


def _attempt(attempt: Attempt, snapshot: Snapshot) -> tuple[Case, list[Step]]:
    if attempt.ending is Ending.HELD_BACK:
        return Case(attempt, None), []
    if attempt.proposal is None:
        return Case(attempt, None), [_write_down(attempt, attempt.ending, attempt.reason, snapshot)]
    record = _head_record(attempt.proposal, snapshot)
    first = first_standing(record, attempt.proposal.commit, snapshot)
    decision = first.decision
    if decision.outcome is Outcome.REFUSE:
        reason = f"rule “{decision.rule}” refuses it: {decision.reason}"
        step = _write_down(attempt, Ending.REFUSED, reason, snapshot)
        return Case(attempt, decision), [step]
    publish = PublishBranch(
        branch=record.branch,
        head=record.head,
        head_record=record,
        spend_record=_spend(attempt, snapshot),
    )
    why = f"the patch for {attempt.incident.fingerprint} passed vetting"
    return Case(attempt, decision), [
        Step(PUBLISH.name, publish, why),
        *_opened(record, snapshot, first),
    ]


def _opened(record: HeadRecord, snapshot: Snapshot, first: Standing) -> Iterator[Step]:
    """A pushed branch becomes a pull request, with its check where the bot is the one to run it."""
    yield _open(record, snapshot, first)
    if snapshot.forge.checks_here and record.evidence:
        yield _record(record.branch, record.evidence)


def _record(branch: str, evidence: Evidence) -> Step:
    """Make the sandbox's evidence the check of this head, on a forge that has no other."""
    params = RecordCheck(
        branch=branch,
        head=evidence.head,
        passed=evidence.green,
        summary=evidence.sentence,
        base=evidence.base,
        base_passed=None if evidence.problem else evidence.base_passed,
    )
    return Step(RECORD_CHECK.name, params, evidence.sentence)


def _open(record: HeadRecord, snapshot: Snapshot, first: Standing) -> Step:
    report = BugReport(
        path=record.path,
        symbol=record.symbol,
        summary=record.summary,
        severity=Severity(record.severity),
    )
    params = OpenPullRequest(
        branch=record.branch,
        head=record.head,
        title=title(report),
        body=pull_body(record, status_block(first, None, record, snapshot)),
        draft=first.decision.outcome is Outcome.DRAFT,
    )
    return Step(OPEN.name, params, f"rule “{first.decision.rule}”: {first.decision.outcome}")


def _orphan(record: HeadRecord, snapshot: Snapshot) -> Iterator[Step]:
    """What becomes of a pushed branch that never got its pull request, by the policy of today."""
    first = _first(record, snapshot)
    if first.decision.outcome is not Outcome.REFUSE:
        yield from _opened(record, snapshot, first)
        return
    reason = f"rule “{first.decision.rule}” refuses it: {first.decision.reason}"
    refused = FailureRecord(
        at=snapshot.now,
        action=OPEN.name,
        branch=record.branch,
        head=record.head,
        reason=reason,
    )
    yield Step(APPEND_LEDGER.name, AppendLedger(records=(refused,)), reason)


def _first(record: HeadRecord, snapshot: Snapshot) -> Standing:
    return first_standing(record, snapshot.commit(record.head), snapshot)


def _head_record(proposal: Proposal, snapshot: Snapshot) -> HeadRecord:
    usage = proposal.usage
    return HeadRecord(
        at=snapshot.now,
        incident=proposal.incident.fingerprint,
        reflections=proposal.incident.reflection_ids,
        sources=proposal.incident.sources,
        attempt=proposal.attempt,
        branch=proposal.branch,
        head=proposal.commit.sha,
        base=proposal.base,
        patch_id=proposal.patch_id,
        engine=proposal.engine,
        path=proposal.report.path,
        symbol=proposal.report.symbol,
        summary=proposal.report.summary,
        severity=proposal.report.severity,
        explanation=proposal.patch.explanation,
        observed=observed(proposal.incident.reflections),
        risks=proposal.risks,
        evidence=proposal.evidence,
        requests=usage.requests,
        tokens=usage.tokens,
        usd=usage.usd,
    )


def _write_down(attempt: Attempt, ending: Ending, reason: str, snapshot: Snapshot) -> Step:
    record = AttemptRecord(
        at=snapshot.now,
        incident=attempt.incident.fingerprint,
        reflections=attempt.incident.reflection_ids,
        attempt=attempt.number,
        engine=attempt.engine,
        ending=ending,
        reason=reason,
        base=snapshot.base.sha,
        patch_id=attempt.proposal.patch_id if attempt.proposal else "",
        asked=attempt.answer.usage.requests > 0 or not attempt.answer.failed,
    )
    spent = _spend(attempt, snapshot)
    params = AppendLedger(records=(spent, record) if spent else (record,))
    return Step(APPEND_LEDGER.name, params, f"{ending}: {reason}")


def _spend(attempt: Attempt, snapshot: Snapshot) -> SpendRecord | None:
    usage: Usage = attempt.answer.usage
    if not usage.requests:
        return None
    return SpendRecord(
        at=snapshot.now,
        incident=attempt.incident.fingerprint,
        engine=attempt.engine,
        requests=usage.requests,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        usd=usage.usd,
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
