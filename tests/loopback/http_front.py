"""The HTTP side: read a request, find who asks, let REST, GraphQL or git answer, send it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from tests.serving import POLL_SECONDS, stop

from .errors import Refused, Violation
from .faults import Fault
from .git_http import GitRequest, answer_git_request, parse_git_path
from .graphql_api import answer_graphql, is_write
from .rest import answer_rest
from .state import Actor, Request, Write

if TYPE_CHECKING:
    from .server import LoopbackGitHub

JSON = ("Content-Type", "application/json; charset=utf-8")
RATE_HEADERS = (
    ("X-RateLimit-Limit", "5000"),
    ("X-RateLimit-Remaining", "4999"),
    ("X-RateLimit-Used", "1"),
    ("X-RateLimit-Resource", "core"),
)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    changed: bool = False
    """Whether the request had an effect."""


def json_reply(
    status: int,
    payload: object,
    headers: Mapping[str, str] | None = None,
    changed: bool = False,
) -> Reply:
    sent = (JSON, *RATE_HEADERS, *(headers or {}).items())
    return Reply(status, sent, json.dumps(payload).encode(), changed)


@dataclass(frozen=True)
class Exchange:
    """One request, read and sorted."""

    method: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]
    kind: Literal["rest", "graphql", "git"]
    git: GitRequest | None
    is_write: bool

    def token(self) -> str | None:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if self.kind != "git":
            return value if scheme.lower() in ("bearer", "token") else None
        if scheme.lower() != "basic":
            return None
        try:
            return base64.b64decode(value).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return None


def sort_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Exchange:
    split = urlsplit(target)
    git = parse_git_path(method, split.path, split.query)
    kind: Literal["rest", "graphql", "git"] = "rest"
    writes = method not in ("GET", "HEAD")
    if git:
        # Before a large push git asks with an empty one whether it may.
        kind, writes = "git", git.is_write and body != b"0000"
    elif (method, split.path) == ("POST", "/graphql"):
        kind, writes = "graphql", is_write(body)
    return Exchange(method, split.path, split.query, body, headers, kind, git, writes)


def answer(github: LoopbackGitHub, exchange: Exchange, actor: Actor) -> Reply:
    """Let the right side answer; refusals and violations become replies here."""
    try:
        if exchange.git:
            return answer_git(github, exchange, exchange.git, actor)
        if exchange.kind == "graphql":
            done = answer_graphql(github, actor, exchange.body)
        else:
            done = answer_rest(
                github, actor, exchange.method, exchange.path, exchange.query, exchange.body
            )
    except Refused as refused:
        return json_reply(refused.status, refused.payload())
    except Violation as violation:
        github.violate(violation.message)
        return json_reply(violation.status, {"message": violation.message})
    return json_reply(done.status, done.payload, done.headers, changed=exchange.is_write)


def tagged(reply: Reply, exchange: Exchange) -> Reply:
    """A read of REST with its ETag, or nothing but 304 where the client has that already."""
    if (exchange.method, exchange.kind, reply.status) != ("GET", "rest", 200):
        return reply
    etag = f'W/"{hashlib.sha256(reply.body).hexdigest()}"'
    headers = (*reply.headers, ("ETag", etag))
    if exchange.headers.get("If-None-Match") == etag:
        return Reply(304, headers, b"")
    return replace(reply, headers=headers)


def answer_git(
    github: LoopbackGitHub, exchange: Exchange, request: GitRequest, actor: Actor
) -> Reply:
    repo = github.visible_repo(request.repo, actor)
    if request.pushes and not actor.can_write:
        raise Refused(403, f"Permission to {repo.full_name}.git denied to {actor.login}.")
    if not request.is_write:
        done = answer_git_request(repo, request, actor, exchange.headers, exchange.body)
        return Reply(done.status, done.headers, done.body)
    if github.before_push:
        github.before_push()
    before = repo.bare.refs()
    done = answer_git_request(repo, request, actor, exchange.headers, exchange.body)
    after = repo.bare.refs()
    moves = {
        ref: (before.get(ref), after.get(ref))
        for ref in {**before, **after}
        if before.get(ref) != after.get(ref)
    }
    repo.refs_moved(actor, moves)
    return Reply(done.status, done.headers, done.body, changed=bool(moves))


def fault_reply(fault: Fault) -> Reply:
    return json_reply(fault.status or 500, fault.body, fault.headers)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        if not self.wfile.closed:
            super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the request log is ``LoopbackGitHub.requests``."""

    def _serve(self) -> None:
        github = self.server.github
        body = self._read_body()
        headers = dict(self.headers.items())
        try:
            exchange = sort_request(self.command, self.path, headers, body)
        except Violation as violation:
            github.violate(violation.message)
            self._send(json_reply(violation.status, {"message": violation.message}))
            return
        actor = github.actor_of(exchange.token())
        reply, fault = self._reply(exchange, actor)
        sent = fault_reply(fault) if fault and fault.status else reply
        if actor and exchange.kind != "git":
            more = github.token_heads.get(actor.login, {})
            sent = replace(sent, headers=(*sent.headers, *more.items()))
        github.requests.append(
            Request(
                method=exchange.method,
                path=exchange.path,
                kind=exchange.kind,
                is_write=exchange.is_write,
                status=0 if fault and fault.kind == "cut" else sent.status,
                actor=actor.login if actor else None,
            )
        )
        if reply.changed and actor and github.on_write:
            write = Write(exchange.method, exchange.path, exchange.kind, actor.login)
            with self.server.in_hook():
                github.on_write(write)
        if fault and fault.kind == "cut":
            raise ConnectionError("scripted fault")
        self._send(sent)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def _reply(self, exchange: Exchange, actor: Actor | None) -> tuple[Reply, Fault | None]:
        """What the request led to, and the fault to be answered in its place."""
        github = self.server.github
        if actor is None:
            challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
            headers = challenge if exchange.kind == "git" else {}
            refusal = {"message": "Bad credentials", "status": "401"}
            return json_reply(401, refusal, headers), None
        same = (actor, exchange.method, exchange.path, exchange.query, exchange.body)
        with github.lock:
            fault = github.faults.take(exchange, remembered=same in github.answered)
            if fault and fault.kind == "stale":
                return github.answered[same], fault
            if fault and not fault.after_effect:
                return fault_reply(fault), fault
            reply = tagged(answer(github, exchange, actor), exchange)
            if not exchange.is_write and exchange.kind != "git" and reply.status == 200:
                github.answered[same] = reply
            return reply, fault

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)


