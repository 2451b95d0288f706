"""Several engines in turn: the first patch counts, and nothing that was said is lost."""

from __future__ import annotations

from dataclasses import dataclass

from bot.engines import Budget, Task
from bot.engines.in_turn import InTurn
from bot.model import Answer, BugReport, NotActionable, Patch, Severity, Usage
from tests.observed import INCIDENT
from tests.scratch import MemoryTree

REPORT = BugReport(path="a.py", symbol="f", summary="wrong", severity=Severity.LOW)
PATCHED = Answer(diagnosis=REPORT, patch=Patch((), "right"), usage=Usage(requests=1))
NO_TEST = Answer(
    diagnosis=NotActionable("no test fails"), patch=None, usage=Usage(), reason="no test fails"
)
NO_BUDGET = Answer(diagnosis=None, patch=None, usage=Usage(), out_of_budget=True)
BUDGET = Budget(1_000)


@dataclass
class Says:
    """An engine with one answer to everything."""

    name: str
    answer: Answer
    questions: int = 0

    def solve(self, task: Task, budget: Budget) -> Answer:
        self.questions += 1
        return self.answer


def task(*engines: str) -> Task:
    return Task(INCIDENT, (), MemoryTree({}), engines=engines)


def test_what_the_first_mends_the_second_is_not_asked_about() -> None:
    second = Says("openai", PATCHED)
    answer = InTurn([Says("search", PATCHED), second]).solve(task(), BUDGET)
    assert (answer.engine, second.questions) == ("search", 0)


def test_what_the_first_gave_up_the_second_mends_and_both_are_heard() -> None:
    answer = InTurn([Says("search", NO_TEST), Says("openai", PATCHED)]).solve(task(), BUDGET)
    assert (answer.engine, answer.patch) == ("openai", PATCHED.patch)
    assert "search: no test fails" in answer.notes


def test_a_model_without_budget_leaves_the_word_of_the_search() -> None:
    answer = InTurn([Says("search", NO_TEST), Says("openai", NO_BUDGET)]).solve(task(), BUDGET)
    assert (answer.engine, answer.reason) == ("search", "no test fails")
    assert not answer.out_of_budget


def test_only_those_are_asked_who_may_know_better() -> None:
    first, second = Says("search", NO_TEST), Says("openai", PATCHED)
    assert InTurn([first, second]).solve(task("openai"), BUDGET).engine == "openai"
    assert first.questions == 0


def test_who_could_not_be_asked_is_said_where_nothing_came_of_it() -> None:
    answer = InTurn([Says("search", NO_TEST)], "openai was not asked: no key").solve(task(), BUDGET)
    assert answer.notes == ("openai was not asked: no key",)
