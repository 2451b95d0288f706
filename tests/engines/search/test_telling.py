"""A fix is explained by what was there, what is there now, and which tests tell."""

from __future__ import annotations

import pytest

from bot.engines.search.model import Candidate, Outcome, Replacement, TestRan
from bot.engines.search.telling import cause_of, in_short, words
from tests.scratch import MemoryTree

BASE = "def fizz(n):\n    if n < 3:\n        return n\n    total = n\n    return total\n"
READ = MemoryTree({"pkg/a.py": BASE}).read


def change(old: str, new: str, said: str = "") -> Candidate:
    at = BASE.index(old)
    line = BASE.count("\n", 0, at) + 1
    return Candidate(
        replacements=(Replacement("pkg/a.py", at, at + len(old), new),),
        template="t",
        score=1.0,
        symbol="fizz",
        line=line,
        said=said,
    )


def ran(name: str, outcome: Outcome = Outcome.FAILED, message: str = "") -> TestRan:
    return TestRan(id=f"tests/test_a.py::{name}", outcome=outcome, seconds=0.1, message=message)


ONE = (ran("test_fizz[3]"), ran("test_fizz[4]"))


@pytest.mark.parametrize(
    ("candidate", "tests", "summary", "explanation"),
    [
        (
            change("n < 3", "n <= 3", "compare with <= instead of <"),
            ONE,
            "fizz: `n < 3` should be `n <= 3`",
            "Compare with <= instead of < in pkg/a.py line 2, which makes `test_fizz` pass.",
        ),
        (
            change("    total = n\n", "    total = n\n    total += 1\n", "add `total += 1`"),
            (ran("test_a"), ran("test_b"), ran("test_c"), ran("test_d")),
            "fizz: `total += 1` is missing",
            "Add `total += 1` in pkg/a.py line 4, which makes `test_a`, `test_b`, `test_c` and "
            "1 more pass.",
        ),
        (
            change("        return n\n", "", "remove `return n`"),
            (ran("test_a", message="KeyError: 'x'"),),
            "fizz: `return n` is too much",
            "Remove `return n` in pkg/a.py line 3, which makes `test_a` pass instead of raising "
            "KeyError.",
        ),
        (
            change("n < 3", "n > 3"),
            (ran("test_a", Outcome.TIMED_OUT),),
            "fizz: `n < 3` should be `n > 3`",
            "Change what was wrong: `n < 3` should be `n > 3` in pkg/a.py line 2, which makes "
            "`test_a` pass where it did not end.",
        ),
    ],
)
def test_cause_and_change_are_concrete(
    candidate: Candidate, tests: tuple[TestRan, ...], summary: str, explanation: str
) -> None:
    said = words(candidate, READ, tests)
    assert said.summary == summary
    assert said.explanation == explanation


@pytest.mark.parametrize(
    ("base", "old", "new", "said", "cause"),
    [
        # As much of the line as a title holds.
        (
            "def f(xs, least):\n    return sorted(name for name, level in xs.items() "
            "if level < least)\n",
            "level <",
            "level <=",
            "",
            "`level < least` should be `level <= least`",
        ),
        ("x = 1 + 2\n", "1", "3", "", "`x = 1 + 2` should be `x = 3 + 2`"),
        # More than fits: then what to do.
        (f"x = {'a' * 50} + {'b' * 50}\n", "+", "-", "calculate with `-` instead of `+`",
         "it should calculate with `-` instead of `+`"),
        (f"x = {'a' * 50} + {'b' * 50}\n", "+", "-", "", "a calculation is wrong"),
        ("if a:\n    b()\n", "if a", "if c:\n    d()\nif a", "", "`if c: d()` is missing"),
    ],
)  # fmt: skip
def test_code_is_shown_whole_or_not_at_all(
    base: str, old: str, new: str, said: str, cause: str
) -> None:
    at = base.index(old)
    candidate = Candidate(
        replacements=(Replacement("a.py", at, at + len(old), new),),
        template="t",
        score=1.0,
        line=1,
        said=said,
    )
    assert cause_of(candidate, MemoryTree({"a.py": base}).read, 62) == cause


def test_one_line_names_the_place() -> None:
    shown = in_short(change("n < 3", "n > 3"), READ)
    assert shown == "pkg/a.py:2: `n < 3` should be `n > 3`"
