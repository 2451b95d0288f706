"""Where text goes: standard output and error, at a terminal, in a pipe or in a job's log."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

import typer

if TYPE_CHECKING:
    from rich.console import Console


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
    """A stream without the blanks that tables are padded with, for pipes and files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(re.sub(r"[ \t]+(?=\n)", "", text))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """The step at hand on standard error, at a terminal only."""
    found = console(stderr=True)
    if not found.is_terminal:
        yield lambda _: None
        return
    with found.status("observing") as status:
        yield status.update
