"""What a person sees at a terminal of where the bot stands and of what it has done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.audit import OPEN, REVERTED, SKIPPED, SUPERSEDED, AuditRecord, counted
from bot.audit_links import Holds
from bot.history import Fate
from bot.model import Ending, short
from bot.report import merges, printed, printed_line
from bot.status import HELD_BACK, NEXT, Line, Spending, Status

MAX_LINES = 10
"""So many incidents of a state are listed, the rest counted; `--json` has them all."""
_STYLES: dict[str, str] = {
    NEXT: "cyan",
    HELD_BACK: "yellow",
    Fate.WAITING: "yellow",
    Fate.FAILED: "red",
    Fate.REFUSED: "red",
    Fate.MERGED: "green",
    Fate.PROPOSED: "cyan",
    Ending.REJECTED: "red",
    REVERTED: "red",
    SKIPPED: "dim",
    SUPERSEDED: "dim",
    OPEN: "",
    "not actionable": "dim",
}


def print_status(status: Status, console: Console) -> None:
    """Everything on one screen."""
    at = f", {status.base_branch} at {short(status.base)}"
    console.print(Text.assemble(("Amendbot", "bold"), f" on {printed(status.repository)}{at}"))
    console.print(Text(f"Forge: {printed(status.forge)}", style="dim"))
    for notice in status.notices:
        console.print(Text(f"! {printed(notice)}", style="yellow"))
    if status.halted:
        console.print(Text(f"It does nothing: {printed(status.halted)}.", style="bold yellow"))
    else:
        console.print("It is not paused.")
    if status.pulls:
        rows = [
            (f"#{one.pull.number}", printed_line(one.pull.title, 80), one.standing.sentence, "cyan")
            for one in status.pulls
        ]
        _section("Open pull requests", rows, console)
    if status.merges:
        console.print()
        console.print(merges(status.merges))
    for state in status.states:
        lines = status.of(state)
        more = f", {MAX_LINES} of {len(lines)}" if len(lines) > MAX_LINES else ""
        heading = f"{state.capitalize()}{more}"
        _section(heading, [_row(line) for line in lines[:MAX_LINES]], console)
    if status.failures:
        rows = [
            (f"{one.at:%Y-%m-%d %H:%M}", printed_line(one.what, 100), one.sentence, "red")
            for one in status.failures
        ]
        _section("Last failures", rows, console)
    console.print()
    counts = ", ".join(f"{count:,} {state}" for state, count in status.counts)
    console.print(f"Reflections: {counts or 'none'}.")
    console.print(_spent(status.spending))


def _row(line: Line) -> tuple[str, str, str, str]:
    since = f" (last tried {line.since:%Y-%m-%d %H:%M} UTC)" if line.since else ""
    number = f" #{line.pull}" if line.pull else ""
    what = f"{printed_line(line.place, 100)}{number}{since}"
    return line.incident.fingerprint, what, line.sentence, _STYLES.get(line.state, "")


def _section(heading: str, rows: Sequence[tuple[str, str, str, str]], console: Console) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, what, sentence, style in rows:
        grid.add_row(Text(name, style=style), f"{what}\n{printed(sentence)}")
    console.print()
    console.print(Text(heading, style="bold"))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _spent(spending: Spending) -> str:
    tokens = f"{spending.spent.tokens:,} of {spending.tokens_limit:,} tokens"
    if spending.spent.usd is None and spending.usd_limit is None:
        return f"Spent in the last 24 hours: {tokens}."
    limit = "" if spending.usd_limit is None else f" of ${spending.usd_limit:.2f}"
    return f"Spent in the last 24 hours: {tokens}, ${spending.spent.usd or 0.0:.4f}{limit}."


# ------------------------------------------------------------------------------------- audit


def print_audit(records: Iterable[AuditRecord], console: Console) -> None:
    """One row for each record: what became of it, its chain, and what is wrong with that."""
    records = tuple(records)
    if not records:
        console.print("There is nothing to audit: no reflection, no attempt, no pull request.")
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for record in records:
        name = f"{record.incident}-{record.attempt}" if record.attempt else record.incident or "–"
        outcome = Text(record.outcome, style=_STYLES.get(record.outcome, ""))
        grid.add_row(printed_line(name, 40), outcome, _chain(record))
    console.print(grid)
    said = counted(records)
    if said:
        console.print()
        console.print(Text(said, style="yellow"))


def _chain(record: AuditRecord) -> RenderableType:
    named = ", ".join(record.reflections[:3])
    more = f" and {len(record.reflections) - 3} more" if len(record.reflections) > 3 else ""
    steps = [f"{printed_line(named, 200)}{more}" if named else "no reflection"]
    if record.patch_id:
        steps.append(f"patch {short(record.patch_id)}")
    if record.head:
        steps.append(f"tested {short(record.head)}")
    if record.pull:
        steps.append(f"#{record.pull}")
    if record.merged_as:
        steps.append(f"merged as {short(record.merged_as)}")
    if record.watch:
        steps.append(f"{record.watch.aftermath} on the base branch")
    steps += [f"taken back by {short(sha)}" for sha in record.reverted_by]
    text = Text(" → ".join(steps))
    text.append(f"\n{printed_line(record.reason, 300)}", style="dim")
    if record.watch:
        text.append(f"\n{printed_line(record.watch.sentence, 300)}", style="dim")
    for flag in record.flags:
        style = "red" if flag.holds is Holds.NO else "yellow"
        text.append(f"\n! {flag.name}: {printed_line(flag.sentence, 300)}", style=style)
    return text
