"""Which reflections speak of a defect, and which speak of the same one."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents import MAX_MEMBERS, MAX_SAMPLES, incidents
from bot.model import Reflection, Triaged, Verdict
from bot.triage import Words, triage
from tests.scratch import MemoryTree

LLM = "def dummy_function(text):\n    return text.split()[0]\n\n\ndef other(x):\n    return x\n"
TREE = MemoryTree({"llm.py": LLM, "pkg/tool.py": "class Tool:\n    def run(self): ...\n"})
ORIGINAL = (
    "1. What failed?\n- The function 'dummy_function' in 'llm.py' does not handle empty input "
    "correctly.\n2. ..."
)


def reflection(text: str = "", outcome: str = "", task: str = "", id_: str = "r-1") -> Reflection:
    return Reflection(
        id=id_,
        source="agent",
        where=f"reflections.json[{id_}]",
        timestamp="2025-07-01T00:00:00Z",
        task=task,
        outcome=outcome,
        text=text,
    )


EXAMPLE = reflection(ORIGINAL, "Function failed on edge case.", "Test bug in dummy_function")


def test_the_original_example_is_an_incident_at_its_function() -> None:
    verdict = triage(EXAMPLE)
    assert verdict.actionable
    assert verdict.reason == "its outcome says “failed”"
    sifted = incidents([verdict], TREE)
    (incident,) = sifted.incidents
    assert sifted.left_out == ()
    assert [(place.path, place.symbol) for place in incident.places] == [
        ("llm.py", "dummy_function")
    ]
    assert incident.branch(1).startswith("bot/v1-")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (ORIGINAL, ""),
        (ORIGINAL, "partial"),
        ("", "Function failed on edge case."),
        ("The plan crashes in `llm.py`.", ""),
        ("A defect in llm.py.", ""),
        ("There is a problem with parsing.", ""),
        ("The build breaks.", ""),
        ("It doesn't return anything.", ""),
        ("It cannot read the file.", ""),
        ("KeyError: 'x'\nTraceback (most recent call last):", ""),
        ("- Nothing at first, but then dummy_function crashed", ""),
        ("- None of the tests pass because of a bug", ""),
        ("What failed? Nothing obvious, but parse() has a bug", ""),
        ("- No error handling for empty input", ""),
        ("- Nothing stops the crash", ""),
        ("- No check, hence the bug", ""),
        ("What failed? No error is raised for empty input", ""),
        ("All fine?\nNo: it crashed.", ""),
        ("", "Success, but other() crashed"),
        ("", "Completed with errors"),
        ("", "Passed, though the bug was not fixed"),
        ("", "Done. Did not fix the bug"),
        (ORIGINAL, "failure"),
    ],
)
def test_a_report_of_a_defect_is_actionable(text: str, outcome: str) -> None:
    verdict = triage(reflection(text, outcome))
    assert verdict.actionable
    assert verdict.reason.startswith(("its outcome says “", "its text says “"))


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("1. What failed?\n- Nothing\n2. What was inefficient?\n- The plan.", ""),
        ("What failed? - nothing", ""),
        ("What failed? nothing", ""),
        ("1. What failed? - Nothing.", ""),
        ("What failed?\nNone", ""),
        ("What failed?\n* N/A", ""),
        ("2) Were there any errors?\n- No errors.", ""),
        ("Any bugs? No", ""),
        ("Any issues? - None this time.", ""),
        ("What failed?\n- Nothing failed in this run.", ""),
        ("Errors?\n- No errors were found", ""),
        ("The plan was slow but sound.", ""),
        ("Fixed a bug in llm.py: dummy_function crashed.", "Success"),
        ("Corrected the error handling.", "success"),
        ("", "Successfully fixed a bug in llm.py"),
        ("", "fixed a bug"),
        ("", "Fixed the issue with `dummy_function`."),
        ("", "Completed with no errors"),
        ("", "All tests passed, 0 failures"),
        ("", "✅ Done without any problems"),
        ("It crashed twice, then I found the bug.", "Resolved"),
        ("", ""),
        ("debugging, terrors, tissue, prefailure", ""),
    ],
)
def test_success_and_nothing_to_report_are_not(text: str, outcome: str) -> None:
    verdict = triage(reflection(text, outcome))
    assert not verdict.actionable
    assert verdict.reason


def test_the_reason_quotes_the_outcome_that_decided() -> None:
    verdict = triage(reflection(ORIGINAL, "Success: fixed a bug"))
    assert verdict.reason == "its outcome is a success: “Success: fixed a bug”"


# ----------------------------------------------------------------------------------- incidents


def grouped(*reflections: Reflection) -> tuple[list[tuple[str, ...]], list[Triaged]]:
    sifted = incidents(map(triage, reflections), TREE)
    return [incident.reflection_ids for incident in sifted.incidents], list(sifted.left_out)


SAME = [
    ("crashed after 12 seconds", "crashed after 7 seconds"),
    ("failed at 2026-01-05T09:00:00Z", "failed at 2025-12-31 23:59:59.5+01:00"),
    ("failed at 09:00:01", "failed at 23:59:59"),
    ("error in /tmp/pytest-of-ada/a1/x", "error in /tmp/pytest-of-bob/zz"),
    ("error in /var/folders/q1/abc/T/x", "error in /var/folders/zz/def/T/y"),
    ("bug: <Tool at 0x7f3a>", "bug: <Tool at 0xDEADBEEF>"),
    ("bug since 1a2b3c4d5e6f", "bug since ffee00112233"),
    (
        "error in run 1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        "error in run ffffabcd-0a0b-abcd-beef-abcdefabcdef",
    ),
    ("crashed  on\nempty input", "Crashed on empty input"),
    ("failed with 2.5 of 3", "failed with 10 of 3.0"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_changes_from_record_to_record_does_not_count(one: str, other: str) -> None:
    texts = [f"dummy_function in llm.py {text}" for text in (one, other)]
    found, _ = grouped(reflection(texts[0], id_="a"), reflection(texts[1], id_="b"))
    assert found == [("a", "b")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dummy_function in llm.py crashed", "other in llm.py crashed"),
        ("other in llm.py crashed", "Tool.run in pkg/tool.py crashed"),
        ("other in llm.py: KeyError bug", "other in llm.py: ValueError bug"),
        ("other in llm.py fails on empty input", "other in llm.py fails on long input"),
        ("llm.py crashed", "pkg/tool.py crashed"),
    ],
)
def test_another_place_error_or_story_is_another_incident(one: str, other: str) -> None:
    found, _ = grouped(reflection(one, id_="a"), reflection(other, id_="b"))
    assert found == [("a",), ("b",)]


def test_a_fingerprint_does_not_depend_on_who_wrote_when_or_where() -> None:
    later = Reflection(
        id="z",
        source="elsewhere",
        where="x",
        timestamp="2026-06-01T00:00:00Z",
        task=EXAMPLE.task,
        outcome=EXAMPLE.outcome,
        text=EXAMPLE.text,
    )
    ours, theirs = (incidents([triage(one)], TREE).incidents[0] for one in (EXAMPLE, later))
    assert ours.fingerprint == theirs.fingerprint


def test_a_fingerprint_stays_what_it_is() -> None:
    """Branches and refusals are found by it, so a change needs a new version."""
    (incident,) = incidents([triage(EXAMPLE)], TREE).incidents
    assert incident.fingerprint == "v1-d84681952a21"


def test_incidents_keep_the_order_in_which_they_were_written() -> None:
    texts = ["other in llm.py crashed", "Tool.run in tool.py crashed", "other in llm.py crashed"]
    found, _ = grouped(*(reflection(text, id_=str(n)) for n, text in enumerate(texts)))
    assert found == [("0", "2"), ("1",)]


def test_everything_left_out_has_its_reason() -> None:
    found, left_out = grouped(
        EXAMPLE,
        EXAMPLE,
        reflection("all went well", id_="b"),
        reflection("the plan failed", id_="c"),
        reflection("gone.py crashed", id_="d"),
    )
    assert found == [("r-1",)]
    assert [(one.reflection.id, one.reason) for one in left_out] == [
        ("r-1", "the same record as another (r-1)"),
        ("b", "neither its outcome nor its text speaks of a defect"),
        ("c", "it names no file of the base branch"),
        ("d", "it names no file of the base branch"),
    ]


# ----------------------------------------------------------------- the original's mistakes (SEED)


def test_what_failed_nothing_is_not_a_defect() -> None:
    """The original flagged its own template's question."""
    assert not triage(reflection("What failed? - nothing", "")).actionable


