"""The checks that a repository's own workflows make of pull requests, as its files name them. Pure.

A job's name that is worked out while it runs is known to nobody before, so it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from bot.model import Tree

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_MAX_CHARS = 200_000
_MAX_FILES = 100


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow: its path, its name, and the checks it makes of a pull request, if it makes any.

    `on_push` says whether it also runs on pushes, without which merges stay unwatched.
    """

    path: str
    name: str
    checks: tuple[str, ...]
    on_push: bool


def workflows(tree: Tree) -> tuple[Workflow, ...]:
    """The workflows that run on pull requests and are not the bot's own."""
    paths = [path for path in tree.paths() if _WORKFLOW.fullmatch(path)][:_MAX_FILES]
    own = re.compile(r"/bot(-[a-z]+)?\.yml$")
    found = (_read(path, tree.read(path) or "") for path in paths if not own.search(path))
    return tuple(workflow for workflow in found if workflow)


def _read(path: str, text: str) -> Workflow | None:
    data = _yaml(text)
    # YAML 1.1 reads a bare `on` as true.
    events = data.get("on", data.get(True))
    named = {events} if isinstance(events, str) else set(events or ())
    jobs = data.get("jobs")
    if "pull_request" not in named or not isinstance(jobs, dict):
        return None
    name = data.get("name")
    checks = tuple(_checks(jobs))
    return Workflow(path, name if isinstance(name, str) else path, checks, "push" in named)


def _checks(jobs: dict[Any, Any]) -> Iterator[str]:
    for id_, job in jobs.items():
        if not isinstance(job, dict) or "uses" in job or "strategy" in job:
            continue
        name = str(job.get("name", id_))
        if "${{" not in name and name.isprintable():
            yield name


def _yaml(text: str) -> dict[Any, Any]:
    if len(text) > _MAX_CHARS or re.search(r"(?m)[:\-]\s+[&*]\w", text):
        return {}  # anchors can make a small file endless
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
