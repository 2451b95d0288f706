"""The last frame that a test tells is where its failure comes from."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engines.search.inside.tracing import Places

SOURCE = """\
def read(value):
    return int(value)

def surprised(value):
    try:
        return read(value)
    except ValueError:
        return "%s %s" % (value,)

def told(value):
    try:
        return read(value)
    except ValueError:
        raise LookupError(value)

def caused(value):
    try:
        return read(value)
    except ValueError as error:
        raise LookupError(value) from error

def alone(value):
    try:
        return read(value)
    except ValueError:
        raise LookupError(value) from None

def elsewhere(value):
    raise LookupError(value) from ValueError("made and not raised")
"""


def innermost(tmp_path: Path, call: str) -> tuple[str, str]:
    path = tmp_path / "reading.py"
    path.write_text(SOURCE, encoding="utf-8")
    space: dict[str, Callable[[str], object]] = {}
    exec(compile(SOURCE, str(path), "exec"), space)
    with pytest.raises((LookupError, TypeError)) as raised:
        space[call]("x")
    frames, origin = Places(str(tmp_path)).trace(raised.value)
    name, line = frames[-1]
    return linecache.getline(str(tmp_path / name), line).strip(), type(origin).__name__


@pytest.mark.parametrize(
    ("call", "line", "error"),
    [
        ("surprised", 'return "%s %s" % (value,)', "TypeError"),
        ("told", "return int(value)", "ValueError"),
        ("caused", "return int(value)", "ValueError"),
        ("alone", "raise LookupError(value) from None", "LookupError"),
        (
            "elsewhere",
            'raise LookupError(value) from ValueError("made and not raised")',
            "LookupError",
        ),
    ],
)
def test_an_error_in_a_handler_comes_from_what_was_handled_only_if_it_was_raised_for_that(
    tmp_path: Path, call: str, line: str, error: str
) -> None:
    assert innermost(tmp_path, call) == (line, error)
