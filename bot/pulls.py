"""The bot's pull requests for a person at a terminal: the list, and one of them in full."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.errors import UserError
from bot.gate import Standing, standing
from bot.model import Check, CheckState, Pull, PullState, Remark, ReviewState
from bot.report import OUTCOME_STYLES, diff_text, printed, printed_line
from bot.repository import Repository
from bot.snapshot import Snapshot

_STATE_STYLES = {PullState.OPEN: "cyan", PullState.MERGED: "green", PullState.CLOSED: "red"}
_CHECK_STYLES = {
    CheckState.PASSED: "green",
    CheckState.FAILED: "red",
    CheckState.PENDING: "yellow",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One pull request, and where it stands while it is open."""

    pull: Pull
    standing: Standing | None

    @property
    def sentence(self) -> str:
        if self.standing:
            return self.standing.sentence
        return "It is merged." if self.pull.state is PullState.MERGED else "It was closed."

    def as_data(self) -> dict[str, object]:
        """For `--json`."""
        decision = self.standing.decision if self.standing else None
        return {
            "number": self.pull.number,
            "url": self.pull.url,
            "title": self.pull.title,
            "state": self.pull.state,
            "branch": self.pull.branch,
            "head": self.pull.head,
            "labels": list(self.pull.labels),
            "review": self.pull.review,
            "checks": _checks(self.pull),
            "decision": decision.outcome if decision else None,
            "rule": decision.rule if decision else None,
            "sentence": self.sentence,
        }


def listing(snapshot: Snapshot, *, everything: bool) -> tuple[Row, ...]:
    """The bot's own pull requests by number: the open ones, or all that are known."""
    pulls = snapshot.own_pulls if everything else snapshot.open_pulls
    return tuple(_row(pull, snapshot) for pull in sorted(pulls, key=lambda pull: pull.number))


def _row(pull: Pull, snapshot: Snapshot) -> Row:
    return Row(pull, standing(pull, snapshot) if pull.state is PullState.OPEN else None)


def print_listing(rows: Iterable[Row], console: Console) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    empty = True
    for row in rows:
        empty = False
        state = Text(row.pull.state, style=_STATE_STYLES[row.pull.state])
        title = printed_line(row.pull.title, 80)
        grid.add_row(f"#{row.pull.number}", state, f"{title}\n{printed(row.sentence)}")
    if empty:
        console.print("No pull request of the bot's is open; 'bot pulls --all' lists all it had.")
        return
    console.print(grid)
    console.print()
    console.print(Text("'bot pulls show N' shows one with its diff.", style="dim"))


@dataclass(frozen=True, slots=True)
class Page:
    """One pull request in full. `diff` is empty where git does not have its head."""

    row: Row
    diff: str

    def as_data(self) -> dict[str, object]:
        remarks = [
            {
                "by": remark.author.login,
                "at": remark.at.isoformat(),
                "verdict": remark.verdict,
                "path": remark.path,
                "line": remark.line,
                "text": remark.text,
            }
            for remark in self.row.pull.remarks
        ]
        return self.row.as_data() | {
            "body": self.row.pull.body,
            "remarks": remarks,
            "diff": self.diff,
        }


def read_page(snapshot: Snapshot, number: int, repository: Repository) -> Page:
    """The pull request of this number; a UserError if the bot has none such."""
    pull = next((pull for pull in snapshot.own_pulls if pull.number == number), None)
    if pull is None:
        raise UserError(
            f"The bot has no pull request {number} here; 'bot pulls --all' lists what it has."
        )
    commit = snapshot.commit(pull.head)
    return Page(_row(pull, snapshot), repository.diff(commit) if commit else "")


def print_page(page: Page, console: Console) -> None:
    pull = page.row.pull
    state = (pull.state, _STATE_STYLES[pull.state])
    console.print(
        Text.assemble((f"#{pull.number} ", "bold"), (printed_line(pull.title, 200), "bold"))
    )
    console.print(Text.assemble(state, f"  {printed(pull.branch)} at {pull.head[:9]}"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    if page.row.standing:
        decision = page.row.standing.decision
        words = Text.assemble(
            (decision.outcome, OUTCOME_STYLES[decision.outcome]),
            f" by rule “{printed(decision.rule)}”: {printed(decision.reason)}",
        )
        grid.add_row("decision", words)
    grid.add_row("stands", printed(page.row.sentence))
    for check in pull.checks or ():
        style = _CHECK_STYLES[check.state]
        grid.add_row("check", Text.assemble(printed(check.name), " ", (check.state, style)))
    grid.add_row("review", pull.review)
    if pull.labels:
        grid.add_row("labels", printed(", ".join(pull.labels)))
    console.print(Padding(grid, (1, 0, 1, 2), expand=False))
    console.print(Text(printed(_for_terminal(pull.body))))
    for remark in pull.remarks:
        console.print()
        console.print(_remark(remark))
    if page.diff:
        console.print()
        console.print(diff_text(page.diff))


def _remark(remark: Remark) -> Text:
    """What somebody said, under who and where."""
    where = f" on {remark.path}:{remark.line}" if remark.path and remark.line else ""
    verdict = "" if remark.verdict is ReviewState.NONE else f", {remark.verdict}"
    head = f"{printed_line(remark.author.login, 60)}{printed(where)}{verdict}"
    return Text.assemble((f"{head}\n", "bold"), printed(_for_terminal(remark.text)))


def _for_terminal(body: str) -> str:
    """A body without the marks that only the bot reads."""
    lines = body.replace("\r\n", "\n").split("\n")
    return "\n".join(line for line in lines if not line.startswith("<!-- ")).strip("\n")


def _checks(pull: Pull) -> list[dict[str, str]] | None:
    return None if pull.checks is None else [_check(check) for check in pull.checks]


def _check(check: Check) -> dict[str, str]:
    return {"name": check.name, "state": check.state}
