"""The engine proposes the change that makes the failing tests pass, or says why it does not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import pytest

from bot.engines import Budget, Earlier, Task
from bot.engines.search.engine import SearchEngine
from bot.engines.search.evaluating import Until
from bot.engines.search.model import Candidate, Judged, Outcome, Spectrum, TestRan
from bot.engines.search.patching import new_texts
from bot.engines.search.server import CannotTest
from bot.model import (
    Answer,
    BugReport,
    Edit,
    Finding,
    Fingerprint,
    Incident,
    NotActionable,
    Patch,
    Place,
    Reflection,
)
from tests.scratch import MemoryTree

PATH, TEST = "pkg/price.py", "tests/test_price.py"
BASE = """\
def total(prices, count):
    if count < 2:
        return sum(prices)
    return sum(prices) - 1


def name():
    return "price"
"""
TREE = MemoryTree(
    {
        PATH: BASE,
        TEST: "from pkg.price import total\n\n\n"
        "def test_total():\n    assert total([1, 2], 2) == 3\n",
    }
)
FAILS, PASSES = f"{TEST}::test_total", f"{TEST}::test_one"
RAN = {PATH: frozenset({2, 4}), TEST: frozenset({5})}
SPECTRUM = Spectrum(
    (
        TestRan(
            id=FAILS,
            outcome=Outcome.FAILED,
            seconds=0.01,
            lines=RAN,
            message="AssertionError: assert 2 == 3",
            frames=((TEST, 5),),
        ),
        TestRan(id=PASSES, outcome=Outcome.PASSED, seconds=0.01, lines={PATH: frozenset({2, 3})}),
    )
)
LESS = "    if count <= 2:\n"


@dataclass(slots=True)
class FakeLaboratory:
    """Judges a candidate by its new text; meets `bot.engines.search.searching.Laboratory`."""

    accepts: Callable[[str], bool]
    base: Spectrum = SPECTRUM
    is_same: Callable[[Candidate], bool | None] = lambda _: None
    can_mend: Callable[[Sequence[str]], bool] = lambda _: True
    interrupts_after: int | None = None
    closely: int | None = None
    """So many there is time for where candidates are looked at closely."""
    spectra: int = 0
    tried: int = 0

    def spectrum(self, seconds: float = 60.0, first: Sequence[str] = ()) -> Spectrum:
        self.spectra += 1
        return self.base

    def evaluate(
        self,
        candidates: Iterable[Candidate],
        spectrum: Spectrum,
        wanted: Sequence[str] = (),
        until: Until | None = None,
    ) -> Generator[Judged, None, None]:
        is_closely = until is not None and until.most is None
        for candidate in islice(candidates, self.closely if is_closely else None):
            self.tried += 1
            if self.tried == self.interrupts_after:
                raise KeyboardInterrupt
            text = new_texts(candidate, TREE.read)[PATH]
            plausible = self.accepts(text) and self.can_mend(wanted)
            is_same = self.is_same(candidate)
            yield Judged(candidate=candidate, plausible=plausible, fixed=0, is_same=is_same)

    def behaviours(
        self,
        path: str,
        texts: Sequence[str],
        functions: Sequence[str],
        tests: Sequence[str],
        failing: Sequence[str] = (),
        inputs: int = 0,
        seconds: float = 0,
    ) -> object | None:
        return None


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float = 20.0
    candidates: int = 2_000


def task(text: str = "`total` in pkg/price.py is wrong", place: str = "total") -> Task:
    reflection = Reflection(
        id="r", source="s", where="w", timestamp="", task="", outcome="", text=text
    )
    incident = Incident(
        fingerprint=Fingerprint("v1-0"), reflections=(reflection,), places=(Place(PATH, place),)
    )
    return Task(incident, (), TREE)


def accepts_less(text: str) -> bool:
    return LESS in text and text.replace(LESS, "    if count < 2:\n") == BASE


def solve(laboratory: FakeLaboratory, asked: Task | None = None) -> Answer:
    engine = SearchEngine(Limits(), lambda: laboratory)
    return engine.solve(asked or task(), Budget(tokens=0))


def test_what_makes_the_test_pass_is_proposed_with_cause_and_change() -> None:
    answer = solve(FakeLaboratory(accepts_less))
    assert answer.patch
    assert answer.patch.edits == (
        Edit(PATH, TREE.blob(PATH), "    if count < 2:\n", "    if count <= 2:\n"),
    )
    assert isinstance(answer.diagnosis, BugReport)
    assert (answer.diagnosis.path, answer.diagnosis.symbol) == (PATH, "total")
    assert answer.diagnosis.summary == "total: `count < 2` should be `count <= 2`"
    assert "`test_total` pass" in answer.patch.explanation
    assert answer.confidence is not None
    assert answer.confidence > 0.5
    assert any(FAILS in note for note in answer.notes)


def test_tests_that_pass_with_a_condition_and_its_opposite_say_nothing_for_it() -> None:
    def confidence(condition: str) -> float:
        line = f"    if {condition}:\n"
        laboratory = FakeLaboratory(lambda text: line in text and text.count("    if ") == 1)
        answer = solve(laboratory)
        assert answer.patch is not None
        assert answer.patch.edits[0].new == line
        return answer.confidence or 0.0

    assert confidence("count >= 2") < 0.5 < confidence("count <= 2")


@pytest.mark.parametrize("constant", ["True", "False"])
def test_what_no_test_needs_of_a_condition_is_said_and_makes_it_unsure(constant: str) -> None:
    lines = LESS, f"    if {constant}:\n"
    answer = solve(FakeLaboratory(lambda text: any(line in text for line in lines)))
    assert answer.patch
    assert answer.patch.edits[0].new == LESS
    ever = "not to hold" if constant == "True" else "to hold"
    assert f"Look at it closely: no test needs its condition `count <= 2` {ever}." in answer.notes
    assert answer.confidence is not None
    assert answer.confidence < 0.5


def test_a_condition_counts_as_unneeded_where_there_is_no_time_to_see_that() -> None:
    answer = solve(FakeLaboratory(accepts_less, closely=1))
    said = "there was no time to see whether tests need its condition `count <= 2`"
    assert f"Look at it closely: {said}." in answer.notes
    assert answer.confidence is not None
    assert answer.confidence < 0.5


ALIKE = f"{TEST}::test_all"
TWO_FAIL = Spectrum((*SPECTRUM.tests, replace(SPECTRUM.tests[0], id=ALIKE)))


def test_what_mends_one_of_the_tests_that_fail_alike_is_unsure() -> None:
    laboratory = FakeLaboratory(accepts_less, TWO_FAIL, can_mend=lambda tests: ALIKE not in tests)
    answer = solve(laboratory, task("test_total fails"))
    assert answer.patch
    said = f"it was not seen to mend {ALIKE} too, which seems to fail from the same cause"
    assert f"Look at it closely: {said}." in answer.notes
    assert answer.confidence is not None
    assert answer.confidence < 0.5


def test_what_was_found_for_one_test_and_mends_all_that_fail_alike_is_as_sure() -> None:
    asked: list[Sequence[str]] = []

    def can_mend(tests: Sequence[str]) -> bool:
        asked.append(tests)
        return len(asked) > 1  # there was no time for it in the search for both

    answer = solve(FakeLaboratory(accepts_less, TWO_FAIL, can_mend=can_mend), task("test_total"))
    assert answer.patch
    assert f"With the change these tests pass that failed: {FAILS}, {ALIKE}." in answer.notes
    assert not any("Look at it closely" in note for note in answer.notes)


def test_no_plausible_change_is_dropped_because_there_was_no_time_to_look_at_it() -> None:
    lines = LESS, "    if count < 3:\n"
    asked: list[Sequence[str]] = []

    def can_mend(tests: Sequence[str]) -> bool:
        asked.append(tests)
        return len(asked) > len(lines)  # so not in the search for both

    laboratory = FakeLaboratory(
        lambda text: any(line in text for line in lines), TWO_FAIL, can_mend=can_mend, closely=1
    )
    engine = SearchEngine(Limits(), lambda: laboratory)
    answer = engine.solve(task("test_total fails"), Budget(tokens=0))
    assert len(engine.last.plausible) == len(lines)
    assert any("it was not seen to mend" in note for note in answer.notes)


def test_a_second_run_says_the_very_same_in_what_is_committed() -> None:
    one, two = (solve(FakeLaboratory(accepts_less)) for _ in range(2))
    assert (one.diagnosis, one.patch) == (two.diagnosis, two.patch)


def test_incidents_of_one_tick_share_the_run_of_the_base() -> None:
    laboratory = FakeLaboratory(accepts_less)
    engine = SearchEngine(Limits(), lambda: laboratory)
    for _ in range(2):
        assert engine.solve(task(), Budget(tokens=0)).patch
    assert laboratory.spectra == 1


def test_without_a_failing_test_there_that_the_place_leads_to_it_abstains() -> None:
    laboratory = FakeLaboratory(accepts_less)
    answer = solve(laboratory, task("`name` in pkg/price.py is wrong", "name"))
    assert isinstance(answer.diagnosis, NotActionable)
    assert "add a test that fails because of it, e.g. for `name`" in answer.reason
    assert answer.until_base_moves
    assert laboratory.tried == 0


def test_when_nothing_helps_it_says_so() -> None:
    answer = solve(FakeLaboratory(lambda _: False))
    assert answer.patch is None
    assert answer.reason.startswith("No small change was found that makes")
    assert answer.until_base_moves


@pytest.mark.parametrize("why", ["no tests were found at base", "bubblewrap is missing."])
def test_where_nothing_can_be_run_it_abstains(why: str) -> None:
    answer = SearchEngine(Limits(), lambda: why).solve(task(), Budget(tokens=0))
    assert answer.reason == f"No test can be run here: {why.removesuffix('.')}."


def test_a_base_whose_tests_cannot_be_collected_is_an_abstention() -> None:
    def cannot() -> FakeLaboratory:
        raise CannotTest("The tests cannot be collected: a syntax error.")

    answer = SearchEngine(Limits(), cannot).solve(task(), Budget(tokens=0))
    assert answer.reason == "The tests cannot be collected: a syntax error."


def test_what_review_refuses_gives_way_to_the_next_best() -> None:
    refused: list[Patch] = []

    def review(patch: Patch) -> tuple[Finding, ...]:
        refused.append(patch)
        return (Finding("tests", "", "test_one fails"),) if len(refused) == 1 else ()

    asked = replace(task(), review=review)
    answer = solve(FakeLaboratory(lambda text: accepts_less(text) or "< 3:" in text), asked)
    assert answer.patch
    assert len(refused) == 2
    assert answer.patch.edits != refused[0].edits
    assert any("test_one fails" in note for note in answer.notes)


def test_a_further_attempt_is_another_change() -> None:
    def accepts(text: str) -> bool:
        return accepts_less(text) or "if count < 3:" in text

    first = solve(FakeLaboratory(accepts)).patch
    assert first
    again = replace(task(), earlier=Earlier("a diff", ("no",)), read_diff=lambda _: first.edits)
    second = solve(FakeLaboratory(accepts), again).patch
    assert second
    assert second.edits != first.edits


def test_ctrl_c_keeps_the_best_so_far() -> None:
    laboratory = FakeLaboratory(lambda _: True, interrupts_after=3)
    answer = solve(laboratory)
    assert "interrupted" in " ".join(answer.notes)
    assert "there was time to try 2 only" in " ".join(answer.notes)
    assert answer.confidence is not None
    assert answer.confidence < 0.5
    assert laboratory.tried == 3
    with pytest.raises(KeyboardInterrupt):
        solve(FakeLaboratory(lambda _: False, interrupts_after=3))


def test_the_search_goes_on_for_a_while_after_the_first_but_not_for_ever() -> None:
    laboratory = FakeLaboratory(accepts_less)
    engine = SearchEngine(Limits(), lambda: laboratory)
    engine.solve(task(), Budget(tokens=0))
    assert len(engine.last.plausible) == 1
    assert laboratory.tried <= 1_000


def test_lines_on_which_nothing_has_an_effect_wait_for_others() -> None:
    def tried_before(is_same: Callable[[Candidate], bool | None]) -> int:
        laboratory = FakeLaboratory(lambda text: LAST in text, is_same=is_same)
        engine = SearchEngine(Limits(), lambda: laboratory)
        engine.solve(task(), Budget(tokens=0))
        return engine.last.plausible[0].order

    nothing_known = tried_before(lambda _: None)
    assert tried_before(lambda candidate: candidate.line < 4) < nothing_known * 0.75


LAST = "sum(prices) / 100 - 1"
