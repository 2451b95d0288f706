"""Neighbours copied with one name changed."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from tests.engines.search.trying import check, search

CLASS = """\
class Mode:
    def __init__(self, a):
        self.preview = a.preview
        self.unstable = a.unstable
        self.depth = a.depth

    def key(self):
        return [str(int(self.preview)), str(int(self.depth)){more}]

    def __eq__(self, other):
        return self.preview == other.preview and self.depth == other.depth{too}
"""


@pytest.mark.parametrize(
    ("template", "more", "too"),
    [
        ("sibling-element", ", str(int(self.unstable))", ""),
        ("sibling-condition", "", " and self.unstable == other.unstable"),
    ],
)
def test_a_neighbour_is_copied(template: str, more: str, too: str) -> None:
    check(template, CLASS.format(more="", too=""), CLASS.format(more=more, too=too), 1500)


def test_a_statement_is_copied() -> None:
    before = """\
def f(one, two):
    one.used()
    two.used()
    one.close()
    return 1
"""
    after = before.replace("one.close()\n", "one.close()\n    two.close()\n")
    check("sibling-statement", before, after, 1500)


@pytest.mark.parametrize(
    "said",
    [
        "KeyError: 'delay'",
        "AssertionError: assert 'delay' in {'start': 1, 'idle_for': 0}",
        "AssertionError: 'delay' not found in {'start': 1, 'idle_for': 0}",
    ],
)
def test_a_key_that_was_missing_is_set_like_the_others(said: str) -> None:
    before = "def begin(found):\n    found['start'] = 1\n    found['idle_for'] = 0\n"
    after = f"{before}    found['delay'] = 0\n"
    found = search(before, after, "sibling-statement", Hints(errors=(said,)))
    assert found is not None
    assert found.rank < 60
