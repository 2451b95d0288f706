"""The loopback GitHub for these tests."""

from tests.loopback.fixture import github

__all__ = ["github"]
