"""What the benchmark of repairs says of a proposal, whoever made it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from bench import _summing, repair
from bench._collections import Bug, read_collection
from bench._differential import differing
from bench._judging import Verdict, baseline, judge
from bench._running import Runner
from bench._summing import Result
from bot.engines import Budget, Engine, Task
from bot.model import Answer, BugReport, Edit, Patch, Severity, Usage

BUGGY = "def biggest(numbers):\n    return sorted(numbers)[0]\n"
REPAIR = "def biggest(numbers):\n    return sorted(numbers)[-1]\n"
EQUIVALENT = "def biggest(numbers):\n    return max(numbers)\n"
OVERFIT = "def biggest(numbers):\n    return numbers[-1]\n"
BREAKING = "def biggest(numbers):\n    return 3\n"
TESTS = """\
from pkg.numbers import biggest


def test_one():
    assert biggest([7]) == 7


def test_three():
    assert biggest([1, 2, 3]) == 3
"""
HIDDEN = f"{TESTS}\n\ndef test_unsorted():\n    assert biggest([3, 1, 2]) == 3\n"
PATH = "pkg/numbers.py"


@dataclass
class Proposer:
    """An engine that proposes what it is told to, and remembers what it was shown."""

    text: str | None
    name: str = "proposer"
    seen: Task | None = None
    texts: dict[str, str] = field(default_factory=dict)

    def solve(self, task: Task, budget: Budget) -> Answer:
        self.seen = task
        self.texts = {path: task.tree.read(path) or "" for path in task.tree.paths()}
        if self.text is None:
            return Answer(diagnosis=None, patch=None, usage=Usage(), reason="nothing was found")
        edit = Edit(PATH, task.tree.blob(PATH), task.tree.read(PATH) or "", self.text)
        report = BugReport(path=PATH, symbol="", summary="Wrong", severity=Severity.LOW)
        return Answer(diagnosis=report, patch=Patch((edit,), "Mend it"), usage=Usage())


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bool], Verdict]:
    """What a text of the buggy file is worth, where tests are hidden and where none are."""
    bugs = {hide: _bug(tmp_path_factory.mktemp("bugs"), hidden=hide) for hide in (True, False)}
    runner = Runner()
    base = baseline(bugs[True], runner)
    return lambda text, hide: judge(bugs[hide], {PATH: text}, base, runner)


UNSORTED = "tests/test_numbers.py::test_unsorted"
thorough = partial(pytest.param, marks=pytest.mark.thorough)


@pytest.mark.parametrize(
    ("text", "hidden", "right", "by"),
    [
        thorough(REPAIR, True, True, "same AST"),
        thorough(OVERFIT, True, False, f"hidden: {UNSORTED} does not pass"),
        thorough(EQUIVALENT, True, True, "hidden tests"),
        thorough(EQUIVALENT, False, True, "behaves as the repair"),
        thorough(OVERFIT, False, False, "biggest"),
    ],
    ids=["repair", "overfit", "equivalent", "alike", "differing"],
)
def test_a_plausible_patch_is_judged_by_the_repair_and_by_what_is_hidden(
    text: str, hidden: bool, right: bool, by: str, judged: Callable[[str, bool], Verdict]
) -> None:
    verdict = judged(text, hidden)
    assert verdict.plausible
    assert verdict.right == right
    assert verdict.by.startswith(by)


@pytest.mark.thorough
def test_a_patch_is_refuted_by_the_tests_that_everybody_sees(
    judged: Callable[[str, bool], Verdict],
) -> None:
    verdict = judged(BREAKING, True)
    assert not verdict.plausible
    assert verdict.by == "tests/test_numbers.py::test_one does not pass"


def test_what_an_engine_proposes_is_judged(tmp_path: Path) -> None:
    result = repair.repair(_bug(tmp_path, hidden=True), 5.0, lambda *_: Proposer(REPAIR))
    assert (result.said, result.by) == ("right", "same AST")
    assert "+    return sorted(numbers)[-1]" in result.patch.splitlines()


@pytest.mark.thorough
def test_the_engine_is_shown_the_buggy_tree_and_an_incident_and_nothing_else(
    tmp_path: Path,
) -> None:
    engine = Proposer(None)
    repair.repair(_bug(tmp_path, hidden=True), 5.0, lambda *_: engine)
    assert engine.seen is not None
    incident = engine.seen.incident
    assert engine.texts == {"pkg/__init__.py": "", PATH: BUGGY, "tests/test_numbers.py": TESTS}
    assert "tests/test_numbers.py" in {place.path for place in incident.places}
    assert "test_three" in incident.reflections[0].text


@pytest.mark.thorough
def test_a_reflection_of_the_collection_comes_first(tmp_path: Path) -> None:
    bug = _bug(tmp_path, hidden=False)
    record = {"error": "ValueError: no", "error_type": "ValueError", "context": {"file": PATH}}
    (bug.folder / "reflection.json").write_text(json.dumps({"reflections": [record]}))
    engine = Proposer(None)
    repair.repair(bug, 5.0, lambda *_: engine)
    assert engine.seen is not None
    assert [place.path for place in engine.seen.incident.places] == [PATH]


@pytest.mark.thorough
def test_a_folder_whose_repair_repairs_nothing_is_no_bug(tmp_path: Path) -> None:
    bug = _bug(tmp_path, hidden=False)
    (bug.fixed / PATH).write_text(BUGGY)
    result = repair.repair(bug, 5.0, _never)
    assert result.unusable
    assert "no test fails that passes in its repaired tree" in result.reason


def _never(*_: object) -> Engine:
    raise AssertionError("nothing is asked about a bug that is none")


# ------------------------------------------------------------------------------------ the command


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["absent"], "There is no collection at absent; none comes with the bot."),
        (["empty"], "empty holds no bugs"),
        (["one", "--only", "other"], "The collection has no bug named 'other'."),
    ],
)
def test_a_mistake_in_the_command_is_one_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    _bug(tmp_path / "one", hidden=False)
    monkeypatch.chdir(tmp_path)
    assert repair.main(arguments) == 1
    assert capsys.readouterr().err.startswith(sentence)


# ------------------------------------------------------------------------------------- the figures


def _result(**values: object) -> Result:
    return Result(**{"name": "bug", **values})  # type: ignore[arg-type] # each as it is named


def test_the_totals_count_what_was_right_wrong_and_left() -> None:
    results = [
        _result(proposed=True, plausible=True, right=True, first_s=2.0, tried=100, searched_s=1.0),
        _result(proposed=True, plausible=True, first_s=4.0, tried=300, searched_s=1.0),
        _result(proposed=True),
        _result(reason="nothing was found"),
        _result(unusable=True),
    ]
    figures = _summing.figures(results)
    wanted: Mapping[str, object] = {
        "of": 4,
        "unusable": 1,
        "proposed": 3,
        "plausible": 2,
        "right": 1,
        "plausible_but_wrong": 1,
        "wrong_share": 0.5,
        "first_s_median": 3.0,
        "candidates_a_second": 200.0,
    }
    assert {name: figures[name] for name in wanted} == wanted
    assert "nothing was found" in _summing.totals(results)


def test_nothing_at_all_has_totals_too() -> None:
    assert "of: 0" in _summing.totals([])


@pytest.mark.parametrize(
    ("ours", "names"),
    [
        ("X = 1\ndef f():\n    return 1\ndef g():\n    return 2\n", ()),
        ("X = 1\ndef f():\n    return 3\ndef g():\n    return 2\n", ("f",)),
        ("X = 2\ndef f():\n    return 1\ndef g():\n    return 2\n", ("f", "g")),
        ("X = 1\ndef f(a=1):\n    return 1\ndef g():\n    return 2\n", ("f", "g")),
    ],
)
def test_two_files_differ_in_these_functions(ours: str, names: tuple[str, ...]) -> None:
    theirs = "X = 1\ndef f():\n    return 1\ndef g():\n    return 2\n"
    assert differing(ours, theirs) == names


def _bug(folder: Path, *, hidden: bool) -> Bug:
    root = folder / "biggest"
    for side, text in (("src", BUGGY), ("fixed", REPAIR)):
        for path, content in (
            ("pkg/__init__.py", ""),
            (PATH, text),
            ("tests/test_numbers.py", TESTS),
        ):
            (root / side / path).parent.mkdir(parents=True, exist_ok=True)
            (root / side / path).write_text(content)
    if hidden:
        (root / "hidden/tests").mkdir(parents=True)
        (root / "hidden/tests/test_numbers.py").write_text(HIDDEN)
    (bug,) = read_collection(folder)
    return bug
