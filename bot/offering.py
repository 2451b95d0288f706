"""Offer: the steps by which an attempt becomes a pull request, or is written down. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.actions.append_ledger import ACTION as APPEND_LEDGER
from bot.actions.append_ledger import AppendLedger
from bot.actions.comment import ACTION as COMMENT
from bot.actions.comment import Comment
from bot.actions.open_pull_request import ACTION as OPEN
from bot.actions.open_pull_request import OpenPullRequest
from bot.actions.publish_branch import ACTION as PUBLISH
from bot.actions.publish_branch import PublishBranch
from bot.actions.record_check import ACTION as RECORD_CHECK
from bot.actions.record_check import RecordCheck
from bot.actions.set_label import ACTION as SET_LABEL
from bot.actions.set_label import SetLabel
from bot.actions.update_branch import ACTION as UPDATE_BRANCH
from bot.actions.update_branch import UpdateBranch
from bot.auto_merging import armed_by_bot
from bot.body import observed, pull_body, status_block, title
from bot.config import Outcome
from bot.evidence import Evidence
from bot.gate import Standing, first_standing
from bot.ledger import AttemptRecord, FailureRecord, HeadRecord, SpendRecord
from bot.model import (
    Answer,
    Attempt,
    BugReport,
    Ending,
    Feedback,
    Kind,
    Proposal,
    Pull,
    Severity,
    Sha,
    Usage,
    short,
)
from bot.plan import Case, Step
from bot.renewal import Renewal, renewed_record
from bot.snapshot import Snapshot
from bot.untrusted import for_markdown, for_title


def offered(attempt: Attempt, snapshot: Snapshot) -> tuple[Case, list[Step]]:
    """What comes of an attempt: a new pull request, a newer head of one, or a ledger record."""
    if attempt.ending is Ending.HELD_BACK:
        return Case(attempt, None), []
    if attempt.proposal is None:
        steps = [_write_down(attempt, attempt.ending, attempt.reason, snapshot)]
        return Case(attempt, None), [*steps, *_told_in_vain(attempt, attempt.reason)]
    record = _head_record(attempt.proposal, snapshot)
    record = record.model_copy(update={"answers": _answers(attempt)})
    first = first_standing(record, attempt.proposal.commit, snapshot)
    decision = first.decision
    if decision.outcome is Outcome.REFUSE:
        reason = f"rule “{decision.rule}” refuses it: {decision.reason}"
        step = _write_down(attempt, Ending.REFUSED, reason, snapshot)
        return Case(attempt, decision), [step, *_told_in_vain(attempt, reason)]
    if attempt.pull:
        return Case(attempt, decision), list(_further(attempt, attempt.pull, record, snapshot))
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
    if snapshot.forge.checks_here and record.evidence and not record.evidence.problem:
        yield kept_check(record.branch, record.evidence)


def _further(
    attempt: Attempt, pull: Pull, record: HeadRecord, snapshot: Snapshot
) -> Iterator[Step]:
    """The bot's own head on an open pull request gives way to a better one, and people are told."""
    feedback = attempt.feedback or Feedback("", ())
    update = UpdateBranch(
        number=pull.number,
        branch=pull.branch,
        old=pull.head,
        head=record.head,
        head_record=record,
        spend_record=_spend(attempt, snapshot),
        is_attempt=True,
        disarmed=armed_by_bot(pull, snapshot),
    )
    yield Step(UPDATE_BRANCH.name, update, f"#{pull.number}: {feedback.reason}")
    if snapshot.forge.checks_here and record.evidence and not record.evidence.problem:
        yield kept_check(pull.branch, record.evidence)
    said = (
        f"Attempt {record.attempt}, because {for_markdown(feedback.reason, 200)}: "
        f"`{short(record.head)}` replaces `{short(pull.head)}`.\n\n"
        f"{for_markdown(record.explanation)}"
    )
    markers = [one.marker for one in feedback.commands] or [f"attempt:{record.attempt}"]
    for marker in markers:
        yield _said(pull, said, marker=marker, head=record.head)
    for thread in feedback.threads:
        told = f"`{short(record.head)}` answers this: {for_markdown(record.explanation)}"
        yield _said(pull, told, thread=thread, head=record.head)
    yield from _labels_off(pull, feedback)


