"""Answer: the steps by which people hear of what they told the bot, each once. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.actions.close_pull_request import ACTION as CLOSE
from bot.actions.close_pull_request import ClosePullRequest
from bot.actions.comment import ACTION as COMMENT
from bot.actions.comment import Comment
from bot.actions.delete_branch import ACTION as DELETE_BRANCH
from bot.actions.delete_branch import DeleteBranch
from bot.actions.own_pull import is_held
from bot.actions.set_label import ACTION as SET_LABEL
from bot.actions.set_label import SetLabel
from bot.config import Outcome
from bot.explaining import explain_pull, for_comment
from bot.feedback import (
    CLOSED_AS_FAILED,
    asks_to_hold,
    commands,
    gave_up,
    has_said,
    is_exhausted,
    settled,
    tried,
)
from bot.gate import Obstacle, Standing
from bot.model import HOLD_LABEL, LABEL_PREFIX, Command, Kind, Pull, PullState, Sha, Verb, digest
from bot.plan import OpenPull, Step
from bot.renewal import Reverted
from bot.rules import Decision
from bot.snapshot import Snapshot
from bot.untrusted import for_code, for_markdown

UPDATE_BRANCH = "update_branch"
PERSON = "left-to-people"
REFUSED = "taken-as-no"
ASKED = "asked-about-close"
TOO_LATE = {PullState.CLOSED: "closed", PullState.MERGED: "merged"}
WORDS = ", ".join(f"`/bot {verb}`" for verb in Verb if verb is not Verb.UNKNOWN)


def answers(line: OpenPull, snapshot: Snapshot, further: Collection[int]) -> Iterator[Step]:
    """What people are told on an open pull request.

    `further` are the numbers of those that get a further attempt, or a newer base, in this tick;
    what asked for that is answered along with it.
    """
    pull, stands = line.pull, line.standing
    if snapshot.record_of(pull) is None and not is_held(pull):
        said = (
            "Somebody has pushed a commit of their own here. The bot leaves this branch to people "
            "from now on: it neither pushes to it nor merges it by itself."
        )
        yield from _once(pull, said, PERSON, snapshot)
    for command in commands(pull):
        if pull.number not in further or command.verb not in (Verb.RETRY, Verb.REBASE):
            yield from _answer(command, pull, stands, snapshot)
    yield from _stale_labels(pull)
    theirs = stands.has(Obstacle.LEFT_TO_PEOPLE) or asks_to_hold(pull, snapshot)
    over = is_exhausted(pull, snapshot) and not theirs
    if over and not _was_closed(pull, snapshot) and not _refused(CLOSE.name, pull, snapshot):
        yield from _given_up(pull, stands, snapshot)


def _answer(command: Command, pull: Pull, stands: Standing, snapshot: Snapshot) -> Iterator[Step]:
    if command.verb is Verb.HOLD:
        yield from _held(command, pull, snapshot)
        return
    words = _words(command, pull, stands, snapshot)
    if is_held(pull) or not words or _refused(COMMENT.name, pull, snapshot):
        return  # answered once the hold is over, or a later tick does what was asked
    yield _comment(pull, words, command.marker)
    if command.label:
        off = SetLabel(number=pull.number, branch=pull.branch, label=command.label, on=False)
        yield Step(SET_LABEL.name, off, f"#{pull.number}: {command.label} is answered")


def _held(command: Command, pull: Pull, snapshot: Snapshot) -> Iterator[Step]:
    """Put the hold label there for whoever asked, once; while that fails, the command itself holds.

    The comment is made only under the label. That it was refused is remembered too, and whoever
    takes the label off then is not overruled.
    """
    if command.marker in settled(snapshot):
        return
    if not is_held(pull):
        if _refused(SET_LABEL.name, pull, snapshot):
            said = (
                f"On hold, though the label `{HOLD_LABEL}` cannot be set here: it is your comment "
                f"that holds this. Delete it to let the bot go on."
            )
            yield from _once(pull, said, f"unlabelled:{digest(command.marker)}", snapshot)
            return
        hold = SetLabel(number=pull.number, branch=pull.branch, label=HOLD_LABEL)
        yield Step(SET_LABEL.name, hold, f"#{pull.number}: {command.by} asked for it")
    said = f"On hold. Take the label `{HOLD_LABEL}` off to let the bot go on."
    yield _comment(pull, said, command.marker, of_hold=True)


def _words(command: Command, pull: Pull, stands: Standing, snapshot: Snapshot) -> str:
    if command.verb is Verb.EXPLAIN:
        return for_comment(explain_pull(pull.number, snapshot))
    if command.verb is Verb.RETRY:
        record = snapshot.record_of(pull)
        limit = snapshot.config.limits.attempts_per_incident
        if record and record.change is Kind.REVERT:
            return "There is one way to make a revert, so no other is tried. Closing it refuses it."
        if command.marker in settled(snapshot):
            return (
                "An attempt was made for this; the newest head, or its absence, is what came of it."
            )
        if record and tried(record, snapshot).number >= limit:
            return f"There have been {limit} attempts, which is all that the limits allow."
        return ""
    if command.verb is Verb.REBASE:
        if stands.has(Obstacle.BEHIND):
            return ""
        if snapshot.ledger.failed(UPDATE_BRANCH, pull.branch, pull.head):
            return "It cannot be brought up to date; see where it stands."
        return f"This is on the newest {for_code(snapshot.base_branch)} already."
    if command.verb is Verb.REVERT:
        return "This is not merged, so there is nothing to take back. Closing it refuses it."
    return f"I do not know that. There is {WORDS}."


def _stale_labels(pull: Pull) -> Iterator[Step]:
    """Take off the labels that were answered, if that was lost on the way."""
    waiting = {command.label for command in commands(pull)}
    for label in pull.labelled:
        name = label.label.casefold().removeprefix(LABEL_PREFIX)
        ours = label.by.may_write and name in (Verb.RETRY, Verb.REBASE)
        if ours and label.label not in waiting and not is_held(pull):
            off = SetLabel(number=pull.number, branch=pull.branch, label=label.label, on=False)
            yield Step(SET_LABEL.name, off, f"#{pull.number}: {label.label} is answered")


def _given_up(pull: Pull, stands: Standing, snapshot: Snapshot) -> Iterator[Step]:
    said = (
        f"All attempts at this have failed: {for_markdown(stands.sentence, 500)} The bot closes "
        f"it as failed. That is no “no”: reopen it, and the bot leaves it open."
    )
    yield from _once(pull, said, CLOSED_AS_FAILED, snapshot)
    before = "" if _refused(COMMENT.name, pull, snapshot) else CLOSED_AS_FAILED
    close = ClosePullRequest(number=pull.number, branch=pull.branch, head=pull.head, said=before)
    yield Step(CLOSE.name, close, f"#{pull.number}: all attempts have failed")


def told_of_revert(reverted: Reverted, decision: Decision | None) -> Iterator[Step]:
    """Whoever asked on a merged pull request for its revert hears what came of that."""
    head, branch = None, ""
    if isinstance(reverted.attempt, str):
        said = f"For its revert: {for_markdown(reverted.attempt, 500)}."
    elif decision and decision.outcome is Outcome.REFUSE:
        said = f"It is not taken back: rule “{for_markdown(decision.rule, 200)}” refuses it."
    else:
        branch = reverted.attempt.incident.branch(1)
        head = reverted.attempt.proposal.commit.sha if reverted.attempt.proposal else None
        said = f"Its revert is proposed from {for_code(branch)}."
    for command in reverted.wanted.commands:
        yield _comment(reverted.wanted.pull, said, command.marker, of=(branch, head))


def after_closing(snapshot: Snapshot) -> Iterator[Step]:
    """A closed pull request is taken as a "no", or it is asked whether it is one."""
    for pull in sorted(snapshot.own_pulls, key=lambda pull: pull.number):
        closer = pull.closed_by
        yield from _too_late(pull, snapshot)
        if pull.state is not PullState.CLOSED or gave_up(pull, snapshot) or is_held(pull):
            continue
        if closer is None or not closer.may_write:
            said = (
                "This was closed, or its branch deleted, but nobody with a say here has closed it. "
                "Is that a “no”? Then leave it as it is: nothing is proposed for it meanwhile. If "
                "it is not, restore its branch and reopen it, and the bot goes on."
            )
            yield from _once(pull, said, ASKED, snapshot)
            continue
        said = (
            "Taken as a “no”: neither this incident nor the same change is proposed again. "
            "To take that back, restore its branch and reopen it."
        )
        yield from _once(pull, said, REFUSED, snapshot)
        yield from tidied(pull, "was refused", snapshot)


def tidied(pull: Pull, what: str, snapshot: Snapshot) -> Iterator[Step]:
    """Delete the branch of what is over, once: whoever restores it wants it.

    One that another pull request is open from is left alone, for that would be closed.
    """
    here = any((one.name, one.head) == (pull.branch, pull.head) for one in snapshot.branches)
    key = (DELETE_BRANCH.name, pull.branch, pull.head)
    settled_already = snapshot.ledger.failed(*key) is not None or snapshot.ledger.did(*key)
    wanted = settled_already or snapshot.shares_branch(pull) or is_held(pull)
    if here and snapshot.record_of(pull) is not None and not wanted:
        delete = DeleteBranch(number=pull.number, branch=pull.branch, head=pull.head)
        yield Step(DELETE_BRANCH.name, delete, f"#{pull.number} {what}")


def _too_late(pull: Pull, snapshot: Snapshot) -> Iterator[Step]:
    """Whoever tells the bot something on what is not open any more hears that."""
    if pull.state not in TOO_LATE or is_held(pull) or _refused(COMMENT.name, pull, snapshot):
        return
    merged = pull.state is PullState.MERGED
    hint = "`/bot revert` takes it back." if merged else "Reopen it to let the bot go on."
    for command in commands(pull):
        if not (merged and command.verb is Verb.REVERT):
            yield _comment(pull, f"This is {TOO_LATE[pull.state]}. {hint}", command.marker)


def _was_closed(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether the bot has closed it before; whoever reopened it since wants it open."""
    heads = [one.head for one in snapshot.ledger.heads if one.branch == pull.branch]
    return any(snapshot.ledger.did(CLOSE.name, pull.branch, head) for head in heads)


def _refused(action: str, pull: Pull, snapshot: Snapshot) -> bool:
    """Whether the forge has refused this for good at this head, as on a locked conversation."""
    return snapshot.ledger.failed(action, pull.branch, pull.head) is not None


def _once(pull: Pull, text: str, marker: str, snapshot: Snapshot) -> Iterator[Step]:
    if not has_said(pull, marker) and not _refused(COMMENT.name, pull, snapshot):
        yield _comment(pull, text, marker)


def _comment(
    pull: Pull,
    text: str,
    marker: str,
    *,
    of_hold: bool = False,
    of: tuple[str, Sha | None] = ("", None),
) -> Step:
    """A comment, once; `of` is the branch that it speaks of and where that must be by then."""
    speaks_of, head = of
    params = Comment(
        number=pull.number,
        branch=pull.branch,
        text=text,
        marker=marker,
        of_hold=of_hold,
        speaks_of=speaks_of,
        head=head,
    )
    return Step(COMMENT.name, params, f"#{pull.number}: people are told")
