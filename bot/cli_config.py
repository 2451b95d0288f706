"""`bot config`: check the configuration, show what counts and why, and what can be said in it."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import console, print_json
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.config import Config
    from bot.config.origins import Setting

config_app = typer.Typer(
    help="The configuration, .github/bot.toml.", no_args_is_help=True, rich_markup_mode=None
)
File = Annotated[Path, typer.Argument(help="The file, as it is in this checkout.")]
DEFAULT_FILE = Path(".github/bot.toml")


@config_app.command()
def check(file: File = DEFAULT_FILE) -> None:
    """Check a configuration file."""
    read_config_file(file)
    typer.echo(f"{file} is fine.")


@config_app.command()
def show(
    file: File = DEFAULT_FILE,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say where each value comes from.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show every setting as it counts: defaults, file and BOT_* variables together."""
    from bot.config import parse_config
    from bot.config.environment import overridden
    from bot.config.origins import settings

    text = read_text(file) if file != DEFAULT_FILE or file.exists() else ""
    config = parse_config(text, str(file))
    _, overrides, notices = overridden(config, os.environ)
    found = list(settings(config, text, str(file), overrides))
    if as_json:
        print_json([asdict(setting) for setting in found])
        return
    _print(found, origin=origin)
    for notice in notices:
        typer.echo(f"bot: {notice}", err=True)


def _print(found: list[Setting], *, origin: bool) -> None:
    """As TOML, so that what is shown can be kept; origins are comments then."""
    from rich.text import Text

    out = console()
    for section, group in groupby(found, key=lambda setting: setting.key.rpartition(".")[0]):
        rows = [(one.key.rpartition(".")[2], one) for one in group]
        if section:
            out.print(Text(f"\n{_header(section)}", style="bold"), soft_wrap=True)
        for name, one in rows:
            is_default = one.origin == "default"
            unset = one.value == "–"
            line = Text(f"# {name} is not set" if unset else f"{name} = {one.value}")
            line.stylize("dim" if is_default else "")
            if origin:
                line.append(" " * max(2, 48 - len(line)))
                line.append(f"# {one.origin}", style="dim" if is_default else "cyan")
            out.print(line, soft_wrap=True)


def _header(section: str) -> str:
    plain = re.sub(r"\[\d+\]", "", section)
    return f"[[{plain}]]" if section.endswith("]") else f"[{plain}]"


@config_app.command()
def schema() -> None:
    """Print the configuration's JSON Schema, for editors."""
    from bot.config.reference import config_schema

    typer.echo(config_schema())


@config_app.command()
def reference() -> None:
    """Print the reference page of all settings, as Markdown."""
    from bot.config.reference import reference as page

    typer.echo(page(), nl=False)


def read_config_file(file: Path) -> Config:
    """The configuration in a file; a UserError if it cannot be read or is none."""
    from bot.config import parse_config

    return parse_config(read_text(file), str(file))


def read_text(file: Path) -> str:
    """The text of a file that a person named; a UserError if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}.") from error
