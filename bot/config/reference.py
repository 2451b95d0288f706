"""The configuration's reference page and its JSON Schema, both made from the models alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.config.environment import OVERRIDABLE, variable_of
from bot.config.origins import as_toml
from bot.config.whole import Config

INTRODUCTION = """\
# Configuration

<!-- Made by `bot config reference`; a test compares it. -->

`.github/bot.toml` on the base branch. Every key has a default; an unknown key is a mistake that is
answered with the key that was probably meant. `bot config check` reads the file,
`bot config show --origin` says what counts and why, and `bot config schema` prints the JSON Schema,
by which editors complete it.

A key with a variable may be changed for one run by that variable: it stops the bot, narrows what it
may do or lowers a limit, and never loosens anything that the file says.
"""


def config_schema() -> str:
    """The JSON Schema of the configuration file, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2)


def reference() -> str:
    """The reference page, as Markdown."""
    return "\n".join([INTRODUCTION, *_section(Config, "")]) + "\n"


def _section(model: type[BaseModel], key: str) -> Iterator[str]:
    inner: list[tuple[str, type[BaseModel]]] = []
    yield f"## `{_heading(model, key)}`" if key else "## At the top"
    yield ""
    if key and model.__doc__:
        yield _paragraph(model.__doc__)
        yield ""
    rows = []
    for name, field in model.model_fields.items():
        below, many = _model_in(field)
        dotted = f"{key}.{name}" if key else name
        if below:
            inner.append((f"{dotted}[]" if many else dotted, below))
        else:
            rows.append(_row(name, dotted, field, model))
    if rows:
        yield "| key | values | default | what it says |"
        yield "|---|---|---|---|"
        yield from rows
        yield ""
    for dotted, below in inner:
        yield from _section(below, dotted)


def _heading(model: type[BaseModel], key: str) -> str:
    plain = key.replace("[]", "")
    return f"[[{plain}]]" if key.endswith("[]") else f"[{plain}]"


def _model_in(field: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """The section that a field holds, if it holds one, and whether it may hold many."""
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind, False
    for inner in get_args(kind):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner, True
    return None, False


def _row(name: str, dotted: str, field: FieldInfo, model: type[BaseModel]) -> str:
    default = field.get_default(call_default_factory=True)
    shown = "required" if default is PydanticUndefined else f"`{as_toml(default)}`"
    shown = "–" if default is None else shown
    said = _paragraph(field.description or "")
    if dotted in OVERRIDABLE:
        said = f"{said} Variable: `{variable_of(dotted)}`.".strip()
    cells = (f"`{name}`", _values(model, name), shown, said)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(model: type[BaseModel], name: str) -> str:
    """What a key may hold, in words, from its JSON Schema."""
    whole = model.model_json_schema()
    return _kind(whole["properties"][name], whole.get("$defs", {}))


_NAMES = {"boolean": "`true`, `false`", "integer": "whole number", "number": "number"}


def _kind(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _kind(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    if "anyOf" in schema:
        kinds = [_kind(one, definitions) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum") or [schema["const"]]
        return ", ".join(f"`{as_toml(v.value if isinstance(v, Enum) else v)}`" for v in values)
    if schema.get("type") == "array":
        inner = schema.get("items") or (schema.get("prefixItems") or [{}])[0]
        return f"list of {_kind(inner, definitions)}"
    kind = _NAMES.get(schema.get("type", ""), "text")
    return f"{kind}{_bounds(schema)}"


def _bounds(schema: dict[str, Any]) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
    bounds = [f"{word} {schema[key]:g}" for key, word in words.items() if key in schema]
    return f", {' '.join(bounds)}" if bounds else ""


def _paragraph(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
