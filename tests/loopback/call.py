"""What a REST route is made of, and what its function is given and gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import Refused
from .state import Actor, Issue, PullRequest

if TYPE_CHECKING:
    from .hosted import HostedRepository
    from .server import LoopbackGitHub


@dataclass(frozen=True)
class Answer:
    status: int
    payload: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One request whose route, query and body have been found in order."""

    github: LoopbackGitHub
    actor: Actor
    parts: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]

    @property
    def repo(self) -> HostedRepository:
        return self.github.visible_repo(f"{self.parts['owner']}/{self.parts['repo']}", self.actor)

    @property
    def pull(self) -> PullRequest:
        try:
            return self.repo.pull(int(self.parts["number"]))
        except (KeyError, ValueError) as unknown:
            raise Refused(404, "Not Found") from unknown

    @property
    def conversation(self) -> PullRequest | Issue:
        """An issue, or a pull request, which is one too."""
        number = self.parts["number"]
        found = [one for one in self.repo.issues if str(one.number) == number]
        return found[0] if found else self.pull


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    answer: Callable[[Call], Any]
    answers: str
    """The published model of a successful answer."""
    status: int = 200
    pages: bool = False
    query: set[str] = field(default_factory=set)
    body: dict[str, type] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    bare_list: str | None = None
    """The body field that may also be sent as a list without a name."""
