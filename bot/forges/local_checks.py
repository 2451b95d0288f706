"""What checks say of a commit on the forge `local`, whoever ran them. Pure.

The bot's own sandbox keeps its result with the pull request. What other runners and people found is
kept apart, for any commit: `refs/pulls/checks` holds one record after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.forges.local_records import PULLS, CheckedRecord, LocalPull, decode
from bot.model import CHECK_NAME, Check, CheckState, Sha

CHECKS_REF = f"{PULLS}checks"


def told_in(messages: Iterable[str]) -> tuple[CheckedRecord, ...]:
    """The results in the records of `refs/pulls/checks`, oldest first."""
    found = (decode(message) for message in messages)
    return tuple(record for record in found if isinstance(record, CheckedRecord))


def checks_of_head(pull: LocalPull, told: Iterable[CheckedRecord], head: Sha) -> tuple[Check, ...]:
    """The newest result of each check on this very head of a pull request."""
    here = [record for record in (*pull.checked, *told) if record.head == head]
    return _newest((record, record.state) for record in here)


def checks_of_commit(
    pulls: Iterable[LocalPull], told: Iterable[CheckedRecord], commit: Sha
) -> tuple[Check, ...]:
    """The newest result of each check on a commit that may be any pull request's head or base."""
    return _newest(_about(commit, pulls, told))


def as_tested(
    checks: tuple[Check, ...], pull: LocalPull, told: Iterable[CheckedRecord], head: Sha
) -> tuple[Check, ...]:
    """The checks of a merge whose files are those of `head`: what its tests said holds for it."""
    tests = [one for one in checks_of_head(pull, told, head) if one.name == CHECK_NAME]
    others = [one for one in checks if one.name != CHECK_NAME]
    return tuple(sorted([*others, *tests])) if tests else checks


def _about(
    commit: Sha, pulls: Iterable[LocalPull], told: Iterable[CheckedRecord]
) -> Iterator[tuple[CheckedRecord, CheckState]]:
    kept = (record for pull in pulls for record in pull.checked)
    for record in (*kept, *told):
        state = record.state if record.head == commit else None
        if record.base == commit:
            state = record.base_state or state
        if state is not None:
            yield record, state


def _newest(found: Iterable[tuple[CheckedRecord, CheckState]]) -> tuple[Check, ...]:
    newest: dict[str, tuple[CheckedRecord, CheckState]] = {}
    for record, state in found:
        known = newest.get(record.name)
        if known is None or known[0].at <= record.at:
            newest[record.name] = (record, state)
    return tuple(
        Check(name, state, url=record.url) for name, (record, state) in sorted(newest.items())
    )
