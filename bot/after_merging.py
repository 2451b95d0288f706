"""After a merge of the bot's: the steps by which it is watched, taken back, or left to a person.

Pure. What a merge did and what is to be done about it is in `bot.watching`.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.actions import Params
from bot.actions.append_ledger import ACTION as APPEND_LEDGER
from bot.actions.append_ledger import AppendLedger
from bot.actions.call_person import ACTION as CALL
from bot.actions.call_person import CallPerson
from bot.actions.close_pull_request import ACTION as CLOSE
from bot.actions.close_pull_request import ClosePullRequest
from bot.actions.comment import ACTION as COMMENT
from bot.actions.comment import Comment
from bot.actions.own_pull import is_held
from bot.actions.publish_branch import PublishBranch
from bot.actions.rerun_checks import ACTION as RERUN
from bot.actions.rerun_checks import RerunChecks
from bot.actions.update_issue import ACTION as UPDATE_ISSUE
from bot.actions.update_issue import UpdateIssue
from bot.answering import told_of_revert
from bot.feedback import CLOSED_FOR_A_PERSONS
from bot.ledger import LeftRecord
from bot.model import (
    ATTENTION_LABEL,
    Attempt,
    Ending,
    Pull,
    PullState,
    fingerprint_of_revert,
    short,
)
from bot.offering import offered
from bot.plan import Case, Step
from bot.renewal import ALREADY_UNDONE, Reverted
from bot.selection import Revert
from bot.snapshot import Snapshot
from bot.untrusted import for_code, for_markdown, for_title
from bot.watching import Course, Watched, by_hand, people_reverting, unrecorded, watched


def after_merging(snapshot: Snapshot) -> Iterator[Step]:
    """What the merges of late ask for, but for the reverts themselves."""
    for record in unrecorded(snapshot):
        why = f"#{record.number} was merged; it is watched from now on"
        yield Step(APPEND_LEDGER.name, AppendLedger(records=(record,)), why)
    for one in watched(snapshot):
        yield from _of_one(one, snapshot)
    yield from _yielding(snapshot)
    stops = [one for one in snapshot.ledger.attempts if one.ending is Ending.STOPPED]
    for incident, stopped in {one.incident: one for one in stops}.items():
        title = f"{incident} goes back and forth, and waits for a person"
        said = f"The bot has stopped working on it: {for_markdown(stopped.reason, 1_000)}."
        yield from _called(incident, title, said, snapshot)


def _of_one(one: Watched, snapshot: Snapshot) -> Iterator[Step]:
    merged_as, number = one.merge.after.sha, one.pull.number
    if one.course is Course.RERUN:
        results = tuple(check.id for check in one.red if check.run)
        params = RerunChecks(merged_as=merged_as, results=results)
        yield Step(RERUN.name, params, f"#{number}: {one.sentence}")
    if one.course is Course.LEAVE:
        yield from _left(one.pull, one.why, snapshot, for_good=one.for_good, calls=one.calls)


def _left(
    pull: Pull, why: str, snapshot: Snapshot, *, for_good: bool = True, calls: bool = False
) -> Iterator[Step]:
    """Write down, once, why a merge is left as it is; and call a person where that is due."""
    assert pull.merged_as is not None
    if not any(record.why == why for record in snapshot.ledger.left(pull.merged_as)):
        left = LeftRecord(
            at=snapshot.now,
            number=pull.number,
            merged_as=pull.merged_as,
            why=why,
            for_good=for_good,
            calls=calls,
        )
        reason = f"#{pull.number} is not taken back: {why}"
        yield Step(APPEND_LEDGER.name, AppendLedger(records=(left,)), reason)
    if calls:
        yield from _called(
            pull.merged_as, _title(pull, snapshot), _plea(pull, why, snapshot), snapshot
        )


def _title(pull: Pull, snapshot: Snapshot) -> str:
    return for_title(f"#{pull.number} broke {snapshot.base_branch} and waits for a person")


def _plea(pull: Pull, why: str, snapshot: Snapshot) -> str:
    assert pull.merged_as is not None
    return (
        f"The bot merged #{pull.number} as {for_code(short(pull.merged_as))}. A required check "
        f"that passed on {for_code(snapshot.base_branch)} before fails on it, and the bot does "
        f"not take it back by itself: {for_markdown(why, 1_000)}.\n\n"
        f"Mend it, or revert it by hand: {for_code(_command(pull, snapshot))}"
    )


def _command(pull: Pull, snapshot: Snapshot) -> str:
    merge = next((one for one in snapshot.watched if one.number == pull.number), None)
    mainline = " -m 1" if merge and merge.is_merge_commit else ""
    return f"git revert{mainline} {pull.merged_as}"


def _called(about: str, title: str, body: str, snapshot: Snapshot) -> Iterator[Step]:
    """Open an issue about it, or bring that up to date; nothing once a person has closed it."""
    if not snapshot.forge.has_issues:
        return
    known = next((one for one in snapshot.forge.issues if one.title == title), None)
    if not snapshot.ledger.called(about):
        params: Params = CallPerson(about=about, title=title, body=body)
        yield Step(CALL.name, params, title)
    elif known and known.body.replace("\r\n", "\n").strip() != body.strip():
        base = snapshot.base.sha
        params = UpdateIssue(
            number=known.number, title=title, body=body, label=ATTENTION_LABEL, base=base
        )
        if not snapshot.ledger.failed(UPDATE_ISSUE.name, ATTENTION_LABEL, base):
            yield Step(UPDATE_ISSUE.name, params, f"issue #{known.number} is out of date")


# ------------------------------------------------------------------------------ taking back


def taken_back(reverted: Reverted, snapshot: Snapshot) -> tuple[Case | None, list[Step]]:
    """The proposal of a revert, or why there is none; and whoever asked for it hears of that."""
    pull, attempt = reverted.wanted.pull, reverted.attempt
    if not isinstance(attempt, Attempt):
        calls = not attempt.endswith(ALREADY_UNDONE)
        left = _left(pull, attempt, snapshot, calls=calls) if reverted.wanted.watched else ()
        return None, [*left, *told_of_revert(reverted, None)]
    case, steps = offered(attempt, snapshot)
    guarded = [_guarded(step, reverted.wanted, snapshot) for step in steps]
    return case, [*guarded, *told_of_revert(reverted, case.decision)]


def _guarded(step: Step, wanted: Revert, snapshot: Snapshot) -> Step:
    """A revert is pushed only while nobody has taken the same merge back, or is about to."""
    params = step.params
    if not isinstance(params, PublishBranch):
        return step
    unless = by_hand(wanted.pull.number, wanted.pull.branch)
    record = params.head_record.model_copy(update={"watched": wanted.watched})
    guarded = params.model_copy(
        update={"onto": snapshot.base.sha, "unless": unless, "head_record": record}
    )
    return Step(step.action, guarded, step.reason)


def _yielding(snapshot: Snapshot) -> Iterator[Step]:
    """The bot's revert gives way to a person's of the same merge, whichever came first."""
    merges = {fingerprint_of_revert(one.merged_as): one.number for one in snapshot.ledger.merges}
    by_number = {pull.number: pull for pull in snapshot.own_pulls}
    for revert in snapshot.open_pulls:
        record = snapshot.record_of(revert)
        undone = by_number.get(merges.get(record.incident, 0)) if record else None
        theirs = people_reverting(undone, snapshot) if undone else []
        alive = [one for one in theirs if one.state is not PullState.CLOSED]
        refused = snapshot.ledger.failed(CLOSE.name, revert.branch, revert.head)
        reopened = snapshot.ledger.did(CLOSE.name, revert.branch, revert.head)
        if not alive or is_held(revert) or refused or reopened:
            continue
        why = f"#{alive[0].number} takes the same merge back, and is a person's"
        say = Comment(
            number=revert.number,
            branch=revert.branch,
            text=f"Closed: {why}.",
            marker=CLOSED_FOR_A_PERSONS,
        )
        yield Step(COMMENT.name, say, f"#{revert.number}: {why}")
        close = ClosePullRequest(number=revert.number, branch=revert.branch, head=revert.head)
        yield Step(CLOSE.name, close, f"#{revert.number}: {why}")
