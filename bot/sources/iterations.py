"""`{iteration, node, success: bool, learnings, issues, timestamp}`, one per line."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import StrictBool

from bot.sources.records import Fields, Format, Record, Words, labelled


class Iteration(Record):
    iteration: Words = ""
    node: Words = ""
    success: StrictBool | None = None
    learnings: Words = ""
    issues: Words = ""

    def fields(self) -> Fields | str:
        text = labelled((("Issues", self.issues), ("Learnings", self.learnings)))
        if not text and self.success is None:
            return "has neither issues nor learnings and does not say whether it succeeded"
        outcome = {True: "success", False: "failure", None: ""}[self.success]
        task = f"{self.node} (iteration {self.iteration})" if self.node else self.iteration
        failed = None if self.success is None else not self.success
        return self.told(task=task, outcome=outcome, text=text, failed=failed)


def _recognises(raw: Mapping[str, object]) -> bool:
    return "iteration" in raw and any(key in raw for key in ("node", "learnings", "issues"))


FORMAT = Format("iterations", _recognises, Iteration)
