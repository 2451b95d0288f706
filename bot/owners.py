"""Who is asked for a review: the owners of what changes, by CODEOWNERS as GitHub reads it. Pure.

The `codeowners` library matches paths. What GitHub skips, it would take: that is left out here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from codeowners import CodeOwners

from bot.model import Pull
from bot.snapshot import Snapshot

CODEOWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order; the first file counts."""
MAX_CODEOWNERS_CHARS = 3_000_000
"""A file beyond is not read at all."""
_OWNER = re.compile(r"@[\w.-]+(/[\w.-]+)?(\[bot\])?|[^\s@]+@[^\s@]+\.[^\s@]+", re.ASCII)


def reviewers(pull: Pull, snapshot: Snapshot) -> tuple[str, ...]:
    """Whom to ask now, as logins and `org/team` names: nobody twice, and never everybody.

    Every team is asked. Of people those who own most of what changes, as many as the
    configuration allows for one pull request; the bot itself is none of them.
    """
    config, ledger = snapshot.config.review, snapshot.ledger
    asked = {name.casefold() for name in ledger.asked(pull.branch)}
    known = asked | {name.casefold() for name in pull.asked}
    bot = snapshot.forge.login.casefold()
    wanted = [name for name in owners(pull, snapshot) or config.reviewers if name.casefold() != bot]
    teams = [name for name in wanted if "/" in name]
    people = [name for name in wanted if "/" not in name]
    already = sum(name not in {team.casefold() for team in teams} for name in asked)
    chosen = people[: max(0, config.at_most - len(teams))]
    room = max(0, config.at_most - len(teams) - already)
    new_people = [name for name in chosen if name.casefold() not in known][:room]
    return (*(team for team in teams if team.casefold() not in known), *new_people)


def owners(pull: Pull, snapshot: Snapshot) -> tuple[str, ...]:
    """The owners of the changed paths by the base branch's CODEOWNERS, most paths first."""
    commit = snapshot.commit(pull.head)
    if commit is None or not snapshot.owners:
        return ()
    return owners_of((change.path for change in commit.changes), snapshot.owners)


def owners_of(paths: Iterable[str], text: str) -> tuple[str, ...]:
    """Who owns these paths, without the @, whoever owns most of them first."""
    table = CodeOwners(readable(text))
    count: Counter[str] = Counter()
    for path in paths:
        named = (name for kind, name in table.of(path) if kind in ("USERNAME", "TEAM"))
        count.update(list(dict.fromkeys(name.removeprefix("@") for name in named)))
    return tuple(name for name, _ in count.most_common())


def readable(text: str) -> str:
    """CODEOWNERS without the lines that GitHub skips, and without comments."""
    if len(text) > MAX_CODEOWNERS_CHARS:
        return ""
    return "\n".join(line for line in map(_cleaned, text.split("\n")) if _is_read(line))


def _cleaned(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line).strip()


def _is_read(line: str) -> bool:
    """Whether GitHub reads this line: it knows no `!`, `[ ]` or `\\#`, and owners only after it."""
    pattern, *owners = line.replace("\\ ", "_").split() or [""]
    if not pattern or pattern.startswith("!") or set(pattern) & set("[]") or "\\#" in pattern:
        return False
    try:
        CodeOwners(line)
    except ValueError:
        return False
    return all(_OWNER.fullmatch(owner) for owner in owners)
