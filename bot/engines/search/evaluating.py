"""Candidates to verdicts: failing tests first, then the rest, with every server kept busy.

A candidate goes through stages, each in a fresh child: the failing tests, the first of them alone
if all of them take long; where the suite takes long, the passing ones that run the changed line; at
last the whole suite in its own order, because tests share state. The first that fails ends it, so
most cost a single test.
"""

from __future__ import annotations

import select
import statistics
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.engines.search.model import Candidate, Judged, Outcome, Spectrum, TestRan
from bot.engines.search.server import CannotTest, Gone, Server

DEPTH = 2
"""Requests that wait at a server while it works, so that it never waits for us."""
MAX_AHEAD = 64
"""So many candidates may be done before one that was submitted earlier."""
MAX_LATE = 60
"""So many of those that timed out are tried once more, at the end."""
SELDOM = 3, 50
"""So many candidates may have more time at once, and another one for each so many: where few time
out it costs little, and none of them is perhaps the right one that the tests just take longer."""
LATE_TIMES = 5.0
_LATE_SHARE = 0.1
"""Of the time until the deadline, this much is left for them."""
_TIMES = 5.0
_LEAST_CPU_S = 0.15
_LEAST_WALL_S = 1.5
_LONG_SUITE_S = 0.5
_NEAR_S = 2.0
_STUCK_S = 120.0
_MAX_DEATHS = 3
_HANG = (Outcome.TIMED_OUT, Outcome.DIED)
_ENDS = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "refused": Outcome.FAILED,
    "timed out": Outcome.TIMED_OUT,
}


@dataclass(slots=True, kw_only=True)
class Until:
    """When to stop: at a time of `time.monotonic`, after so many candidates, or when so many of
    them are plausible. Whoever evaluates may change it on the way."""

    deadline: float | None = None
    most: int | None = None
    enough: int | None = None


@dataclass(slots=True)
class _Trial:
    """One candidate on its way. `place` is its place in the order of submission."""

    place: int
    candidate: Candidate
    times: float = 1.0
    sent: float = 0.0


@dataclass(slots=True)
class _Bench:
    """One server with what it was asked."""

    server: Server
    trials: dict[int, _Trial] = field(default_factory=dict)
    deaths: int = 0