class _HookMark:
    """Remembers which threads are in the test's own hook, whose errors are not ours."""

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def __enter__(self) -> None:
        self.threads.add(threading.get_ident())

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.threads.discard(threading.get_ident())

    def raised_here(self) -> bool:
        raised = threading.get_ident() in self.threads
        self.threads.discard(threading.get_ident())
        return raised


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them
    request_queue_size = 64

    def __init__(self, github: LoopbackGitHub) -> None:
        self.github = github
        self._hook = _HookMark()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._closing = False
        super().__init__(("127.0.0.1", 0), _Handler)

    def in_hook(self) -> _HookMark:
        return self._hook

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.add(connection)
            if self._closing:
                connection.shutdown(socket.SHUT_RDWR)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(connection)

    def hang_up(self) -> None:
        """End the connections that clients keep alive, and with them their threads."""
        with self._lock:
            self._closing = True
            for connection in self._sockets:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was quicker

    def handle_error(self, request: object, client_address: object) -> None:
        """A hook's own error only drops the connection; any other is a fault of this server."""
        error = sys.exc_info()[1]
        if self._hook.raised_here() or isinstance(error, ConnectionError) or self._closing:
            return
        self.github.violate(f"the loopback GitHub failed: {error!r}")


class HttpFront:
    """The listening socket and its thread."""

    def __init__(self, github: LoopbackGitHub) -> None:
        self._server = _Server(github)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        stop(self._server)
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
