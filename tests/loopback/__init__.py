"""A loopback GitHub: one HTTP server that answers as GitHub does, strictly, for scenario tests."""

from .repo import Repo
from .server import LoopbackGitHub
from .state import (
    Actor,
    CheckRun,
    Comment,
    CommitStatus,
    Event,
    PullRequest,
    Request,
    Review,
    Rules,
    Settings,
    Write,
)

__all__ = [
    "Actor",
    "CheckRun",
    "Comment",
    "CommitStatus",
    "Event",
    "LoopbackGitHub",
    "PullRequest",
    "Repo",
    "Request",
    "Review",
    "Rules",
    "Settings",
    "Write",
]
