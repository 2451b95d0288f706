"""Runs a test of our own before the first child is forked.

The first test of a process takes several times as long as the second: modules are imported when
they are needed, and the interpreter adapts its code. Every child would pay for it anew. Only
pytest's own hooks take part, and no fixture: nothing of the project notices.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

_ROUNDS = 10


def warm_up(session: Any) -> None:
    """Leaves everything as it was, also where this pytest is of another kind than expected."""
    try:
        from _pytest.fixtures import FuncFixtureInfo
        from _pytest.runner import runtestprotocol

        before = sys.path[:]
        for function in (_passes, _fails):
            info = FuncFixtureInfo((), (), [], {})
            item: Any = _Warming.from_parent(
                session, name="warming", callobj=function, fixtureinfo=info
            )
            for _ in range(_ROUNDS):
                item.config = session.config
                runtestprotocol(item, log=False, nextitem=None)
        sys.path[:] = before
    except Exception:  # noqa: BLE001 - then the first test of each child takes longer
        pass


def _passes() -> None:
    assert sys.path


def _fails() -> None:
    raise AssertionError(f"{1!r} == {2!r}")


class _Warming(pytest.Function):
    @property
    def ihook(self) -> Any:
        return _OwnHooks(self.config.pluginmanager)


class _OwnHooks:
    """The hooks as pytest itself implements them."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._others = [plugin for plugin in manager.get_plugins() if not _is_own(plugin)]

    def __getattr__(self, name: str) -> Any:
        return self._manager.subset_hook_caller(name, self._others)


def _is_own(plugin: Any) -> bool:
    module = getattr(plugin, "__name__", None) or type(plugin).__module__
    return str(module).partition(".")[0] == "_pytest"
