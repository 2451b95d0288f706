"""Candidates come back, each once and mostly in their order, whatever becomes of the servers."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.engines.search.aside import SUPPOSED_TIMES
from bot.engines.search.evaluating import MAX_AHEAD, SELDOM, Evaluation, Until
from bot.engines.search.model import Candidate, Judged, Outcome, Replacement, Spectrum, TestRan
from bot.engines.search.server import CannotTest, Gone, Server

TESTS = ("fails", "passes", "skipped", "fails too", "hangs")
SPECTRUM = Spectrum(
    (
        TestRan(id="fails", outcome=Outcome.FAILED, seconds=0.01),
        TestRan(id="passes", outcome=Outcome.PASSED, seconds=0.01),
        TestRan(id="fails too", outcome=Outcome.FAILED, seconds=0.01),
        TestRan(id="hangs", outcome=Outcome.TIMED_OUT, seconds=1.0),
    )
)
PASSED = {"end": "passed", "stage": 1, "test": -1, "passed": 2}
FAILED = {"end": "failed", "stage": 0, "test": 0, "passed": 0}
TIMED_OUT = {"end": "timed out", "stage": 0, "test": 0, "passed": 0}
Answering = Callable[[str, Mapping[str, Any]], dict[str, Any] | None]
"""From what a candidate puts and the whole request to the answer; None is the server's death."""


