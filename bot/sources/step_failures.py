"""`{task, failures: [{step, reason}], success_pattern, improvement}`: mostly no id and no time."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from bot.sources.records import Fields, Format, Record, Words, labelled


class StepFailure(BaseModel):
    model_config = ConfigDict(extra="ignore")

    step: Words = ""
    reason: Words = ""


class StepFailures(Record):
    task: Words = ""
    failures: tuple[StepFailure | str, ...] | None = ()
    success_pattern: Words = ""
    improvement: Words = ""

    def fields(self) -> Fields | str:
        failures = "\n".join(
            f"- {failure}" if isinstance(failure, str) else f"- {failure.step}: {failure.reason}"
            for failure in self.failures or ()
        )
        text = labelled(
            (
                ("Failures", failures),
                ("What works", self.success_pattern),
                ("Improvement", self.improvement),
            )
        )
        if not text:
            return "has no failures and no improvement"
        return self.told(task=self.task, outcome="", text=text, failed=bool(self.failures))


def _recognises(raw: Mapping[str, object]) -> bool:
    return "failures" in raw and any(
        key in raw for key in ("task", "improvement", "success_pattern")
    )


FORMAT = Format("step failures", _recognises, StepFailures)
