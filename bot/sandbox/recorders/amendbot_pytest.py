"""A pytest plugin that reports each test as it starts and ends.

The sandbox asks for it through PYTEST_ADDOPTS, for one pytest run and for the workers of
pytest-xdist that this run starts. What the tests themselves start, a pytest of their own among it,
does not report: what makes a run report is taken out of the environment before any test runs.
"""

from __future__ import annotations

import os
import shlex
from typing import Any

import amendbot_events
import amendbot_imports
import amendbot_lines
import pytest

_RANKS = {"passed": 0, "skipped": 1, "failed": 2}
_KEEPS_OTHERS_FROM_RUNNING = ("maxfail", "lf", "failedfirst", "newfirst", "stepwise")
_ASKED_BY_STEPWISE = ("stepwise_skip", "stepwise_reset")


def _rank(outcome: str) -> int:
    return _RANKS[outcome]


class _Reporter:
    """Reports the tests of one run; with pytest-xdist in the process that hands them out."""

    def __init__(self, key: str) -> None:
        self._stamp = {"key": key, "run": os.urandom(4).hex()}
        self._collected: int | None = None
        self._ended = 0
        self._outcomes: dict[str, str] = {}
        self._seconds: dict[str, float] = {}
        self._emit("begin")

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome in ("failed", "skipped"):
            name = amendbot_events.plain(report.nodeid or "(collection)")
            self._emit("test", id=name, outcome=report.outcome, s=0.0)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._count(len(session.items))
        amendbot_imports.report()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        if self._collected is None:
            self._count(len(ids))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._outcomes.pop(nodeid, None)
        self._seconds.pop(nodeid, None)
        self._emit("start", id=amendbot_events.plain(nodeid))

    def pytest_runtest_logreport(self, report: Any) -> None:
        name, outcome = report.nodeid, report.outcome
        is_part = hasattr(report, "context")  # a subtest; its test has a report of its own
        if outcome == "failed" or (outcome in _RANKS and not is_part):
            self._outcomes[name] = max(outcome, self._outcomes.get(name, outcome), key=_rank)
        if not is_part:
            self._seconds[name] = self._seconds.get(name, 0.0) + getattr(report, "duration", 0.0)
        if report.when not in ("setup", "call"):  # after tear-down, or of a worker that crashed
            self._end(name)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        left = max((self._collected or 0) - self._ended, 0)
        self._emit("done", exit=int(exitstatus), left=left)

    def _count(self, collected: int) -> None:
        self._collected = collected
        self._emit("collected", n=collected)

    def _end(self, name: str) -> None:
        self._ended += 1
        outcome = self._outcomes.pop(name, "passed")
        seconds = round(self._seconds.pop(name, 0.0), 4)
        self._emit("test", id=amendbot_events.plain(name), outcome=outcome, s=seconds)

    def _emit(self, event: str, **fields: Any) -> None:
        amendbot_events.emit(event, **self._stamp, **fields)


class _Only:
    """Leaves out every test but these."""

    def __init__(self, names: list[str]) -> None:
        self._names = frozenset(names)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        others = [item for item in items if amendbot_events.plain(item.nodeid) not in self._names]
        if others:
            items[:] = [item for item in items if amendbot_events.plain(item.nodeid) in self._names]
            config.hook.pytest_deselected(items=others)


class _Shared:
    """What every process of the run does: leave tests out, measure lines, name what it imported."""

    def __init__(self, lines: str, only: str) -> None:
        self._options = _take_from_options()
        self._asked = {"lines": lines, "only": only}
        self._lines = amendbot_lines.ChangedLines() if lines else None

    def register_with(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self, "amendbot-shared")
        names = amendbot_events.names_in(self._asked["only"])
        if names is not None:
            config.pluginmanager.register(_Only(names), "amendbot-only")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: list[Any]) -> None:
        for spec in specs:
            spec.env["PYTEST_ADDOPTS"] = self._options  # else workers would not load this plugin

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["amendbot"] = self._asked

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        amendbot_imports.report()
        if self._lines is not None:
            self._lines.report()


_waiting: tuple[_Reporter, _Shared] | None = None
"""Made as early as possible, and registered when plugins may be."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: Any) -> None:
    global _waiting  # noqa: PLW0603 - pytest gives a plugin that is a module no other place
    key = amendbot_events.taken("AMENDBOT_KEY")
    if not key:
        return
    lines, only = amendbot_events.taken("AMENDBOT_LINES"), amendbot_events.taken("AMENDBOT_ONLY")
    options = early_config.known_args_namespace
    measures_itself = getattr(options, "cov_source", None) and not getattr(options, "no_cov", False)
    _waiting = _Reporter(key), _Shared("" if measures_itself else lines, only)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    global _waiting
    from_controller = getattr(config, "workerinput", {}).get("amendbot")
    if from_controller:
        _Shared(**from_controller).register_with(config)  # also takes it from the environment
    elif _waiting is not None:
        (reporter, shared), _waiting = _waiting, None
        _let_every_test_run(config)
        config.pluginmanager.register(reporter, "amendbot-reporter")
        shared.register_with(config)


def _take_from_options() -> str:
    """Take this plugin out of PYTEST_ADDOPTS: a pytest that a test starts may not find it.

    Returns the options with it.
    """
    options = amendbot_events.taken("PYTEST_ADDOPTS")
    words = shlex.split(options)
    if words[-2:] == ["-p", "amendbot_pytest"]:
        words = words[:-2]
    if words:
        os.environ["PYTEST_ADDOPTS"] = shlex.join(words)
    return options


def _let_every_test_run(config: pytest.Config) -> None:
    """One failure must not keep other tests from being compared, nor may an earlier run."""
    for name in (*_KEEPS_OTHERS_FROM_RUNNING, *_ASKED_BY_STEPWISE):
        if getattr(config.option, name, None):
            setattr(config.option, name, 0 if name == "maxfail" else False)
    config.option.continue_on_collection_errors = True
