"""The words of a chat with a model, and what a server's answer says in them.

Servers that speak OpenAI's chat completions differ in what they leave out, so an answer is read
leniently: what is missing gets a meaning here, and the rest of the engine knows one form only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from bot.untrusted import one_line


@dataclass(frozen=True, slots=True)
class Call:
    """One tool the model calls; `arguments` is JSON text, well-formed or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the conversation; `answers` is the id of the call that a tool's text answers."""

    role: str
    text: str
    calls: tuple[Call, ...] = ()
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said. The tokens are None where the server did not count them."""

    text: str
    refusal: str
    calls: tuple[Call, ...]
    finish: str
    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True, slots=True)
class Sent:
    """How one HTTP request ended: its status, and the body as text.

    Status 0 says that no answer came and `body` why; then `perhaps_charged` says whether the server
    may have worked on it. `wait_s` and `again` are its wishes about another try, None if it has
    none.
    """

    status: int
    body: str
    perhaps_charged: bool = False
    wait_s: float | None = None
    again: bool | None = None


class Wire(Protocol):
    """The way to a model's server, or to a recording of one."""

    def send(self, body: str) -> Sent:
        """Send one request, JSON text, once. Nothing is raised for what a server answers."""
        ...

    def wait(self, seconds: float) -> None:
        """Let this long pass before another try."""
        ...


# ----------------------------------------------------------------------------------- reading


class _Function(BaseModel):
    name: str = ""
    arguments: Any = None


class _Call(BaseModel):
    id: str | None = None
    function: _Function = _Function()


class _Message(BaseModel):
    content: Any = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


def read_reply(body: str) -> Reply | str:
    """The model's words in a completion; a sentence where the body is none."""
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError:
        return f"the model's server answered with something else: {one_line(body)}"
    if not completion.choices:
        if completion.error is not None:
            return f"the model's server answered with an error: {complaint(body)}"
        return "the model's answer has no choices"
    choice = completion.choices[0]
    prompt, answered = _counts(completion.usage)
    return Reply(
        text=_text(choice.message.content),
        refusal=choice.message.refusal or "",
        calls=tuple(_calls(choice.message.tool_calls or [])),
        finish=choice.finish_reason or "",
        prompt_tokens=prompt,
        completion_tokens=answered,
    )


def complaint(body: str) -> str:
    """What the body of a failure says, on one line: its message, or the body itself."""
    return one_line(_Failure.read(body).message or body or "nothing")


def concerns(body: str) -> str:
    """The parameter, code and message that a failure names, for looking up words in them."""
    failure = _Failure.read(body)
    return " ".join((failure.param, failure.code, failure.message or body))


@dataclass(frozen=True, slots=True)
class _Failure:
    message: str = ""
    param: str = ""
    code: str = ""

    @classmethod
    def read(cls, body: str) -> _Failure:
        """The usual shapes: `{"error": {…}}`, `{"error": "…"}`, and the object bare."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return cls()
        inner = data.get("error", data) if isinstance(data, dict) else data
        if isinstance(inner, str):
            return cls(message=inner)
        if not isinstance(inner, dict):
            return cls()
        message, param, code = (inner.get(key) for key in ("message", "param", "code"))
        return cls(*(value if isinstance(value, str) else "" for value in (message, param, code)))


def _text(content: Any) -> str:
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


def _calls(made: list[_Call]) -> Iterator[Call]:
    """The calls, each with an id of its own whatever the server gave it."""
    taken: set[str] = set()
    for number, call in enumerate(made):
        id_ = call.id if call.id and call.id not in taken else f"call_{number}_{len(taken)}"
        taken.add(id_)
        arguments = call.function.arguments
        if not isinstance(arguments, str):
            arguments = json.dumps({} if arguments is None else arguments)
        yield Call(id_, call.function.name, arguments)


def _counts(usage: Any) -> tuple[int | None, int | None]:
    """Tokens of the prompt and of the answer, each None unless it is a sensible number."""
    fields = usage if isinstance(usage, dict) else {}
    values = (fields.get("prompt_tokens"), fields.get("completion_tokens"))
    prompt, answered = (v if type(v) is int and v >= 0 else None for v in values)
    return prompt, answered


# ----------------------------------------------------------------------------------- diffs

_FENCE = re.compile(r"^ {0,3}```[^\n`]*\n(.*?)^ {0,3}```[ \t]*$", re.MULTILINE | re.DOTALL)
_DIFF = re.compile(r"^(?:diff --git .*\n(?:.*\n){0,6}?)?--- .+\n\+\+\+ .+\n@@ ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Said:
    """A text taken apart: the unified diff in it ("" if there is none), and the words around it."""

    diff: str
    words: str


def take_apart(text: str) -> Said:
    """Find a unified diff, in fenced blocks or from its first header to the text's end."""
    text = text.replace("\r\n", "\n")
    blocks = [block for block in _FENCE.finditer(text) if _DIFF.search(block[1])]
    if blocks:
        words = _FENCE.sub("\n", text)
        return Said("".join(block[1] for block in blocks), words.strip())
    bare = _DIFF.search(text)
    if bare:
        return Said(text[bare.start() :], text[: bare.start()].strip())
    return Said("", text.strip())
