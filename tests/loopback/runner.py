"""The stand-in for Actions: events queue runs, and a test says when the queue is worked off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from . import merging
from .checks import PASSING
from .errors import Refused, Violation
from .state import Actor, CheckRun, PullRequest, WorkflowRun
from .workflow import Job, Workflow, parse_workflow

if TYPE_CHECKING:
    from .hosted import HostedRepository

STEP_SECONDS = 60.0
_VERDICTS: dict[str, tuple[bool, str]] = {}
"""By all that a job can tell apart: what the same job said before, it says again."""
TAIL_CHARACTERS = 4000


@dataclass
class Queue:
    waiting: list[tuple[WorkflowRun, Workflow, dict[str, CheckRun]]] = field(default_factory=list)
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    parked: list[tuple[WorkflowRun, Workflow]] = field(default_factory=list)
    """Runs that wait for a person's approval, and so have no check runs."""
    again: set[int] = field(default_factory=set)
    """Runs that somebody started again, for a commit that may be an old one by now."""


def branch_pushed(repo: HostedRepository, branch: str, sha: str, by: Actor) -> None:
    if by.is_workflow_token:
        return
    for workflow in workflows_at(repo, sha):
        if workflow.starts_on_push(branch):
            _enqueue(repo, workflow, sha, "push", f"refs/heads/{branch}")


def pull_changed(
    repo: HostedRepository,
    pull: PullRequest,
    by: Actor,
    activity: Literal["opened", "synchronize", "reopened"],
) -> None:
    if merging.has_conflicts(repo, pull):
        return  # there is no merge commit to run on
    for workflow in workflows_at(repo, pull.head_sha):
        if workflow.starts_on_pull_request(pull.base_ref, activity):
            ref = f"refs/pull/{pull.number}/merge"
            parked = by.is_workflow_token
            _enqueue(repo, workflow, pull.head_sha, "pull_request", ref, parked=parked)


def workflows_at(repo: HostedRepository, sha: str) -> list[Workflow]:
    listing = repo.bare.said((sha,), "ls-tree", "-z", "--name-only", sha, ".github/workflows/")
    workflows = []
    for path in listing.split("\0"):
        if path.endswith((".yml", ".yaml")) and path not in repo.github.run_elsewhere:
            try:
                text = repo.bare.said((sha,), "show", f"{sha}:{path}")
                workflows.append(parse_workflow(path, text))
            except Violation as violation:
                repo.github.violate(violation.message)
    return workflows


def _enqueue(
    repo: HostedRepository,
    workflow: Workflow,
    sha: str,
    event: Literal["push", "pull_request"],
    ref: str,
    parked: bool = False,
) -> None:
    key = (sha, workflow.path, event)
    if key in repo.queue.seen:
        return
    repo.queue.seen.add(key)
    ids = repo.github.ids
    run = WorkflowRun(ids.next(), ids.next(), sha, event, ref, workflow.path, workflow.name)
    if parked:
        repo.queue.parked.append((run, workflow))
        return
    _start(repo, run, workflow)


def approve_runs(repo: HostedRepository, sha: str) -> None:
    """Somebody lets the runs go on that wait for that."""
    for run, workflow in [one for one in repo.queue.parked if one[0].sha == sha]:
        repo.queue.parked.remove((run, workflow))
        _start(repo, run, workflow)


def _start(repo: HostedRepository, run: WorkflowRun, workflow: Workflow) -> None:
    ids, sha = repo.github.ids, run.sha
    checks = {
        job.id: CheckRun(ids.next(), run.suite_id, job.name, sha, run=run) for job in workflow.jobs
    }
    repo.checks.runs.extend(checks.values())
    repo.queue.waiting.append((run, workflow, checks))