class ScriptedServer:
    """Answers in the order it is asked, once anybody reads."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._here, self._there = socket.socketpair()
        self._requests: dict[int, Mapping[str, Any]] = {}
        self._number = 0
        self.is_running = False
        self.starts = 0
        self.seen: list[Mapping[str, Any]] = []
        self.on_ask: Callable[[Mapping[str, Any]], object] = lambda _: None

    @property
    def waiting(self) -> list[Mapping[str, Any]]:
        return [*self._requests.values()]

    def start(self) -> None:
        self.is_running = True
        self.starts += 1

    def stop(self) -> None:
        self.is_running = False
        self._requests.clear()

    def close(self) -> None:
        self._here.close()
        self._there.close()

    def fileno(self) -> int:
        return self._here.fileno()

    def ask(self, request: Mapping[str, Any]) -> int:
        self.on_ask(request)
        self._number += 1
        self._requests[self._number] = request
        self._there.send(b"x")
        return self._number

    def answers(self) -> list[dict[str, Any]]:
        self._here.recv(1)
        if not self._requests:
            return []  # what it was asked died with it
        number = min(self._requests)
        request = self._requests.pop(number)
        self.seen.append(request)
        answer = self._answer(request)
        if answer is None:
            raise Gone("it has ended")
        return [{**answer, "n": number}]

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        if request["do"] == "try":
            return self._answering(put(request["edits"]), request)
        each = [self._answering(put(edits), request) for edits in request["candidates"]]
        return None if None in each else {"results": each}


def put(edits: Mapping[str, Any]) -> str:
    return str(edits["code.py"][0][2])


def candidate(new: str) -> Candidate:
    return Candidate(
        replacements=(Replacement("code.py", 0, 1, new),), template="by hand", score=1.0
    )


@pytest.fixture
def scripted() -> Iterator[Callable[[Answering], ScriptedServer]]:
    with ExitStack() as stack:

        def make(answering: Answering) -> ScriptedServer:
            server = ScriptedServer(answering)
            stack.callback(server.close)
            return server

        yield make


Scripted = Callable[[Answering], ScriptedServer]


def evaluated(
    servers: list[ScriptedServer],
    news: Iterator[str] | list[str],
    until: Until | None = None,
    wanted: tuple[str, ...] = ("fails",),
) -> Generator[Judged, None, None]:
    evaluation = Evaluation(TESTS, SPECTRUM, wanted, until or Until())
    return evaluation.run(map(candidate, news), cast("list[Server]", servers))


def news(found: Iterator[Judged]) -> list[tuple[str, Outcome]]:
    return [(judged.candidate.replacements[0].new, judged.outcome) for judged in found]


def endless() -> Iterator[str]:
    yield from map(str, range(10**9))


def right_is(new: str) -> Answering:
    return lambda asked, _: PASSED if asked == new else FAILED


def test_they_come_back_in_order_from_several_servers(scripted: Scripted) -> None:
    servers = [scripted(right_is("3")), scripted(right_is("3"))]
    found = list(evaluated(servers, [str(number) for number in range(9)]))
    assert [judged.candidate.replacements[0].new for judged in found] == list("012345678")
    assert [judged.plausible for judged in found] == [n == 3 for n in range(9)]
    assert all(server.seen for server in servers)


@pytest.mark.parametrize(
    ("until", "count"),
    [(Until(most=7), 7), (Until(enough=1), 6), (Until(most=3, enough=1), 3)],
    ids=["after so many", "when one is plausible", "whichever is sooner"],
)
def test_it_stops_when_it_is_told(scripted: Scripted, until: Until, count: int) -> None:
    assert len(list(evaluated([scripted(right_is("5"))], endless(), until))) == count


def test_it_stops_at_its_deadline(scripted: Scripted) -> None:
    until = Until(deadline=time.monotonic() + 0.2)
    assert list(evaluated([scripted(right_is("none"))], endless(), until))
    assert time.monotonic() >= (until.deadline or 0)


def test_candidates_are_taken_as_they_are_needed(scripted: Scripted) -> None:
    taken = []

    def source() -> Iterator[str]:
        for new in endless():
            taken.append(new)
            yield new

    with closing(evaluated([scripted(right_is("none"))], source())) as found:
        for _ in range(3):
            next(found)
    assert len(taken) <= 3 + MAX_AHEAD


def test_a_server_that_dies_costs_one_candidate_its_turn(scripted: Scripted) -> None:
    server = scripted(lambda new, _: None if new == "2" else FAILED)
    found = news(evaluated([server], list("01234")))
    assert found == [(n, Outcome.DIED if n == "2" else Outcome.FAILED) for n in "01234"]
    assert server.starts == 2


def test_a_server_that_keeps_dying_is_given_up(scripted: Scripted) -> None:
    with pytest.raises(CannotTest, match="keeps ending"):
        list(evaluated([scripted(lambda *_: None)], endless()))


def test_one_of_few_that_time_out_gets_more_time_at_once(scripted: Scripted) -> None:
    limits: list[float] = []

    def answering(new: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if new != "slow":
            return FAILED
        limits.append(request["stages"][0]["cpu"])
        return PASSED if len(limits) > 1 else TIMED_OUT

    found = news(evaluated([scripted(answering)], ["slow", "wrong"]))
    assert found == [("slow", Outcome.PASSED), ("wrong", Outcome.FAILED)]
    assert limits[1] > limits[0]


def test_what_times_out_as_others_do_gets_a_second_chance_at_the_end(scripted: Scripted) -> None:
    hanging = [f"endless {number}" for number in range(SELDOM[0])]
    limits: dict[str, list[float]] = {}

    def answering(new: str, request: Mapping[str, Any]) -> dict[str, Any]:
        limits.setdefault(new, []).append(request["stages"][0]["cpu"])
        if new == "slow":
            return PASSED if len(limits[new]) > 1 else TIMED_OUT
        return TIMED_OUT if new in hanging else FAILED

    found = news(evaluated([scripted(answering)], [*hanging, "slow", "wrong"]))
    assert found == [
        *((new, Outcome.TIMED_OUT) for new in hanging),
        ("slow", Outcome.TIMED_OUT),
        ("wrong", Outcome.FAILED),
        ("slow", Outcome.PASSED),
    ]
    assert limits["slow"][1] > limits["slow"][0]
    assert len(limits["wrong"]) == 1


def test_one_that_mends_all_but_what_hung_before_gets_much_more_time(scripted: Scripted) -> None:
    hanging = [f"endless {number}" for number in range(SELDOM[0])]
    limits: list[float] = []

    def answering(new: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if new in hanging:
            return TIMED_OUT
        limits.append(request["stages"][0]["cpu"])
        return PASSED if len(limits) > 1 else {**TIMED_OUT, "test": 4, "passed": 1}

    evaluation = Evaluation(TESTS, SPECTRUM, ("fails", "hangs"), Until(most=len(hanging) + 1))
    servers = cast("list[Server]", [scripted(answering)])
    found = news(evaluation.run(map(candidate, [*hanging, "slow"]), servers))
    assert found[-1] == ("slow", Outcome.PASSED)
    assert limits[1] > 10 * limits[0]


def test_failing_tests_come_first_and_then_the_suite(scripted: Scripted) -> None:
    asked: list[Mapping[str, Any]] = []

    def answering(_: str, request: Mapping[str, Any]) -> dict[str, Any]:
        asked.extend(request["stages"])
        return FAILED

    list(evaluated([scripted(answering)], ["x"]))
    first, whole = asked
    assert first["tests"] == [0]
    assert whole["tests"] == [0, 1, 2, 3], "one that hangs anyway would keep every other waiting"
    assert set(whole["may_fail"]) == {2, 3, 4}


def test_the_first_failing_test_stands_alone_where_all_of_them_take_long(
    scripted: Scripted,
) -> None:
    names = ("quick", "slow", "slower")
    tests = [
        TestRan(id=name, outcome=Outcome.FAILED, seconds=seconds)
        for name, seconds in zip(names, (0.1, 1.0, 2.0), strict=True)
    ]
    asked: list[Mapping[str, Any]] = []

    def answering(_: str, request: Mapping[str, Any]) -> dict[str, Any]:
        asked.extend(request["stages"])
        return {"end": "timed out", "stage": 1, "test": 1, "passed": 0}

    evaluation = Evaluation(names, Spectrum(tuple(tests)), (), Until(most=1))
    judged, *_ = evaluation.run([candidate("x")], cast("list[Server]", [scripted(answering)]))
    alone, rest, whole, *_ = asked
    assert [stage["tests"] for stage in (alone, rest, whole)] == [[0], [1, 2], None]
    assert alone["cpu"] < rest["cpu"] / 10
    assert (judged.fixed, judged.broke) == (1, "")


@pytest.mark.parametrize("passes_alone", [True, False])
def test_what_one_breaks_the_next_ones_meet_before_a_long_suite_if_it_passes_alone(
    scripted: Scripted, passes_alone: bool
) -> None:
    tests = (
        TestRan(id="fails", outcome=Outcome.FAILED, seconds=0.01),
        TestRan(id="breaks", outcome=Outcome.PASSED, seconds=0.01),
        TestRan(id="long", outcome=Outcome.PASSED, seconds=9.0),
    )
    seen: list[list[Any]] = []

    def answering(_: str, request: Mapping[str, Any]) -> dict[str, Any]:
        seen.append([stage["tests"] for stage in request["stages"]])
        return {"end": "failed", "stage": len(seen[-1]) - 1, "test": 1, "passed": 1}

    class Base(ScriptedServer):
        def _answer(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
            if request["edits"]:
                return super()._answer(request)
            alone.append(request["stages"][0]["tests"])
            return PASSED if passes_alone else FAILED

    alone: list[list[int]] = []
    with closing(Base(answering)) as server:
        evaluation = Evaluation(("fails", "breaks", "long"), Spectrum(tests), (), Until())
        found = list(evaluation.run(map(candidate, "abcdef"), cast("list[Server]", [server])))
    assert [judged.broke for judged in found] == ["breaks"] * 6
    assert alone == [[1]]
    assert seen[0] == [[0], None]
    assert seen[-1] == ([[0], [1], None] if passes_alone else [[0], None])


def test_a_server_that_dies_of_a_test_alone_costs_no_candidate(scripted: Scripted) -> None:
    long = TestRan(id="long", outcome=Outcome.PASSED, seconds=9.0)
    breaks = {"end": "failed", "stage": 1, "test": 1, "passed": 1}

    class Base(ScriptedServer):
        def _answer(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
            return super()._answer(request) if request["edits"] else None

    with closing(Base(lambda *_: breaks)) as server:
        spectrum = Spectrum((*SPECTRUM.tests, long))
        evaluation = Evaluation((*TESTS, "long"), spectrum, ("fails",), Until())
        found = news(evaluation.run(map(candidate, "abcd"), cast("list[Server]", [server])))
    assert found == [(new, Outcome.FAILED) for new in "abcd"]
    assert server.starts == 2


def test_a_suite_that_takes_long_is_preceded_by_tests_of_the_line(scripted: Scripted) -> None:
    lines = {"code.py": frozenset({7})}
    tests = (
        TestRan(id="fails", outcome=Outcome.FAILED, seconds=0.01, lines=lines),
        TestRan(id="near", outcome=Outcome.PASSED, seconds=0.2, lines=lines),
        TestRan(id="far", outcome=Outcome.PASSED, seconds=9.0, lines={}),
    )
    asked: list[Mapping[str, Any]] = []

    def answering(_: str, request: Mapping[str, Any]) -> dict[str, Any]:
        asked.extend(request["stages"])
        return {"end": "failed", "stage": 1, "test": 1, "passed": 0}

    one = Candidate(replacements=candidate("x").replacements, template="", score=1.0, line=7)
    evaluation = Evaluation(("fails", "near", "far"), Spectrum(tests), (), Until())
    (judged,) = evaluation.run([one], cast("list[Server]", [scripted(answering)]))
    assert [stage["tests"] for stage in asked] == [[0], [1], None]
    assert (judged.broke, judged.fixed, judged.plausible) == ("near", 1, False)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"end": 3, "stage": "x", "test": [], "passed": {}},
        {"end": "failed", "stage": 99, "test": 10**9, "passed": -5, "seconds": "long"},
        {"end": "failed", "stage": True, "test": None},
    ],
)
def test_no_answer_confuses_it(scripted: Scripted, answer: dict[str, Any]) -> None:
    (judged,) = evaluated([scripted(lambda *_: answer)], ["x"])
    assert not judged.plausible
    assert judged.broke == ""


def test_an_error_among_the_candidates_goes_up(scripted: Scripted) -> None:
    def source() -> Iterator[str]:
        yield "0"
        raise ValueError("out of ideas")

    with pytest.raises(ValueError, match="out of ideas"):
        list(evaluated([scripted(right_is("none"))], source()))


# ---------------------------------------------------------------------------------- several at once


TRACED = (
    TestRan(id="fails", outcome=Outcome.FAILED, seconds=0.001, lines={"code.py": frozenset({1})}),
)
OPEN = {"end": "open"}


def evaluated_together(
    server: ScriptedServer, news: Iterator[str] | list[str], until: Until | None = None
) -> list[tuple[str, Outcome]]:
    evaluation = Evaluation(("fails", "passes"), Spectrum(TRACED), (), until or Until())
    found = evaluation.run(map(candidate, news), cast("list[Server]", [server]))
    return [(judged.candidate.replacements[0].new, judged.outcome) for judged in found]


def at_once(server: ScriptedServer) -> list[int]:
    return [len(request.get("candidates", "1")) for request in server.seen]


def test_short_tests_are_met_together_and_what_passes_goes_on_alone(scripted: Scripted) -> None:
    def answering(new: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if new != "7":
            return FAILED
        return OPEN if request["do"] == "batch" else PASSED

    server = scripted(answering)
    found = evaluated_together(server, [str(number) for number in range(20)])
    right = Outcome.PASSED
    assert found == [(str(n), right if n == 7 else Outcome.FAILED) for n in range(20)]
    assert sorted(at_once(server)) == [1, 4, 16]


def test_no_more_are_taken_than_may_be_tried(scripted: Scripted) -> None:
    server = scripted(right_is("none"))
    assert len(evaluated_together(server, endless(), Until(most=21))) == 21
    assert sum(at_once(server)) == 21


def test_where_few_are_decided_together_fewer_are_tried_so(scripted: Scripted) -> None:
    server = scripted(lambda _, request: OPEN if request["do"] == "batch" else FAILED)
    found = evaluated_together(server, [str(number) for number in range(60)])
    assert found == [(str(number), Outcome.FAILED) for number in range(60)]
    together = [count for count in at_once(server) if count > 1]
    assert together == sorted(together, reverse=True)
    assert sum(together) < 60


def test_when_a_server_dies_on_several_each_is_tried_alone(scripted: Scripted) -> None:
    def answering(new: str, request: Mapping[str, Any]) -> dict[str, Any] | None:
        return None if new == "2" else FAILED

    server = scripted(answering)
    found = evaluated_together(server, list("01234"))
    assert found == [(n, Outcome.DIED if n == "2" else Outcome.FAILED) for n in "01234"]


def test_one_that_times_out_among_others_gets_more_time_alone(scripted: Scripted) -> None:
    limits: list[float] = []

    def answering(new: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if new != "slow":
            return FAILED
        stage = request["stage"] if request["do"] == "batch" else request["stages"][0]
        limits.append(stage["cpu"])
        return PASSED if len(limits) > 1 else TIMED_OUT

    found = evaluated_together(scripted(answering), ["slow", "wrong"])
    assert found == [("slow", Outcome.PASSED), ("wrong", Outcome.FAILED)]
    assert limits[1] > limits[0]


@pytest.mark.parametrize(
    "results",
    [None, "x", [], [1, 2], [{"end": "passed"}, {}], [{"end": ["failed"]}, None], [{}] * 9],
)
def test_no_answer_for_several_confuses_it(results: object) -> None:
    class Odd(ScriptedServer):
        def _answer(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
            found = super()._answer(request)
            return {"results": results} if request["do"] == "batch" else found

    with closing(Odd(right_is("1"))) as server:
        found = evaluated_together(server, ["0", "1"])
    assert found == [("0", Outcome.FAILED), ("1", Outcome.PASSED)]


def test_what_is_decided_at_the_deadline_is_not_lost(scripted: Scripted) -> None:
    """One that takes its time holds back those after it, and no longer than to the end."""

    class Silent(ScriptedServer):
        def answers(self) -> list[dict[str, Any]]:
            return []

    until = Until()

    def answering(new: str, _: Mapping[str, Any]) -> dict[str, Any]:
        if new == "4":
            until.deadline = time.monotonic()
        return PASSED if new == "3" else FAILED

    evaluation = Evaluation(TESTS, SPECTRUM, ("fails",), until)
    with closing(Silent(right_is("none"))) as silent:
        servers = cast("list[Server]", [silent, scripted(answering)])
        found = news(evaluation.run(map(candidate, "0123456"), servers))
    assert ("3", Outcome.PASSED) in found


# -------------------------------------------------------------------------------- importing anew


def imports(asked: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Every third has to be imported anew, and the last of them is right."""
    if int(asked) % 3 == 0 and not request.get("anew"):
        return {"end": "refused", "why": "it changes what runs at import"}
    return PASSED if asked == "30" else FAILED