def test_a_success_record_that_mentions_a_fixed_bug_is_not_a_defect() -> None:
    """The original flagged "fixed a bug", its own success records among them."""
    assert not triage(reflection("I fixed a bug in llm.py.", "success")).actionable
    assert not triage(reflection("I fixed a bug in llm.py.", "")).actionable
    own = replace(reflection("dummy_function in llm.py fails", "failure"), status="by the bot")
    assert triage(own).reason == "the bot wrote it about itself"


def test_the_outcome_counts() -> None:
    """The original ignored it."""
    assert triage(reflection("It was slow.", "Function failed on edge case.")).actionable
    assert triage(reflection("It was slow.", "failure")).verdict is Verdict.UNSURE
    assert triage(reflection("It was slow.", "success")).verdict is Verdict.NOT_ACTIONABLE


def test_a_record_without_any_text_is_not_a_crash() -> None:
    """The original crashed on `reflection: null`."""
    assert triage(reflection("", "")).verdict is Verdict.NOT_ACTIONABLE


def test_other_languages_than_english_are_heard() -> None:
    """The original knew English only."""
    assert triage(reflection("函数在空输入时崩溃", "失败")).verdict is Verdict.UNSURE
    assert triage(reflection("没有任何错误", "成功")).verdict is Verdict.NOT_ACTIONABLE


