"""Candidates to verdicts: failing tests first, then the rest, with every server kept busy.

A candidate goes through stages, each in a fresh child: the failing tests, the first of them alone
if all of them take long; where the suite takes long, the passing ones that run the changed line and
those that candidates before have broken; at last the whole suite in its own order, because tests
share state. The first that fails ends it, so most cost a single test. Where that is a short one,
several candidates meet it in one child, which none may leave otherwise than it was; whoever passes
there goes through all stages alone.

The quick way is to give live functions new code, or names new values; where only failing is to be
believed of that, what passes is imported anew at once. Whatever that does not do for, or where not
even failing is believed, is set aside to be imported anew, when it is worth that time.
"""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from bot.engines.search.aside import Aside
from bot.engines.search.asking import Asked, Bench, Trial, number_in, request, seconds_in
from bot.engines.search.model import Candidate, Judged, Outcome, Spectrum
from bot.engines.search.server import CannotTest, Gone, Server
from bot.engines.search.staging import Plan

DEPTH = 2
"""Requests that wait at a server while it works, so that it never waits for us."""
MAX_AHEAD = 128
"""So many candidates may be done before one that was submitted earlier."""
MAX_LATE = 60
"""So many of those that timed out are tried once more, at the end."""
SELDOM = 3, 0.1
"""So many candidates may have more time at once, and others as long as that takes this share of all
the time: where few time out, one is perhaps the right one that the tests just take longer."""
LATE_TIMES = 5.0
PROMISING_TIMES = 20.0
"""For as many again that time out only in a test that did so before, with all others mended."""
_LATE_SHARE = 0.1
"""Of the time until the deadline, this much is left for them."""
_STUCK_S = 120.0
_MAX_DEATHS = 3
_ENDS = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "timed out": Outcome.TIMED_OUT,
}
_DECIDED = ("failed", "timed out", "died", "refused")
"""What needs no further look at a candidate that was tried together with others."""


@dataclass(slots=True, kw_only=True)
class Until:
    """When to stop: at a time of `time.monotonic`, after so many candidates, or when so many of
    them are plausible. Whoever evaluates may change it on the way."""

    deadline: float | None = None
    most: int | None = None
    enough: int | None = None


