"""Variables that are not set on every way."""

from __future__ import annotations

from tests.engines.search.trying import check


def test_a_variable_is_given_a_value_before_the_block_that_sets_it() -> None:
    before = """\
def f(items):
    for item in items:
        last = item.name
    return last
"""
    after = before.replace("    for", "    last = None\n    for")
    check("value-unset", before, after, 400)
