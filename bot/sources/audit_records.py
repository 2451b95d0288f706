"""The bot's own account: `{timestamp, reflection_id, bug_info, patch, test_result, applied}`.

Recognised so that the bot does not work on what it wrote about its own work.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.sources.records import BY_THE_BOT, Fields, Format, Record, Words, labelled


class AuditRecord(Record):
    reflection_id: Words = ""
    bug_info: Words = ""
    written_by: object = "amendbot"

    def fields(self) -> Fields | str:
        text = labelled((("Reflection", self.reflection_id), ("Bug", self.bug_info)))
        return self.told(task=BY_THE_BOT, outcome="", text=text)


def _recognises(raw: Mapping[str, object]) -> bool:
    return "reflection_id" in raw and "applied" in raw and ("patch" in raw or "bug_info" in raw)


FORMAT = Format("audit records", _recognises, AuditRecord)
