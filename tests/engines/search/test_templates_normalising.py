"""Values brought into form before they are used."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check, made

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


@pytest.mark.parametrize(
    ("annotation", "fits"), [("int", False), ("list", False), ("dict", True), ("str", False)]
)
def test_what_is_known_to_be_of_another_kind_is_not_made_a_list(
    annotation: str, fits: bool
) -> None:
    text = f"def f(x: {annotation}):\n    y = one(x)\n    return y\n"
    always = "int):\n    x = list(x)".replace("int", annotation)
    assert any(always in one for one in made(text, "value-normalised")) is fits


KNOWN = """\
def known(value, kind):
    if is_wrapped(kind):
        return known(value, inner_of(kind))
    return isinstance(value, kind)


def made(value, wanted):
{line}    if wanted in READY:
        return READY[wanted]
    return value
"""


def test_what_is_unwrapped_elsewhere_is_unwrapped_here() -> None:
    line = "    if is_wrapped(wanted):\n        wanted = inner_of(wanted)\n"
    check("value-unwrapped", KNOWN.format(line=""), KNOWN.format(line=line), 1500)
