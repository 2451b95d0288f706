"""What must never be of the dashboard: a second one, idle edits, and edits that nobody wants."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.life.site import Facts, IssueFact

LABEL = "bot:dashboard"
_OPEN = re.compile(r"^### Open pull requests\n\n((?:\* .*\n?)*)", re.MULTILINE)


def dashboards(facts: Facts, bot: str) -> dict[int, IssueFact]:
    """Those of the bot's, open or closed, by their number."""
    return {
        number: issue
        for number, issue in facts.issues.items()
        if issue.author == bot and LABEL in issue.labels
    }


def dashboard_problems(
    before: Facts, after: Facts, bot: str, *, wanted: bool, alone: bool
) -> Iterator[str]:
    """What is wrong with what one step of the bot's did to its dashboard."""
    earlier = dashboards(before, bot)
    for number, new in dashboards(after, bot).items():
        old = earlier.get(number)
        if old is not None and old.whole == new.whole:
            continue
        if not wanted:
            yield "the bot wrote its dashboard, which is switched off"
        if old is None:
            yield from (f"issue {number} is a dashboard beside {other}" for other in earlier)
        elif not old.is_open:
            yield f"the bot wrote on its dashboard, {number}, which is closed"
        elif old.content == new.content and alone:
            yield f"the bot wrote its dashboard, {number}, as it was before"
        elif (old.labels, old.is_open) != (new.labels, new.is_open):
            yield f"the bot changed more of its dashboard, {number}, than its text"


def dashboard_at_rest(facts: Facts, bot: str) -> Iterator[str]:
    """What is wrong with the dashboard when all is quiet, where the bot may keep one."""
    known = dashboards(facts, bot)
    shown = [issue for issue in known.values() if issue.is_open]
    if known and not shown:
        return  # somebody would rather do without it
    if shown and not shown[0].body.startswith("Where the bot stands"):
        yield f"the dashboard says “{shown[0].body[:40]}”"
    there = {pull.number for pull in facts.open_bots}
    found = _OPEN.search(shown[0].body) if shown else None
    named = {int(n) for n in re.findall(r"^\* #(\d+) ", found[1], re.MULTILINE)} if found else set()
    if named != there:
        yield f"the dashboard says that {sorted(named)} are open, and {sorted(there)} are"
