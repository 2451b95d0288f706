"""Ask people to review a pull request, once."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.actions.own_pull import own_open_pull
from bot.ledger import AskedRecord, FailureRecord
from bot.model import Sha


class RequestReview(Params):
    number: int
    branch: str
    head: Sha
    reviewers: tuple[str, ...]
    """Logins and `org/team` names, without the @."""


def execute(context: WriteContext, params: RequestReview) -> Done:
    pull = own_open_pull(context, params.number, params.head)
    if isinstance(pull, str):
        return Done(False, pull)
    known = {name.casefold() for name in pull.asked}
    new = tuple(name for name in params.reviewers if name.casefold() not in known)
    if not new:
        return Done(False, f"everyone was asked to review pull request {pull.number} already")
    asked, refusals = _ask(context, pull.number, new)
    records: list[AskedRecord | FailureRecord] = []
    if asked:
        records.append(AskedRecord(at=context.now, branch=params.branch, reviewers=asked))
    if refusals:
        failure = FailureRecord(
            at=context.now,
            action=ACTION.name,
            branch=params.branch,
            head=params.head,
            reason="; ".join(refusals),
        )
        records.append(failure)
    context.publisher.record(records)
    sentence = f"asked {', '.join(asked) or 'nobody'} to review pull request {pull.number}"
    if refusals:
        sentence += f"; the forge refused the request for review: {'; '.join(refusals)}"
    return Done(bool(asked), sentence)


def _ask(
    context: WriteContext, number: int, reviewers: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ask all at once, or one by one where the forge refuses some: (asked, refusals)."""
    refused = context.writer.request_review(number, reviewers)
    if refused is None:
        return reviewers, ()
    if len(reviewers) == 1:
        return (), (f"{reviewers[0]}: {refused.reason}",)
    asked: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    for reviewer in reviewers:
        more_asked, more_refused = _ask(context, number, (reviewer,))
        asked, refusals = asked + more_asked, refusals + more_refused
    return asked, refusals


ACTION = Action(
    name="request_review",
    description="Ask people to review a pull request.",
    effect=Effect.WRITE,
    parameters=RequestReview,
    execute=execute,
)
