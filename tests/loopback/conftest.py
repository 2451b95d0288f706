"""The scene most tests of the loopback GitHub start from."""

from __future__ import annotations

import pytest

from .driving import BOT, FILES
from .fixture import github
from .repo import Repo
from .server import LoopbackGitHub

__all__ = ["github"]


@pytest.fixture
def token(github: LoopbackGitHub) -> str:
    return github.add_actor(BOT, id=4242, permission="write", kind="Bot")


@pytest.fixture
def repo(github: LoopbackGitHub, token: str) -> Repo:
    github.add_actor("alice")
    github.add_actor("mallory", permission="none")
    return github.create_repo("acme/agent", FILES)
