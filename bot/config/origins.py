"""Where each setting's value comes from: a line of the file, a variable, or the default."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel

from bot.config.environment import Override
from bot.config.whole import Config

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it counts: its dotted key, its value as TOML writes it, and from where."""

    key: str
    value: str
    origin: str


def settings(
    config: Config, text: str, file: str, overrides: Sequence[Override] = ()
) -> Iterator[Setting]:
    """Every setting: of the configuration that `text`, the content of `file`, says, and overrides.

    `overrides` are those that count; the configuration is the one from before them.
    """
    lines = lines_of(text)
    by_variable = {override.key: override for override in overrides}
    for key, value, is_set in _leaves(config, "", is_set=True):
        override = by_variable.get(key)
        if override:
            yield Setting(key, as_toml(override.value), override.variable)
        else:
            origin = _place(key, lines, file) if is_set else DEFAULT
            yield Setting(key, as_toml(value), origin)


def _place(key: str, lines: Mapping[str, int], file: str) -> str:
    """The line of a key, or of the inline table that it stands in."""
    while key:
        if key in lines:
            return f"{file}:{lines[key]}"
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return file


def _leaves(value: Any, key: str, *, is_set: bool) -> Iterator[tuple[str, Any, bool]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = f"{key}.{name}" if key else name
            here = is_set and name in value.model_fields_set
            yield from _leaves(getattr(value, name), inner, is_set=here)
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{key}[{number}]", is_set=is_set)
    else:
        yield key, value, is_set


def as_toml(value: object) -> str:
    """A value as a TOML file would have it; what is not set has no value there, and is a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    text = str(value.value) if isinstance(value, Enum) else str(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


_TABLE = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_. \"'-]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.-]+|\"[^\"]+\")\s*=")


def lines_of(text: str) -> dict[str, int]:
    """On which line of a TOML text each key stands, by its dotted name with `[n]` for tables.

    Lines are counted from 1. A key that a more unusual spelling hides is left out.
    """
    found: dict[str, int] = {}
    tables: dict[str, int] = {}
    prefix, value, begun = "", "", ""
    for number, line in enumerate(text.splitlines(), start=1):
        if value:  # of a value that goes on over several lines
            value += f"\n{line}"
        elif table := _TABLE.match(line):
            prefix = re.sub(r"[\s\"']", "", table[2])
            if table[1] == "[[":
                tables[prefix] = tables.get(prefix, -1) + 1
                prefix = f"{prefix}[{tables[prefix]}]"
            else:
                prefix = _inside(prefix, tables)
            continue
        elif key := _KEY.match(line):
            name = key[1].strip('"')
            begun = f"{prefix}.{name}" if prefix else name
            found[begun] = number
            value = line
        if value and _is_whole(value):
            value = ""
    return found


def _inside(prefix: str, tables: dict[str, int]) -> str:
    """`[a.b]` below `[[a]]` belongs to the last of these."""
    for table, number in tables.items():
        if prefix.startswith(f"{table}."):
            return f"{table}[{number}]{prefix[len(table) :]}"
    return prefix


def _is_whole(value: str) -> bool:
    try:
        tomllib.loads(value)
    except tomllib.TOMLDecodeError:
        return False
    return True
