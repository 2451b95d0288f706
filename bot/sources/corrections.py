"""`{trigger, failure_reason, corrective_action}`, mostly under `reflections`."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sources.records import Fields, Format, Record, Words, labelled


class Correction(Record):
    trigger: Words = ""
    failure_reason: Words = ""
    corrective_action: Words = ""

    def fields(self) -> Fields | str:
        if not self.failure_reason.strip():
            return "has no failure_reason"
        text = labelled((("", self.failure_reason), ("Corrective action", self.corrective_action)))
        return self.told(task=self.trigger, outcome="", text=text, failed=True)


def _recognises(raw: Mapping[str, object]) -> bool:
    return "failure_reason" in raw or ("trigger" in raw and "corrective_action" in raw)


FORMAT = Format("corrections", _recognises, Correction)
