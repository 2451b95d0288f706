"""Every test runs in an environment of its own, without the developer's settings and tokens."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.scratch import Scratch

_FOREIGN = ("GITHUB_", "OPENAI_", "BOT_", "GIT_", "ACTIONS_", "RUNNER_")
_HERMETIC = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_TEST_FSYNC": "0",  # what a test leaves need not survive a power cut
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.invalid",
    "GIT_AUTHOR_DATE": "2026-01-05T09:00:00Z",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.invalid",
    "GIT_COMMITTER_DATE": "2026-01-05T09:00:00Z",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}

settings.register_profile("hermetic", deadline=None, database=None, derandomize=True)
settings.load_profile("hermetic")


def pytest_collection_finish() -> None:
    """All that is there by now stays: whoever looks for garbage need not look through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def hermetic(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's or the runner's environment reaches the bot or git."""
    for name in tuple(os.environ):
        if name.upper().startswith(_FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(home))  # no test speaks TLS; real ones are slow to read
    for name, value in _HERMETIC.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    """A bare `origin` with one commit on `main`, and a clone of it."""
    return Scratch.make(tmp_path)
