"""The tests as pytest collects and runs them, with whatever plugins the project has."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

import _pytest.config
import pytest

from . import warming
from .echoing import listen
from .forking import silence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .running import Told
    from .standing import Anew, Setting, Steps

_RANKS = {"passed": 0, "skipped": 1, "failed": 2}
_KINDS = {"passed": "p", "skipped": "k", "failed": "f"}
_KEEPS_OTHERS_FROM_RUNNING = ("maxfail", "lf", "failedfirst", "newfirst", "stepwise")


def prepare(setting: Setting) -> None:
    """Import what pytest loads anyway. Plugins of others have to be found by it at the right time,
    for it rewrites their assertions as it imports them."""
    from importlib import import_module

    for name in getattr(_pytest.config, "default_plugins", ()):
        with suppress(ImportError):
            import_module("_pytest." + name)
    sys.argv = ["pytest", *setting.args]


def options() -> list[str]:
    """What makes pytest run in this process alone, and leave measuring to us."""
    from importlib.util import find_spec

    found: list[str] = []
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        return found
    if find_spec("xdist"):
        found += ["-n0"]
    if find_spec("pytest_cov"):
        found += ["--no-cov"]
    return found


class PytestTests:
    """The items of one collection."""

    within = "::"

    def __init__(self, session: pytest.Session, errors: list[str]) -> None:
        self._session = session
        self._items: list[pytest.Item | None] = [*session.items]
        self.ids = [_plain(item.nodeid) for item in session.items]
        self.files = [str(item.fspath) for item in session.items]
        config: Any = session.config
        root = str(getattr(config, "rootpath", None) or config.rootdir)
        for name in errors:
            self.ids.append(name)
            self.files.append(os.path.join(root, name.partition("::")[0]))
            self._items.append(None)
        self._current: _Current | None = None

    @property
    def errors(self) -> list[int]:
        return [number for number, item in enumerate(self._items) if item is None]

    def settle(self) -> None:
        config = self._session.config
        _quieten(config)
        config.pluginmanager.register(self, "amendbot-tests")
        listen(lambda: self._current.told.echo if self._current else None)

    def warm_up(self) -> None:
        warming.warm_up(self._session)

    def forget_output(self) -> None:
        for descriptor in _captured_in(self._session.config):
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.ftruncate(descriptor, 0)

    def run(self, numbers: Sequence[int], told: Told) -> None:
        items = [self._items[number] for number in numbers]
        for at, number in enumerate(numbers):
            item = items[at]
            told.start(number)
            if item is None:
                told.end(number, "f")
            else:
                following = (each for each in items[at + 1 :] if each is not None)
                told.end(number, self._outcome(item, next(following, None), told))
            if told.stopped:
                return

    def _outcome(self, item: Any, following: Any, told: Told) -> str:
        item.repr_failure = _say_nothing  # nobody reads it, and to write it takes long
        self._current = current = _Current(told)
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        except BaseException as error:  # noqa: BLE001 - Ctrl-C or `pytest.exit` in a test
            told.error(error)
            told.has_escaped = True
            return "f"
        self._session.shouldstop = self._session.shouldfail = False
        return _KINDS[current.outcome]

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        current = self._current
        if current is not None and report.outcome in _RANKS:
            is_part = hasattr(report, "context")  # a subtest; its test has a report of its own
            if report.outcome == "failed" or not is_part:
                current.outcome = max(current.outcome, report.outcome, key=_rank)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Iterator[None]:
        yield  # there, what a `unittest.TestCase` has failed with becomes known
        if self._current is not None and call.excinfo is not None:
            self._current.told.error(call.excinfo.value)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: Any) -> None:
        """Comparing large values for a message nobody reads takes long; what they are is noted."""
        compare: Any = sys.modules.get("_pytest.assertion.util")
        if compare is not None and hasattr(compare, "_reprcompare"):
            compare._reprcompare = self._current.told.echo.compared if self._current else None


def _quieten(config: Any) -> None:
    """Where pytest captures, what is captured goes with the child, too."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    silence()
    if capture is not None:
        capture.start_global_capturing()


def _captured_in(config: Any) -> list[int]:
    """The files in which pytest keeps what tests print, where this pytest tells."""
    capture = config.pluginmanager.getplugin("capturemanager")
    streams = getattr(capture, "_global_capturing", None)
    both = [getattr(streams, name, None) for name in ("out", "err")]
    files = [getattr(stream, "tmpfile", None) for stream in both]
    try:
        return [file.fileno() for file in files if file is not None]
    except (AttributeError, OSError, ValueError):
        return []  # kept in memory


class _Current:
    """The test that is under way."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.outcome = "passed"


def _say_nothing(_: object, *__: object, **___: object) -> str:
    return ""


def _rank(outcome: str) -> int:
    return _RANKS[outcome]


def _plain(name: str) -> str:
    import amendbot_events

    return amendbot_events.plain(name)


def collect(setting: Setting, steps: Steps | Anew) -> str:
    """Run pytest as far as `steps` lets. Returns why it came back."""
    own = options() if setting.options is None else setting.options
    code = pytest.main([*setting.args, *own], plugins=[_Plugin(steps)])
    return f"pytest ended with exit code {int(code)}"


class _Plugin:
    """Stops pytest on its way: before it collects, and before it runs what it collected."""

    def __init__(self, steps: Steps | Anew) -> None:
        self._steps = steps
        self._errors: dict[str, None] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: Any) -> None:
        for name in _KEEPS_OTHERS_FROM_RUNNING:
            if getattr(config.option, name, None):
                setattr(config.option, name, 0 if name == "maxfail" else False)
        config.option.continue_on_collection_errors = True
        config.option.tbstyle = "native"

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: Any) -> None:
        run = self._steps.before_collecting()
        if run is not None:
            _quieten(session.config)
            if run.files is not None:
                session.config.args = run.files

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome == "failed":
            self._errors[_plain(report.nodeid or "(collection)")] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        self._steps.collected(PytestTests(session, list(self._errors)))
        return True
