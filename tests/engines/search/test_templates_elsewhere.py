"""A value as the same attribute, key, keyword or name gets it elsewhere."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check, search

CASES = [
    (
        """\
class Checker:
    def first(self, scope, node):
        scope.used = (self, node)

    def second(self, scope, node):
        scope.used = (self, node)

    def third(self, scopes, node):
        scopes[0].used = True
""",
        "scopes[0].used = True",
        "scopes[0].used = (self, node)",
    ),
    (
        """\
def first(load, path):
    return load(path, encoding="utf-8", errors="strict")


def second(load, path):
    return load(path, encoding="ascii")
""",
        '"ascii"',
        '"utf-8"',
    ),
    (
        """\
def first(row, made):
    row["state"] = made.state or made.kind


def second(row, made):
    row["state"] = made
""",
        '"state"] = made\n',
        '"state"] = made.state or made.kind\n',
    ),
]


@pytest.mark.parametrize(("before", "old", "new"), CASES)
def test_it_gets_the_value_it_has_elsewhere(before: str, old: str, new: str) -> None:
    assert before.count(old) == 1
    check("value-elsewhere", before, before.replace(old, new), within=80)


def test_a_value_of_names_that_are_not_known_here_is_not_offered() -> None:
    before = """\
def first(row, made):
    row.state = made.state


def second(row):
    row.state = 0
"""
    after = before.replace("row.state = 0", "row.state = made.state")
    assert search(before, after, "value-elsewhere") is None


def test_what_many_have_that_is_not_known_here_leaves_room_for_what_is() -> None:
    others = "".join(
        f"def f{number}(row, v{number}):\n    row.state = v{number}\n\n\n" for number in range(20)
    )
    before = (
        f"{others}def last(row):\n    row.state = 3\n\n\ndef wrong(row):\n    row.state = None\n"
    )
    check("value-elsewhere", before, before.replace("None", "3"))
