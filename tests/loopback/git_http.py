"""Git over HTTP: git's own ``http-backend`` run as CGI on the bare repository.

What it would say to those who fetch is said without it where that is sure to be the same.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .bare import FULL_HASH, BareRepository, hermetic_environment
from .errors import Violation
from .hosted import HostedRepository
from .state import Actor

GIT_PATH = re.compile(
    r"/(?P<repo>[^/]+/[^/]+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)"
)
LISTING_HEADERS = (
    ("Expires", "Fri, 01 Jan 1980 00:00:00 GMT"),
    ("Pragma", "no-cache"),
    ("Cache-Control", "no-cache, max-age=0, must-revalidate"),
    ("Content-Type", "application/x-git-upload-pack-result"),
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


_ANSWERS: dict[tuple[object, ...], CgiAnswer] = {}
"""What git said to those who fetch, by everything that it depends on."""


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
    """Let git answer; what it says to a fetch is remembered, and said again of the same state."""
    listed = list_refs(repo.bare, request, headers, body)
    if listed is not None:
        return listed
    known = depends_on(repo.bare, request, headers, body)
    if known is None:
        return run_backend(repo, request, actor, headers, body)
    if known not in _ANSWERS:
        _ANSWERS[known] = run_backend(repo, request, actor, headers, body)
    return _ANSWERS[known]


def list_refs(
    bare: BareRepository, request: GitRequest, headers: Mapping[str, str], body: bytes
) -> CgiAnswer | None:
    """Protocol 2's list of refs; ``None`` where another question is asked, or git has to look."""
    if request.rest != "git-upload-pack" or headers.get("Git-Protocol") != "version=2":
        return None
    command, _, arguments = body.partition(b"0001")
    if not command[4:].startswith(b"command=ls-refs") or not arguments.endswith(b"0000"):
        return None
    state = bare.loose_state()
    if state is None:
        return None
    head, refs = state
    tip = refs.get(head.removeprefix("ref: "))
    if tip is None or any(name.startswith("refs/tags/") for name in refs):
        return None
    asked = [line.rstrip("\n") for line in packet_lines(arguments[:-4].decode())]
    prefixes = tuple(line.removeprefix("ref-prefix ") for line in asked if " " in line)
    if {line for line in asked if " " not in line} != {"peel", "symrefs", "unborn"}:
        return None
    symbolic = f" symref-target:{head.removeprefix('ref: ')}"
    found = {f"HEAD{symbolic}": tip} | dict(sorted(refs.items()))
    lines = [
        f"{commit} {name}\n"
        for name, commit in found.items()
        if not prefixes or name.startswith(prefixes)
    ]
    listing = "".join(f"{len(line) + 4:04x}{line}" for line in lines) + "0000"
    return CgiAnswer(200, LISTING_HEADERS, listing.encode())


def packet_lines(text: str) -> Iterator[str]:
    """Lines that begin with their own length."""
    while text:
        size = int(text[:4], 16)
        yield text[4:size]
        text = text[size:]


def depends_on(
    bare: BareRepository, request: GitRequest, headers: Mapping[str, str], body: bytes
) -> tuple[object, ...] | None:
    """Everything an answer to a fetch of protocol 2 comes from; ``None`` where that is unclear."""
    if request.pushes or headers.get("Git-Protocol") != "version=2":
        return None
    config = (bare.path / "config").read_bytes()
    if request.rest == "info/refs":  # a greeting, which holds no ref
        return (config,)
    state = bare.loose_state()
    if state is None:
        return None
    zipped = headers.get("Content-Encoding") == "gzip"
    asked = (gzip.decompress(body) if zipped else body).decode("latin-1")
    if asked[4:].startswith("command=fetch") and "include-tag" not in asked:
        refs: tuple[object, ...] = ()  # what is wanted is named by its hash, and here or not
    else:
        refs = (state[0], *state[1].items())
    return config, body, refs, tuple(map(bare.holds, FULL_HASH.findall(asked)))


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
