"""The HTTP server itself: who may ask, which answer is next, and what went wrong meanwhile."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self

from tests.serving import POLL_SECONDS, stop

from .possible import Request, impossible
from .replies import Fixed, Message, Reply, error
from .rules import Rejected, check_request

ROUTE = "/v1/chat/completions"
# The client must not repeat a request that failed because the test is wrong.
_NO_RETRY = {"x-should-retry": "false"}

Answer = Reply | Callable[[Request], Reply | None]
Match = str | Callable[[Request], bool]


def approximate_tokens(text: str) -> int:
    """A quarter of the UTF-8 bytes, rounded up: near a tokenizer's count for English, not equal."""
    return -(-len(text.encode()) // 4)


@dataclass
class _Rule:
    match: Match
    answer: Answer | None
    queue: deque[Answer]

    def fits(self, request: Request) -> bool:
        if isinstance(self.match, str):
            return self.match in request.text
        return self.match(request)

    def next(self) -> Answer | None:
        if self.answer is not None:
            return self.answer
        return self.queue.popleft() if self.queue else None


class ScriptedOpenAI:
    """Answers chat completions from a script, as strictly as the real API; a context manager.

    Rules made with `on` come first, then the answers queued with `answer`, then `default`; a
    request that none of them answers is a 500 and a violation. `violations` lists every broken
    rule, of the client or of the script; `requests` every authenticated request body;
    `unauthorized` counts the requests with a wrong key.
    """

    def __init__(
        self,
        script: Callable[[Request], Reply | None] | Iterable[Answer] = (),
        *,
        default: Answer | None = None,
        key: str = "sk-loopback",
        count: Callable[[str], int] = approximate_tokens,
    ) -> None:
        self.key = key
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.unauthorized = 0
        self.default = default
        self._count = count
        self._rules: list[_Rule] = []
        self._queue: deque[Answer] = deque()
        self._lock = Lock()
        self._http: _Http | None = None
        if callable(script):
            self._rules.append(_Rule("", script, deque()))
        else:
            self._queue.extend(script)

    def answer(self, *answers: Answer) -> None:
        """Queues answers for the next requests that no rule answers, in order."""
        self._queue.extend(answers)

    def on(self, match: Match, *answers: Answer) -> None:
        """Answers the requests whose user text contains this, or for which this is true.

        A single answer serves every such request. Several serve one request each, in order, and
        then the rule is spent. The first rule that matches and has an answer wins.
        """
        single = answers[0] if len(answers) == 1 else None
        self._rules.append(_Rule(match, single, deque(() if single else answers)))

    @property
    def base_url(self) -> str:
        """What to give the client as its `base_url`; only while the server runs."""
        if self._http is None:
            raise RuntimeError("The server is not running: use it in a with statement.")
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._http = _Http(self)
        Thread(target=self._http.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._http is not None:
            stop(self._http)
            self._http.server_close()
            self._http = None

    def respond(self, method: str, path: str, authorization: str | None, sent: bytes) -> Fixed:
        """The answer to one HTTP request."""
        if (method, path) != ("POST", ROUTE):
            return self._violation(404, f"Unknown route: {method} {path}")
        if authorization != f"Bearer {self.key}":
            with self._lock:
                self.unauthorized += 1
            message = "Incorrect API key provided."
            return Fixed(401, error(message, status=401, code="invalid_api_key"))
        try:
            body = json.loads(sent)
        except ValueError as broken:
            return self._violation(400, f"We could not parse the JSON body: {broken}")
        if not isinstance(body, dict):
            return self._violation(400, "The JSON body must be an object.")
        counted = {name: body[name] for name in ("messages", "tools") if name in body}
        request = Request(body, self._count(json.dumps(counted, ensure_ascii=False)))
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
        return self._complete(request, number)

    def _complete(self, request: Request, number: int) -> Fixed:
        try:
            check_request(request.body)
        except Rejected as refused:
            return self._violation(400, str(refused), refused.param, refused.code)
        with self._lock:
            reply = self._choose(request)
        if reply is None:
            return self._violation(500, f"The script has no answer to request {number}.")
        if isinstance(reply, Fixed):
            return reply
        for reason in impossible(reply, request, self._count):
            return self._violation(500, f"The real API could not answer so: {reason}.")
        return Fixed(200, completion(reply, request, number, self._count(reply.text)))

    def _choose(self, request: Request) -> Reply | None:
        for answer in self._candidates(request):
            reply = answer(request) if callable(answer) else answer
            if reply is not None:
                return reply
        return None

    def _candidates(self, request: Request) -> Iterable[Answer]:
        for rule in self._rules:
            answer = rule.next() if rule.fits(request) else None
            if answer is not None:
                yield answer
        if self._queue:
            yield self._queue.popleft()
        if self.default is not None:
            yield self.default

    def _violation(
        self, status: int, message: str, param: str | None = None, code: str | None = None
    ) -> Fixed:
        self.record(f"{status} {message}")
        body = error(message, status=status, param=param, code=code)
        return Fixed(status, body, _NO_RETRY)

    def record(self, violation: str) -> None:
        """Notes a broken rule for the fixture to assert on."""
        with self._lock:
            self.violations.append(violation)


def completion(reply: Message, request: Request, number: int, tokens: int) -> dict[str, Any]:
    """The body of a chat completion. Ids and times follow from the request's number."""
    asked = request.body
    if reply.cut:
        tokens = asked.get("max_completion_tokens") or asked.get("max_tokens") or tokens
    message: dict[str, Any] = {
        "role": "assistant",
        "content": reply.content,
        "refusal": reply.refusal,
        "annotations": [],
    }
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": f"call_{number}_{index}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.text},
            }
            for index, call in enumerate(reply.calls)
        ]
    # A call forced by name ends with "stop" on the real API too.
    forced = isinstance(asked.get("tool_choice"), dict)
    ended = "tool_calls" if reply.calls and not forced else "stop"
    finish = "length" if reply.cut else ended
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_700_000_000 + number,
        "model": asked["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": request.prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": request.prompt_tokens + tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


class _Http(ThreadingHTTPServer):
    request_queue_size = 128
    block_on_close = False

    def __init__(self, script: ScriptedOpenAI) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.script = script

    def server_bind(self) -> None:
        # The inherited one asks the resolver for this machine's name, which can take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        raised = sys.exception()
        if not isinstance(raised, ConnectionError):  # a client may hang up
            self.script.record(f"The server or its script raised {raised!r}")


class _Exchange(BaseHTTPRequestHandler):
    """One request per connection (HTTP/1.0), so that nothing is served after shutdown."""

    server: _Http

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        authorization = self.headers.get("Authorization")
        given = self.server.script.respond(self.command, self.path, authorization, sent)
        is_text = isinstance(given.body, str)
        body = str(given.body) if is_text else json.dumps(given.body)
        headers = {"Content-Type": "text/plain" if is_text else "application/json"}
        headers |= {"Content-Length": str(len(body.encode())), "x-request-id": "req_scripted"}
        self.send_response(given.status)
        for name, value in (headers | dict(given.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keeps a test's output clean; what matters is in `violations`."""
