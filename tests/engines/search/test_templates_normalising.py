"""Values brought into form before they are used."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

FORM = """\
def to_text(value):
    return value


def f(names, default):
    total = 0
{line}    for name in names:
        total += one(name, default)
    return total
"""
LINES = [
    "    if isinstance(names, str):\n        names = [names]\n",
    "    if names is None:\n        names = default\n",
    "    if not names:\n        names = []\n",
    "    names = to_text(names)\n",
]


@pytest.mark.parametrize("line", LINES)
def test_a_value_is_brought_into_form(line: str) -> None:
    check("value-normalised", FORM.format(line=""), FORM.format(line=line), 2500)
