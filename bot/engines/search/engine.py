"""The engine `search`: finds a change that the tests prove, without a model.

It asks which failing tests reproduce the incident, tries small changes where those tests lead, most
likely first, and proposes the best of what passes every test. It runs nothing itself: candidates
are tried in the laboratory, inside the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bot.engines import Budget, Task
from bot.engines.search.answering import abstention, proposal
from bot.engines.search.diagnosing import diagnose
from bot.engines.search.model import Spectrum
from bot.engines.search.searching import Laboratory, Search, Searched
from bot.engines.search.server import CannotTest
from bot.model import Answer, NotActionable


class SearchLimits(Protocol):
    """How much one incident may take: seconds besides the base's own run, and candidates."""

    @property
    def seconds(self) -> float: ...

    @property
    def candidates(self) -> int: ...


class SearchEngine:
    """Meets `bot.engines.Engine`. What it learns of a base it keeps with its laboratory.

    `open_laboratory` gives the same laboratory for the same base every time, or says why nothing
    can be run. `last` is what the latest search came to, for whoever measures it.
    """

    name = "search"

    def __init__(
        self,
        limits: SearchLimits,
        open_laboratory: Callable[[], Laboratory | str],
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._limits = limits
        self._open = open_laboratory
        self._progress = progress
        self._seen: tuple[Laboratory, Spectrum] | None = None
        self.last = Searched()

    def solve(self, task: Task, budget: Budget) -> Answer:
        """The best change that passes every test, or why there is none. It costs no money."""
        del budget
        self.last = Searched()
        try:
            return self._solve(task)
        except CannotTest as error:
            return abstention(str(error))

    def _solve(self, task: Task) -> Answer:
        laboratory = self._open()
        if isinstance(laboratory, str):
            return abstention(f"No test can be run here: {laboratory.removesuffix('.')}.")
        spectrum = self._spectrum(laboratory)
        diagnosed = diagnose(task.incident, task.tree, spectrum)
        if isinstance(diagnosed, NotActionable):
            return abstention(diagnosed.reason)
        search = Search(task, laboratory, spectrum, diagnosed, self.last)
        search.run(self._limits.seconds, self._limits.candidates, self._progress)
        return proposal(task, spectrum, diagnosed, self.last)

    def _spectrum(self, laboratory: Laboratory) -> Spectrum:
        if self._seen is None or self._seen[0] is not laboratory:
            self._progress("running the tests of the base line by line")
            self._seen = laboratory, laboratory.spectrum()
        return self._seen[1]
