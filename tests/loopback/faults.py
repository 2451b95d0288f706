"""Faults on demand: what goes wrong with which of the next requests, before or after its effect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

FaultKind = Literal["error", "time-out", "cut", "limit", "conflict", "refused", "stale"]
"""`error` is 500 and `time-out` 504, both with GitHub's words; `cut` closes the connection without
an answer; `limit` is the secondary rate limit (403, wait ten minutes); `conflict` and `refused` are
409 and 405, which only a REST merge is answered; `stale` answers a read with what the same request
was answered the last time, and passes over reads that were never asked before."""
WRITES_ONLY: tuple[FaultKind, ...] = ("conflict", "refused")
_SAID: dict[str, tuple[int, dict[str, str], object]] = {
    "error": (500, {}, {"message": "Server Error", "status": "500"}),
    "time-out": (
        504,
        {},
        {"message": "We couldn't respond to your request in time. Sorry about that."},
    ),
    "limit": (
        403,
        {"Retry-After": "600"},
        {
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before "
            "you try again.",
            "status": "403",
        },
    ),
    "conflict": (
        409,
        {},
        {"message": "Head branch was modified. Review and try the merge again.", "status": "409"},
    ),
    "refused": (405, {}, {"message": "Pull Request is not mergeable", "status": "405"}),
}


class Asked(Protocol):
    """As much of a request as a fault is chosen by."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def kind(self) -> Literal["rest", "graphql", "git"]: ...

    @property
    def is_write(self) -> bool: ...


@dataclass
class Fault:
    """One kind of thing that goes wrong, `times` times, after `skip` requests that match."""

    kind: FaultKind | Literal["scripted"]
    method: str = ""
    path: re.Pattern[str] = re.compile("")
    only: Literal["", "read", "write"] = ""
    after_effect: bool = False
    times: int = 1
    skip: int = 0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    @classmethod
    def of(cls, kind: FaultKind) -> Fault:
        status, headers, body = _SAID.get(kind, (0, {}, None))
        return cls(kind, status=status, headers=headers, body=body)

    def fits(self, asked: Asked) -> bool:
        if self.method not in ("", asked.method) or not self.path.search(asked.path):
            return False
        if self.only and asked.is_write is not (self.only == "write"):
            return False
        if self.kind in WRITES_ONLY:
            return (asked.method, asked.kind) == ("PUT", "rest") and asked.path.endswith("/merge")
        return self.kind != "stale" or (asked.kind != "git" and not asked.is_write)


@dataclass
class Faults:
    """Those that are still to come, and how many have come."""

    scripted: list[Fault] = field(default_factory=list)
    happened: int = 0

    def take(self, asked: Asked, *, remembered: bool) -> Fault | None:
        """The fault that this request meets; `remembered` says that it was answered before."""
        for fault in self.scripted:
            if not fault.fits(asked) or (fault.kind == "stale" and not remembered):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times == 0:
                self.scripted.remove(fault)
            self.happened += 1
            return fault
        return None

    def clear(self) -> None:
        self.scripted.clear()
