"""What a server tells of the token it is asked with, and of the repository's settings. Pure.

The head of any answer carries some of it, at no cost; the rest is asked for, by `bot doctor` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_EXPIRY = "%Y-%m-%d %H:%M:%S %z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The head of an answer: what it says of the token, and what time the server has.

    `scopes` are those of a classic token, None for all other kinds. `expires` is None where the
    server names no end.
    """

    at: datetime | None = None
    expires: datetime | None = None
    scopes: tuple[str, ...] | None = None
    requests_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One thing a token may be allowed to read, in the forge's words; `why_not` is empty if it may.

    `needed` says that the bot cannot do its work without.
    """

    name: str
    needed: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the token may do, and the settings that matter; None where it may not see them.

    `why_no_push` is the server's answer to the question whether it may push, empty if it may.
    `workflows_open_pulls` says whether a workflow's own token may open pull requests.
    """

    answered: Answered = Answered()
    areas: tuple[Area, ...] = ()
    why_no_push: str = ""
    archived: bool = False
    private: bool = True
    actions_enabled: bool | None = None
    workflows_open_pulls: bool | None = None


def read_head(headers: Mapping[str, str]) -> Answered:
    """What the head of an answer says; names of headers are in any case."""
    head = {name.lower(): value for name, value in headers.items()}
    scopes = head.get("x-oauth-scopes")
    left = head.get("x-ratelimit-remaining", "")
    return Answered(
        at=_date(head.get("date", "")),
        expires=_expiry(head.get("github-authentication-token-expiration", "")),
        scopes=None if scopes is None else tuple(filter(None, scopes.replace(",", " ").split())),
        requests_left=int(left) if left.isdigit() else None,
    )


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


def _expiry(text: str) -> datetime | None:
    """GitHub writes `2026-12-31 09:00:00 UTC`, or the zone as `+0100`."""
    try:
        return datetime.strptime(text.replace("UTC", "+0000"), _EXPIRY).astimezone(UTC)
    except ValueError:
        return None
