"""What was tried becomes edits that the vetting accepts: each old text stands once in its file."""

from __future__ import annotations

import pytest

from bot.engines.search.model import Candidate, Replacement
from bot.engines.search.patching import changed_lines, edits, new_texts, shape, turns_round
from tests.scratch import MemoryTree

ONCE = "def f(a):\n    if a:\n        return 1\n    return 0\n"
TWICE = f"{ONCE}\n\n{ONCE}"


def _candidate(text: str, *changes: tuple[int, str, str]) -> Candidate:
    """Changes at the places, from 1, where the old text stands the so-manieth time."""
    replacements = []
    for number, old, new in changes:
        at = -1
        for _ in range(number):
            at = text.index(old, at + 1)
        replacements.append(Replacement("a.py", at, at + len(old), new))
    return Candidate(replacements=tuple(replacements), template="t", score=1.0)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("x = 1\n", [(1, "1", "2")]),
        ("x = 1", [(1, "1", "2")]),
        ("x = 1\r\ny = 1\r\n", [(2, "1", "2")]),
        (TWICE, [(1, "return 1", "return 2")]),
        (TWICE, [(2, "return 1", "return 2")]),
        (TWICE, [(2, "return 0", "return 2")]),
        (TWICE, [(1, "return 1", "return 2"), (2, "return 0", "return 3")]),
        (TWICE, [(1, "if a", "if not a"), (1, "return 1", "return 2")]),
        (TWICE, [(2, "    return 0\n", "    a += 1\n    return 0\n")]),
        ("é = 'ü'\né = 'ü'\n", [(2, "'ü'", "'o'")]),
        ("a\na\na\n", [(2, "a", "b")]),
        ("a\n", [(1, "a\n", "")]),
    ],
)
def test_edits_make_exactly_the_change(text: str, changes: list[tuple[int, str, str]]) -> None:
    tree = MemoryTree({"a.py": text})
    candidate = _candidate(text, *changes)
    made = text
    for edit in edits(candidate, tree):
        assert edit.blob == tree.blob("a.py")
        assert text.count(edit.old) == 1
        made = made.replace(edit.old, edit.new)
    assert made == new_texts(candidate, tree.read)["a.py"]


def test_an_insertion_has_old_text_around_it() -> None:
    text = "a = 1\nb = 2\n"
    insertion = Candidate(
        replacements=(Replacement("a.py", 6, 6, "c = 3\n"),), template="t", score=1.0
    )
    (edit,) = edits(insertion, MemoryTree({"a.py": text}))
    assert text.replace(edit.old, edit.new) == "a = 1\nc = 3\nb = 2\n"
    assert text.count(edit.old) == 1


def test_lines_that_change_are_told_without_those_that_stay() -> None:
    candidate = _candidate(TWICE, (2, "return 1", "return 2"))
    assert changed_lines(candidate, MemoryTree({"a.py": TWICE}).read) == (
        ("return 1",),
        ("return 2",),
    )


def test_texts_that_differ_in_layout_have_one_shape() -> None:
    assert shape("x = (1)\n") == shape("x  =  1  # one\n") != shape("x = 2\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a == b", "a != b"),
        ("a <= b", "a > b"),
        ("a not in b", "a in b"),
        ("a is None", "a is not None"),
        ("a", "not a"),
        ("not f(a)", "f(a)"),
    ],
)
@pytest.mark.parametrize("around", ["if {}:\n    pass\n", "x = c or {}\n", "while c or {}: f()\n"])
def test_a_condition_and_its_opposite_are_known(old: str, new: str, around: str) -> None:
    text = around.format(f"({old})")
    assert turns_round(_candidate(text, (1, old, new)), {"a.py": text}.get)


@pytest.mark.parametrize(
    ("old", "new"),
    [("a == b", "a != c"), ("a < b", "a <= b"), ("a < b", "a > b"), ("a", "b"), ("a", "not b")],
)
def test_another_condition_is_not_taken_for_the_opposite(old: str, new: str) -> None:
    text = f"if {old}:\n    pass\n"
    assert not turns_round(_candidate(text, (1, old, new)), {"a.py": text}.get)
