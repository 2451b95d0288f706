"""Have the forge run once more what failed on a merge of the bot's, before anyone is blamed."""

from __future__ import annotations

from bot.actions import Action, Done, Effect, Params, WriteContext
from bot.ledger import RerunRecord
from bot.model import CheckState, Sha, short


class RerunChecks(Params):
    merged_as: Sha
    results: tuple[int, ...]
    """The forge's numbers for the failed results that are to be had anew."""


def execute(context: WriteContext, params: RerunChecks) -> Done:
    (told,) = context.reader.checks_of((params.merged_as,))
    failed = [
        check
        for check in told.checks or ()
        if check.state is CheckState.FAILED and check.id in params.results and check.run
    ]
    if not failed:
        return Done(False, f"what failed on {short(params.merged_as)} has another result by now")
    asked = tuple(check.id for check in failed)
    record = RerunRecord(at=context.now, merged_as=params.merged_as, results=asked)
    context.publisher.record((record,))  # before it is done, so that it is not done twice
    for run in dict.fromkeys(check.run for check in failed):
        refused = context.writer.rerun(run)
        if refused and refused.final:
            record = record.model_copy(update={"refused": refused.reason})
            context.publisher.record((record,))
            return Done(False, f"the forge does not run it again: {refused.reason}")
    names = ", ".join(f"“{check.name}”" for check in failed)
    return Done(True, f"{names} on {short(params.merged_as)} is run once more")


ACTION = Action(
    name="rerun_checks",
    description="Have checks that failed on a merge run once more.",
    effect=Effect.WRITE,
    parameters=RerunChecks,
    execute=execute,
)
