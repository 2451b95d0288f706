"""Issues that people have labelled for the bot, as reflections: by the label they hand it work.

An issue is one reflection for as long as it is open and labelled. Its id is its number, so that an
edit is no new reflection: what was tried or refused of it stays so. Its text is as untrusted as any
other, and is read through the same limits; what people do not see of it does not count. Trust
follows the author, for only the author and people who may push can edit an issue: where the author
is not known to push, the source's name says so, and no configuration trusts a source of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.config import SourceConfig
from bot.model import (
    ANYONES,
    TAKEN_LABELS,
    BadRecord,
    LabelledIssue,
    Reflection,
    configured_name,
)
from bot.sources.records import Fields, Format, Long, Record, Short, Text
from bot.untrusted import for_model

_ID = re.compile(r"issue-([1-9][0-9]{0,17})")


class IssueRecord(Record):
    """An issue as a record; somebody has labelled it as work, so that something is wrong."""

    title: Short
    body: Long = ""
    created_at: Text = ""

    def fields(self) -> Fields | str:
        title, body = for_model(self.title).strip(), for_model(self.body).strip()
        if not title and not body:
            return "says nothing"
        text = "\n\n".join(part for part in (title, body) if part)
        told = self.model_copy(update={"timestamp": self.created_at})
        return told.told(task="", outcome="", text=text, failed=True)


FORMAT = Format("issues", lambda raw: "title" in raw, IssueRecord)


def reflections(
    issues: Sequence[LabelledIssue], source: SourceConfig
) -> Iterator[Reflection | BadRecord]:
    """The issues of one source, but for those that are something else to the bot."""
    for issue in issues:
        if TAKEN_LABELS & {label.casefold() for label in issue.labels}:
            continue
        where = f"issue #{issue.number} by {issue.author.login}"
        raw = {"title": issue.title, "body": issue.body, "created_at": issue.created_at}
        fields = FORMAT.read(raw)
        if isinstance(fields, str):
            yield BadRecord(where, fields)
            continue
        yield Reflection(
            id=f"issue-{issue.number}",
            source=source.name if issue.author.may_write else f"{source.name}{ANYONES}",
            where=where,
            timestamp=fields.timestamp,
            task=fields.task,
            outcome=fields.outcome,
            text=fields.text,
            failed=fields.failed,
        )


def number_of(reflection: Reflection, sources: Iterable[SourceConfig]) -> tuple[int, str]:
    """The issue that a reflection is, and its label; 0 where it is none."""
    found = _ID.fullmatch(reflection.id)
    for source in sources:
        mine = configured_name(reflection.source) == source.name
        if source.kind == "issues" and mine and found:
            return int(found[1]), source.label
    return 0, ""