def test_what_has_to_be_imported_anew_is_tried_that_way(scripted: Scripted) -> None:
    found = news(evaluated([scripted(imports)], [str(number) for number in range(40)]))
    assert sorted(int(new) for new, _ in found) == list(range(40))
    assert [new for new, outcome in found if outcome is Outcome.PASSED] == ["30"]


def test_it_counts_once_among_those_that_are_tried(scripted: Scripted) -> None:
    assert len(list(evaluated([scripted(imports)], endless(), Until(most=50)))) == 50


def test_an_import_waits_until_as_many_others_as_it_takes_times_as_long(
    scripted: Scripted,
) -> None:
    def refused(new: str, request: Mapping[str, Any]) -> dict[str, Any]:
        needs_import = new == "0" and not request["anew"]
        return {"end": "refused", "why": "it runs at import"} if needs_import else FAILED

    server = scripted(refused)
    numbers = [str(number) for number in range(60)]
    assert sorted(news(evaluated([server], numbers))) == sorted(
        (n, Outcome.FAILED) for n in numbers
    )
    asked = [request["anew"] for request in server.seen]
    assert asked.index(True) == SUPPOSED_TIMES


def test_what_is_believed_to_pass_only_when_imported_is_imported_at_once(
    scripted: Scripted,
) -> None:
    """And before what was refused, of which nothing is known yet."""
    imported: list[str] = []

    def answering(asked: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if request.get("anew"):
            imported.append(asked)
            return PASSED if asked == "20" else FAILED
        if int(asked) % 10 == 0:
            return {"end": "anew"}
        return {"end": "refused", "why": "it runs at import"} if int(asked) % 2 else FAILED

    found = news(evaluated([scripted(answering)], [str(number) for number in range(30)]))
    assert [new for new, outcome in found if outcome is Outcome.PASSED] == ["20"]
    assert len(found) == 30
    assert imported.index("20") < imported.index("21")


# ---------------------------------------------------------------------- as the base, or otherwise


ECHO = 77
"""Of each failing test at the base."""


def is_same(scripted: Scripted, answer: dict[str, Any], wanted: tuple[str, ...]) -> bool | None:
    spectrum = Spectrum(tuple(replace(one, echo=ECHO) for one in SPECTRUM.tests))
    evaluation = Evaluation(TESTS, spectrum, wanted, Until())
    server = scripted(lambda new, request: answer)
    (judged,) = evaluation.run([candidate("x")], cast("list[Server]", [server]))
    return judged.is_same


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"end": "failed", "echo": ECHO}, True),
        ({"end": "failed", "echo": 78}, False),
        ({"end": "failed", "echo": ECHO, "passed": 1}, False),  # another one has been mended
        ({"end": "failed", "echo": 0}, None),  # no test has spoken
        ({"end": "failed"}, None),
        ({"end": "failed", "echo": "77"}, None),
        ({"end": "died"}, None),
    ],
)
def test_it_is_told_whether_a_candidate_fails_as_the_base_does(
    scripted: Scripted, answer: dict[str, Any], expected: bool | None
) -> None:
    number = TESTS.index("fails")
    told = {"stage": 0, "test": number, "passed": 0, **answer}
    assert is_same(scripted, told, ("fails",)) is expected
