"""The tests that reproduce an incident: those it names, else those that run what it names."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.engines.search.diagnosing import (
    Diagnosed,
    belongs,
    by_cause,
    diagnose,
    error_type,
    severity,
)
from bot.engines.search.model import Outcome, Spectrum, TestRan
from bot.grounding import ground
from bot.model import Fingerprint, Incident, NotActionable, Reflection, Severity
from tests.scratch import MemoryTree

TREE = MemoryTree(
    {
        "pkg/__init__.py": "",
        "pkg/area.py": "def area(w, h):\n    return w + h\n\n\ndef edge(w):\n    return 5 * w\n",
        "pkg/words.py": "SEP = ','\n\n\ndef split(text):\n    return text.split(SEP)[1:]\n",
        "tests/test_area.py": "from pkg.area import area, edge\n\n\ndef test_area():\n"
        "    assert area(3, 4) == 12\n\n\ndef test_edge():\n    assert edge(1) == 4\n",
        "tests/test_words.py": "from pkg.words import split\n\n\ndef test_split():\n"
        "    assert split('a,b') == ['a', 'b']\n",
        "README.md": "# Pkg\n",
    }
)
AREA, EDGE, SPLIT = "tests/test_area.py::test_area", "tests/test_area.py::test_edge", ""
SPLIT = "tests/test_words.py::test_split"
_RUNS = {
    AREA: {"pkg/area.py": {2}, "tests/test_area.py": {5}},
    EDGE: {"pkg/area.py": {6}, "tests/test_area.py": {9}},
    SPLIT: {"pkg/words.py": {5}, "tests/test_words.py": {5}},
}


def ran(
    test: str,
    outcome: Outcome = Outcome.FAILED,
    message: str = "AssertionError: assert 7 == 12",
    frames: Sequence[tuple[str, int]] = (),
) -> TestRan:
    lines = {path: frozenset(numbers) for path, numbers in _RUNS.get(test, {}).items()}
    if outcome is Outcome.PASSED:
        message = ""
    return TestRan(
        id=test, outcome=outcome, seconds=0.01, lines=lines, message=message, frames=tuple(frames)
    )


ALL_FAIL = Spectrum(tuple(ran(test) for test in _RUNS))


def incident(text: str, error: str = "") -> Incident:
    reflection = Reflection(
        id="r", source="s", where="w", timestamp="", task="", outcome="", text=text,
        error_type=error,
    )  # fmt: skip
    return Incident(
        fingerprint=Fingerprint("v1-0"), reflections=(reflection,), places=ground([text], TREE)
    )


@pytest.mark.parametrize(
    ("text", "tests"),
    [
        ("`area` in pkg/area.py is wrong", [AREA]),
        ("tests/test_area.py::test_edge fails", [EDGE]),
        ("test_split fails since yesterday", [SPLIT]),
        ("pkg/area.py is broken", [AREA, EDGE]),
        ("the suite fails", [AREA, EDGE, SPLIT]),
        ('File "/srv/app/pkg/words.py", line 5, in split\nIndexError', [SPLIT]),
        ("`area` in pkg/area.py fails in test_edge", [EDGE]),
    ],
)
def test_the_tests_are_those_that_the_incident_leads_to(text: str, tests: list[str]) -> None:
    diagnosed = diagnose(incident(text), TREE, ALL_FAIL)
    assert isinstance(diagnosed, Diagnosed)
    assert [test.id for test in diagnosed.goals[0]] == tests


def test_an_error_that_is_named_picks_among_the_tests_that_run_the_place() -> None:
    spectrum = Spectrum((ran(AREA), ran(EDGE, message="TypeError: unsupported")))
    diagnosed = diagnose(incident("pkg/area.py raises TypeError"), TREE, spectrum)
    assert isinstance(diagnosed, Diagnosed)
    assert [test.id for test in diagnosed.tests] == [EDGE]


def test_several_causes_are_tried_together_and_then_apart() -> None:
    diagnosed = diagnose(incident("the suite fails"), TREE, ALL_FAIL)
    assert isinstance(diagnosed, Diagnosed)
    assert [[test.id for test in goal] for goal in diagnosed.goals] == [
        [AREA, EDGE, SPLIT],
        [AREA],
        [EDGE],
        [SPLIT],
    ]


def test_tests_that_break_at_one_place_have_one_cause() -> None:
    frames = (("tests/test_area.py", 5), ("pkg/area.py", 2))
    tests = [ran(AREA, frames=frames), ran(SPLIT), ran(EDGE, frames=frames)]
    assert [[test.id for test in one] for one in by_cause(tests)] == [[SPLIT], [AREA, EDGE]]
    cases = [ran(f"{SPLIT}[{case}]") for case in "ab"]
    assert len(by_cause(cases)) == 1


@pytest.mark.parametrize(
    ("outcomes", "text", "said"),
    [
        ([Outcome.PASSED] * 3, "`area` in pkg/area.py", "all 3 tests of the base pass"),
        ([Outcome.PASSED] * 3, "`area` in pkg/area.py", "e.g. for `area` in `pkg/area.py`"),
        (
            [Outcome.PASSED, Outcome.FAILED, Outcome.PASSED],
            "`split` in pkg/words.py",
            "the one test that fails does not execute `split` in `pkg/words.py`",
        ),
    ],
)
def test_without_a_test_that_reproduces_it_the_reason_says_what_helps(
    outcomes: list[Outcome], text: str, said: str
) -> None:
    spectrum = Spectrum(tuple(map(ran, _RUNS, outcomes)))
    found = diagnose(incident(text), TREE, spectrum)
    assert isinstance(found, NotActionable)
    assert said in found.reason
    assert "add a test that fails because of it" in found.reason


def test_what_fails_for_want_of_a_network_is_nobodys_bug() -> None:
    offline = ran(AREA, message="ConnectionError: Network is unreachable")
    found = diagnose(incident("pkg/area.py is broken"), TREE, Spectrum((offline,)))
    assert isinstance(found, NotActionable)
    named = diagnose(incident("test_area fails"), TREE, Spectrum((offline,)))
    assert isinstance(named, Diagnosed)


@pytest.mark.parametrize(
    ("test", "path", "symbol", "is_in"),
    [
        ("tests/test_a.py::test_x[1::2]", "tests/test_a.py", "test_x", True),
        ("tests/test_a.py::T::test_x", "tests/test_a.py", "T.test_x", True),
        ("tests/test_a.py::T::test_x", "tests/test_a.py", "T", True),
        ("tests/test_a.py::test_xy", "tests/test_a.py", "test_x", False),
        ("tests.test_a.T.test_x", "tests/test_a.py", "T.test_x", True),
        ("test_a.T.test_x", "tests/test_a.py", "T", True),
        ("test_b.T.test_x", "tests/test_a.py", "", False),
    ],
)
def test_ids_of_both_runners_lie_in_files_and_symbols(
    test: str, path: str, symbol: str, is_in: bool
) -> None:
    assert belongs(test, path, symbol) is is_in


@pytest.mark.parametrize(
    ("message", "type_"),
    [
        ("AssertionError: assert 1 == 2", "AssertionError"),
        ("json.decoder.JSONDecodeError: Expecting", "JSONDecodeError"),
        ("KeyError", "KeyError"),
        ("", ""),
        ("some words", ""),
    ],
)
def test_messages_start_with_a_type(message: str, type_: str) -> None:
    assert error_type(message) == type_


def test_what_hangs_is_severe() -> None:
    hang = ran(AREA, Outcome.TIMED_OUT)
    passing = tuple(ran(test, Outcome.PASSED) for test in (EDGE, SPLIT))
    assert severity((hang,), Spectrum((hang, *passing))) is Severity.HIGH
    assert severity((ran(AREA),), Spectrum((ran(AREA), *passing))) is Severity.MEDIUM
