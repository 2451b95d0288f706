"""A scripted OpenAI-compatible server: scenarios run against it with the real client over HTTP."""

from .possible import Request
from .replies import (
    Call,
    Fixed,
    Message,
    Reply,
    calls,
    cut_off,
    fails,
    raw,
    refuses,
    says,
)
from .server import ScriptedOpenAI, approximate_tokens

__all__ = [
    "Call",
    "Fixed",
    "Message",
    "Reply",
    "Request",
    "ScriptedOpenAI",
    "approximate_tokens",
    "calls",
    "cut_off",
    "fails",
    "raw",
    "refuses",
    "says",
]
