"""The original's format: `{timestamp, task_summary, outcome, reflection}`.

Any may be missing, but a record without `reflection` and `outcome` says nothing. Some writers add
`id`, `keywords` or `plan`; of these the `id` is taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.sources.records import Fields, Format, Long, Record, Short

_JOURNAL = ("date", "mood", "title", "prompt", "gratitude", "verse")
"""A person's journal has reflections too, but of another kind; these keys tell."""


class TaskRecord(Record):
    task_summary: Short = ""
    outcome: Short = ""
    reflection: Long = ""

    def fields(self) -> Fields | str:
        if not self.reflection.strip() and not self.outcome.strip():
            return "has neither a reflection nor an outcome"
        return self.told(task=self.task_summary, outcome=self.outcome, text=self.reflection)


def _recognises(raw: Mapping[str, object]) -> bool:
    if "task_summary" in raw or "outcome" in raw:
        return True
    return "reflection" in raw and not any(key in raw for key in _JOURNAL)


FORMAT = Format("task records", _recognises, TaskRecord)
