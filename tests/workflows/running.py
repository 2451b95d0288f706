"""Runs a workflow as GitHub would, job by job: each with the files, the environment and the rights
that it asks for and nothing else, against the loopback GitHub.

A job that may write contents has a token that may write; one with other rights has one that may
only read; one without any has none. What needs the net (installing) is stood in for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.loopback import LoopbackGitHub, Repo

from .expressions import Known, NotUnderstood, Scope, fill, holds, shown, value
from .reading import Job, Step, Workflow, read_action, read_workflow

ROOT = Path(__file__).parent.parent.parent
OWN_ACTION = "amendbot/amendbot"
APP = "amendbot[bot]"
WORKFLOW_TOKEN = "github-actions[bot]"
STEP_SECONDS = 180.0


@dataclass(frozen=True)
class Ran:
    """One job as it ended. `environments` are those of its scripts, without what every job has."""

    job: str
    incident: str
    result: str
    said: str
    environments: tuple[Mapping[str, str], ...] = ()
    summary: str = ""
    action: Mapping[str, str] = field(default_factory=dict)
    """What the bot's own action gave out, the last time it was used."""


@dataclass(frozen=True)
class Place:
    """The repository's settings, and where runs of its workflows take place."""

    github: LoopbackGitHub
    repo: Repo
    folder: Path
    bot: Path
    """The command, as installing the action would put it there."""
    vars: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        workflow: Path,
        event: str,
        payload: Mapping[str, Any] | None = None,
        inputs: Mapping[str, object] | None = None,
    ) -> tuple[Ran, ...]:
        """Let an event start a workflow. A run that has not begun any job is empty."""
        found = read_workflow(workflow)
        if event not in found.events:
            raise NotUnderstood(f"{workflow.name} is not started by {event}")
        number = len(list(self.folder.glob("run-*"))) + 1
        run = Run(self, found, event, payload or {}, inputs or {}, self.folder / f"run-{number}")
        return tuple(run.jobs())


@dataclass
class Run:
    """One run of a workflow: its artifacts are folders."""

    place: Place
    workflow: Workflow
    event: str
    payload: Mapping[str, Any]
    given: Mapping[str, object]
    folder: Path
    needed: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.artifacts = self.folder / "artifacts"
        self.artifacts.mkdir(parents=True)
        self.head = self.place.repo.git("rev-parse", "HEAD").strip()

    def jobs(self) -> Iterator[Ran]:
        fill(self.workflow.group, Scope(self.contexts("")))  # it has to make sense
        for job in self.workflow.jobs:
            needs = Known({name: self.needed[name] for name in job.needs})
            succeeded = all(one["result"] == "success" for one in needs.values())
            scope = Scope(self.contexts("") | {"needs": needs}, succeeded)
            outputs: Mapping[str, Any] = Known(dict.fromkeys(job.outputs, ""))
            if not holds(job.condition, scope):
                self.needed[job.id] = {"result": "skipped", "outputs": outputs}
                continue
            results = []
            for matrix in self._matrix(job, scope):
                running = RunningJob(self, job, needs, matrix)
                ran, outputs = running.run()
                results.append(ran.result)
                yield ran
            result = "success" if set(results) == {"success"} else "failure"
            self.needed[job.id] = {"result": result, "outputs": outputs}

    def _matrix(self, job: Job, scope: Scope) -> Iterator[Mapping[str, str]]:
        if not job.matrix:
            yield {}
            return
        ((name, values),) = value(job.matrix, scope).items()
        if not values:
            raise NotUnderstood(f"{job.id}: GitHub refuses an empty matrix")
        yield from ({name: one} for one in values)

    def contexts(self, token: str) -> dict[str, Any]:
        """What every job and the head of the workflow may see; secrets are told apart."""
        place, repo = self.place, self.place.repo
        inputs = {**self.workflow.inputs, **self.given} if self.event == "workflow_dispatch" else {}
        request = self.payload.get("pull_request") or {}
        return {
            "github": Known(
                {
                    "event_name": self.event,
                    "event": self.payload,
                    "repository": repo.full_name,
                    "head_ref": (request.get("head") or {}).get("ref", ""),
                    "ref": "refs/heads/main",
                    "workflow": "Amendbot",
                    "run_id": "1",
                    "token": token,
                }
            ),
            "vars": place.vars,
            "secrets": place.secrets,
            "inputs": inputs,
        }