class Evaluation:
    """One search's verdicts. `alone` and `moving` are as a `Plan` has them."""

    def __init__(
        self,
        tests: Sequence[str],
        spectrum: Spectrum,
        wanted: Sequence[str],
        until: Until,
        alone: frozenset[str] = frozenset(),
        moving: Sequence[str] = (),
        *,
        quick: bool = True,
    ) -> None:
        self._tests = tests
        self._quick = quick
        self._plan = Plan(tests, spectrum, wanted, alone, moving)
        self._at_once = self._plan.at_once if quick else 1
        self._until = until
        self._began = time.monotonic()
        self._retry_at = _at_share(self._began, until.deadline)
        self._plausible = 0
        self._late: list[Trial] = []
        self._retried = {True: 0, False: 0}
        self._spent = 0.0
        self._judged: dict[int, Judged | None] = {}
        """By their places; None where a candidate has given its place up, for a later one."""
        self._waiting: deque[Trial] = deque()
        self._aside: Aside[Trial] = Aside()
        self._more_than_once = 0
        """So many places were given to candidates that count by another one."""
        self._submitted = 0
        self._given = 0
        self._drained = False

    def run(
        self, candidates: Iterable[Candidate], servers: Sequence[Server]
    ) -> Generator[Judged, None, None]:
        source = iter(candidates)
        benches = [Bench(server) for server in servers]
        yield from self._run(source, benches)
        late, self._late = self._late, []
        if late and not self._is_over():
            self._waiting.extend(
                replace(trial, place=self._submitted + at, times=LATE_TIMES)
                for at, trial in enumerate(late)
            )
            self._submitted += len(late)
            for judged in self._run(iter(()), benches):
                if judged.outcome is not Outcome.TIMED_OUT:
                    yield judged
        if self._is_late():  # one that took its time held back those after it
            for _, last in sorted(self._judged.items()):
                if last is not None and last.plausible:
                    yield last

    def _run(self, source: Iterator[Candidate], benches: Sequence[Bench]) -> Iterator[Judged]:
        while True:
            self._feed(source, benches)
            while self._given in self._judged:
                judged = self._judged.pop(self._given)
                self._given += 1
                if judged is None:
                    continue
                self._plausible += judged.plausible
                yield judged
                if self._is_over():
                    return
            is_idle = not self._waiting and not any(bench.asked for bench in benches)
            has_more = not self._drained and self._may_submit()
            if is_idle and not (has_more or self._may_bring_back()):
                return
            self._wait(benches)
            if self._is_over():
                return

    def _is_over(self) -> bool:
        enough = self._until.enough
        return self._is_late() or (enough is not None and self._plausible >= enough)

    def _is_late(self) -> bool:
        deadline = self._until.deadline
        return deadline is not None and time.monotonic() >= deadline

    def _may_submit(self) -> bool:
        most = self._until.most
        enough_done = most is not None and self._submitted - self._more_than_once >= most
        return not enough_done and not self._keeps_time()

    def _may_bring_back(self) -> bool:
        """Whoever has failed in the live process counts already."""
        first = self._aside.first
        if first is not None and first.is_again:
            return not self._keeps_time()
        return first is not None and self._may_submit()

    def _keeps_time(self) -> bool:
        return bool(self._late) and time.monotonic() >= self._retry_at

    # ------------------------------------------------------------------------------- submitting

    def _feed(self, source: Iterator[Candidate], benches: Sequence[Bench]) -> None:
        for depth in range(1, DEPTH + 1):  # each server gets one before any gets two
            for bench in benches:
                if len(bench.asked) < depth:
                    test = self._plan.breakable.to_prove()
                    trials = self._next(source) if test is None else []
                    if test is None and not trials:
                        return
                    self._send(bench, trials, -1 if test is None else test)

    def _next(self, source: Iterator[Candidate]) -> list[Trial]:
        if self._waiting:
            return [self._waiting.popleft()]
        has_early = self._may_bring_back() and not self._is_ahead()
        if has_early and self._aside.is_due(self._submitted):
            return [self._brought_back()]
        trials = self._fresh(source)
        return [self._brought_back()] if has_early and not trials else trials

    def _brought_back(self) -> Trial:
        trial = self._aside.take()
        trial.place = self._submitted
        self._submitted += 1
        self._more_than_once += trial.is_again
        return trial

    def _fresh(self, source: Iterator[Candidate]) -> list[Trial]:
        """As many new ones as are tried in one child."""
        trials: list[Trial] = []
        while not self._drained and len(trials) < self._at_once and self._has_room():
            candidate = next(source, None)
            if candidate is None:
                self._drained = True
                break
            trials.append(Trial(self._submitted, candidate, is_anew=not self._quick))
            self._submitted += 1
        return trials

    def _has_room(self) -> bool:
        return self._may_submit() and not self._is_ahead()

    def _is_ahead(self) -> bool:
        return self._submitted - self._given >= MAX_AHEAD

    def _send(self, bench: Bench, trials: list[Trial], test: int) -> None:
        asked = Asked(trials, time.monotonic(), test)
        try:
            if not bench.server.is_running:
                bench.server.start()
            bench.asked[bench.server.ask(request(asked, self._plan))] = asked
        except Gone:
            bench.asked[-1] = asked
            self._bury(bench)

    # -------------------------------------------------------------------------------- answers

    def _wait(self, benches: Sequence[Bench]) -> None:
        busy = [bench for bench in benches if bench.asked]
        if not busy:
            return
        patience = 1.0
        if self._until.deadline is not None:
            patience = min(patience, max(0.0, self._until.deadline - time.monotonic()))
        ready = select.select([bench.server for bench in busy], [], [], patience)[0]
        for bench in busy:
            if bench.server in ready:
                self._take(bench)
            elif time.monotonic() - min(a.sent for a in bench.asked.values()) > self._stuck_after:
                self._bury(bench)

    @property
    def _stuck_after(self) -> float:
        return _STUCK_S + DEPTH * 2 * PROMISING_TIMES * self._plan.longest

    def _take(self, bench: Bench) -> None:
        try:
            answers = bench.server.answers()
        except Gone:
            self._bury(bench)
            return
        for answer in answers:
            asked = bench.asked.pop(answer["n"], None)
            if asked is None:
                continue  # of an evaluation that was left
            if "failed" in answer:
                self._died(bench, asked)
                continue
            bench.deaths = 0
            self._learn(asked, answer)
            for waiting in bench.asked.values():
                waiting.sent = time.monotonic()
            if not asked.trials:
                passes = answer.get("end") == "passed"
                self._plan.breakable.proven(asked.test, passes=passes)
            elif asked.is_for_several:
                self._judge_several(asked.trials, answer.get("results"))
            else:
                self._judge(asked.trials[0], answer)

    def _learn(self, asked: Asked, answer: Mapping[str, Any]) -> None:
        """What a candidate takes that fails at once, and what those break that take longer."""
        stage, passed = number_in(answer.get("stage")), answer.get("end") == "passed"
        if asked.trials and stage <= 0 and not passed:
            seconds = time.monotonic() - asked.sent
            is_anew = asked.trials[0].is_anew
            self._aside.took(seconds, len(asked.trials), is_anew=is_anew)
        elif asked.trials and stage == len(asked.trials[0].stages) - 1 and not passed:
            self._plan.broke(number_in(answer.get("test")))

    def _bury(self, bench: Bench) -> None:
        """What was under way has died with the server; what waited there is sent again."""
        bench.server.stop()
        first, *rest = [bench.asked[number] for number in sorted(bench.asked)]
        bench.asked.clear()
        self._waiting.extendleft(trial for asked in reversed(rest) for trial in asked.trials[::-1])
        self._died(bench, first)

    def _died(self, bench: Bench, asked: Asked) -> None:
        """Of several, nobody knows which it was: each is tried alone."""
        bench.deaths += 1
        if bench.deaths > _MAX_DEATHS:
            raise CannotTest("The process that runs the tests keeps ending.")
        if not asked.trials:
            self._plan.breakable.proven(asked.test, passes=False)
        elif asked.is_for_several:
            self._waiting.extendleft(reversed(asked.trials))
        else:
            self._judge(asked.trials[0], {"end": "died"})

    def _judge_several(self, trials: Sequence[Trial], results: object) -> None:
        """Those that do not fail together are tried alone; fewer together, where most do not."""
        told = results if isinstance(results, list) else []
        undecided = 0
        for trial, result in zip_longest(trials, told[: len(trials)]):
            end = result.get("end") if isinstance(result, dict) else ""
            if end in _DECIDED:
                self._judge(trial, {**result, "stage": 0})
            else:
                self._waiting.append(trial)
                undecided += 1
        if undecided > len(trials) // 2:
            self._at_once = max(1, self._at_once // 2)

    def _judge(self, trial: Trial, answer: Mapping[str, Any]) -> None:
        if answer.get("end") == "refused" and not trial.is_anew:
            self._put_aside(trial, answer)
            return
        if answer.get("end") == "anew" and not trial.is_anew:
            self._waiting.appendleft(replace(trial, is_anew=True))  # only that is believed to pass
            return
        outcome = _ENDS.get(str(answer.get("end")), Outcome.DIED)
        judged = self._verdict(trial, answer, outcome)
        if outcome is Outcome.TIMED_OUT and trial.times == 1.0:
            is_promising = judged.fixed >= self._plan.ending > 0
            if self._may_retry(is_promising):
                times = PROMISING_TIMES if is_promising else LATE_TIMES
                self._spent += times * trial.stages[0]["cpu"]
                self._waiting.appendleft(replace(trial, times=times))
                return
            if len(self._late) < MAX_LATE:
                self._late.append(trial)
        self._judged[trial.place] = judged

    def _verdict(self, trial: Trial, answer: Mapping[str, Any], outcome: Outcome) -> Judged:
        stage, test = number_in(answer.get("stage")), number_in(answer.get("test"))
        before = trial.stages[stage]["before"] if 0 <= stage < len(trial.stages) else 0
        is_mending = before < self._plan.wanted
        fixed = before + (max(0, number_in(answer.get("passed"))) if is_mending else 0)
        return Judged(
            candidate=trial.candidate,
            plausible=outcome is Outcome.PASSED,
            fixed=fixed,
            broke=self._tests[test] if not is_mending and test in self._plan.passing else "",
            outcome=outcome,
            seconds=seconds_in(answer.get("seconds")),
            is_same=self._is_same(outcome, fixed, answer),
            is_again=trial.is_again,
        )

    def _is_same(self, outcome: Outcome, fixed: int, answer: Mapping[str, Any]) -> bool | None:
        if outcome is not Outcome.FAILED:
            return None
        if fixed:
            return False
        echo = number_in(answer.get("echo"))
        at_base = self._plan.echoes.get(number_in(answer.get("test")), 0)
        return echo == at_base if echo > 0 and at_base else None

    def _put_aside(self, trial: Trial, answer: Mapping[str, Any]) -> None:
        """To be imported anew later, in another place, so that nobody waits for it.

        Having failed in the live process tells something where the failing tests run the change.
        """
        is_tried = bool(answer.get("is_tried"))
        is_doubted = is_tried and self._plan.is_run(trial.candidate)
        later = replace(trial, is_anew=True, is_again=is_tried)
        self._aside.put(later, trial.place, is_doubted=is_doubted)
        self._more_than_once += not is_tried
        judged = self._verdict(trial, answer, Outcome.FAILED) if is_tried else None
        if judged is not None and not is_doubted:  # what only an import runs has no effect so
            judged = replace(judged, is_same=None)
        self._judged[trial.place] = judged

    def _may_retry(self, is_promising: bool) -> bool:
        """Whether so few of its kind had more time at once that this one can have it."""
        some, share = SELDOM
        is_one_of_few = self._retried[is_promising] < some
        self._retried[is_promising] += 1
        return is_one_of_few or self._spent < share * (time.monotonic() - self._began)


def _at_share(began: float, deadline: float | None) -> float:
    if deadline is None:
        return float("inf")
    return deadline - _LATE_SHARE * max(0.0, deadline - began)
