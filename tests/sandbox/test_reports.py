"""Whatever a program writes of its tests, what is read of it is bounded, typed and showable."""

from __future__ import annotations

import json

import pytest

from bot.evidence import Lines, TestOutcome, TestResult
from bot.sandbox.reports import MAX_ID, MAX_JUNIT_BYTES, Recorded, parse_events, parse_junit

PASSED, FAILED, SKIPPED = TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.SKIPPED


def said(*events: dict[str, object] | bytes, key: str = "k", run: str = "r") -> bytes:
    """What a recorder with this key writes; bytes are written as they are."""
    lines = [
        event
        if isinstance(event, bytes)
        else json.dumps({"key": key, "run": run, **event}).encode()
        for event in events
    ]
    return b"\n".join(lines) + b"\n"


BEGIN: dict[str, object] = {"e": "begin"}
DONE: dict[str, object] = {"e": "done", "exit": 0, "left": 0}


def ended(name: str, outcome: object = "passed", s: object = 0.5) -> dict[str, object]:
    return {"e": "test", "id": name, "outcome": outcome, "s": s}


def started(name: str) -> dict[str, object]:
    return {"e": "start", "id": name}


def test_a_whole_run_is_read() -> None:
    data = said(
        BEGIN,
        {"e": "collected", "n": 2},
        {"e": "python"},
        started("a"),
        ended("a"),
        started("b"),
        ended("b", "skipped"),
        {"e": "imported", "path": "/tree/m.py"},
        {"e": "lines", "path": "m.py", "ran": [3, 1]},
        {"e": "lines", "path": "m.py", "ran": [2]},
        DONE,
    )
    assert parse_events(data, "k") == Recorded(
        tests=(TestResult("a", PASSED, 0.5), TestResult("b", SKIPPED, 0.5)),
        complete=True,
        python=True,
        imported=("/tree/m.py",),
        lines=(Lines("m.py", (1, 2, 3)),),
    )


@pytest.mark.parametrize(
    ("data", "tests", "complete"),
    [
        (b"", None, False),
        (said({"e": "python"}), None, False),
        (said(BEGIN), (), False),
        (said(BEGIN, DONE), (), True),
        (said(BEGIN, started("a")), (TestResult("a", FAILED),), False),
        (said(BEGIN, started("a"), DONE), (TestResult("a", FAILED),), False),
        (said(BEGIN, ended("a"), {**DONE, "left": 1}), (TestResult("a", PASSED, 0.5),), False),
        (said(BEGIN, BEGIN | {"run": "2"}, DONE), (), False),
        (said(BEGIN, DONE, BEGIN | {"run": "2"}, DONE | {"run": "2"}), (), True),
        (said(BEGIN, ended("a"), DONE, ended("b")), (TestResult("a", PASSED, 0.5),), False),
        (said(BEGIN, ended("a"), ended("a", "failed"), ended("a"), DONE), ..., True),
    ],
)
def test_a_run_is_complete_when_every_recorder_came_to_its_end(
    data: bytes, tests: object, complete: bool
) -> None:
    recorded = parse_events(data, "k")
    expected = (TestResult("a", FAILED, 1.5),) if tests is ... else tests
    assert (recorded.tests, recorded.complete) == (expected, complete)


def test_who_does_not_know_the_key_adds_no_tests_and_makes_the_run_suspect() -> None:
    forged = said(ended("b"), DONE, key="other")
    recorded = parse_events(said(BEGIN, ended("a")) + forged + said(DONE), "k")
    assert [test.id for test in recorded.tests or ()] == ["a"]
    assert not recorded.complete
    assert parse_events(forged, "k").tests is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00\xff{}",
        b"[1]",
        b"null",
        b"{",
        b'{"e": {"e": "test"}}',
        b'{"e": "imported", "path": 3}',
        b'{"e": "imported", "path": "' + b"x" * 5000 + b'"}',
        b'{"e": "collected", "n": ' + b"9" * 3900 + b"}",
        b'{"e": ' + b"[" * 3000,
        b'{"e": "nothing that we know"}',
        b'{"e": "lines", "path": "m.py", "ran": 1}',
        '{"e": "python", "é": "\ud800"}'.encode("utf-16", "surrogatepass"),
    ],
)
def test_garbage_between_events_changes_nothing(garbage: bytes) -> None:
    assert parse_events(said(BEGIN, garbage, ended("a"), DONE), "k") == parse_events(
        said(BEGIN, ended("a"), DONE), "k"
    )


@pytest.mark.parametrize(
    "event",
    [ended("a", "great"), ended("a", None), {"e": "test"}, {"e": "done"}, {"e": "start", "id": 1}],
)
def test_a_recorders_event_that_makes_no_sense_is_no_test(event: dict[str, object]) -> None:
    recorded = parse_events(said(BEGIN, event, DONE), "k")
    assert (recorded.tests, recorded.complete) == ((), False)


