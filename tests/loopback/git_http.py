"""Git over HTTP: git's own ``http-backend`` run as CGI on the bare repository."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .bare import hermetic_environment
from .errors import Violation
from .hosted import HostedRepository
from .state import Actor

GIT_PATH = re.compile(
    r"/(?P<repo>[^/]+/[^/]+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)"
)
SERVICES = ("service=git-upload-pack", "service=git-receive-pack")


@dataclass(frozen=True)
class GitRequest:
    method: str
    repo: str
    rest: str
    query: str

    @property
    def pushes(self) -> bool:
        """Whether this belongs to a push; only the POST has an effect."""
        return "git-receive-pack" in (self.rest, self.query.removeprefix("service="))

    @property
    def is_write(self) -> bool:
        return self.rest == "git-receive-pack"


@dataclass(frozen=True)
class CgiAnswer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


_GREETINGS: dict[bytes, CgiAnswer] = {}
"""By the repository's configuration, which says what git offers."""


def parse_git_path(method: str, path: str, query: str) -> GitRequest | None:
    """``None`` when the path is not git's; a dumb-protocol path is not supported."""
    match = GIT_PATH.fullmatch(path)
    if not match:
        return None
    if match["rest"] == "info/refs" and query not in SERVICES:
        raise Violation(f"git: only the smart protocol is supported, not {path}?{query}")
    return GitRequest(method, match["repo"], match["rest"], query)


def answer_git_request(
    repo: HostedRepository,
    request: GitRequest,
    actor: Actor,
    headers: Mapping[str, str],
    body: bytes,
) -> CgiAnswer:
    """Let git answer; its greeting to a fetch of protocol 2 holds no ref, so it is remembered."""
    greets = (request.rest, request.query) == ("info/refs", SERVICES[0])
    if not greets or headers.get("Git-Protocol") != "version=2":
        return run_backend(repo, request, actor, headers, body)
    config = (repo.bare.path / "config").read_bytes()
    if config not in _GREETINGS:
        _GREETINGS[config] = run_backend(repo, request, actor, headers, body)
    return _GREETINGS[config]


def run_backend(
    repo: HostedRepository,
    request: GitRequest,
    actor: Actor,
    headers: Mapping[str, str],
    body: bytes,
) -> CgiAnswer:
    environment = hermetic_environment(Path(repo.bare.home)) | {
        "GIT_PROJECT_ROOT": str(repo.bare.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{request.rest}",
        "QUERY_STRING": request.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        "REMOTE_USER": actor.login,
        "REMOTE_ADDR": "127.0.0.1",
        "LOOPBACK_NO_WORKFLOWS": "1" if actor.is_workflow_token else "",
    }
    done = subprocess.run(
        ["git", "http-backend"], env=environment, input=body, capture_output=True, check=True
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    status, kept = 200, []
    for line in head.decode().splitlines():
        name, _, value = line.partition(": ")
        if name == "Status":
            status = int(value.split()[0])
        else:
            kept.append((name, value))
    return CgiAnswer(status, tuple(kept), content)
