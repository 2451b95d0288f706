"""What a script can make the model say, so that a scenario reads as a list of answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "invalid_request_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


@dataclass(frozen=True)
class Call:
    """One tool call. Arguments given as a str are sent as they are, well-formed or not."""

    name: str
    arguments: Mapping[str, Any] | str

    @property
    def text(self) -> str:
        if isinstance(self.arguments, str):
            return self.arguments
        return json.dumps(self.arguments, ensure_ascii=False)


@dataclass(frozen=True)
class Message:
    """An assistant message; the server checks that the real API could have sent it."""

    content: str | None = None
    refusal: str | None = None
    calls: tuple[Call, ...] = ()
    cut: bool = False

    @property
    def text(self) -> str:
        """Everything the model wrote, as one string to count tokens of."""
        written = [self.content or "", self.refusal or ""]
        written += [call.name + call.text for call in self.calls]
        return "".join(written)


@dataclass(frozen=True)
class Fixed:
    """A complete HTTP answer, sent unchecked. A str body is sent as it is, others as JSON."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


Reply = Message | Fixed


def calls(*made: tuple[str, Mapping[str, Any] | str], content: str | None = None) -> Message:
    """Tool calls in one message: `calls(("name", {"argument": 1}), ...)`."""
    return Message(content, calls=tuple(Call(name, arguments) for name, arguments in made))


def says(text: str) -> Message:
    """Plain text and no tool call."""
    return Message(text)


def refuses(reason: str) -> Message:
    """The model declines: `message.refusal` is set and the content is null."""
    return Message(refusal=reason)


def cut_off(reply: str | Message) -> Message:
    """The answer hit the token limit; the arguments of a last call given as a dict are halved."""
    if isinstance(reply, str):
        return Message(reply, cut=True)
    if not reply.calls or isinstance(reply.calls[-1].arguments, str):
        return replace(reply, cut=True)
    *whole, last = reply.calls
    half = last.text[: len(last.text) // 2]
    return replace(reply, cut=True, calls=(*whole, Call(last.name, half)))


def fails(
    status: int, headers: Mapping[str, str] | None = None, body: object | None = None
) -> Fixed:
    """An HTTP failure; without a body, an error object as OpenAI would send it."""
    if body is None:
        body = error(f"The scripted server answered {status}.", status=status)
    return Fixed(status, body, headers or {})


def raw(body: object) -> Fixed:
    """A 200 whose body is exactly this, for answers the real API could not give."""
    return Fixed(200, body)


def error(
    message: str, *, status: int, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """OpenAI's error object."""
    kind = _ERROR_TYPES.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
