"""A loopback GitHub: one HTTP server that answers as GitHub does, strictly, for scenario tests."""

from .repo import Repo
from .server import LoopbackGitHub
from .state import (
    Actor,
    AutoMerge,
    CheckRun,
    Comment,
    CommitStatus,
    Event,
    Issue,
    PullRequest,
    Request,
    Review,
    Rules,
    Settings,
    Thread,
    ThreadComment,
    Write,
)

__all__ = [
    "Actor",
    "AutoMerge",
    "CheckRun",
    "Comment",
    "CommitStatus",
    "Event",
    "Issue",
    "LoopbackGitHub",
    "PullRequest",
    "Repo",
    "Request",
    "Review",
    "Rules",
    "Settings",
    "Thread",
    "ThreadComment",
    "Write",
]