def rerun_failed(repo: HostedRepository, run_id: int) -> None:
    """Start again what failed in a run, and what needs that: each a check run of its own."""
    newest = {
        check.name: check for check in repo.checks.runs if check.run and check.run.id == run_id
    }
    run = next((check.run for check in newest.values()), None)
    if run is None:
        raise Refused(404, "Not Found")
    if any(check.status != "completed" for check in newest.values()):
        raise Refused(403, "This workflow is already running")
    workflow = next(one for one in workflows_at(repo, run.sha) if one.path == run.path)
    checks = {job.id: newest[job.name] for job in workflow.jobs}
    failed = {job for job, check in checks.items() if check.conclusion not in PASSING}
    if not failed:
        raise Refused(403, "This workflow run cannot be retried")
    for job in workflow.jobs:  # a job stands after those it needs
        if job.id in failed or failed & set(job.needs):
            failed.add(job.id)
            checks[job.id] = CheckRun(
                repo.github.ids.next(), run.suite_id, job.name, run.sha, run=run
            )
            repo.checks.runs.append(checks[job.id])
    repo.queue.again.add(run_id)
    repo.queue.waiting.append((run, workflow, checks))


def run_queue(repo: HostedRepository) -> list[CheckRun]:
    """Work off the queue; a run whose commit nobody wants any more is cancelled."""
    finished: list[CheckRun] = []
    while repo.queue.waiting:
        run, workflow, checks = repo.queue.waiting.pop(0)
        wanted = _still_wanted(repo, run)
        for job in workflow.jobs:
            check = checks[job.id]
            if check.status == "completed":
                continue  # a test has reported it by hand
            unmet = any(checks[need].conclusion != "success" for need in job.needs)
            if not wanted or unmet:
                conclusion, output = ("skipped" if wanted else "cancelled"), ""
            else:
                check.status, check.started_at = "in_progress", repo.github.clock.tick()
                same = repr((repo.full_name, run, job))
                if same not in _VERDICTS:
                    _VERDICTS[same] = _run_job(repo, run, job)
                passed, output = _VERDICTS[same]
                conclusion = "success" if passed else "failure"
            with repo.github.lock:
                check.status, check.conclusion = "completed", conclusion
                check.title, check.summary = f"{workflow.name} / {job.name}", output
                check.completed_at = repo.github.clock.tick()
                check.started_at = check.started_at or check.completed_at
            finished.append(check)
    return finished


def _still_wanted(repo: HostedRepository, run: WorkflowRun) -> bool:
    if run.id in repo.queue.again:
        return True
    if run.event == "push":
        return repo.bare.refs(run.ref).get(run.ref) == run.sha
    return any(pull.state == "open" and pull.head_sha == run.sha for pull in repo.pulls)


def _run_job(repo: HostedRepository, run: WorkflowRun, job: Job) -> tuple[bool, str]:
    """Whether every step passed, and the tail of what they printed."""
    output = ""
    with tempfile.TemporaryDirectory(prefix="loopback-job-") as temporary:
        root = Path(temporary)
        checkout = root / "work"
        repo.bare.plain("clone", "-q", "--no-checkout", str(repo.bare.path), str(checkout))
        repo.bare.plain("-C", str(checkout), "checkout", "-q", "--detach", run.sha)
        environment = _job_environment(repo, run, root) | job.env
        for step in job.steps:
            passed, printed = _run_step(
                step.command, checkout / step.folder, environment | step.env
            )
            output += f"$ {step.name}\n{printed}"
            if not passed:
                return False, output[-TAIL_CHARACTERS:]
    return True, output[-TAIL_CHARACTERS:]


def _job_environment(repo: HostedRepository, run: WorkflowRun, root: Path) -> dict[str, str]:
    for folder in ("home", "tmp"):
        (root / folder).mkdir()
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "HOME": str(root / "home"),
        "TMPDIR": str(root / "tmp"),
        "RUNNER_TEMP": str(root / "tmp"),
        "LANG": "C.UTF-8",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": run.event,
        "GITHUB_REF": run.ref,
        "GITHUB_REPOSITORY": repo.full_name,
        "GITHUB_RUN_ID": str(run.id),
        "GITHUB_SHA": run.sha,
        "GITHUB_WORKSPACE": str(root / "work"),
    }


def _run_step(command: str, folder: Path, environment: dict[str, str]) -> tuple[bool, str]:
    process = subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-e", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=STEP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        printed, _ = process.communicate()
        printed += f"\nstopped after {STEP_SECONDS:.0f} seconds\n".encode()
    return process.returncode == 0, printed.decode("utf-8", "replace")
