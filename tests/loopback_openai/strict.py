"""The schema rules of OpenAI's Structured Outputs, so that a tool the real API refuses fails here.

Source: the "Supported schemas" section of OpenAI's Structured Outputs guide. Where the guide
leaves room, the narrower reading is taken: an array counts as a level of nesting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

KEYWORDS = {
    *("type", "enum", "const", "anyOf", "items", "properties", "required", "title"),
    *("additionalProperties", "description", "$defs", "$ref", "pattern", "format"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems"),
}
FORMATS = {
    *("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"),
}
MAX_DEPTH = 10
MAX_PROPERTIES = 5_000
MAX_ENUM_VALUES = 1_000
MAX_STRING_TOTAL = 120_000
LARGE_ENUM, MAX_LARGE_ENUM_TEXT = 250, 15_000

Path = tuple[str, ...]
Schema = dict[str, Any]
_LOOKAROUND = re.compile(r"\(\?<?[=!]")


def valid_problems(schema: object) -> Iterator[str]:
    """Why this is not valid JSON Schema (draft 2020-12)."""
    if not isinstance(schema, dict):
        yield f"schema must be an object, got {json.dumps(schema)}"
        return
    for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema):
        yield f"In context={tuple(error.absolute_path)}, {error.message}"


def mismatches(value: object, schema: Schema) -> Iterator[str]:
    """Where this value does not fit the schema."""
    for error in Draft202012Validator(schema).iter_errors(value):
        yield f"{error.json_path}: {error.message}"


def strict_problems(schema: object) -> Iterator[str]:
    """Why strict mode refuses this schema, the most basic reason first; nothing when it is fine."""
    invalid = False
    for problem in valid_problems(schema):
        invalid = True
        yield problem
    if invalid or not isinstance(schema, dict):
        return
    if schema.get("type") != "object" or "anyOf" in schema:
        yield "In context=(), the root schema must have type 'object' and not be anyOf"
    seen = list(_walk(schema, ()))
    for path, node in seen:
        for message in _node_problems(schema, node, path):
            yield f"In context={path}, {message}"
    yield from _size_problems([node for _, node in seen])
    depth = _depth(schema, schema, ("#",))
    if depth > MAX_DEPTH:
        yield f"{depth} levels of nesting exceeds limit of {MAX_DEPTH}"


def _children(node: Schema) -> Iterator[tuple[Path, Schema]]:
    for keyword in ("properties", "$defs"):
        for name, child in node.get(keyword, {}).items():
            yield (keyword, name), child
    for index, child in enumerate(node.get("anyOf", [])):
        yield ("anyOf", str(index)), child
    if "items" in node:
        yield ("items",), node["items"]


def _walk(node: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, node
    if isinstance(node, dict):
        for step, child in _children(node):
            yield from _walk(child, (*path, *step))


def _types(node: Schema) -> list[str]:
    kind = node.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _node_problems(root: Schema, node: Any, path: Path) -> Iterator[str]:
    if not isinstance(node, dict):
        yield f"schema must be an object, got {json.dumps(node)}"
        return
    for keyword in sorted(node.keys() - KEYWORDS):
        yield f"'{keyword}' is not permitted"
    if "$ref" in node:
        siblings = sorted(node.keys() - {"$ref", "$defs"})
        if siblings:
            yield f"$ref cannot have keywords {siblings}"
        if _target(root, node["$ref"]) is None:
            yield f"reference {node['$ref']!r} does not point into this schema"
        return
    types = _types(node)
    if not types and "anyOf" not in node:
        yield "schema must have a 'type' key"
    if "object" in types or "properties" in node:
        yield from _object_problems(node)
    if "array" in types and "items" not in node:
        yield "array schema missing items"
    yield from _text_problems(node)


def _text_problems(node: Schema) -> Iterator[str]:
    if "format" in node and node["format"] not in FORMATS:
        yield f"'{node['format']}' is not a valid format"
    if _LOOKAROUND.search(node.get("pattern", "")):
        yield "'pattern' must not use lookaround"


def _object_problems(node: Schema) -> Iterator[str]:
    if node.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false"
    if "properties" not in node:
        yield "object schema missing properties"
        return
    names, required = set(node["properties"]), set(node.get("required", []))
    if "required" not in node or names - required:
        missing = ", ".join(sorted(names - required))
        yield (
            "'required' is required to be supplied and to be an array including every key in"
            f" properties. Missing '{missing}'"
        )
    if required - names:
        yield f"Extra required key '{', '.join(sorted(required - names))}' supplied"


def _target(root: Schema, ref: str) -> Schema | None:
    """The schema a local reference points at, or None."""
    found: Any = root
    for step in ref.removeprefix("#").split("/")[1:] if ref.startswith("#") else [""]:
        if not isinstance(found, dict) or step not in found:
            return None
        found = found[step]
    return found if isinstance(found, dict) else None


def _depth(root: Schema, node: Any, inside: tuple[str, ...]) -> int:
    """Levels of objects and arrays below and including this node; a recursion counts once."""
    if not isinstance(node, dict):
        return 0
    ref = node.get("$ref")
    if ref is not None:
        return 0 if ref in inside else _depth(root, _target(root, ref), (*inside, ref))
    level = 1 if {"object", "array"} & set(_types(node)) else 0
    below = [_depth(root, child, inside) for step, child in _children(node) if step[0] != "$defs"]
    return level + max(below, default=0)


def _size_problems(nodes: list[Any]) -> Iterator[str]:
    properties = enums = text = 0
    for node in (node for node in nodes if isinstance(node, dict)):
        values = node.get("enum", [])
        names = [*node.get("properties", {}), *node.get("$defs", {})]
        strings = [value for value in values if isinstance(value, str)]
        constant = node.get("const")
        properties += len(node.get("properties", {}))
        enums += len(values)
        text += sum(map(len, names + strings)) + len(constant if isinstance(constant, str) else "")
        if len(strings) > LARGE_ENUM and sum(map(len, strings)) > MAX_LARGE_ENUM_TEXT:
            yield f"an enum of more than {LARGE_ENUM} values exceeds {MAX_LARGE_ENUM_TEXT} chars"
    for what, size, limit in (
        ("object properties", properties, MAX_PROPERTIES),
        ("enum values", enums, MAX_ENUM_VALUES),
        ("characters of names and values", text, MAX_STRING_TOTAL),
    ):
        if size > limit:
            yield f"{size} {what} in total exceeds limit of {limit}"
