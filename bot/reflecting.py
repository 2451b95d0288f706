"""Write a reflection, and list what became of those there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.config import Config, SourceConfig
from bot.errors import UserError
from bot.git_formats import Identity
from bot.history import Fate, history, settled_by
from bot.ledger import raw_date
from bot.model import Reflection, Tree, Triaged, Verdict
from bot.report import printed, printed_line
from bot.repository import File, RefUpdate, Repository
from bot.snapshot import Snapshot
from bot.sources import synthesised_id
from bot.sources.appending import append, append_to_file, stamp
from bot.sources.records import Fields

NOT_ACTIONABLE = "not actionable"
TRIES = 10


def write_reflection(
    repository: Repository,
    config: Config,
    base_branch: str,
    to: str,
    task: str,
    outcome: str,
    text: str,
    now: datetime,
) -> str:
    """Add one record to a source, in its file or on its ref; says where and under which id."""
    source = _source(config, to)
    if source.full_ref == f"refs/heads/{base_branch}":
        raise UserError(
            f"The source {source.name!r} reads the base branch {base_branch!r}, which the bot "
            f"never pushes to; give it a branch of its own."
        )
    path = _plain_file(source)
    fields = Fields("", stamp(now), task, outcome, text)
    id_ = synthesised_id(fields)
    if not source.ref:
        append_to_file(repository.root / path, fields, path)
        return f"{id_} written to {path}"
    for _ in range(TRIES):
        tip = repository.remote_refs(source.full_ref).get(source.full_ref)
        content = b""
        if tip is not None:
            repository.fetch([source.full_ref])
            content = _content(repository.tree(tip), path)
        added = repository.build(
            tip,
            [File(path, "100644", append(content, fields, f"{source.ref}:{path}"))],
            f"Add reflection {id_}\n",
            Identity(config.commit.name, config.commit.email),
            raw_date(now),
        )
        ended = repository.push([RefUpdate(source.full_ref, tip, added)])
        if ended.rejected:
            raise UserError(
                f"The remote refuses {source.ref}: {ended.rejected}; let the bot push there."
            )
        if not ended.stale:
            return f"{id_} written to {source.ref}:{path}"
    raise UserError(f"{source.ref} changed {TRIES} times while it was written to; try again.")


def _source(config: Config, to: str) -> SourceConfig:
    for source in config.source:
        if to == source.name and source.kind == "issues":
            raise UserError(
                f"The source {to!r} reads issues; open one with the label {source.label!r} instead."
            )
        if to in ("", source.name) and source.kind == "files":
            return source
    if not to:
        raise UserError("No source reads files, so there is none to write to; configure one.")
    names = ", ".join(repr(source.name) for source in config.source)
    raise UserError(f"There is no source named {to!r}; the configuration has {names}.")


def _content(tree: Tree, path: str) -> bytes:
    """What the file holds; a UserError where there is one that cannot be read."""
    text = tree.read(path)
    if text is None and tree.mode(path):
        raise UserError(f"{path} is not a plain UTF-8 file, so nothing was added to it.")
    return (text or "").encode()


def _plain_file(source: SourceConfig) -> str:
    """The first of the source's patterns that is a plain path."""
    for pattern in source.files:
        if not set(pattern) & set("*?[]!") and not pattern.endswith("/"):
            return pattern.lstrip("/")
    raise UserError(
        f"The source {source.name!r} names no plain file to write to; put one first in its files."
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One reflection as `bot reflections` shows it."""

    reflection: Reflection
    verdict: Verdict
    reason: str
    status: str
    pull: int | None

    def as_data(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "id": self.reflection.id,
            "timestamp": self.reflection.timestamp,
            "where": self.reflection.where,
            "actionable": self.verdict is Verdict.ACTIONABLE,
            "verdict": self.verdict,
            "reason": self.reason,
            "status": self.status,
            "pull_request": self.pull,
        }


def listing(snapshot: Snapshot) -> tuple[Row, ...]:
    """Every reflection, in the order of its time."""
    rows = [_left_out(verdict, snapshot) for verdict in snapshot.left_out]
    for incident in snapshot.incidents:
        past = history(incident, snapshot)
        verdict = Verdict.UNSURE if incident.unsure else Verdict.ACTIONABLE
        for reflection in incident.reflections:
            pull = past.pull.number if past.pull else None
            rows.append(Row(reflection, verdict, past.sentence, past.status, pull))
    return tuple(sorted(rows, key=lambda row: (row.reflection.timestamp, row.reflection.id)))


def _left_out(verdict: Triaged, snapshot: Snapshot) -> Row:
    past = settled_by(verdict, snapshot)
    if past is None:
        return Row(verdict.reflection, verdict.verdict, verdict.reason, NOT_ACTIONABLE, None)
    number = past.pull.number if past.pull else None
    return Row(verdict.reflection, verdict.verdict, past.sentence, past.status, number)


def print_listing(rows: Iterable[Row], console: Console) -> None:
    styles = {
        Fate.MERGED: "green",
        Fate.PROPOSED: "cyan",
        Fate.REFUSED: "red",
        NOT_ACTIONABLE: "dim",
    }
    grid = Table.grid(padding=(0, 2))
    for _ in range(3):
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    empty = True
    for row in rows:
        empty = False
        unsure = ", unsure" if row.verdict is Verdict.UNSURE else ""
        summary = printed_line(row.reflection.task or row.reflection.text, 70)
        grid.add_row(
            printed_line(row.reflection.id, 100),
            printed_line(row.reflection.timestamp, 16),
            Text(f"{row.status}{unsure}", style=styles.get(row.status, "")),
            f"{summary}\n{printed(row.reason)}",
        )
    console.print("There are no reflections; write one with 'bot reflect'." if empty else grid)