class Evaluation:
    """One search's verdicts. `alone` are failing tests that pass where no other ran before them;
    they are judged by the whole suite only."""

    def __init__(
        self,
        tests: Sequence[str],
        spectrum: Spectrum,
        wanted: Sequence[str],
        until: Until,
        alone: frozenset[str] = frozenset(),
        *,
        quick: bool = True,
    ) -> None:
        self._tests = tests
        self._how = "warm" if quick else "cold"
        self._plan = _Plan(tests, spectrum, wanted, alone)
        self._until = until
        began = time.monotonic()
        self._retry_at = _at_share(began, until.deadline)
        self._plausible = 0
        self._late: list[_Trial] = []
        self._retried = 0
        self._judged: dict[int, Judged] = {}
        self._waiting: deque[_Trial] = deque()
        self._submitted = 0
        self._given = 0
        self._drained = False

    def run(
        self, candidates: Iterable[Candidate], servers: Sequence[Server]
    ) -> Generator[Judged, None, None]:
        source = iter(candidates)
        benches = [_Bench(server) for server in servers]
        yield from self._run(source, benches)
        late, self._late = self._late, []
        if late and not self._is_over():
            self._waiting.extend(
                _Trial(self._given + at, trial.candidate, LATE_TIMES)
                for at, trial in enumerate(late)
            )
            for judged in self._run(iter(()), benches):
                if judged.outcome is not Outcome.TIMED_OUT:
                    yield judged

    def _run(self, source: Iterator[Candidate], benches: Sequence[_Bench]) -> Iterator[Judged]:
        while True:
            self._feed(source, benches)
            while self._given in self._judged:
                judged = self._judged.pop(self._given)
                self._given += 1
                self._plausible += judged.plausible
                yield judged
                if self._is_over():
                    return
            is_idle = not self._waiting and not any(bench.trials for bench in benches)
            if is_idle and (self._drained or not self._may_submit()):
                return
            self._wait(benches)
            if self._is_over():
                return

    def _is_over(self) -> bool:
        until = self._until
        late = until.deadline is not None and time.monotonic() >= until.deadline
        return late or (until.enough is not None and self._plausible >= until.enough)

    def _may_submit(self) -> bool:
        most = self._until.most
        enough_done = most is not None and self._submitted >= most
        keeps_time = self._late and time.monotonic() >= self._retry_at
        return not enough_done and not keeps_time

    # ------------------------------------------------------------------------------- submitting

    def _feed(self, source: Iterator[Candidate], benches: Sequence[_Bench]) -> None:
        for depth in range(1, DEPTH + 1):  # each server gets one before any gets two
            for bench in benches:
                if len(bench.trials) < depth:
                    trial = self._next(source)
                    if trial is None:
                        return
                    self._send(bench, trial)

    def _next(self, source: Iterator[Candidate]) -> _Trial | None:
        if self._waiting:
            return self._waiting.popleft()
        if self._drained or not self._may_submit() or self._submitted - self._given >= MAX_AHEAD:
            return None
        candidate = next(source, None)
        if candidate is None:
            self._drained = True
            return None
        self._submitted += 1
        return _Trial(self._submitted - 1, candidate)

    def _send(self, bench: _Bench, trial: _Trial) -> None:
        edits: dict[str, list[list[Any]]] = {}
        for each in trial.candidate.replacements:
            edits.setdefault(each.path, []).append([each.start, each.end, each.new])
        trial.sent = time.monotonic()
        stages = self._plan.stages(trial.candidate, trial.times)
        request = {"do": "try", "edits": edits, "stages": stages, "how": self._how}
        try:
            if not bench.server.is_running:
                bench.server.start()
            bench.trials[bench.server.ask(request)] = trial
        except Gone:
            bench.trials[-1] = trial
            self._bury(bench)

    # -------------------------------------------------------------------------------- answers

    def _wait(self, benches: Sequence[_Bench]) -> None:
        busy = [bench for bench in benches if bench.trials]
        if not busy:
            return
        patience = 1.0
        if self._until.deadline is not None:
            patience = min(patience, max(0.0, self._until.deadline - time.monotonic()))
        ready = select.select([bench.server for bench in busy], [], [], patience)[0]
        for bench in busy:
            if bench.server in ready:
                self._take(bench)
            elif time.monotonic() - min(t.sent for t in bench.trials.values()) > self._stuck_after:
                self._bury(bench)

    @property
    def _stuck_after(self) -> float:
        return _STUCK_S + DEPTH * 2 * LATE_TIMES * self._plan.longest

    def _take(self, bench: _Bench) -> None:
        try:
            answers = bench.server.answers()
        except Gone:
            self._bury(bench)
            return
        for answer in answers:
            trial = bench.trials.pop(answer["n"], None)
            if trial is None:
                continue  # of an evaluation that was left
            if "failed" in answer:
                self._died(bench, trial)
                continue
            bench.deaths = 0
            for waiting in bench.trials.values():
                waiting.sent = time.monotonic()
            self._judge(trial, answer)

    def _bury(self, bench: _Bench) -> None:
        """What was under way has died with the server; what waited there is sent again."""
        bench.server.stop()
        trials = [bench.trials[number] for number in sorted(bench.trials)]
        bench.trials.clear()
        self._waiting.extendleft(reversed(trials[1:]))
        self._died(bench, trials[0])

    def _died(self, bench: _Bench, trial: _Trial) -> None:
        bench.deaths += 1
        if bench.deaths > _MAX_DEATHS:
            raise CannotTest("The process that runs the tests keeps ending.")
        self._judge(trial, {"end": "died"})

    def _judge(self, trial: _Trial, answer: Mapping[str, Any]) -> None:
        outcome = _ENDS.get(str(answer.get("end")), Outcome.DIED)
        is_first = trial.times == 1.0
        if outcome is Outcome.TIMED_OUT and is_first and self._may_retry():
            self._retried += 1
            self._waiting.appendleft(_Trial(trial.place, trial.candidate, LATE_TIMES))
            return
        stage, test = _number(answer.get("stage")), _number(answer.get("test"))
        stages = self._plan.stages(trial.candidate, trial.times)
        before = stages[stage]["before"] if 0 <= stage < len(stages) else 0
        is_mending = before < self._plan.wanted
        passed = max(0, _number(answer.get("passed"))) if is_mending else 0
        judged = Judged(
            candidate=trial.candidate,
            plausible=outcome is Outcome.PASSED,
            fixed=before + passed,
            broke=self._tests[test] if not is_mending and 0 <= test < len(self._tests) else "",
            outcome=outcome,
            seconds=_seconds(answer.get("seconds")),
        )
        if outcome is Outcome.TIMED_OUT and is_first and len(self._late) < MAX_LATE:
            self._late.append(trial)
        self._judged[trial.place] = judged
        if not is_first:
            self._submitted = max(self._submitted, trial.place + 1)

    def _may_retry(self) -> bool:
        """Whether so few have timed out that this one can be given more time at once."""
        some, each = SELDOM
        return self._retried < some + self._given // each


