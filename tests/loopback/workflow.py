"""Read a workflow file: which events start it, and the jobs it has. No job runs here.

Only what a plain test workflow needs is understood; anything else is a violation, because a
runner that skips what it does not know would report a green that GitHub would not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from .errors import Violation

ACCEPTED_ACTIONS = ("actions/checkout", "actions/setup-python")
PULL_REQUEST_TYPES = ("opened", "synchronize", "reopened")
WORKFLOW_KEYS = {"name", "run-name", "on", "permissions", "env", "jobs", "concurrency", "defaults"}
JOB_KEYS = {
    "name", "runs-on", "steps", "env", "timeout-minutes", "permissions", "needs", "defaults"
}  # fmt: skip
STEP_KEYS = {
    "name", "id", "run", "uses", "with", "env", "working-directory", "shell", "timeout-minutes"
}  # fmt: skip
OTHER_EVENTS = {
    "schedule", "workflow_dispatch", "workflow_call", "workflow_run", "issues", "issue_comment",
    "merge_group", "pull_request_review", "release", "repository_dispatch",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    name: str
    command: str
    folder: str
    env: dict[str, str]


@dataclass(frozen=True)
class Job:
    id: str
    name: str
    needs: tuple[str, ...]
    env: dict[str, str]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Workflow:
    path: str
    name: str
    triggers: dict[str, dict[str, list[str]]]
    jobs: tuple[Job, ...]

    def starts_on_push(self, branch: str) -> bool:
        filters = self.triggers.get("push")
        return filters is not None and _branch_passes(filters, branch)

    def starts_on_pull_request(self, base: str, activity: str) -> bool:
        filters = self.triggers.get("pull_request")
        if filters is None or activity not in filters.get("types", PULL_REQUEST_TYPES):
            return False
        return _branch_passes(filters, base)


@lru_cache(maxsize=1_000)
def parse_workflow(path: str, text: str) -> Workflow:
    document = yaml.safe_load(text)
    if not isinstance(document, dict):
        raise Violation(f"{path}: not a workflow")
    # YAML 1.1 reads a bare `on` as true.
    document = {"on" if key is True else key: value for key, value in document.items()}
    _only(path, document, WORKFLOW_KEYS)
    triggers = _triggers(path, document.get("on"))
    # Other people's events never start a run here, so what they start need not be understood.
    env = _texts(path, document.get("env")) if triggers else {}
    folder = _default_folder(path, document)
    jobs = document.get("jobs", {}) if triggers else {}
    return Workflow(
        path=path,
        name=str(document.get("name", path)),
        triggers=triggers,
        jobs=tuple(_job(f"{path}: {name}", name, job, env, folder) for name, job in jobs.items()),
    )


def _only(where: str, mapping: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(map(str, set(mapping) - known)):
        raise Violation(f"{where}: the runner does not support {', '.join(unknown)}")


def _triggers(path: str, on: Any) -> dict[str, dict[str, list[str]]]:
    if isinstance(on, str):
        on = [on]
    if isinstance(on, list):
        on = dict.fromkeys(on)
    if not isinstance(on, dict):
        raise Violation(f"{path}: `on` is missing")
    _only(path, on, {"push", "pull_request", *OTHER_EVENTS})
    triggers = {}
    for event in on.keys() & {"push", "pull_request"}:
        filters = on[event] or {}
        known = {"branches", "branches-ignore"} | ({"types"} if event == "pull_request" else set())
        _only(f"{path}: {event}", filters, known)
        triggers[event] = {
            key: [value] if isinstance(value, str) else list(value)
            for key, value in filters.items()
        }
    return triggers


def _branch_passes(filters: dict[str, list[str]], branch: str) -> bool:
    if any(_matches(branch, pattern) for pattern in filters.get("branches-ignore", [])):
        return False
    patterns = filters.get("branches")
    return patterns is None or any(_matches(branch, pattern) for pattern in patterns)


def _matches(branch: str, pattern: str) -> bool:
    """``*`` stops at a slash and ``**`` does not; the rarer patterns are not supported."""
    if set(pattern) & set("!+?[]"):
        raise Violation(f"the runner does not support the branch pattern {pattern!r}")
    parts = [
        {"**": ".*", "*": "[^/]*"}.get(part, re.escape(part))
        for part in re.split(r"(\*\*|\*)", pattern)
    ]
    return re.fullmatch("".join(parts), branch) is not None


def _job(where: str, name: str, job: dict[str, Any], env: dict[str, str], folder: str) -> Job:
    _only(where, job, JOB_KEYS)
    needs = job.get("needs", [])
    folder = _default_folder(where, job) or folder
    return Job(
        id=name,
        name=_plain(where, str(job.get("name", name))),
        needs=(needs,) if isinstance(needs, str) else tuple(needs),
        env=env | _texts(where, job.get("env")),
        steps=tuple(
            step
            for number, raw in enumerate(job.get("steps", []), 1)
            if (step := _step(f"{where}: step {number}", raw, folder))
        ),
    )


def _step(where: str, raw: dict[str, Any], folder: str) -> Step | None:
    """``None`` for an action that has nothing to do here."""
    _only(where, raw, STEP_KEYS)
    if "uses" in raw:
        action = str(raw["uses"]).partition("@")[0]
        if action not in ACCEPTED_ACTIONS:
            raise Violation(f"{where}: the runner does not support the action {action}")
        return None
    if raw.get("shell", "bash") != "bash":
        raise Violation(f"{where}: the runner supports no shell but bash")
    return Step(
        name=str(raw.get("name", raw["run"])).splitlines()[0],
        command=_plain(where, str(raw["run"])),
        folder=_plain(where, str(raw.get("working-directory", folder))),
        env=_texts(where, raw.get("env")),
    )


def _default_folder(where: str, mapping: dict[str, Any]) -> str:
    defaults = mapping.get("defaults", {})
    _only(where, defaults, {"run"})
    run = defaults.get("run", {})
    _only(where, run, {"working-directory", "shell"})
    return str(run.get("working-directory", ""))


def _texts(where: str, env: dict[str, Any] | None) -> dict[str, str]:
    texts = {}
    for key, value in (env or {}).items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        texts[key] = _plain(where, text)
    return texts


def _plain(where: str, text: str) -> str:
    if "${{" in text:
        raise Violation(f"{where}: the runner does not evaluate expressions")
    return text
