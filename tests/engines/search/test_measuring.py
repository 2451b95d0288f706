"""How much of a large suite is traced: what there is time for, beside the failing test first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.engines.search.measuring import TO_TRACE_S, Measured, spectrum
from bot.engines.search.model import Outcome

FAILS = "tests/test_a.py::test_fails"


def measured(
    tests: list[str], seconds: float, echoes: Sequence[object] = (9,)
) -> tuple[Measured, list[str]]:
    """Of a suite in which each test takes so long; and the tests that were traced last.

    The failing one has these echoes, one run after the other, and then the last one again.
    """
    left = [*echoes]
    traced: list[str] = []

    def call(request: Mapping[str, Any], _: float) -> dict[str, Any]:
        results, details = [], []
        for number in request["tests"]:
            fails = tests[number] == FAILS
            echo = (left.pop(0) if len(left) > 1 else left[0]) if fails else 0
            results.append([number, "f" if fails else "p", seconds, echo])
            if request["lines"] is not None:
                details.append(
                    {"n": number, "lines": {"code.py": [1] if request["lines"] else [1, 2]}}
                )
        if request["lines"]:
            traced.extend(tests[number] for number in request["tests"])
        return {"results": results, "details": details}

    found = spectrum(tests, call, seconds=60.0, first=(), each=2.0)
    return found, traced


def suite(beside: int, elsewhere: int) -> list[str]:
    return [
        *(f"tests/test_b.py::test_{number}" for number in range(elsewhere)),
        FAILS,
        *(f"tests/test_a.py::test_{number}" for number in range(beside)),
    ]


def test_all_of_a_quick_suite_is_traced() -> None:
    tests = suite(beside=5, elsewhere=50)
    _, traced = measured(tests, seconds=0.001)
    assert sorted(traced) == sorted(tests)


def test_what_fails_alike_twice_is_known_by_it() -> None:
    def echo(*echoes: object) -> int:
        found, _ = measured([FAILS], seconds=0.001, echoes=echoes)
        return found.spectrum.failing[0].echo

    assert echo(9, 9) == 9
    assert echo(9, 8) == 0
    assert echo(9, 0) == 9


def test_of_a_slow_one_as_much_as_there_is_time_for() -> None:
    seconds = TO_TRACE_S / 40
    _, traced = measured(suite(beside=20, elsewhere=1_000), seconds)
    passing = [name for name in traced if name != FAILS]
    assert sum(name.startswith("tests/test_a.py") for name in passing) == 20
    assert 30 <= len(passing) <= 40
    assert "tests/test_b.py::test_0" in passing


def test_those_beside_the_failing_one_are_thinned_too() -> None:
    _, traced = measured(suite(beside=200, elsewhere=10), TO_TRACE_S / 40)
    assert 20 <= len(traced) <= 41


def test_the_failing_one_is_traced_again_after_the_others() -> None:
    found, traced = measured(suite(beside=3, elsewhere=3), seconds=0.001)
    assert traced[-1] == FAILS
    [failing] = found.spectrum.failing
    assert failing.outcome is Outcome.FAILED
    assert failing.lines == {"code.py": frozenset({1, 2})}
    assert failing.again == {"code.py": frozenset({1})}
