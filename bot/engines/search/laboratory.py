"""The laboratory: where the tests of one base are measured, and candidates are tried against them.

Several servers work side by side, each in a sandbox of its own. One that dies is started again;
whatever was tried there has only lost its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from bot.engines.search import measuring
from bot.engines.search.evaluating import Evaluation, Until
from bot.engines.search.model import Candidate, Judged, Spectrum
from bot.engines.search.server import CannotTest, Gone, Server, collected
from bot.model import Sha
from bot.repository import Repository
from bot.sandbox.suite import Suite

__all__ = ["CannotTest", "Laboratory", "Until"]

_COLLECTING_EXTRA = 60.0


class Laboratory:
    """One base's tests at hand. Leaving it ends and removes everything that was started."""

    def __init__(
        self,
        repository: Repository,
        base: Sha,
        suite: Suite,
        *,
        workers: int = 2,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._progress = progress
        self._seconds = suite.limits.seconds
        self._servers = [Server(repository, base, suite) for _ in range(workers)]
        self._stack = ExitStack()
        self._alone: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        for server in self._servers:
            self._stack.enter_context(server)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def tests(self) -> tuple[str, ...]:
        """The ids of all tests, in the suite's own order; CannotTest where there are none.

        A file that cannot be collected counts as a test.
        """
        return self._collected[0]

    def spectrum(
        self, seconds: float = 60.0, first: Sequence[str] = (), each: float = 2.0
    ) -> Spectrum:
        """What the tests do at the base.

        The whole suite runs once; then the failing tests run alone and are traced, `first` of all
        those named; then those that pass, where failing tests led, as long as `seconds` last. A
        test gets `each` seconds of processor time, unless others that did not end in a tenth of it
        turned out to hang. Tests that are skipped are left out.
        """
        tests = self.tests
        self._progress("measuring the tests of the base")
        measured = measuring.spectrum(tests, self._call, seconds=seconds, first=first, each=each)
        self._alone = measured.pass_alone
        return measured.spectrum

    def evaluate(
        self,
        candidates: Iterable[Candidate],
        spectrum: Spectrum,
        wanted: Sequence[str] = (),
        until: Until | None = None,
        *,
        quick: bool = True,
    ) -> Generator[Judged, None, None]:
        """Try candidates as they come; what became of them, in their order but for those that
        have to be imported anew, which take many times as long.

        `wanted` are the failing tests that have to pass, all of them where none is named. A
        candidate that timed out is yielded a second time, at the end, if its retry ends otherwise.
        Without `quick` the project is imported anew for each.
        """
        tests, until = self.tests, until or Until()
        alone, moving = self._alone, self._moving
        evaluation = Evaluation(tests, spectrum, wanted, until, alone, moving, quick=quick)
        yield from evaluation.run(candidates, self._ready())

    def behaviours(
        self,
        path: str,
        texts: Sequence[str],
        functions: Sequence[str],
        tests: Sequence[str],
        failing: Sequence[str] = (),
        inputs: int = 60,
        seconds: float = 30.0,
    ) -> object | None:
        """What versions of a file do on the same inputs, as `inside.behaving` tells it; unchecked.

        None where that cannot be found out.
        """
        request = {
            "file": path,
            "texts": list(texts),
            "functions": list(functions),
            "tests": list(tests),
            "failing": list(failing),
            "inputs": inputs,
        }
        asked = {"do": "behave", "request": request, "seconds": seconds}
        try:
            return self._call(asked, seconds + _COLLECTING_EXTRA).get("found")
        except Gone:
            return None

    @cached_property
    def _collected(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        self._progress("collecting the tests")
        try:
            self._have_all_collect()
            return collected(self._call({"do": "collect"}, self._collecting_s))
        except Gone as error:
            finished = self._servers[0].stop()
            why = finished.reason if finished and finished.reason else "the process ended early"
            raise CannotTest(f"The tests cannot be collected: {why}.") from error

    @cached_property
    def _moving(self) -> list[str]:
        """The functions whose tests are called otherwise each time, as where the time of day is a
        parameter: two servers have other names for them. With one server, nobody knows of any."""
        first, found = self.tests, set()
        for server in [one for one in self._servers[1:2] if one.is_running]:
            with suppress(Gone, CannotTest):
                second, _ = collected(server.call({"do": "collect"}, self._collecting_s))
                if len(first) == len(second):
                    pairs = zip(first, second, strict=True)
                    found = {one.partition("[")[0] for one, other in pairs if one != other}
        return sorted(found)

    @property
    def _collecting_s(self) -> float:
        return 2 * self._seconds + _COLLECTING_EXTRA

    def _have_all_collect(self) -> None:
        """So that every server is ready by the time there are candidates."""
        for server in self._servers:
            with suppress(Gone):  # it is started again when it is needed
                server.start()
                server.ask({"do": "collect"})

    def _call(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Ask the first server, which is started again once if it is gone."""
        server = self._servers[0]
        try:
            if not server.is_running:
                server.start()
            return server.call(request, seconds)
        except Gone:
            server.start()
            return server.call(request, seconds)

    def _ready(self) -> list[Server]:
        """All servers; those that are gone are started again."""
        for server in self._servers:
            if not server.is_running:
                server.start()
        return self._servers
