"""`BOT_*` variables: what one run may change of the configuration without touching the file.

Only what can do no harm: a variable stops the bot, narrows what it may do, lowers a limit, or
chooses who is asked. Policy, trust, protection and how merges are made are the file's alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.config.sections import LimitsConfig, SearchConfig
from bot.config.whole import Config
from bot.config.words import Mode
from bot.errors import UserError

PREFIX = "BOT_"


@dataclass(frozen=True, slots=True)
class Override:
    """A variable that counts: its name, the dotted key that it changes, and the value it gives."""

    variable: str
    key: str
    value: object

    @property
    def sentence(self) -> str:
        return f"{self.key} is {_shown(self.value)} in this run, by {self.variable}"


_Choose = Callable[[Any, Any], Any]
"""Of the file's value and the variable's the one that counts."""


def _theirs(_: Any, variable: Any) -> Any:
    return variable


def _lower(file: Any, variable: Any) -> Any:
    return variable if file is None or variable is None else min(file, variable)


def _narrower(file: Mode, variable: Mode) -> Mode:
    return min(file, variable, key=list(Mode).index)


OVERRIDABLE: dict[str, _Choose] = {
    "enabled": min,
    "mode": _narrower,
    "forge": _theirs,
    "dashboard": min,
    "engine.order": _theirs,
    "engine.openai.model": _theirs,
    "engine.openai.timeout_s": _theirs,
    **{f"engine.search.{name}": _lower for name in SearchConfig.model_fields},
    **{f"limits.{name}": _lower for name in LimitsConfig.model_fields},
}
"""The keys that a variable may change, and which of the two values counts."""


def variable_of(key: str) -> str:
    """The variable for a dotted key: `BOT_LIMITS_OPEN_PULLS` for `limits.open_pulls`."""
    return PREFIX + key.replace(".", "_").upper()


VARIABLES = {variable_of(key): key for key in OVERRIDABLE}


def overridden(
    config: Config, environ: Mapping[str, str]
) -> tuple[Config, tuple[Override, ...], tuple[str, ...]]:
    """The configuration with its overrides, and sentences about names that nearly are one.

    A variable that holds no such value is a UserError. An empty one says nothing.
    """
    counting = []
    for variable, key in VARIABLES.items():
        text = environ.get(variable, "")
        if not text:
            continue
        section, name = _section(config, key)
        given = _read(variable, text, type(section).model_fields[name].rebuild_annotation())
        before = getattr(section, name)
        value = OVERRIDABLE[key](before, given)
        if value != before:
            counting.append(Override(variable, key, value))
            config = _with(config, counting[-1])
    return config, tuple(counting), tuple(_misspelt(environ))


def _section(config: Config, key: str) -> tuple[Any, str]:
    *path, name = key.split(".")
    section: Any = config
    for part in path:
        section = getattr(section, part)
    return section, name


def _with(config: Config, override: Override) -> Config:
    try:
        changed: Config = _replaced(config, override.key.split("."), override.value)
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise UserError(f"{override.variable} does not fit the configuration: {said}.") from error
    return changed


def _replaced(section: Any, path: list[str], value: object) -> Any:
    name, *rest = path
    inner = _replaced(getattr(section, name), rest, value) if rest else value
    values = {field: getattr(section, field) for field in type(section).model_fields}
    return type(section).model_validate(values | {name: inner})


def _read(variable: str, text: str, annotation: Any) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    words = tuple(word.strip() for word in text.split(","))
    try:
        return adapter.validate_python(words if _is_list(adapter) else text.strip())
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"]
        raise UserError(f"{variable}={text!r} makes no sense: {said[:1].lower()}{said[1:]}.") from (
            error
        )


def _is_list(adapter: TypeAdapter[Any]) -> bool:
    return adapter.json_schema().get("type") == "array"


def _misspelt(environ: Mapping[str, str]) -> Iterator[str]:
    """Other programs have variables of this prefix too, so only what is close is spoken of."""
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable not in VARIABLES:
            close = difflib.get_close_matches(variable, VARIABLES, n=1, cutoff=0.85)
            if close:
                yield f"{variable} is not read; did you mean {close[0]}?"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.value) if isinstance(value, Enum) else str(value)
