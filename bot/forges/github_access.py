"""What GitHub lets a token do, asked for `bot doctor`: reads only, and no more than it needs.

GitHub names the rights of no token but a classic one, so each kind of reading is tried with the
smallest page there is. Whether it may write cannot be tried without writing, except for pushes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from github.GithubException import GithubException

from bot.forges.access import Access, Answered, Area, read_head
from bot.forges.github_client import GitHubAddress, reading
from bot.forges.github_errors import is_hidden, plain_errors, reason_of
from bot.model import Sha

_AREAS = (
    ("Pull requests", True, "/pulls?per_page=1"),
    ("Checks", True, "/commits/{base}/check-runs?per_page=1"),
    ("Commit statuses", True, "/commits/{base}/status?per_page=1"),
    ("Issues", False, "/issues?sort=created&per_page=1"),
    ("Actions", False, "/actions/runs?per_page=1"),
)


class _Asking:
    """One client, and the head of its first answer."""

    def __init__(self, address: GitHubAddress) -> None:
        self._requester = reading(address).requester
        self._path = f"/repos/{address.repository}"
        self.head: Answered | None = None

    def get(self, path: str) -> tuple[Any, str]:
        """The answer, or None and why there is none."""
        try:
            headers, data = self._requester.requestJsonAndCheck("GET", self._path + path)
        except GithubException as error:
            if not is_hidden(error):
                raise
            return None, f"{reason_of(error)} ({error.status})"
        self.head = self.head or read_head(headers)
        return data, ""


def read_access(address: GitHubAddress, base: Sha, *, has_issues: bool) -> Access:
    """Settings and rights; what the token may not see stays None or is named as refused."""
    with plain_errors("read the repository's settings"):
        return _read(_Asking(address), base, has_issues)


def _read(asking: _Asking, base: Sha, has_issues: bool) -> Access:
    found, _ = asking.get("")
    settings = found if isinstance(found, dict) else {}
    areas = []
    for name, needed, path in _AREAS:
        if name == "Issues" and not has_issues:
            continue
        _, why_not = asking.get(path.format(base=base))
        areas.append(Area(name=name, needed=needed, why_not=why_not))
    access = Access(
        answered=asking.head or Answered(),
        areas=tuple(areas),
        archived=bool(settings.get("archived") or settings.get("disabled")),
        private=bool(settings.get("private", True)),
    )
    return replace(
        access,
        actions_enabled=_flag(asking.get("/actions/permissions")[0], "enabled"),
        workflows_open_pulls=_flag(
            asking.get("/actions/permissions/workflow")[0], "can_approve_pull_request_reviews"
        ),
    )


def _flag(data: Any, name: str) -> bool | None:
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, bool) else None
