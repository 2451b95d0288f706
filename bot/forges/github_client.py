"""How GitHub is reached: the address, and clients that repeat what may be repeated.

Reads are repeated after any hiccup, writes only where the server has said that nothing was done
(a rate limit), for a lost answer may have had its effect.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from github import Auth, Github, GithubRetry
from github.GithubException import GithubException
from urllib3.connectionpool import ConnectionPool
from urllib3.response import HTTPResponse

from bot.errors import UserError
from bot.forges.access import Answered, read_head

LONGEST_WAIT_S = 90
"""A rate limit that asks for a longer wait ends the tick; the next one goes on."""
TIMEOUT_S = 30
logging.getLogger("github.GithubRetry").setLevel(logging.ERROR)  # each error is said in a sentence
_ANY_METHOD = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class GitHubAddress:
    """Where a repository lives: the API's address, `owner/name`, and the token to use."""

    api_url: str
    repository: str
    token: str

    @classmethod
    def from_environment(cls, remote_url: str) -> GitHubAddress:
        """As in Actions: GITHUB_TOKEN, GITHUB_REPOSITORY (else the remote's), GITHUB_API_URL."""
        token = os.environ.get("GITHUB_TOKEN", "")
        if not token:
            raise UserError(
                "The forge 'github' needs GITHUB_TOKEN; a token that may only read is enough for "
                "--dry-run."
            )
        repository = os.environ.get("GITHUB_REPOSITORY", "")
        if not repository:
            named = re.search(r"[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?$", remote_url)
            repository = named[1] if named else ""
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            raise UserError(
                f"Which GitHub repository is {remote_url}? Set GITHUB_REPOSITORY to owner/name."
            )
        api = os.environ.get("GITHUB_API_URL", "") or "https://api.github.com"
        return cls(api.rstrip("/"), repository, token)

    @property
    def variables(self) -> dict[str, Any]:
        """The repository as GraphQL queries name it."""
        owner, name = self.repository.split("/")
        return {"owner": owner, "name": name}


def reading(address: GitHubAddress) -> Github:
    retry = _ReadRetry(total=3, backoff_factor=0.5, max_rate_limit_wait=LONGEST_WAIT_S)
    return _client(address, retry)


def writing(address: GitHubAddress) -> Github:
    retry = _WriteRetry(
        total=2,
        read=False,
        other=0,
        status_forcelist=[],
        allowed_methods=_ANY_METHOD,
        max_rate_limit_wait=LONGEST_WAIT_S,
    )
    return _client(address, retry)


def ask(client: Github, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The data that a GraphQL query about a repository brings."""
    return ask_with_head(client, query, variables)[0]


def ask_with_head(
    client: Github, query: str, variables: dict[str, Any]
) -> tuple[dict[str, Any], Answered]:
    """The same, with what the head of the answer tells of the token."""
    headers, answer = client.requester.graphql_query(query, variables)
    data: dict[str, Any] = answer["data"]
    if data["repository"] is None:
        raise UserError(
            f"GitHub has no repository {variables['owner']}/{variables['name']} that GITHUB_TOKEN "
            f"may read; check it and GITHUB_REPOSITORY."
        )
    return data, read_head(headers)


class _ReadRetry(GithubRetry):
    """Repeats reads after 5xx and short rate limits; a long wait is an error at once."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: HTTPResponse | None = None,  # type: ignore[override] # as GithubRetry has it
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Any:
        wait = response.headers.get("Retry-After", "") if response is not None else ""
        if response is not None and wait.isdigit() and int(wait) > LONGEST_WAIT_S:
            response.drain_conn()
            message = f"rate limit: GitHub asks to wait {wait} seconds."
            raise GithubException(response.status, {"message": message}, dict(response.headers))
        return super().increment(method, url, response, error, _pool, _stacktrace)


class _WriteRetry(_ReadRetry):
    """Repeats a write only after a rate limit, where the server says that it did nothing."""

    RETRY_AFTER_STATUS_CODES = frozenset({429})


def _client(address: GitHubAddress, retry: GithubRetry) -> Github:
    return Github(
        auth=Auth.Token(address.token),
        base_url=address.api_url,
        timeout=TIMEOUT_S,
        retry=retry,
        lazy=True,
        seconds_between_requests=None,
        seconds_between_writes=None,
        user_agent="amendbot",
    )
