"""`{timestamp, task, outcome: success|partial|failure, reflection, lesson, tags}`, one per line."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sources.records import Fields, Format, Record, Words, labelled

_FAILED = {"success": False, "failure": True}
"""A partial success does not say."""


class Lesson(Record):
    task: Words = ""
    outcome: Words = ""
    reflection: Words = ""
    lesson: Words = ""

    def fields(self) -> Fields | str:
        text = labelled((("", self.reflection), ("Lesson", self.lesson)))
        if not text and not self.outcome.strip():
            return "has neither a reflection nor a lesson nor an outcome"
        return self.told(
            task=self.task,
            outcome=self.outcome,
            text=text,
            failed=_FAILED.get(self.outcome.strip().casefold()),
        )


def _recognises(raw: Mapping[str, object]) -> bool:
    return "task_summary" not in raw and (
        ("lesson" in raw and ("task" in raw or "outcome" in raw))
        or ("task" in raw and "outcome" in raw)
    )


FORMAT = Format("lessons", _recognises, Lesson)
