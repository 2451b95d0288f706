"""Read the configuration, and say in sentences what is wrong with it."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import (
    BaseModel,
    ValidationError,
)

from bot.config.whole import Config
from bot.config.words import Mode
from bot.errors import UserError
from bot.model import Tree

CONFIG_PATH = ".github/bot.toml"


def stopped_by(config: Config, *, rehearsal: bool = False) -> str:
    """Why the configuration lets the bot do nothing, as a clause; empty if it does.

    A `rehearsal` only prints what would be done, which is what people want while it observes.
    """
    if not config.enabled:
        return f"the bot is switched off: enabled = false in {CONFIG_PATH}"
    if config.mode is Mode.OBSERVE and not rehearsal:
        return (
            f'the bot only observes: mode = "observe" in {CONFIG_PATH} '
            "(bot run --dry-run asks the engine and shows what it would propose)"
        )
    return ""


def parse_config(text: str, origin: str = CONFIG_PATH) -> Config:
    """Read the text of a configuration file; every mistake is named in one UserError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{origin} is not TOML: {error}.") from error
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        mistakes = "; ".join(_sentences(error))
        raise UserError(f"{origin}: {mistakes}.") from error


def read_config(tree: Tree) -> Config:
    """The configuration in a commit's tree, the defaults where it has none.

    A file that is there and cannot be read is a UserError: it may well be the one that says
    `enabled = false`.
    """
    text = tree.read(CONFIG_PATH)
    if text is None and tree.mode(CONFIG_PATH):
        raise UserError(
            f"{CONFIG_PATH} is not a plain UTF-8 file, so the bot does nothing; make it one."
        )
    return Config() if text is None else parse_config(text)


def _sentences(error: ValidationError) -> Iterator[str]:
    for mistake in error.errors(include_url=False):
        place = _dotted(mistake["loc"])
        if mistake["type"] == "extra_forbidden":
            yield f"unknown key {place!r}{_suggestion(mistake['loc'])}"
        else:
            message = mistake["msg"].removeprefix("Value error, ")
            message = message[:1].lower() + message[1:]
            yield f"{place}: {message}" if place else message


def _dotted(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _suggestion(location: tuple[int | str, ...]) -> str:
    section: Any = Config
    for part in location[:-1]:
        if isinstance(part, str) and section is not None:
            section = _section_of(section, part)
    known = list(section.model_fields) if section is not None else []
    close = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known here: {', '.join(known)})" if known else ""


def _section_of(model: type[BaseModel], field: str) -> type[BaseModel] | None:
    """The section a field of `model` holds, be it plain or in a tuple."""
    if field not in model.model_fields:
        return None
    pending: list[Any] = [model.model_fields[field].annotation]
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return annotation
        pending.extend(get_args(annotation))
    return None