class _Plan:
    """Which tests a candidate is tried with, and how long each stage may take."""

    def __init__(
        self,
        tests: Sequence[str],
        spectrum: Spectrum,
        wanted: Sequence[str],
        alone: frozenset[str],
    ) -> None:
        self._number = {name: number for number, name in enumerate(tests)}
        ran = {test.id: test for test in spectrum.tests if test.id in self._number}
        must = [name for name in wanted or [t.id for t in spectrum.failing] if name in ran]
        self.wanted = len(must)
        ended = [test.seconds for test in ran.values() if test.outcome not in _HANG]
        self._typical = statistics.median(ended or [0.01])
        self._first = [ran[name] for name in must if name not in alone]
        self._first.sort(key=lambda test: (test.outcome in _HANG, self._cost(test)))
        passing = {t.id: t for t in ran.values() if t.outcome is Outcome.PASSED}
        self._passing = list(passing.values())
        self._may_fail = [
            number
            for name, number in self._number.items()
            if name not in passing and name not in must
        ]
        hang = {t.id for t in ran.values() if t.outcome in _HANG and t.id not in must}
        kept = [number for name, number in self._number.items() if name not in hang]
        self._whole = kept if hang else None
        self._whole_s = sum(self._cost(test) for test in ran.values() if test.id not in hang)
        self._near: dict[tuple[str, int], list[int]] = {}

    @property
    def longest(self) -> float:
        return 2 * _TIMES * self._whole_s + _LEAST_WALL_S

    def _cost(self, test: TestRan) -> float:
        """Seconds it should take once it passes."""
        return 2 * self._typical if test.outcome in _HANG else test.seconds

    def stages(self, candidate: Candidate, times: float) -> list[dict[str, Any]]:
        found = list(self._mending(times))
        if self._whole_s > _LONG_SUITE_S:
            near = self._close_to(candidate)
            if near:
                found.append(_stage(near, _NEAR_S, times, self.wanted))
        whole = _stage(self._whole, self._whole_s, times, self.wanted)
        found.append({**whole, "may_fail": self._may_fail})
        return found

    def _mending(self, times: float) -> Iterator[dict[str, Any]]:
        """The failing tests; first one alone where a candidate that hangs there would otherwise
        have the time of all."""
        first = self._first
        alone = 1 if _TIMES * sum(map(self._cost, first)) > _LEAST_CPU_S else 0
        for start, part in ((0, first[:alone]), (alone, first[alone:])):
            if part:
                numbers = [self._number[test.id] for test in part]
                yield _stage(numbers, sum(map(self._cost, part)), times, start)

    def _close_to(self, candidate: Candidate) -> list[int]:
        """Passing tests that run the changed line: the quick ones, in their own order."""
        key = (candidate.path, candidate.line)
        if key not in self._near:
            close = [t for t in self._passing if key[1] in (t.lines or {}).get(key[0], ())]
            close.sort(key=lambda test: test.seconds)
            chosen, total = [], 0.0
            for test in close:
                total += test.seconds
                if total > _NEAR_S / 2:
                    break
                chosen.append(self._number[test.id])
            self._near[key] = sorted(chosen)
        return self._near[key]


def _stage(tests: list[int] | None, seconds: float, times: float, before: int) -> dict[str, Any]:
    """Tests that usually take so many seconds; `before` are the failing ones that passed by then.

    All tests where `tests` is None.
    """
    cpu = times * max(_LEAST_CPU_S, _TIMES * seconds)
    wall = times * max(_LEAST_WALL_S, 2 * _TIMES * seconds)
    return {"tests": tests, "cpu": round(cpu, 3), "wall": round(wall, 3), "before": before}


def _at_share(began: float, deadline: float | None) -> float:
    if deadline is None:
        return float("inf")
    return deadline - _LATE_SHARE * max(0.0, deadline - began)


def _number(found: object) -> int:
    return found if type(found) is int else -1


def _seconds(found: object) -> float:
    return float(found) if isinstance(found, int | float) else 0.0
