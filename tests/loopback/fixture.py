"""The pytest fixture of the loopback GitHub; a test folder's ``conftest.py`` imports it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .server import LoopbackGitHub


@pytest.fixture
def github() -> Iterator[LoopbackGitHub]:
    """A loopback GitHub that must have nothing to complain about when the test is over."""
    with LoopbackGitHub() as loopback:
        yield loopback
    assert not loopback.violations, "\n".join(loopback.violations)
