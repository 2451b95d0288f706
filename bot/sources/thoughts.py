"""`{timestamp, type, thought_type, content, emotional_context, metadata, reflection}`.

What an agent says to itself: no task and no outcome.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.sources.records import Fields, Format, Record, Words, labelled


class Thought(Record):
    type: Words = ""
    thought_type: Words = ""
    content: Words = ""
    reflection: Words = ""

    def fields(self) -> Fields | str:
        text = labelled((("", self.content), ("Reflection", self.reflection)))
        if not text:
            return "has neither content nor a reflection"
        return self.told(task=self.thought_type or self.type, outcome="", text=text)


def _recognises(raw: Mapping[str, object]) -> bool:
    if "task_summary" in raw or "outcome" in raw:
        return False
    return "thought_type" in raw or ("emotional_context" in raw and "content" in raw)


FORMAT = Format("thoughts", _recognises, Thought)
