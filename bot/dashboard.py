"""The dashboard: one issue that says where the bot stands, edited only when that changes. Pure.

It is derived from what this tick has observed, so that the same world gives the same text; what
this tick does shows in the next one's. It tells of nothing that is about to be worked on anyway,
and of no time but those that the ledger recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from bot.actions.open_issue import ACTION as OPEN_ISSUE
from bot.actions.open_issue import OpenIssue
from bot.actions.update_issue import ACTION as UPDATE_ISSUE
from bot.actions.update_issue import UpdateIssue
from bot.aftermath import Aftermath
from bot.gate import Obstacle
from bot.history import Fate
from bot.ledger import FailureRecord
from bot.model import DASHBOARD_LABEL, Issue
from bot.plan import OpenPull, Step
from bot.snapshot import Snapshot
from bot.status import HELD_BACK, Failure, Line, Status, status
from bot.untrusted import for_code, for_markdown, for_title, one_line
from bot.watching import by_sentence

MAX_ROWS = 20
"""So many rows of a section are shown, the rest counted."""
MAX_SECTION_CHARS = 7_000
"""With all sections full the body stays below the 65,536 characters that a forge takes."""
MAX_SENTENCE = 300
ASKED_ANEW_AFTER = timedelta(days=7)

_STATES = {
    Fate.WAITING: "Waiting",
    Fate.LEFT_TO_PEOPLE: "Left to people",
    Fate.REVERTED: "Taken back",
    Fate.REFUSED: "Refused",
    Fate.FAILED: "Given up",
    Fate.ABSTAINED: "No defect found, or none to mend",
}
"""The sections of incidents, in their order. What comes next by itself has none."""


def kept(snapshot: Snapshot) -> Iterator[Step]:
    """The step that makes the dashboard say how things stand, where it does not."""
    if not snapshot.config.dashboard or not snapshot.forge.has_issues or snapshot.halted:
        return
    name, base = title(snapshot.base_branch), snapshot.base.sha
    known = next((one for one in snapshot.forge.issues if _is_it(one, name)), None)
    closed = any(_is_it(one, name) for one in snapshot.forge.closed_dashboards)
    if _is_refused(known, snapshot) or (closed and not known):
        return
    now = status(snapshot)
    if any(_is_unsettled(one) for one in now.pulls):
        return  # the next tick knows more, and the text would only go to and fro
    sections = list(_sections(now))
    if known is None and sections:
        new = OpenIssue(title=name, body=_body(now, sections), label=DASHBOARD_LABEL, base=base)
        yield Step(OPEN_ISSUE.name, new, "there is something to say on the dashboard")
    elif known is not None and not _same(known.body, _body(now, sections)):
        text = _body(now, sections)
        edit = UpdateIssue(
            number=known.number, title=name, body=text, label=DASHBOARD_LABEL, base=base
        )
        yield Step(UPDATE_ISSUE.name, edit, f"the dashboard, #{known.number}, is out of date")


def _is_refused(known: Issue | None, snapshot: Snapshot) -> bool:
    """Whether the forge would not have it; a right may be granted, so it is asked anew in time."""
    if known:
        base = snapshot.base.sha
        return snapshot.ledger.failed(UPDATE_ISSUE.name, DASHBOARD_LABEL, base) is not None
    return any(
        isinstance(record, FailureRecord)
        and (record.action, record.branch) == (OPEN_ISSUE.name, DASHBOARD_LABEL)
        and record.at > snapshot.now - ASKED_ANEW_AFTER
        for record in snapshot.ledger.records
    )


def title(base_branch: str) -> str:
    """What the issue is called; two bots for two base branches have one each."""
    return for_title(f"Amendbot on {base_branch}", 100)


def _is_it(issue: Issue, name: str) -> bool:
    labels = {label.casefold() for label in issue.labels}
    return issue.title == name and DASHBOARD_LABEL in labels


def _is_unsettled(one: OpenPull) -> bool:
    reasons = one.standing.reasons
    return bool(reasons) and reasons[0].obstacle is Obstacle.UNSETTLED


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.strip()


# --------------------------------------------------------------------------------- what it says


def _body(now: Status, sections: Iterable[str]) -> str:
    said = (
        f"Where the bot stands on {for_code(now.base_branch)}, as of what it last saw. It keeps "
        f"this up to date, so whatever else is written here is lost. Close this issue to do "
        f"without it; reopened, it is kept up to date again."
    )
    parts = list(sections) or ["Nothing is open, and nothing waits."]
    return "\n\n".join([said, *parts])


def _sections(now: Status) -> Iterator[str]:
    yield from _section("Open pull requests", map(_pull, now.pulls))
    yield from _section("Merged of late", map(_merged, by_sentence(now.merges)))
    yield from _section("Held back", _held(now.of(HELD_BACK)))
    for state, heading in _STATES.items():
        yield from _section(heading, map(_incident, now.of(state)))
    yield from _section("Merged, and red since", _red(now))
    yield from _section("Last failures", map(_failure, now.failures))


def _section(heading: str, rows: Iterable[str]) -> Iterator[str]:
    """A heading and its rows, as many as there is room for; nothing where there are none."""
    rows = list(rows)
    shown: list[str] = []
    for row in rows[:MAX_ROWS]:
        if sum(map(len, shown)) + len(row) > MAX_SECTION_CHARS:
            break
        shown.append(row)
    if rows:
        more = len(rows) - len(shown)
        shown += [f"* and {more} more"] if more else []
        yield "\n".join([f"### {heading}", "", *shown])


def _red(now: Status) -> Iterator[str]:
    """What the bot merged of late, where it looks bad; the rest needs nobody."""
    for numbers, aftermath, sentence in by_sentence(now.merges):
        if aftermath in (Aftermath.RED, Aftermath.RED_BEFORE):
            yield f"* {numbers}: {for_markdown(sentence, MAX_SENTENCE)}"


def _pull(one: OpenPull) -> str:
    name = for_markdown(one.pull.title, 100)
    return f"* #{one.pull.number} {name}: {for_markdown(one.standing.sentence, MAX_SENTENCE)}"


def _merged(said: tuple[str, Aftermath, str]) -> str:
    numbers, _, sentence = said
    return f"* {numbers}: {for_markdown(sentence, MAX_SENTENCE)}"


def _incident(line: Line) -> str:
    number = f" (#{line.pull})" if line.pull else ""
    return f"* {_named(line)}{number}: {for_markdown(line.sentence, MAX_SENTENCE)}"


def _named(line: Line) -> str:
    return for_code(line.place or line.incident.fingerprint, 120)


def _held(lines: Iterable[Line]) -> Iterator[str]:
    """What holds incidents back, each reason once, and which they are."""
    by_reason: dict[str, list[Line]] = {}
    for line in lines:
        by_reason.setdefault(line.sentence, []).append(line)
    for reason, held in by_reason.items():
        named = ", ".join(map(_named, held[:5]))
        more = f" and {len(held) - 5} more" if len(held) > 5 else ""
        yield f"* {for_markdown(reason, MAX_SENTENCE)}: {named}{more}"


def _failure(one: Failure) -> str:
    what = for_markdown(one_line(one.what, 200), 200)
    return f"* {one.at:%Y-%m-%d %H:%M} UTC, {what}: {for_markdown(one.sentence, MAX_SENTENCE)}"
