"""Values that hold only where something else does."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "def f(x, index, with_index):\n    g(x, index=index)\n",
        "def f(x, index, with_index):\n    g(x, index=index if with_index else None)\n",
    ),
    (
        "def f(names, table):\n    return [table[n] for n in names]\n",
        "def f(names, table):\n    return [table[n] if n in table else None for n in names]\n",
    ),
    (
        "def f(one, found):\n    them = found()\n    return them\n",
        "def f(one, found):\n    them = found() if one is not None else None\n    return them\n",
    ),
    (
        "def f(rows, heads):\n    count = len(rows[0])\n    return count\n",
        "def f(rows, heads):\n    count = len(rows[0]) if rows else len(heads)\n    return count\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), CASES)
def test_a_value_is_made_to_depend_on_a_name_or_a_key(before: str, after: str) -> None:
    template = "conditional-value" if "len(heads)" in after else "value-chosen"
    check(template, before, after, 2000)
