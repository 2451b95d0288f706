"""`make pictures`: terminal pictures for the documentation, each of a real run.

The steps of docs/quick-start.md are typed one after the other; those that a picture belongs to are
typed at a terminal, and what that shows is drawn. A picture that only differs in what every run
measures anew (seconds, counts, names of records) is left as it is.
"""

from __future__ import annotations

import fcntl
import html
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.demo.quick_start import PAGE, Newcomer, steps

WIDTH, HEIGHT = 100, 50
PICTURES = {"bot run --dry-run": "run.svg", "bot pulls show 1": "pull.svg"}
"""The command, and the file beside the page that shows it."""
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own, without the fonts that it would have every reader load from a server."""


def at_a_terminal(person: Newcomer, command: str) -> str:
    """What a command shows at a terminal, colours and all."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command.split(),
            cwd=person.here,
            env=person.environment(),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=errors,
        )
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        os.close(ours)
        if process.wait():
            errors.seek(0)
            sys.exit(f"'{command}' ended with {process.returncode}: {errors.read().decode()}")
    return shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody is at the other end any more
        return b""


def picture(command: str, shown: str) -> str:
    """The terminal as an SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
    console.print(Text.from_ansi(shown.rstrip("\n")))
    drawn = console.export_svg(title="", code_format=FRAME, unique_id="amendbot")
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines())


def lines(svg: str) -> list[str]:
    """The text that a picture shows, line by line."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for found in re.finditer(r'<text [^>]*\bx="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        x, y, text = float(found[1]), float(found[2]), html.unescape(found[3])
        rows.setdefault(y, []).append((x, text))
    cell = 12.2  # the width of a character in Rich's pictures
    told = []
    for _, row in sorted(rows.items()):
        line = ""
        for x, text in sorted(row):
            line = line.ljust(round(x / cell)) + text.replace("\xa0", " ")
        told.append(line.rstrip())
    return told


def steady(line: str) -> str:
    """A line without what every run measures anew, or names after the moment."""
    return re.sub(r"\b(?:[0-9a-f]{9,12}|\d+(?:\.\d+)? ?(?:s|changes)?)\b", "#", line.rstrip())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        person = Newcomer(Path(folder))
        for block in steps():
            name = PICTURES.get(block.strip())
            if name is None:
                person.types(block)
                continue
            drawn = picture(block.strip(), at_a_terminal(person, block.strip()))
            path = PAGE.with_name(name)
            old = path.read_text(encoding="utf-8") if path.exists() else ""
            same = [*map(steady, lines(old))] == [*map(steady, lines(drawn))]
            if not same:
                path.write_text(drawn, encoding="utf-8")
            print(f"{path.name}: {'as before' if same else 'drawn'}")
            if name == [*PICTURES.values()][-1]:
                return


if __name__ == "__main__":
    main()
