"""The loopback GitHub as a test holds it: actors, repositories, faults, and what was asked."""

from __future__ import annotations

import hashlib
import re
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from .errors import Refused
from .faults import Fault, FaultKind, Faults
from .http_front import HttpFront, Reply
from .repo import Repo
from .state import Actor, ActorKind, Clock, Ids, Permission, Request, Write


class LoopbackGitHub:
    """GitHub on 127.0.0.1 for as long as the ``with`` block lasts.

    ``violations`` collects everything this stand-in could not vouch for; a test that leaves one
    there has failed. ``on_write`` is called when a write has had its effect and its answer has
    not been sent; whatever it raises drops the connection.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.ids = Ids()
        self.repos: dict[str, Repo] = {}
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.on_write: Callable[[Write], None] | None = None
        self.before_push: Callable[[], None] | None = None
        self.run_elsewhere: set[str] = set()
        """Paths of workflows that no push and no pull request starts here: a test runs them."""
        self.faults = Faults()
        self.answered: dict[object, Reply] = {}
        """The last answer to each read, which a stale one repeats."""
        self.token_heads: dict[str, dict[str, str]] = {}
        """What the head of each answer tells of somebody's token, by their login."""
        self._actors: dict[str, Actor] = {}
        self._tokens: dict[str, Actor] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="loopback-github-")
        self._front = HttpFront(self)

    def __enter__(self) -> Self:
        self._front.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._front.stop()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """Base URL of the REST API; GraphQL is at ``/graphql``, git at ``/owner/repo.git``."""
        return self._front.url

    @property
    def folder(self) -> Path:
        """Where the repositories are, below the names of their owners."""
        return Path(self._folder.name)

    # Setting the scene

    def add_actor(
        self,
        login: str,
        id: int | None = None,  # noqa: A002
        permission: Permission = "write",
        kind: ActorKind | None = None,
        prefix: str = "",
    ) -> str:
        """Somebody with these rights in every repository; the answer is their token.

        ``github-actions[bot]`` is the workflow's own token, whose events start no CI. A token's
        kind is told by its prefix; by default an app's, or a person's classic one.
        """
        kind = kind or ("Bot" if login.endswith("[bot]") else "User")
        actor = Actor(login, self.ids.next() if id is None else id, permission, kind)
        digest = hashlib.sha256(login.encode()).hexdigest()[:36]
        token = f"{prefix or ('ghs_' if kind == 'Bot' else 'ghp_')}{digest}"
        self._actors[login] = actor
        self._tokens[token] = actor
        return token

    def reading_token(self, login: str) -> str:
        """Another token of theirs, that may only read."""
        actor = replace(self.actor(login), permission="read")
        token = f"{self.token_of(login)[:-4]}read"
        self._tokens[token] = actor
        return token

    def create_repo(
        self, full_name: str, files: Mapping[str, str], default_branch: str = "main"
    ) -> Repo:
        owner = full_name.partition("/")[0]
        if owner not in self._actors:
            self.add_actor(owner, permission="admin")
        repo = Repo(self, full_name, files, default_branch, self.folder)
        self.repos[full_name] = repo
        return repo

    def fail_next(
        self,
        method: str,
        path_regex: str,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        after_effect: bool = False,
        times: int = 1,
    ) -> None:
        """The next ``times`` requests that match are answered so instead."""
        self.faults.scripted.append(
            Fault(
                "scripted",
                method=method,
                path=re.compile(path_regex),
                status=status,
                headers=headers or {},
                body={"message": "scripted fault"} if body is None else body,
                after_effect=after_effect,
                times=times,
            )
        )

    def fault(
        self,
        kind: FaultKind,
        method: str = "",
        path_regex: str = "",
        *,
        only: Literal["", "read", "write"] = "",
        after_effect: bool = False,
        skip: int = 0,
        times: int = 1,
    ) -> None:
        """Let this go wrong with the next requests that match, after ``skip`` that do not fail.

        ``after_effect`` lets the request do what it asks for and spoils only its answer; a stale
        answer never has an effect. What has not come to pass is taken back by ``faults.clear()``.
        """
        fault = Fault.of(kind)
        fault.method, fault.path, fault.only = method, re.compile(path_regex), only
        fault.after_effect, fault.skip, fault.times = after_effect, skip, times
        self.faults.scripted.append(fault)

    # Looking around

    def actor(self, login: str) -> Actor:
        if login not in self._actors:
            raise KeyError(f"nobody is called {login!r}: call add_actor first")
        return self._actors[login]

    def known_actor(self, login: str) -> Actor | None:
        return self._actors.get(login)

    def actor_of(self, token: str | None) -> Actor | None:
        return self._tokens.get(token or "")

    def token_of(self, login: str) -> str:
        return next(token for token, actor in self._tokens.items() if actor.login == login)

    def tokens(self) -> tuple[str, ...]:
        return tuple(self._tokens)

    def visible_repo(self, full_name: str, viewer: Actor) -> Repo:
        repo = self.repos.get(full_name)
        if repo is None or (viewer.permission == "none" and repo.settings.private):
            raise Refused(404, "Not Found")
        return repo

    def writes(self) -> list[Request]:
        """The requests that asked for a change, whether or not they were granted it."""
        return [request for request in self.requests if request.is_write]

    def describe(self) -> str:
        """The whole state as text, to show that nothing changed."""
        return "\n".join(repo.describe() for repo in self.repos.values())

    def violate(self, message: str) -> None:
        with self.lock:
            self.violations.append(message)
