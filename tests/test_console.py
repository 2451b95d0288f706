"""At a terminal the work is seen as it goes; in a pipe everything is plain; quiet is quiet."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from rich.table import Table

from bot.console import Loudness, console, folded, progress, speak
from bot.model import Usage

COST = Usage(requests=1, prompt_tokens=1_000, completion_tokens=200, usd=0.01)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def normal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    yield
    speak(Loudness.NORMAL)


def shown(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    """What standard error has of two steps, with something spent between them."""
    monkeypatch.setattr("sys.stderr", stream)
    with progress() as say:
        say("asking openai about v1-0")
        say.spent(COST)
        say("running [red]the tests\x1b[2J\n::error::x")
    return stream.getvalue()


def test_a_terminal_shows_the_step_at_hand_and_what_was_spent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = shown(Terminal(), monkeypatch)
    assert "running [red]the tests" in text
    assert "(spent so far: 1,200 tokens, $0.0100)" in text
    assert "\x1b[2J" not in text


def test_a_pipe_shows_no_steps_unless_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(io.StringIO(), monkeypatch) == ""
    speak(Loudness.VERBOSE)
    text = shown(io.StringIO(), monkeypatch)
    assert text.startswith("· asking openai about v1-0\n")
    assert "::error::" not in text
    speak(Loudness.QUIET)
    assert shown(Terminal(), monkeypatch) == ""


@pytest.mark.parametrize(
    ("stream", "variables", "coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    stream: io.StringIO,
    variables: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", stream)
    table = Table.grid()
    table.add_row("[green]as it is[/]", style="green")
    console().print(table)
    assert ("\x1b[32m" in stream.getvalue()) is coloured
    assert "[green]as it is[/]" in stream.getvalue()


def test_a_jobs_log_folds_and_a_terminal_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def folding(stream: io.StringIO) -> str:
        monkeypatch.setattr("sys.stdout", stream)
        with folded("A title\n::error::x", console()):
            pass
        return stream.getvalue()

    assert folding(io.StringIO()) == ""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert folding(io.StringIO()) == "::group::A title : :error::x\n::endgroup::\n"
    assert folding(Terminal()) == ""


def test_a_shell_completes_the_commands() -> None:
    asked = {"_BOT_COMPLETE": "complete_bash", "COMP_WORDS": "bot poli", "COMP_CWORD": "1"}
    program = "import sys; sys.argv = ['bot']; from bot.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split() == ["policy"]
