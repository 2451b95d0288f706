"""What `bot doctor` prints: each group with its findings, the weightiest of all at the end.

Rich decides about colour: a pipe, NO_COLOR or a dumb terminal get plain text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.doctor import Finding, Level
from bot.doctor.registry import Told
from bot.report import printed

MARKS = {Level.OK: "ok", Level.NOTE: "note", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM"}
STYLES = {
    Level.OK: "green",
    Level.NOTE: "cyan",
    Level.WARNING: "yellow",
    Level.PROBLEM: "bold red",
}


def print_findings(told: Iterable[Told], console: Console) -> None:
    counts: Counter[Level] = Counter()
    for group in told:
        console.print(Text(group.title, style="bold"))
        for finding in group.findings:
            counts[finding.level] += 1
            console.print(_row(finding) if console.is_terminal else _lines(finding))
        console.print()
    console.print(_summary(counts))


def _lines(finding: Finding) -> Text:
    """Plain, for a pipe: nothing is wrapped, so that each part can be found."""
    parts = [f"  {MARKS[finding.level]:<7}  {printed(finding.what)}"]
    if finding.level is not Level.OK:
        parts.append(f"           Why: {printed(finding.why)}  [{finding.id}]")
        parts.extend([f"           Fix: {printed(finding.fix)}"] * bool(finding.fix))
    return Text("\n".join(parts))


def _row(finding: Finding) -> Padding:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=7, no_wrap=True)
    table.add_column()
    mark = Text(MARKS[finding.level], style=STYLES[finding.level])
    table.add_row(mark, Text(printed(finding.what)))
    if finding.level is not Level.OK:
        told = Text.assemble(printed(finding.why), "  ", (f"[{finding.id}]", "dim"))
        table.add_row("", Text.assemble(("Why: ", "dim"), told))
        if finding.fix:
            table.add_row("", Text.assemble(("Fix: ", "bold"), printed(finding.fix)))
    return Padding(table, (0, 0, 0, 2))


def _summary(counts: Counter[Level]) -> Text:
    named = ((Level.PROBLEM, "problem"), (Level.WARNING, "warning"), (Level.NOTE, "note"))
    said = [f"{counts[level]} {word}{'' if counts[level] == 1 else 's'}" for level, word in named]
    verdict = "The bot cannot work like this" if counts[Level.PROBLEM] else "The bot can work here"
    style = STYLES[Level.PROBLEM if counts[Level.PROBLEM] else Level.OK]
    return Text(f"{verdict}: {', '.join(said)}.", style=style)
