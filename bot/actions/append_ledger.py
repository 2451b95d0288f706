"""Write down what leaves no pull request."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.ledger import (
    AttemptRecord,
    FailureRecord,
    LeftRecord,
    MergeRecord,
    SpendRecord,
    UntestedRecord,
)


class AppendLedger(Params):
    records: tuple[
        AttemptRecord | SpendRecord | FailureRecord | UntestedRecord | MergeRecord | LeftRecord, ...
    ]


def execute(context: WriteContext, params: AppendLedger) -> Done:
    context.publisher.record(params.records)
    return Done(True, f"recorded: {'; '.join(record.subject for record in params.records)}")


ACTION = Action(
    name="append_ledger",
    description="Write down what leaves no pull request.",
    effect=Effect.WRITE,
    parameters=AppendLedger,
    execute=execute,
)
