"""A condition that a change brings is held against what the tests would do without it."""

from __future__ import annotations

import pytest

from bot.engines.search.doubting import doubts
from bot.engines.search.model import Candidate, Replacement
from bot.engines.search.patching import new_texts
from tests.scratch import MemoryTree

BASE = """\
def pick(values, at):
    if at < 0 or at > 9:  # größer
        return None
    return [v for v in values if v]
"""
READ = MemoryTree({"a.py": BASE}).read


def instead(old: str, new: str) -> dict[str, str]:
    """What doubts a change, by what the line with the condition would be."""
    at = BASE.index(old)
    change = Replacement("a.py", at, at + len(old), new)
    candidate = Candidate(replacements=(change,), template="t", score=1.0)
    changed = new_texts(candidate, READ)["a.py"]
    found = {}
    for doubt in doubts(candidate, READ):
        text = new_texts(doubt.instead, READ)["a.py"]
        (line,) = set(text.splitlines()) - set(changed.splitlines())
        found[line.strip()] = doubt.unneeded
    return found


def test_what_is_asked_otherwise_is_tried_with_either_answer() -> None:
    assert instead("at > 9", "at >= 9") == {
        "if at < 0 or False:  # größer": "no test needs its condition `at >= 9` to hold",
        "if at < 0 or True:  # größer": "no test needs its condition `at >= 9` not to hold",
    }


def test_no_loop_is_made_to_go_on_for_ever() -> None:
    tried = instead("    return [v", "    while values[0] < at:\n        at -= 1\n    return [v")
    assert list(tried) == ["while False:"]
    tried = instead(
        "    return [v", "    while not values or at > 3:\n        at -= 1\n    return [v"
    )
    assert list(tried) == ["while False or at > 3:", "while not values or False:"]


def test_the_same_condition_elsewhere_is_not_taken_for_the_new_one() -> None:
    new = "    if at < 0 or at > 9:\n        return []\n    return at\n"
    text = f"def other(at):\n    return at\n\n\n{BASE}"
    tree = MemoryTree({"a.py": text})
    at = text.index("    return at\n")
    change = Replacement("a.py", at, at + len("    return at\n"), new)
    candidate = Candidate(replacements=(change,), template="t", score=1.0)
    shown = [new_texts(doubt.instead, tree.read)["a.py"] for doubt in doubts(candidate, tree.read)]
    assert len(shown) == 4  # of two new parts
    assert all(BASE in text for text in shown)


def test_what_an_or_falls_back_to_is_no_condition() -> None:
    assert instead("return None", "return values or [at]") == {
        "return False or [at]": "no test needs its condition `values` to hold",
    }
    assert instead("return None", "return values and values[0]") == {
        "return True and values[0]": "no test needs its condition `values` not to hold",
    }


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        # Only what is new of a condition.
        ("at > 9", "at > 9 or not values", "if at < 0 or at > 9 or True:  # größer"),
        ("if v]", "if v and v > at]", "return [v for v in values if v and True]"),
        # The whole, where only how its parts are joined is new.
        ("0 or at", "0 and at", "if True:  # größer"),
        ("[v for v in values if v]", "values if at else []", "return values if True else []"),
        ("    return [v", "    if not values:\n        return []\n    return [v", "if True:"),
        # No condition at all.
        ("return None", "return at", ""),
        ("for v in values", "for v in values[1:]", ""),
        ("return None", "return (", ""),
    ],
)
def test_what_is_new_of_the_conditions_is_doubted(old: str, new: str, line: str) -> None:
    lines = [line.replace("True", "False"), line] if line else []
    assert list(instead(old, new)) == lines
