"""Every shape that agents write is recognised by its content, whatever file it lies in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.model import BadRecord, Reflection
from bot.sources import FORMATS, MAX_STRANGE, Document, read_document

Layout = Callable[[list[Any]], str]


def read(text: str) -> list[Reflection | BadRecord]:
    return list(read_document(Document("agent", "f", text.encode())))


LAYOUTS: dict[str, tuple[Layout, str]] = {
    "array": (json.dumps, "f[{0}]"),
    "indented array": (lambda records: json.dumps(records, indent=2), "f[{0}]"),
    "lines": (lambda records: "".join(json.dumps(r) + "\n" for r in records), "f:{1}"),
    "lines, CR LF": (lambda records: "\r\n\r\n".join(json.dumps(r) for r in records), "f:{2}"),
    "reflections": (
        lambda records: json.dumps({"version": [1], "reflections": records, "patterns": {"a": 1}}),
        "f:reflections[{0}]",
    ),
    "records, indented": (
        lambda records: json.dumps({"records": records, "more": []}, indent=1),
        "f:records[{0}]",
    ),
}

FULL: dict[str, dict[str, Any]] = {
    "task records": {
        "id": "0123456789abcdef0123456789abcdef",
        "timestamp": "2025-07-01T10:00:00+02:00",
        "task_summary": "Отчёт",
        "outcome": "success",
        "reflection": "ツール呼び出しが失敗しました: llm.py",
        "keywords": ["tool", "失敗"],
        "plan": ["retry"],
    },
    "error reports": {
        "timestamp": "2025-07-01T10:00:00",
        "task": "load the file",
        "error": "'NoneType' object is not subscriptable",
        "error_type": "TypeError",
        "context": {"file": "bot/llm.py", "line": 12},
        "attempted": ["retry", "restart"],
        "analysis": {"cause": "no check", "suggestion": "check for None"},
        "new_plan": ["add a check"],
    },
    "step failures": {
        "task": "deploy",
        "failures": [{"step": "build", "reason": "no Makefile"}, {"step": "push", "reason": "403"}],
        "success_pattern": None,
        "improvement": "look first",
    },
    "corrections": {
        "trigger": "empty input",
        "failure_reason": "dummy_function in llm.py raises IndexError",
        "corrective_action": "guard against it",
    },
    "lessons": {
        "timestamp": 1751364000.25,
        "task": "parse",
        "outcome": "failure",
        "reflection": "llm.py broke",
        "lesson": "test empty input",
        "tags": ["parser"],
    },
    "iterations": {
        "iteration": 3,
        "node": "planner",
        "success": False,
        "learnings": ["slow"],
        "issues": ["llm.py crashes", "no log"],
        "timestamp": 1751364000250,
    },
    "thoughts": {
        "timestamp": "2025-07-01",
        "type": "internal",
        "thought_type": "doubt",
        "content": "llm.py keeps failing",
        "emotional_context": {"mood": "low"},
        "metadata": {},
        "reflection": "look into it",
    },
    "audit records": {
        "timestamp": "2025-07-01",
        "reflection_id": "r-1",
        "bug_info": {"filename": "llm.py"},
        "patch": None,
        "test_result": {"success": False},
        "applied": False,
    },
}
COMES_TO = {
    "task records": Reflection(
        id="0123456789abcdef0123456789abcdef",
        source="agent",
        where="f",
        timestamp="2025-07-01T10:00:00+02:00",
        task="Отчёт",
        outcome="success",
        text="ツール呼び出しが失敗しました: llm.py",
    ),
    "error reports": Reflection(
        id="r-804bd6d84b6e",
        source="agent",
        where="f",
        timestamp="2025-07-01T10:00:00",
        task="load the file",
        outcome="'NoneType' object is not subscriptable",
        text="Analysis: cause: no check\nsuggestion: check for None\n"
        "Attempted:\n- retry\n- restart\nNew plan:\n- add a check",
        failed=True,
        error_type="TypeError",
        places=("bot/llm.py:12",),
    ),
    "step failures": Reflection(
        id="r-e353f91651c8",
        source="agent",
        where="f",
        timestamp="",
        task="deploy",
        outcome="",
        text="Failures:\n- build: no Makefile\n- push: 403\nImprovement: look first",
        failed=True,
    ),
    "corrections": Reflection(
        id="r-a46f37e78c52",
        source="agent",
        where="f",
        timestamp="",
        task="empty input",
        outcome="",
        text="dummy_function in llm.py raises IndexError\nCorrective action: guard against it",
        failed=True,
    ),
    "lessons": Reflection(
        id="r-f591049dddbd",
        source="agent",
        where="f",
        timestamp="2025-07-01T10:00:00.250000+00:00",
        task="parse",
        outcome="failure",
        text="llm.py broke\nLesson: test empty input",
        failed=True,
    ),
    "iterations": Reflection(
        id="r-7c30631b5936",
        source="agent",
        where="f",
        timestamp="2025-07-01T10:00:00.250000+00:00",
        task="planner (iteration 3)",
        outcome="failure",
        text="Issues:\n- llm.py crashes\n- no log\nLearnings:\n- slow",
        failed=True,
    ),
    "thoughts": Reflection(
        id="r-7ccc53774031",
        source="agent",
        where="f",
        timestamp="2025-07-01",
        task="doubt",
        outcome="",
        text="llm.py keeps failing\nReflection: look into it",
    ),
    "audit records": Reflection(
        id="r-ff9fc009748b",
        source="agent",
        where="f",
        timestamp="2025-07-01",
        task="by the bot",
        outcome="",
        text="Reflection: r-1\nBug: filename: llm.py",
        status="by the bot",
    ),
}


def test_every_format_has_an_example() -> None:
    assert {form.name for form in FORMATS} == set(FULL) == set(COMES_TO)


@pytest.mark.parametrize("name", FULL)
def test_a_record_of_each_shape_comes_to_this(name: str) -> None:
    """The ids are written down, because refusals and pull requests name them for ever."""
    assert read(json.dumps(FULL[name])) == [COMES_TO[name]]
    assert next(form.name for form in FORMATS if form.recognises(FULL[name])) == name


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", FULL)
def test_each_shape_may_come_in_any_layout(name: str, layout: str) -> None:
    text, where = LAYOUTS[layout]
    (first, bad, last) = read(text([FULL[name], {"no": "shape"}, FULL[name]]))
    assert isinstance(first, Reflection)
    assert isinstance(last, Reflection)
    assert first.id == last.id == COMES_TO[name].id
    assert bad == BadRecord(
        where.format(1, 2, 3), "has none of the shapes of reflections that the bot reads"
    )
    assert first.where == where.format(0, 1, 1)
    assert last.where == where.format(2, 3, 5)


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("error reports", {"context": {"file": "a.py"}}, {"places": ("a.py",)}),
        ("error reports", {"context": {"file": "a\nb", "line": 1}}, {"places": ()}),
        ("error reports", {"context": "a.py"}, {"places": ()}),
        ("error reports", {"context": {"file": "a.py", "line": True}}, {"places": ("a.py",)}),
        ("error reports", {"analysis": "text"}, {"failed": True}),
        ("step failures", {"failures": []}, {"failed": False}),
        ("step failures", {"failures": ["it broke"]}, {"failed": True}),
        ("lessons", {"outcome": "partial"}, {"failed": None}),
        ("lessons", {"outcome": "Success"}, {"failed": False}),
        ("lessons", {"tags": None}, {"failed": True}),
        ("iterations", {"success": True}, {"failed": False, "outcome": "success"}),
        ("iterations", {"timestamp": 0.5}, {"timestamp": "1970-01-01T00:00:00.500000+00:00"}),
        ("task records", {"status": "resolved"}, {"status": "resolved"}),
        ("task records", {"status": "wont_fix"}, {"status": "wont_fix"}),
        ("task records", {"status": {"code": 1}}, {"status": ""}),
        ("task records", {"status": "a\nb"}, {"status": ""}),
        ("corrections", {"resolved": True}, {"status": "resolved"}),
        ("lessons", {"written_by": "Amendbot", "status": "open"}, {"status": "by the bot"}),
        ("task records", {"written_by": "alice"}, {"status": ""}),
        (
            "task records",
            {"reflection": "Fixed a bug.\n\n*Written by Amendbot* for #3"},
            {"status": "by the bot"},
        ),
        ("task records", {"reflection": "It was written by amendbot?"}, {"status": ""}),
    ],
)
def test_what_a_record_says_in_fields_of_its_own(
    name: str, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    (one,) = read(json.dumps(FULL[name] | change))
    assert {key: getattr(one, key, one) for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("error reports", {"error_type": 7}, "error_type: "),
        ("error reports", {"analysis": {"suggestion": "\ud800"}}, "half a surrogate"),
        ("step failures", {"failures": "all"}, "failures: "),
        ("step failures", {"failures": [3]}, "failures.0"),
        ("step failures", {"failures": [], "improvement": ""}, "has no failures"),
        ("corrections", {"failure_reason": " "}, "has no failure_reason"),
        ("iterations", {"success": "yes"}, "success: "),
        ("lessons", {"timestamp": "\udfff"}, "half a surrogate"),
        ("thoughts", {"content": "", "reflection": None}, "has neither content nor"),
        ("lessons", {"id": "a b"}, "plain word"),
    ],
)
def test_a_bad_record_of_each_shape_says_why(name: str, change: dict[str, Any], said: str) -> None:
    bad, good = read(json.dumps([FULL[name] | change, FULL[name]]))
    assert isinstance(bad, BadRecord)
    assert bad.where == "f[0]"
    assert said in bad.reason
    assert isinstance(good, Reflection)


def test_different_reports_of_one_error_have_different_ids() -> None:
    report = FULL["error reports"]
    elsewhere = [report | {"context": {"file": "b.py"}}, report | {"error_type": "KeyError"}]
    assert len({getattr(one, "id", "") for one in read(json.dumps([report, *elsewhere]))}) == 3


JOURNAL = {"date": "2024-02-03", "mood": "calm", "title": "A walk", "reflection": "It rained."}
PACKAGE = {"name": "app", "version": "1.0.0", "scripts": {"test": "x"}, "dependencies": {"a": "1"}}


@pytest.mark.parametrize(
    "strange",
    [
        json.dumps([JOURNAL] * 30),
        json.dumps({"entries": [JOURNAL] * 30}, indent=2),
        json.dumps({"reflections": [JOURNAL] * 30}),
        json.dumps(PACKAGE, indent=2),
        json.dumps(PACKAGE),
        json.dumps({f"key {n}": {"value": n} for n in range(30_000)}),
        json.dumps(list(range(500))),
        "".join(json.dumps({"level": "info", "msg": str(n)}) + "\n" for n in range(500)),
    ],
)
def test_a_journal_or_a_configuration_is_one_bad_record(strange: str) -> None:
    (bad,) = read(strange)
    assert isinstance(bad, BadRecord)
    assert bad.where == "f"


def test_a_large_file_of_something_else_is_given_up_early() -> None:
    (bad,) = read(json.dumps([JOURNAL] * 100_000) + "never reached")
    assert isinstance(bad, BadRecord)
    assert bad.reason.endswith(f"it was read up to f[{MAX_STRANGE - 1}]")
