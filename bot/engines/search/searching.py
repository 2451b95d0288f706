"""The search itself: candidates are tried until some are plausible, which are then told apart."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from bot.definitions import parse
from bot.engines import Task
from bot.engines.search.choosing import Choice, Plausible, choose
from bot.engines.search.diagnosing import Diagnosed, broke_at, by_cause
from bot.engines.search.differences import differences, substitutions
from bot.engines.search.differing import Seen, read_seen, unseen
from bot.engines.search.doubting import Doubt, doubts
from bot.engines.search.evaluating import Until
from bot.engines.search.generating import Generation, Hints, generate
from bot.engines.search.localising import localise
from bot.engines.search.model import Candidate, Judged, Outcome, Spectrum, TestRan
from bot.engines.search.patching import changed_lines, new_texts, shape
from bot.engines.search.said_by_tests import awaited, literals_of, missing, plain
from bot.engines.search.server import CannotTest
from bot.engines.search.smelling import smells

MAX_PLAUSIBLE = 24
"""More of them need no further search, nor would anybody tell them apart."""
MORE = 300, 1_500
"""After the first plausible candidate as many more are tried as before it, within these bounds."""
MORE_SECONDS = 3.0, 10.0
MAX_DOUBTED = 5
"""So many of the best candidates are looked at closely: one of them will be proposed."""
CLOSELY, CLOSELY_SECONDS = 5.0, (3.0, 15.0)
"""Each look takes so many times what the whole suite takes, within these bounds."""
INPUTS = 150
MAX_FUNCTIONS = 6
MAX_TESTS = 12
"""So many tests of either kind are run for their inputs."""
Progress = Callable[[str], None]


class Laboratory(Protocol):
    """What the search needs of `bot.engines.search.laboratory.Laboratory`."""

    def spectrum(self, seconds: float = 60.0, first: Sequence[str] = ()) -> Spectrum: ...

    def evaluate(
        self,
        candidates: Iterable[Candidate],
        spectrum: Spectrum,
        wanted: Sequence[str] = (),
        until: Until | None = None,
    ) -> Generator[Judged, None, None]: ...

    def behaviours(
        self,
        path: str,
        texts: Sequence[str],
        functions: Sequence[str],
        tests: Sequence[str],
        failing: Sequence[str] = (),
        inputs: int = INPUTS,
        seconds: float = 30.0,
    ) -> object | None: ...


@dataclass(slots=True)
class Searched:
    """What one search came to: for what is said of it, and for whoever measures it.

    `first_after` is in seconds, None where nothing was plausible; `tests` are those that the
    plausible candidates mend.
    """

    tried: int = 0
    seconds: float = 0.0
    first_after: float | None = None
    plausible: list[Plausible] = field(default_factory=list)
    tests: tuple[TestRan, ...] = ()
    left: tuple[TestRan, ...] = ()
    """Those that seem to fail from the same cause, and were not all seen to pass."""
    choice: Choice = field(default_factory=lambda: Choice(ranked=()))
    tried_in_time: int | None = None
    """So many were tried for these tests when time ended; None where it did not."""
    is_complete: bool = True
    """False where it was interrupted, or its servers kept ending."""


class Search:
    """The search for one incident. What it comes to is written to `found` as it goes."""

    def __init__(
        self,
        task: Task,
        laboratory: Laboratory,
        spectrum: Spectrum,
        diagnosed: Diagnosed,
        found: Searched,
    ) -> None:
        self._task = task
        self._read = task.tree.read
        self._laboratory = laboratory
        self._spectrum = spectrum
        self._diagnosed = diagnosed
        self._found = found
        self._earlier = _shapes_of_earlier(task)

    def run(self, seconds: float, most: int, progress: Progress) -> None:
        """Try the goals in turn, each but the last for half of what is left, until one is met.

        Ctrl-C ends it; what is plausible by then is a result, without any it goes on up.
        """
        began, found = time.monotonic(), self._found
        try:
            for number, tests in enumerate(self._diagnosed.goals, 1):
                part = 1 if number == len(self._diagnosed.goals) else 2
                left = seconds - (time.monotonic() - began)
                room = Room(left / part, (most - found.tried) // part)
                if room.seconds <= 0 or room.most <= 0:
                    break
                found.tests, found.left = tests, self._left(tests)
                self._pursue(tests, room, progress)
                if found.plausible:
                    progress("telling the plausible changes apart")
                    self._look_beyond()
                    found.choice = choose(found.plausible, self._seen())
                    found.choice = found.choice.doubted(self._unneeded())
                    break
        except (KeyboardInterrupt, CannotTest):
            if not found.plausible:
                raise
            found.is_complete = False
            found.tried_in_time = found.tried
            if not found.choice.ranked:
                found.choice = choose(found.plausible, unseen(len(found.plausible)))
        finally:
            found.seconds = time.monotonic() - began

    def _pursue(self, tests: Sequence[TestRan], room: Room, progress: Progress) -> None:
        found = self._found
        literals = literals_of(tests, self._read)
        made = self._generation(tests, literals)
        judged_ones = self._laboratory.evaluate(
            self._new(made),
            self._spectrum,
            wanted=[test.id for test in tests],
            until=room.until,
        )
        tried = 0
        with closing(judged_ones) as stream:
            for judged in stream:
                tried += not judged.is_again
                found.tried += not judged.is_again
                made.hear(judged)
                if judged.plausible:
                    self._keep(judged.candidate, literals)
                    if found.first_after is None:
                        found.first_after = room.spent()
                        room.narrow(tried)
                if found.tried % 50 == 0:
                    progress(f"{found.tried:,} changes tried, {len(found.plausible)} plausible")
                if room.is_used_up(tried):
                    break
        found.tried_in_time = tried if room.is_late() else None

    def _generation(self, tests: Sequence[TestRan], literals: frozenset[str]) -> Generation:
        """The changes to try, the likeliest first."""
        messages = [test.message for test in tests]
        found = differences(messages)
        beside = [other for one in missing(messages) for other in one.others]
        suspects = localise(
            self._spectrum,
            self._read,
            named=self._diagnosed.named,
            wanted=[test.id for test in tests],
            texts=[*(each.old for each in found), *beside],
        )
        hints = Hints(
            words=self._diagnosed.words,
            errors=tuple(dict.fromkeys(error for test in tests for error in _errors(test))),
            literals=plain(literals),
            differences=found,
            substitutions=substitutions(messages),
            awaited=awaited(tests, self._read),
            raised={
                at: test.origin or test.message
                for test in tests
                if (at := broke_at(test)) is not None
            },
        )
        return generate(self._read, suspects, hints=hints)

    def _new(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Without the one that was proposed before."""
        for candidate in candidates:
            if not self._earlier or self._shape(candidate) not in self._earlier:
                yield candidate

    def _shape(self, candidate: Candidate) -> frozenset[tuple[str, str]]:
        texts = new_texts(candidate, self._read)
        return frozenset((path, shape(text)) for path, text in texts.items())

    def _keep(self, candidate: Candidate, literals: frozenset[str]) -> None:
        found = self._found
        gone, come = changed_lines(candidate, self._read)
        found.plausible.append(
            Plausible(
                candidate=candidate,
                order=found.tried,
                lines=max(len(gone), len(come)),
                smells=smells(candidate, self._read, literals),
            )
        )

    # ------------------------------------------------------------------------ looking closely

    def _left(self, tests: Sequence[TestRan]) -> tuple[TestRan, ...]:
        """What else fails, as it seems from the same cause."""
        own = {test.id for test in tests}
        alike = [one for one in by_cause(self._diagnosed.tests) if own & {test.id for test in one}]
        return tuple(test for cluster in alike for test in cluster if test.id not in own)

    def _look_beyond(self) -> None:
        """Which of the plausible candidates mend all that fails from the same cause, if not only
        that was searched for. Where it is known of each, and one does, the others are none."""
        found = self._found
        if found.left:
            tests = (*found.tests, *found.left)
            candidates = [one.candidate for one in found.plausible]
            looked = self._look(candidates, tests)
            if looked.passing and looked.judged >= set(candidates):
                found.plausible = [
                    one for one in found.plausible if one.candidate in looked.passing
                ]
                found.tests, found.left = tests, ()

    def _unneeded(self) -> dict[Candidate, tuple[str, ...]]:
        """Of the best candidates, what the tests do not need of the conditions that they bring, as
        far as there is time to know."""
        best = _likeliest(self._found.choice)
        asked = {candidate: list(doubts(candidate, self._read)) for candidate in best}
        instead = dict.fromkeys(doubt.instead for each in asked.values() for doubt in each)
        looked = self._look(instead, self._found.tests)

        def clauses(all_doubts: Iterable[Doubt]) -> Iterator[str]:
            for doubt in all_doubts:
                if doubt.instead in looked.passing:
                    yield doubt.unneeded
                elif doubt.instead not in looked.judged:
                    yield doubt.unseen

        return {one: tuple(dict.fromkeys(clauses(each))) for one, each in asked.items()}

    def _look(self, candidates: Iterable[Candidate], tests: Sequence[TestRan]) -> _Looked:
        """Which candidates mend these tests and break none."""
        suite = sum(test.seconds for test in self._spectrum.tests)
        seconds = _between(CLOSELY * suite, *CLOSELY_SECONDS)
        judged_ones = self._laboratory.evaluate(
            candidates,
            self._spectrum,
            wanted=[test.id for test in tests],
            until=Until(deadline=time.monotonic() + seconds),
        )
        with closing(judged_ones) as stream:
            told = list(stream)
        return _Looked(
            judged=frozenset(judged.candidate for judged in told),
            passing=frozenset(judged.candidate for judged in told if judged.plausible),
        )

    # --------------------------------------------------------------------------- telling apart

    def _seen(self) -> list[Seen]:
        """What each plausible candidate does, compared within its file."""
        found = self._found.plausible
        seen = unseen(len(found))
        for path in dict.fromkeys(one.candidate.path for one in found):
            places = [at for at, one in enumerate(found) if one.candidate.path == path]
            said = self._behaviours(path, [found[at] for at in places])
            for at, one in zip(places, read_seen(said, places), strict=True):
                seen[at] = one
        return seen

    def _behaviours(self, path: str, found: Sequence[Plausible]) -> object | None:
        text = self._read(path) or ""
        texts = [new_texts(one.candidate, self._read)[path] for one in found]
        functions = self._functions(path, text, found)
        if not functions:
            return None
        failing = [test.id for test in self._found.tests]
        passing = self._passing_through(found)
        return self._laboratory.behaviours(
            path, [text, *texts], functions, passing, failing[:MAX_TESTS], inputs=INPUTS
        )

    def _functions(self, path: str, text: str, found: Sequence[Plausible]) -> list[str]:
        """The functions to call: those that change, or those that tests run in the file."""
        known = callables(text)
        changed = [one.candidate.symbol for one in found]
        own = [name for name in known if any(f"{s}.".startswith(f"{name}.") for s in changed)]
        executed = {line for test in self._found.tests for line in (test.lines or {}).get(path, ())}
        if not own or "" in changed:
            own += [name for name, lines in known.items() if executed.intersection(lines)]
        return list(dict.fromkeys(own))[:MAX_FUNCTIONS]

    def _passing_through(self, found: Sequence[Plausible]) -> list[str]:
        """Some of the passing tests that execute a changed line."""
        places = {(one.candidate.path, one.candidate.line) for one in found}
        passing = (
            test.id
            for test in self._spectrum.tests
            if test.outcome is Outcome.PASSED
            and any(line in (test.lines or {}).get(path, ()) for path, line in places)
        )
        return list(islice(passing, MAX_TESTS))


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a closer look has told in its time."""

    judged: frozenset[Candidate]
    passing: frozenset[Candidate]


def _likeliest(choice: Choice) -> list[Candidate]:
    """Those that would be proposed, one after the other, if review refused those before."""
    found: list[Candidate] = []
    while choice.best is not None and len(found) < MAX_DOUBTED:
        found.append(choice.best.candidate)
        choice = choice.without(choice.best)
    return found


class Room:
    """How long one search may go on, and how many candidates it may try."""

    def __init__(self, seconds: float, most: int) -> None:
        self.seconds = seconds
        self.most = most
        self._began = time.monotonic()
        self._is_narrow = False
        self._latest = self._began + seconds
        self.until = Until(deadline=self._latest, most=most, enough=MAX_PLAUSIBLE)

    def spent(self) -> float:
        return time.monotonic() - self._began

    def narrow(self, tried: int) -> None:
        """From the first plausible one on, about as much again, so that there is a choice."""
        self._is_narrow = True
        again = _between(self.spent(), *MORE_SECONDS)
        self.until.deadline = min(self._latest, time.monotonic() + again)
        self.most = self.until.most = min(self.most, tried + round(_between(tried, *MORE)))

    def is_used_up(self, tried: int) -> bool:
        """Before the first, those that have failed live are still to be imported."""
        return (self._is_narrow and tried >= self.most) or self.is_late()

    def is_late(self) -> bool:
        return time.monotonic() >= (self.until.deadline or self._latest)


def _errors(test: TestRan) -> list[str]:
    """What a failing test says; one that was stopped says nothing."""
    hangs = test.outcome is Outcome.TIMED_OUT
    return list(filter(None, (test.message or ("It timed out." if hangs else ""), test.origin)))


def _between(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def callables(text: str) -> dict[str, range]:
    """The dotted names of a file's functions and methods that can be reached, with their lines.

    What stands inside of a function belongs to it.
    """
    module = parse(text)
    found: dict[str, range] = {}
    pending = [("", node) for node in (module.body if module else ())]
    while pending:
        prefix, node = pending.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[f"{prefix}{node.name}"] = range(node.body[0].lineno, (node.end_lineno or 0) + 1)
        elif isinstance(node, ast.ClassDef):
            pending += [(f"{prefix}{node.name}.", one) for one in node.body]
        elif isinstance(node, ast.If | ast.Try):
            inner = ast.iter_child_nodes(node)
            pending += [(prefix, one) for one in inner if isinstance(one, ast.stmt)]
    return found


def _shapes_of_earlier(task: Task) -> frozenset[frozenset[tuple[str, str]]]:
    """What the change before this attempt made of the files it touched."""
    if task.earlier is None or not task.earlier.diff:
        return frozenset()
    made = task.read_diff(task.earlier.diff)
    if not isinstance(made, tuple):
        return frozenset()
    texts: dict[str, str] = {}
    for edit in made:
        text = texts.get(edit.path, task.tree.read(edit.path) or "")
        texts[edit.path] = text.replace(edit.old, edit.new, 1)
    return frozenset({frozenset((path, shape(text)) for path, text in texts.items())})
