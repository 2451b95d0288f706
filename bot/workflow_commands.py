"""What a runner of GitHub Actions reads: commands in the log, and values in its output file. Pure.

A command is a line that starts with `::`. Whatever a text of strangers holds, it ends neither the
line nor the command: data and properties are escaped as the runner unescapes them, and are made
visible first, so that nothing hides in them. A value in the output file is kept to one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.secrets import redact
from bot.untrusted import for_log, one_line

MAX_OF_A_LEVEL = 10
"""Of one step the runner shows so many annotations of each level."""
MAX_MESSAGE = 1_000
MAX_TITLE = 100
MAX_PATH = 4_096
MIN_MASKED = 8
"""To mask a shorter value would make a log unreadable and hides nothing worth it."""


class Level(StrEnum):
    """How an annotation looks."""

    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark on a file, or on none. `line` counts from 1, 0 is the whole file."""

    level: Level
    title: str
    message: str
    path: str = ""
    line: int = 0

    def command(self) -> str:
        """The line of the log that makes it."""
        path = _plain(self.path, MAX_PATH)
        place = {"file": path, "line": str(self.line) if path and self.line else ""}
        named = {**place, "title": _plain(self.title, MAX_TITLE)}
        properties = ",".join(f"{key}={_property(value)}" for key, value in named.items() if value)
        said = _data(_plain(self.message, MAX_MESSAGE))
        return f"::{self.level} {properties}::{said}" if properties else f"::{self.level}::{said}"


def shown(wanted: Iterable[Annotation]) -> Iterator[str]:
    """The commands for as many as the runner shows, each once; the last one counts the others."""
    distinct = list(dict.fromkeys(wanted))
    for level in Level:
        mine = [one for one in distinct if one.level is level]
        more = len(mine) - MAX_OF_A_LEVEL
        for one in mine[: MAX_OF_A_LEVEL - 1] if more > 0 else mine:
            yield one.command()
        if more > 0:
            rest = Annotation(level, "Amendbot", f"{more + 1} more are in the job's summary.")
            yield rest.command()


def group(title: str) -> str:
    """Starts a part of the log that is folded; groups do not nest."""
    return f"::group::{_data(_plain(title, MAX_TITLE))}"


END_GROUP = "::endgroup::"


def masks(secrets: Iterable[str]) -> Iterator[str]:
    """The commands that keep values out of the log, line by line of those that have several."""
    lines = (line.strip() for secret in secrets for line in secret.splitlines())
    for line in sorted({line for line in lines if len(line) >= MIN_MASKED}):
        yield f"::add-mask::{_data(line)}"


def outputs(values: Mapping[str, str]) -> str:
    """What is added to the file that $GITHUB_OUTPUT names: `name=value` lines, nothing else."""
    lines = []
    for name, value in values.items():
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", name) or "\n" in value or "\r" in value:
            raise ValueError(f"not an output of one line: {name!r}")
        lines.append(f"{name}={value}\n")
    return "".join(lines)


def _plain(text: str, limit: int) -> str:
    return for_log(one_line(redact(text), limit))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