def _told_in_vain(attempt: Attempt, reason: str) -> Iterator[Step]:
    """Whoever asked for a further attempt learns that nothing came of it, threads included."""
    if attempt.pull is None or attempt.feedback is None:
        return
    said = f"Attempt {attempt.number} came to nothing: {for_markdown(reason, 500)}"
    for command in attempt.feedback.commands:
        yield _said(attempt.pull, said, marker=command.marker)
    for thread in attempt.feedback.threads:
        stays = (
            "It is not merged while this is open: resolve this, or approve, to let the bot go on."
        )
        yield _said(attempt.pull, f"{said}\n\n{stays}", thread=thread)
    yield from _labels_off(attempt.pull, attempt.feedback)


def _answers(attempt: Attempt) -> tuple[str, ...]:
    return attempt.feedback.answers if attempt.feedback else ()


def _labels_off(pull: Pull, feedback: Feedback) -> Iterator[Step]:
    for label in {one.label for one in feedback.commands if one.label}:
        params = SetLabel(number=pull.number, branch=pull.branch, label=label, on=False)
        yield Step(SET_LABEL.name, params, f"#{pull.number}: {label} is answered")


def _said(
    pull: Pull, text: str, *, marker: str = "", thread: str = "", head: Sha | None = None
) -> Step:
    params = Comment(
        number=pull.number,
        branch=pull.branch,
        text=text,
        marker=marker,
        thread=thread,
        head=head,
    )
    return Step(COMMENT.name, params, f"#{pull.number}: people are told")


def kept_check(branch: str, evidence: Evidence) -> Step:
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
        title=title(report) if record.change is not Kind.REVERT else _revert_title(record),
        body=pull_body(record, status_block(first, None, record, snapshot)),
        draft=first.decision.outcome is Outcome.DRAFT,
    )
    return Step(OPEN.name, params, f"rule “{first.decision.rule}”: {first.decision.outcome}")


def _revert_title(record: HeadRecord) -> str:
    return for_title(f"Revert “{record.summary}”")


def picked_up(record: HeadRecord, snapshot: Snapshot) -> Iterator[Step]:
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
        confidence=proposal.confidence,
        change=proposal.kind,
        marks=proposal.marks,
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
        answers=_answers(attempt),
        asked=_was_asked(attempt.answer),
        until_base_moves=attempt.answer.until_base_moves,
    )
    spent = _spend(attempt, snapshot)
    params = AppendLedger(records=(spent, record) if spent else (record,))
    return Step(APPEND_LEDGER.name, params, f"{ending}: {reason}")


def _was_asked(answer: Answer) -> bool:
    """Whether it counts against the limit of attempts: an engine was paid, or had its say."""
    return answer.usage.requests > 0 or not (answer.failed or answer.until_base_moves)


def _spend(attempt: Attempt, snapshot: Snapshot) -> SpendRecord | None:
    usage: Usage = attempt.answer.usage
    if not usage.requests or attempt.asked:
        return None  # what a job of its own has spent is written down first of all
    return SpendRecord(
        at=snapshot.now,
        incident=attempt.incident.fingerprint,
        attempt=attempt.number,
        engine=attempt.engine,
        requests=usage.requests,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        usd=usage.usd,
    )


def renewed(renewal: Renewal, snapshot: Snapshot) -> Iterator[Step]:
    """A pull request moves to the newest base, or it is written down why it cannot."""
    pull, record = renewal.pull, renewed_record(renewal, snapshot)
    if record is None:
        why = f"#{pull.number} cannot be brought up to date: {renewal.stuck}"
        stuck = FailureRecord(
            at=snapshot.now,
            action=UPDATE_BRANCH.name,
            branch=pull.branch,
            head=pull.head,
            reason=renewal.stuck,
        )
        yield Step(APPEND_LEDGER.name, AppendLedger(records=(stuck,)), why)
        return
    update = UpdateBranch(
        number=pull.number,
        branch=pull.branch,
        old=pull.head,
        head=record.head,
        head_record=record,
        disarmed=armed_by_bot(pull, snapshot),
    )
    why = f"#{pull.number} is next to merge, and {snapshot.base_branch} has moved"
    yield Step(UPDATE_BRANCH.name, update, why)
    if snapshot.forge.checks_here and record.evidence and not record.evidence.problem:
        yield kept_check(pull.branch, record.evidence)
