"""`{timestamp, task, error, error_type, context: {file, line}, attempted, analysis, new_plan}`.

Such records mostly stand under `reflections`, beside `patterns` that are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.sources.records import Fields, Format, Record, Text, Words, labelled

_OTHERS = ("error_type", "attempted", "analysis", "new_plan")


class ErrorReport(Record):
    task: Words = ""
    error: Words = ""
    error_type: Text = ""
    context: object = None
    attempted: Words = ""
    analysis: Words = ""
    new_plan: Words = ""
    reflection: Words = ""

    def fields(self) -> Fields | str:
        text = labelled(
            (
                ("", self.reflection),
                ("Analysis", self.analysis),
                ("Attempted", self.attempted),
                ("New plan", self.new_plan),
            )
        )
        if not self.error.strip() and not text:
            return "has neither an error nor an analysis"
        return self.told(
            task=self.task,
            outcome=self.error,
            text=text,
            failed=True,
            error_type=self.error_type,
            places=_places(self.context),
        )


def _places(context: object) -> tuple[str, ...]:
    if not isinstance(context, dict):
        return ()
    path, line = context.get("file"), context.get("line")
    if not isinstance(path, str) or not path.isprintable() or not 0 < len(path) <= 1000:
        return ()
    numbered = isinstance(line, int) and not isinstance(line, bool) and 0 < line < 10**9
    return (f"{path}:{line}" if numbered else path,)


def _recognises(raw: Mapping[str, object]) -> bool:
    return "error" in raw and any(key in raw for key in _OTHERS)


FORMAT = Format("error reports", _recognises, ErrorReport)
