"""Chains of `if` that lack a branch or ask too little."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from tests.engines.search.trying import check, search

CASES = [
    (
        "branch-asked",
        """\
def f(fields, partial):
    if isinstance(partial, str):
        fields = one(partial)
    else:
        fields = two(partial)
    return fields
""",
        """\
def f(fields, partial):
    if isinstance(partial, str):
        fields = one(partial)
    elif partial is not None:
        fields = two(partial)
    return fields
""",
    ),
    (
        "branch-ended",
        """\
def f(a):
    if a is None:
        raise ValueError('a')
    if a > 1:
        b = 1
    elif a > 0:
        b = 2
    return b
""",
        """\
def f(a):
    if a is None:
        raise ValueError('a')
    if a > 1:
        b = 1
    elif a > 0:
        b = 2
    else:
        raise ValueError('a')
    return b
""",
    ),
]


@pytest.mark.parametrize(("template", "before", "after"), CASES, ids=[case[0] for case in CASES])
def test_a_chain_ends_otherwise(template: str, before: str, after: str) -> None:
    check(template, before, after, 2000)


def test_a_branch_is_added_like_its_sibling() -> None:
    before = """\
def f(word):
    depth = 0
    if word == 'IF':
        depth += 2
    elif word == 'FOR':
        depth += 1
    return depth
"""
    after = """\
def f(word):
    depth = 0
    if word == 'IF':
        depth += 2
    elif word == 'FOR':
        depth += 1
    elif word == 'CASE':
        depth += 1
    return depth
"""
    hints = Hints(literals=frozenset({"SELECT CASE foo"}))
    found = search(before, after, hints=hints)
    assert found is not None
    assert found.candidate.template == "branch-added"
    assert found.rank < 2000
