"""Names and identities that everything else is told by."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NewType

Sha = NewType("Sha", str)
"""A full git object name, 40 lower-case hexadecimal digits."""

Fingerprint = NewType("Fingerprint", str)
"""An incident's identity, `v1-` and twelve hexadecimal digits; see `bot.triage.fingerprint`."""

BRANCH_PREFIX = "bot/"
"""Every branch of the bot starts with this, and no name in it comes from a model."""

CHECK_NAME = "tests"
"""The sandbox's check, on a forge that has no other and requires this one."""

HOLD_LABEL = "bot:hold"
"""A person puts this label on a pull request that the bot must leave alone."""

PAUSE_LABEL = "bot:pause"
"""While an open issue has this label, the bot writes nothing."""

DASHBOARD_LABEL = "bot:dashboard"
"""The one issue that the bot keeps up to date has this label."""

ATTENTION_LABEL = "bot:attention"
"""An issue of the bot's for a person, about what it must not do by itself, has this label."""

FIX_LABEL = "bot:fix"
"""By this label, unless the config names another, people hand the bot an issue to work on."""

TAKEN_LABELS = frozenset(
    (HOLD_LABEL, PAUSE_LABEL, DASHBOARD_LABEL, ATTENTION_LABEL, "bot:retry", "bot:rebase")
)
"""Labels that mean something of their own; an issue with one of them is no work for the bot."""

ANYONES = " (anyone's)"
"""Follows a source's name where the author of an issue may not push, or nobody asked for that. No
configured source can be called so, and thus none of them trusted."""

SEARCH = "search"
"""The engine that costs nothing but time, and finds the same again on the same base commit."""

LABEL_PREFIX = "bot:"
COMMAND = "/bot"
"""What people write to the bot starts with this."""


def configured_name(source: str) -> str:
    """The name by which the configuration knows a source."""
    return source.removesuffix(ANYONES)


class Severity(StrEnum):
    """How much a bug hurts, in the original's four words; `rank` orders them."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


def short(sha: str) -> str:
    """A commit for a person's eye."""
    return sha[:9]


def digest(*parts: str) -> str:
    """Twelve hexadecimal digits that name these texts; no two lists of parts run together."""
    state = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        state.update(f"{len(encoded)}:".encode())
        state.update(encoded)
    return state.hexdigest()[:12]


def fingerprint_of_revert(merge: Sha) -> Fingerprint:
    """The identity of the incident that taking this merge back is."""
    return Fingerprint(f"v1-{digest('revert', merge)}")


def latest(moments: Sequence[datetime]) -> datetime | None:
    """The latest of these moments, None if there are none."""
    return max(moments, default=None)
