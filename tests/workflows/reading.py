"""A workflow file as the interpreter runs it. A key it does not know raises: it must not lie."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .expressions import NotUnderstood

EVENTS = {
    "schedule": {"cron"},
    "workflow_dispatch": {"inputs"},
    "issue_comment": {"types"},
    "workflow_run": {"workflows", "types", "branches"},
    "workflow_call": {"inputs"},
    "pull_request": set[str](),
}
WORKFLOW_KEYS = {"name", "run-name", "on", "permissions", "env", "concurrency", "jobs"}
JOB_KEYS = {
    "name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "strategy", "outputs",
    "steps",
}  # fmt: skip
STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "shell", "env"}
RIGHTS = {
    "contents", "pull-requests", "checks", "statuses", "issues", "actions",
}  # fmt: skip
ACTION_KEYS = {"name", "description", "author", "branding", "inputs", "outputs", "runs"}


@dataclass(frozen=True)
class Step:
    id: str
    condition: str
    uses: str
    given: Mapping[str, Any]
    run: str
    env: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    id: str
    needs: tuple[str, ...]
    condition: str
    permissions: Mapping[str, str]
    matrix: str
    outputs: Mapping[str, str]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Workflow:
    events: Mapping[str, Any]
    inputs: Mapping[str, Any]
    """Of somebody who starts it by hand: their defaults."""
    env: Mapping[str, str]
    group: str
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Composite:
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    steps: tuple[Step, ...]


@cache
def read_workflow(path: Path) -> Workflow:
    data = _yaml(path)
    _only(str(path), data, WORKFLOW_KEYS)
    events = data["on"]
    _only("on", events, set(EVENTS))
    for event, told in events.items():
        for one in told if isinstance(told, list) else [told or {}]:
            _only(event, one, EVENTS[event])
    concurrency = data["concurrency"]
    _only("concurrency", concurrency, {"group", "cancel-in-progress"})
    whole = data.get("permissions")
    if whole != {}:
        raise NotUnderstood("rights for all jobs; each says its own")
    inputs = (events.get("workflow_dispatch") or {}).get("inputs", {})
    return Workflow(
        events=events,
        inputs={name: one.get("default") for name, one in inputs.items()},
        env=data.get("env", {}),
        group=str(concurrency["group"]),
        jobs=tuple(_job(name, job) for name, job in data["jobs"].items()),
    )


def _job(name: str, job: dict[str, Any]) -> Job:
    _only(name, job, JOB_KEYS)
    needs, strategy = job.get("needs", []), job.get("strategy", {})
    _only(f"{name}: strategy", strategy, {"fail-fast", "matrix"})
    _only(f"{name}: permissions", job["permissions"], RIGHTS)
    if strategy and strategy["fail-fast"] is not False:
        raise NotUnderstood(f"{name}: one failure must not end the others")
    return Job(
        id=name,
        needs=(needs,) if isinstance(needs, str) else tuple(needs),
        condition=str(job.get("if", "success()")),
        permissions=job["permissions"],
        matrix=strategy.get("matrix", ""),
        outputs=job.get("outputs", {}),
        steps=tuple(_step(name, step) for step in job["steps"]),
    )


def _step(where: str, step: dict[str, Any]) -> Step:
    _only(where, step, STEP_KEYS)
    if ("run" in step) == ("uses" in step) or step.get("shell", "bash") != "bash":
        raise NotUnderstood(f"{where}: a step either uses an action or runs a bash script")
    if "${{" in step.get("run", ""):
        raise NotUnderstood(f"{where}: an expression in a script")
    return Step(
        id=step.get("id", ""),
        condition=str(step.get("if", "success()")),
        uses=step.get("uses", "").partition("@")[0],
        given=step.get("with", {}),
        run=step.get("run", ""),
        env=step.get("env", {}),
    )


@cache
def read_action(path: Path) -> Composite:
    data = _yaml(path)
    _only(str(path), data, ACTION_KEYS)
    runs = data["runs"]
    _only("runs", runs, {"using", "steps"})
    if runs["using"] != "composite":
        raise NotUnderstood(runs["using"])
    return Composite(
        inputs={name: one["default"] for name, one in data["inputs"].items()},
        outputs={name: one["value"] for name, one in data["outputs"].items()},
        steps=tuple(_step(path.name, step) for step in runs["steps"]),
    )


def _yaml(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(re.sub(r"(?m)^on:", '"on":', path.read_text(encoding="utf-8")))
    if not isinstance(data, dict):
        raise NotUnderstood(str(path))
    return data


def _only(where: str, table: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        raise NotUnderstood(f"{where}: {', '.join(unknown)}")
