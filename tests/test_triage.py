"""Which reflections speak of a defect, and which speak of the same one."""

from __future__ import annotations

import pytest

from bot.model import Reflection, Triaged
from bot.triage import incidents, triage
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
    (incident,), left_out = incidents([verdict], TREE)
    assert left_out == ()
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
    found, left_out = incidents(map(triage, reflections), TREE)
    return [incident.reflection_ids for incident in found], list(left_out)


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
    ours, theirs = (incidents([triage(one)], TREE)[0][0] for one in (EXAMPLE, later))
    assert ours.fingerprint == theirs.fingerprint


def test_a_fingerprint_stays_what_it_is() -> None:
    """Branches and refusals are found by it, so a change needs a new version."""
    (incident,), _ = incidents([triage(EXAMPLE)], TREE)
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