# --------------------------------------------------------------------------- status, facts, words


@pytest.mark.parametrize(
    "status", ["resolved", "Resolved", "wont_fix", "won't fix", "promoted", "promoted_to_skill"]
)
def test_a_settled_record_is_left_alone(status: str) -> None:
    settled = triage(replace(EXAMPLE, status=status))
    assert not settled.actionable
    assert settled.kind == "settled"


@pytest.mark.parametrize("status", ["", "pending", "open", "in_progress", "unresolved"])
def test_an_open_record_is_not(status: str) -> None:
    assert triage(replace(EXAMPLE, status=status)).actionable


def test_what_a_format_says_of_a_failure_counts() -> None:
    plain = reflection("The value was 3.")
    assert not triage(plain).actionable
    assert triage(replace(plain, failed=True)).verdict is Verdict.UNSURE
    assert triage(replace(plain, failed=True, places=("llm.py:2",))).actionable
    assert triage(replace(plain, failed=True, error_type="KeyError")).actionable
    assert not triage(replace(EXAMPLE, outcome="", failed=False)).actionable


def test_keywords_and_what_to_ignore_are_configurable() -> None:
    words = Words(keywords=("kaputt", "壊れ"), ignore=("issue", "flaky"))
    assert triage(reflection("llm.py ist kaputt"), words).actionable
    assert triage(reflection("llm.pyが壊れた"), words).actionable
    assert not triage(reflection("kaputter"), words).actionable
    assert triage(reflection("an issue in llm.py")).actionable
    assert not triage(reflection("an issue in llm.py"), words).actionable
    assert triage(reflection("an issue and a crash in llm.py"), words).actionable


def test_a_success_with_an_error_in_it_is_unsure() -> None:
    text = "llm.py raised KeyError: 'x'; I used another tool."
    assert triage(reflection(text, "success")).verdict is Verdict.UNSURE


# ------------------------------------------------------------------------------------- streaming


def crowd(count: int) -> Iterator[Triaged]:
    for number in range(count):
        yield triage(reflection(f"Went well {number}.", "success", id_=f"r-{number}"))


def test_a_crowd_is_counted_by_kind_and_not_kept() -> None:
    sifted = incidents(crowd(MAX_SAMPLES + 100), TREE)
    assert len(sifted.left_out) == MAX_SAMPLES
    assert sifted.notice == "100 more reflections are not worked on (a success: 100)"
    assert incidents(crowd(3), TREE).notice == ""


def test_memory_does_not_grow_with_the_stream() -> None:
    peaks = []
    for count in (1_000, 10_000):
        tracemalloc.start()
        incidents(crowd(count), TREE)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_crowd_of_the_same_problem_is_one_bounded_incident() -> None:
    records = (replace(EXAMPLE, id=f"r-{number}") for number in range(MAX_MEMBERS + 7))
    sifted = incidents(map(triage, records), TREE)
    (incident,) = sifted.incidents
    assert incident.reflection_ids == tuple(f"r-{number}" for number in range(MAX_MEMBERS))
    assert incident.reflections[0] == replace(EXAMPLE, id="r-0")
    assert len(sifted.left_out) == 7


def test_unsure_incidents_come_after_the_others_and_lose_their_doubt_to_a_clear_record() -> None:
    unsure = reflection("llm.py 中的 dummy_function 崩溃", "失败", id_="u")
    sifted = incidents(map(triage, (unsure, EXAMPLE)), TREE)
    assert [(i.reflection_ids, i.unsure) for i in sifted.incidents] == [
        (("r-1",), False),
        (("u",), True),
    ]


def test_the_error_type_of_the_format_counts_for_the_fingerprint() -> None:
    one = replace(EXAMPLE, id="a", error_type="KeyError")
    other = replace(EXAMPLE, id="b", error_type="ValueError")
    assert len(incidents(map(triage, (one, other)), TREE).incidents) == 2


@pytest.mark.parametrize(
    "piece", ["a ", "no ", "fixed ", "what? ", "no error ", "?", "`", "at ", "失"]
)
def test_a_hostile_text_costs_little_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    start = time.process_time()
    triage(reflection(text, text[:5000]))
    assert time.process_time() - start < 3


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from([None, True, False]))
def test_any_text_has_a_verdict_and_a_reason(outcome: str, text: str, failed: bool | None) -> None:
    verdict = triage(replace(reflection(text, outcome), failed=failed))
    assert verdict.reason
    assert verdict.kind
