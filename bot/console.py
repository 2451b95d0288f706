"""Where text goes: standard output and error, at a terminal, in a pipe or in a job's log."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING, TextIO, cast

import typer

from bot.cli_runner import in_a_job

if TYPE_CHECKING:
    from rich.console import Console

    from bot.model import Usage


class Loudness(Enum):
    """How much is printed beside what was asked for."""

    QUIET = "quiet"
    """What was changed and what went wrong, no plan."""
    NORMAL = "normal"
    VERBOSE = "verbose"
    """The steps of the work too, line by line, also where no terminal shows them."""


_LOUDNESS: ContextVar[Loudness] = ContextVar("loudness", default=Loudness.NORMAL)


def loudness() -> Loudness:
    return _LOUDNESS.get()


def speak(loudness: Loudness) -> None:
    """For the rest of this command."""
    _LOUDNESS.set(loudness)


def say(text: str, *, error: bool = False) -> None:
    """Print a text that may quote what strangers wrote."""
    typer.echo(printable(text), err=error)


def print_json(data: object) -> None:
    from bot.secrets import redact_data
    from bot.untrusted import for_json_log

    typer.echo(for_json_log(json.dumps(redact_data(data), indent=2)))


def printable(text: str) -> str:
    """A text that may quote what strangers wrote, for the terminal and the job's log."""
    from bot.secrets import redact
    from bot.untrusted import for_log

    return for_log(redact(text))


def console(*, stderr: bool = False) -> Console:
    """Rich's console on one of the two streams, plain where that is no terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    return Console(
        file=stream if terminal else cast("TextIO", _Trimmed(stream)),
        highlight=False,
        markup=False,  # texts of strangers are printed: [bold] and [link=…] are words
        emoji=False,
        soft_wrap=not terminal,
    )


class _Trimmed(io.TextIOBase):
    """A stream without the blanks that tables are padded with, for pipes and files.

    Where a runner of GitHub Actions reads it, no command passes either, wherever it came together.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        from bot.untrusted import without_commands

        self._stream.write(without_commands(re.sub(r"[ \t]+(?=\n)", "", text)))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


class Steps:
    """Tells the step at hand and what has been spent so far. Called with a step, it shows it."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._step, self._cost = "observing", ""

    def __call__(self, step: str) -> None:
        self._step = step
        self._show(printable(f"{step}{self._cost}"))

    def spent(self, usage: Usage) -> None:
        if usage.requests:
            money = "" if usage.usd is None else f", ${usage.usd:.4f}"
            self._cost = f" (spent so far: {usage.tokens:,} tokens{money})"
            self(self._step)


@contextmanager
def progress() -> Iterator[Steps]:
    """The step at hand on standard error: at a terminal in place, line by line when verbose."""
    found = console(stderr=True)
    loud = loudness()
    if loud is Loudness.VERBOSE:
        yield Steps(lambda text: typer.echo(f"· {text}", err=True))
    elif loud is Loudness.QUIET or not found.is_terminal:
        yield Steps(lambda _: None)
    else:
        from rich.text import Text

        with found.status("observing") as status:
            yield Steps(lambda text: status.update(Text(text)))


@contextmanager
def folded(title: str, found: Console) -> Iterator[None]:
    """A part of what is printed that a job's log shows folded."""
    if found.is_terminal or not in_a_job():
        yield
        return
    from bot.workflow_commands import END_GROUP, group

    typer.echo(group(title))
    yield
    typer.echo(END_GROUP)