@pytest.mark.parametrize(
    ("seconds", "read"),
    [(1, 1.0), (-1, 0.0), (1e300, 86_400.0), (float("nan"), 0.0), ("x", 0.0), (None, 0.0)],
)
def test_durations_are_numbers_of_a_day_at_most(seconds: object, read: float) -> None:
    (test,) = parse_events(said(BEGIN, ended("a", s=seconds)), "k").tests or ()
    assert test.seconds == read


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tests/test_a.py::test_b[a b]", "tests/test_a.py::test_b[a b]"),
        ("tëst[語]", "tëst[語]"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[31m\u202e\u200b\ud800", "\\x1b[31m\\u202e\\u200b\\ud800"),
        ("", "?"),
    ],
)
def test_ids_are_shown_on_one_line_with_nothing_hidden(name: str, shown: str) -> None:
    (test,) = parse_events(said(BEGIN, ended(name)), "k").tests or ()
    assert test.id == shown


def test_long_ids_are_cut_and_stay_different() -> None:
    data = said(BEGIN, ended("x" * 600 + "1"), ended("x" * 600 + "2"))
    ids = [test.id for test in parse_events(data, "k").tests or ()]
    assert len(set(ids)) == 2
    assert {len(name) for name in ids} == {MAX_ID}


def test_line_numbers_are_line_numbers() -> None:
    event: dict[str, object] = {
        "e": "lines",
        "path": "m.py",
        "ran": [1, True, "2", -3, 0, 4.0, 10**9, None],
    }
    assert parse_events(said(event), "").lines == (Lines("m.py", (1,)),)


# -------------------------------------------------------------------------------------- JUnit XML


@pytest.mark.parametrize(
    ("report", "tests"),
    [
        pytest.param(
            '<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite '
            'name="pytest" errors="1"><testcase classname="tests.test_a" name="test_p[&#233;]" '
            'time="0.25"/><testcase classname="tests.test_a" name="test_f"><failure message="no">'
            'at</failure></testcase><testcase classname="" name="tests.test_b"><error>e</error>'
            '</testcase><testcase classname="tests.test_a" name="test_s"><skipped type="pytest.xf'
            'ail"/></testcase></testsuite></testsuites>',
            [
                TestResult("tests.test_a::test_p[é]", PASSED, 0.25),
                TestResult("tests.test_a::test_f", FAILED),
                TestResult("pytest::tests.test_b", FAILED),
                TestResult("tests.test_a::test_s", SKIPPED),
            ],
            id="pytest",
        ),
        pytest.param(
            '<testsuites name="jest tests" tests="2"><testsuite name="sum"><testcase '
            'classname="sum adds" name="sum adds" time="0.005"/><testcase classname="sum fails" '
            'name="sum fails" time="1"><failure>Error</failure></testcase></testsuite>'
            "</testsuites>",
            [
                TestResult("sum adds::sum adds", PASSED, 0.005),
                TestResult("sum fails::sum fails", FAILED, 1.0),
            ],
            id="jest-junit",
        ),
        pytest.param(
            '<testsuites><testsuite tests="2" name="example/pkg"><properties><property '
            'name="go.version" value="1"/></properties><testcase classname="example/pkg" '
            'name="TestA/sub" time="0.000000"></testcase><testcase classname="example/pkg" '
            'name="TestB"><skipped message="x"></skipped></testcase></testsuite></testsuites>',
            [
                TestResult("example/pkg::TestA/sub", PASSED),
                TestResult("example/pkg::TestB", SKIPPED),
            ],
            id="gotestsum",
        ),
        pytest.param(
            '<testsuite xmlns:xsi="urn:x" xsi:noNamespaceSchemaLocation="s" name="a.BTest">'
            '<testcase name="c" classname="a.BTest" time="1,234.5"><system-out><![CDATA[<error/>'
            ']]></system-out></testcase><testcase name="d" classname="a.BTest"><flakyFailure>x'
            '</flakyFailure></testcase><testcase name="c" classname="a.BTest"><error/></testcase>'
            "</testsuite>",
            [TestResult("a.BTest::c", FAILED, 1234.5), TestResult("a.BTest::d", PASSED)],
            id="surefire",
        ),
        pytest.param(
            '<testsuites><testsuite name="A"><testcase name="b" status="notrun" result='
            '"suppressed"/><testsuite name="inner"><testcase name="c"/></testsuite><testcase '
            'name="d"><properties><failure/></properties></testcase></testsuite></testsuites>',
            [
                TestResult("A::b", SKIPPED),
                TestResult("inner::c", PASSED),
                TestResult("A::d", PASSED),
            ],
            id="googletest and nested suites",
        ),
        pytest.param("<testsuites/>", [], id="empty"),
    ],
)
def test_the_reports_of_common_runners_are_read(report: str, tests: list[TestResult]) -> None:
    assert parse_junit(report.encode()) == (tuple(tests), "")


DOCTYPE = '<!DOCTYPE t [<!ENTITY a "b">]><testsuite><testcase name="&a;"/></testsuite>'


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (b"", "The report is not well-formed XML: no element found: line 1, column 0."),
        (b"<testsuite><testcase", "The report is not well-formed XML: unclosed token"),
        (DOCTYPE.encode(), "The report has a DOCTYPE, which no test runner writes."),
        (DOCTYPE.encode("utf-16"), "The report has a DOCTYPE, which no test runner writes."),
        (b"<html/>", "The report is XML, but not of JUnit's kind."),
        (b"<testsuite>" * 51, "The report is nested too deeply."),
        (b'<?xml version="1.0" encoding="nope"?><testsuite/>', "The report is not well-formed"),
        (b" " * (MAX_JUNIT_BYTES + 1), "The report is larger than 16 MiB."),
    ],
)
def test_what_cannot_be_trusted_gives_nothing_and_a_sentence(report: bytes, sentence: str) -> None:
    tests, problem = parse_junit(report)
    assert tests == ()
    assert problem.startswith(sentence)
