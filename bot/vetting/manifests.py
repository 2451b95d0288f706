"""Files that say what a project depends on, and what they ask for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

MANIFESTS = re.compile(
    r"(^|/)(pyproject\.toml|setup\.(py|cfg)|[^/]*requirements[^/]*\.(txt|in)|requirements/[^/]+|"
    r"constraints[^/]*\.txt|Pipfile|environment[^/]*\.ya?ml|tox\.ini|noxfile\.py)$"
)
_FREE_FORM = ("setup.py", "setup.cfg", "tox.ini", "noxfile.py")


def required(path: str, text: str) -> set[str]:
    """What a manifest asks for, one text per requirement; of lock files, every line."""
    name = path.rsplit("/", 1)[-1]
    if name in ("pyproject.toml", "Pipfile", "Cargo.toml"):
        return set(_from_toml(text))
    if name in ("package.json", "composer.json"):
        return set(_from_json(text))
    lock = re.search(r"(^|[-.])lock(\.json|\.yaml)?$|^go\.(mod|sum)$|^Gemfile|\.gemspec$", name)
    if lock or MANIFESTS.search(path):
        if name in _FREE_FORM:
            return set(re.findall(r"[\w.-]+(?:\[[\w,-]+\])?\s*[=<>~!]=\s*[\w.*]+", text))
        lines = (line.split(" #")[0].strip() for line in text.splitlines())
        return {line for line in lines if line and not line.startswith("#")}
    return set()


def _from_toml(text: str) -> Iterator[str]:
    try:
        data: Any = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    pending: list[tuple[str, Any]] = [("", data)]
    while pending:
        key, value = pending.pop()
        if isinstance(value, dict):
            if "dependencies" in key or key in ("packages", "requires", "dependency-groups"):
                yield from (f"{name} {asked}" for name, asked in value.items())
            else:
                pending.extend((f"{key}.{name}", inner) for name, inner in value.items())
            if key.endswith("optional-dependencies"):
                pending.extend((f"{key}.{name}", inner) for name, inner in value.items())
        elif isinstance(value, list) and re.search(r"dependenc|requires|packages|source", key):
            yield from map(str, value)


def _from_json(text: str) -> Iterator[str]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    for key, value in data.items() if isinstance(data, dict) else ():
        asks = key.casefold().endswith("dependencies") or "require" in key
        if isinstance(value, dict) and asks:
            yield from (f"{name} {asked}" for name, asked in value.items())


def declared(path: str, text: str) -> set[str]:
    """The names of distributions that a manifest of Python may declare, as they are written."""
    if path.endswith((*_FREE_FORM, ".yml", ".yaml")):
        return set(re.findall(r"[A-Za-z0-9][\w.-]*", text))
    found = (re.match(r"[A-Za-z0-9][\w.-]*", asked) for asked in required(path, text))
    return {match[0] for match in found if match}
