"""Which workflows of the base branch a pull request starts, and a merge. Pure.

Only as much of a workflow is read as decides that. What an expression or a matrix makes of a job's
name is not known, and then nothing is said about that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.model import Tree

FOLDER = ".github/workflows/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One workflow: what starts it here, and the names its checks will have.

    `filtered` are the paths it is confined to on pull requests, or leaves out. `checks` is None
    where a name depends on what is known only when it runs.
    """

    path: str
    on_pulls: bool = False
    on_merges: bool = False
    filtered: bool = False
    checks: tuple[str, ...] | None = ()


def workflows_of(tree: Tree, branch: str) -> tuple[Workflow, ...]:
    """Those of a tree that can be read, as they bear on this branch."""
    found = (
        _read(path, tree.read(path) or "", branch)
        for path in tree.paths()
        if path.startswith(FOLDER) and PurePosixPath(path).suffix in (".yml", ".yaml")
    )
    return tuple(one for one in found if one)


def _read(path: str, text: str, branch: str) -> Workflow | None:
    import yaml  # most ticks know no workflow, and this costs them start-up time

    try:
        data: Any = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    events = _events(data.get("on", data.get(True)))  # YAML 1.1 reads a bare `on` as true
    pulls, pushes = events.get("pull_request"), events.get("push")
    return Workflow(
        path=path,
        on_pulls=pulls is not None and _meets(pulls, branch),
        on_merges=pushes is not None and _meets(pushes, branch),
        filtered=bool(pulls and {"paths", "paths-ignore"} & pulls.keys()),
        checks=_checks(data.get("jobs")),
    )


def _events(on: Any) -> dict[str, dict[str, Any]]:
    """Each event that starts it, with its filters."""
    if isinstance(on, str):
        on = [on]
    if isinstance(on, list):
        return {str(event): {} for event in on}
    if not isinstance(on, dict):
        return {}
    return {str(k): v if isinstance(v, dict) else {} for k, v in on.items()}


def _meets(filters: dict[str, Any], branch: str) -> bool:
    """Whether an event on this branch passes the filters; what is not understood passes."""
    if not {"branches", "branches-ignore"} & filters.keys():
        return not {"tags", "tags-ignore"} & filters.keys()  # a push of tags alone
    if any(_matches(branch, pattern) for pattern in _texts(filters.get("branches-ignore"))):
        return False
    if "branches" not in filters:
        return True
    passes = False
    for pattern in _texts(filters["branches"]):
        if _matches(branch, pattern.removeprefix("!")):
            passes = not pattern.startswith("!")
    return passes


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)] * bool(value)


def _matches(branch: str, pattern: str) -> bool:
    """GitHub's patterns: `*` stops at a slash, `**` does not; `?`, `+` and sets are a regex's."""
    parts = re.split(r"(\*\*|\*|\?|\+|\[[^\]]*\])", pattern)
    wild = {"**": ".*", "*": "[^/]*"}
    made = [wild.get(part) or (part if part[:1] in "?+[" else re.escape(part)) for part in parts]
    try:
        return re.fullmatch("".join(made), branch) is not None
    except re.error:
        return True


def _checks(jobs: Any) -> tuple[str, ...] | None:
    names = list(_names(jobs)) if isinstance(jobs, dict) else []
    return None if None in names else tuple(name for name in names if name is not None)


def _names(jobs: dict[Any, Any]) -> Iterator[str | None]:
    """What each job's check is called; None where that cannot be known beforehand."""
    for id_, one in jobs.items():
        job = one if isinstance(one, dict) else {}
        name = str(job.get("name", id_))
        known = "${{" not in name and "strategy" not in job and "uses" not in job
        yield name if known else None
