"""Parts of conditions that nothing in the file asks yet."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

FUNCTION = """\
def f(lines, i, other, token):
    other.open()
    other.is_class
    if {test}:
        return token
    return None
"""
CASES = [
    ("lines[i] == ':'", "i < len(lines) and lines[i] == ':'", 1500),
    ("lines[i + 1] == ':'", "i + 1 < len(lines) and lines[i + 1] == ':'", 1500),
    ("lines['a'] > 1", "'a' in lines and lines['a'] > 1", 1500),
    ("token.kind == 2", "hasattr(token, 'kind') and token.kind == 2", 1500),
    ("token == other", "token == other and not other.is_class", 1500),
    ("token > 1", "isinstance(token, str) and token > 1", None),
    ("token == i", "token == i and isinstance(token, str)", 1500),
]


@pytest.mark.parametrize(("old", "new", "within"), CASES, ids=[new for _, new, _ in CASES])
def test_a_missing_part_is_made_of_what_the_condition_is_about(
    old: str, new: str, within: int | None
) -> None:
    before, after = FUNCTION.format(test=old), FUNCTION.format(test=new)
    if within is None:
        with pytest.raises(AssertionError):
            check("conjunct-made", before, after)
    else:
        check("conjunct-made", before, after, within)


def test_a_loop_may_end_or_begin_elsewhere() -> None:
    before = """\
def f(items):
    for i, item in enumerate(items):
        if item.last:
            item.close()
"""
    after = before.replace("item.last:", "item.last and i < len(items) - 1:")
    check("conjunct-made", before, after, 1500)


def test_the_object_is_asked_for_its_own_attributes() -> None:
    before = """\
class Splitter:
    def __init__(self):
        self.depth = 0
        self.is_create = False

    def change(self, word):
        self.depth += 1
        if word == 'DECLARE' and self.is_create:
            return 1
        return 0
"""
    after = before.replace("self.is_create:", "self.is_create and self.depth == 0:")
    check("conjunct-made", before, after, 1500)