class RunningJob:
    """One job on a machine of its own: a workspace, a home, a folder for what passes."""

    def __init__(
        self, run: Run, job: Job, needs: Mapping[str, Any], matrix: Mapping[str, str]
    ) -> None:
        self.run_, self.job, self.place = run, job, run.place
        incident = matrix.get("incident", "")
        self.matrix, self.incident = matrix, incident
        self.root = run.folder / f"{job.id}-{incident or 'only'}"
        for name in ("work", "home", "temp", "bin"):
            (self.root / name).mkdir(parents=True)
        self.token = self._token()
        self.steps: dict[str, Any] = Known()
        self.contexts = run.contexts(self.token) | {
            "needs": needs,
            "matrix": Known(matrix),
            "runner": Known(temp=str(self.root / "temp")),
            "steps": self.steps,
        }
        whole = {name: fill(text, Scope(self.contexts)) for name, text in run.workflow.env.items()}
        self.env = self.contexts["env"] = whole
        self.path = [str(self.root / "bin"), "/usr/bin", "/bin"]
        self.environments: list[Mapping[str, str]] = []
        self.said = ""
        self.action: Mapping[str, str] = {}
        _script(self.root / "bin" / "sudo", "exit 0")
        _script(self.root / "bin" / "python3", f'exec {sys.executable} "$@"')

    def _token(self) -> str:
        rights = self.job.permissions
        if not rights:
            return ""
        if "write" in rights.values():
            return self.place.github.token_of(WORKFLOW_TOKEN)
        return self.place.github.reading_token(WORKFLOW_TOKEN)

    def run(self) -> tuple[Ran, Mapping[str, Any]]:
        for step in self.job.steps:
            if step.id:
                self.steps[step.id] = {"outputs": {}}
        succeeded = True
        for step in self.job.steps:
            scope = Scope(self.contexts, succeeded)
            if holds(step.condition, scope):
                succeeded = self._step(step, scope) and succeeded
        scope = Scope(self.contexts, succeeded)
        outputs = Known({name: fill(text, scope) for name, text in self.job.outputs.items()})
        summary = self.root / "summary"
        ran = Ran(
            self.job.id,
            self.incident,
            "success" if succeeded else "failure",
            self.said,
            tuple(self.environments),
            summary.read_text() if summary.exists() else "",
            self.action,
        )
        return ran, outputs

    # ------------------------------------------------------------------------------------ steps

    def _step(self, step: Step, scope: Scope) -> bool:
        if not step.uses:
            return self._script(step, scope)
        given = {name: value(told, scope) for name, told in step.given.items()}
        match step.uses:
            case "actions/checkout":
                self._check_out(**given)
            case "actions/upload-artifact":
                self._upload(**given)
            case "actions/download-artifact":
                self._download(**given)
            case "actions/create-github-app-token":
                self.steps[step.id] = {"outputs": {"token": self._app_token(given)}}
            case action if action == OWN_ACTION:
                return self._own_action(step, given)
            case other:
                raise NotUnderstood(f"the action {other}")
        return True

    def _script(self, step: Step, scope: Scope) -> bool:
        own = self.env | {name: shown(value(text, scope)) for name, text in step.env.items()}
        outputs = self.root / "outputs"
        outputs.write_text("")
        self.environments.append(own)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.run],
            cwd=self.root / "work",
            env=self._environment() | {"GITHUB_OUTPUT": str(outputs)} | own,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
        self.said += f"{done.stdout}{done.stderr}"
        if step.id:
            lines = outputs.read_text().splitlines()
            self.steps[step.id] = {"outputs": dict(line.split("=", 1) for line in lines)}
        added = self.root / "path"
        if added.exists():
            self.path = [*added.read_text().split(), *self.path]
            added.unlink()
        return done.returncode == 0

    def _environment(self) -> dict[str, str]:
        """What GitHub sets in every job: the token is not among it."""
        root, repo = self.root, self.place.repo
        return {
            "PATH": os.pathsep.join(self.path),
            "HOME": str(root / "home"),
            "RUNNER_TEMP": str(root / "temp"),
            "TMPDIR": str(root / "temp"),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.place.github.url,
            "GITHUB_EVENT_NAME": self.run_.event,
            "GITHUB_PATH": str(root / "path"),
            "GITHUB_REPOSITORY": repo.full_name,
            "GITHUB_SHA": self.run_.head,
            "GITHUB_STEP_SUMMARY": str(root / "summary"),
            "GITHUB_WORKSPACE": str(root / "work"),
            "SSL_CERT_DIR": str(root / "home"),  # nothing here speaks TLS, and reading them is slow
            "GIT_TEST_FSYNC": "0",
        }

    def _own_action(self, step: Step, given: Mapping[str, Any]) -> bool:
        """The composite action of this checkout, whose installing is stood in for."""
        action = read_action(ROOT / "action.yml")
        if unknown := set(given) - set(action.inputs):
            raise NotUnderstood(f"inputs {unknown}")
        outer, self.steps = self.steps, Known({one.id: {"outputs": {}} for one in action.steps})
        inputs = {name: fill(text, Scope(self.contexts)) for name, text in action.inputs.items()}
        inputs |= {name: shown(told) for name, told in given.items()}
        contexts, self.contexts = (
            self.contexts,
            {
                "inputs": Known(inputs),
                "github": Known(action_path=str(ROOT)),
                "steps": self.steps,
                "env": self.env,
            },
        )
        succeeded = True
        for one in action.steps:
            scope = Scope(self.contexts, succeeded)
            if one.id == "install":
                self._install()
            elif holds(one.condition, scope):
                succeeded = self._script(one, scope) and succeeded
        scope = Scope(self.contexts, succeeded)
        outputs = {name: fill(text, scope) for name, text in action.outputs.items()}
        self.action = outputs
        self.contexts, self.steps = contexts, outer
        if step.id:
            self.steps[step.id] = {"outputs": outputs}
        return succeeded

    def _install(self) -> None:
        folder = self.root / "temp" / "amendbot" / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bot").symlink_to(self.place.bot)
        self.path.insert(0, str(folder))

    # ---------------------------------------------------------------------------------- actions

    def _check_out(self, **given: Any) -> None:
        if given.pop("persist-credentials") is not False:
            raise NotUnderstood("a checkout that leaves the token behind")
        if "contents" not in self.job.permissions:
            raise PermissionError(f"{self.job.id} may not read contents, so it checks out nothing")
        ref, depth = given.pop("ref", "") or self.run_.head, given.pop("fetch-depth", 1)
        if given:
            raise NotUnderstood(f"checkout with {', '.join(given)}")
        repo, work = self.place.repo, str(self.root / "work")
        shallow = ["--depth", "1"] if depth else []
        git = repo.bare.plain
        git("clone", "-q", *shallow, "--no-single-branch", f"file://{repo.bare.path}", work)
        git("-C", work, "checkout", "-q", "--detach", ref)
        git("-C", work, "remote", "set-url", "origin", f"{self.place.github.url}/{repo.full_name}")

    def _upload(self, **given: Any) -> None:
        folder = self.run_.artifacts / given.pop("name")
        source = Path(given.pop("path"))
        if set(given) - {"retention-days"}:
            raise NotUnderstood(f"an upload with {', '.join(given)}")
        if folder.exists():
            raise FileExistsError(f"two jobs upload {folder.name}")
        if source.exists():
            shutil.copytree(source, folder)

    def _download(self, **given: Any) -> None:
        target = Path(given.pop("path"))
        name, pattern = given.pop("name", ""), given.pop("pattern", "")
        if given or (name and pattern):
            raise NotUnderstood(f"a download with {', '.join(given)}")
        kept = sorted(self.run_.artifacts.iterdir())
        wanted = [one for one in kept if fnmatchcase(one.name, name or pattern or "*")]
        if name and not wanted:
            raise FileNotFoundError(f"no job has uploaded {name}")
        for folder in wanted:  # one alone gets no folder of its name, as the action has it
            inside = target if len(wanted) == 1 else target / folder.name
            shutil.copytree(folder, inside, dirs_exist_ok=True)

    def _app_token(self, given: Mapping[str, Any]) -> str:
        if given["private-key"] != self.place.secrets["BOT_APP_PRIVATE_KEY"]:
            raise PermissionError("the app's key is wrong")
        rights = {told for name, told in given.items() if name.startswith("permission-")}
        if "write" in rights:
            return self.place.github.token_of(APP)
        return self.place.github.reading_token(APP)


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
