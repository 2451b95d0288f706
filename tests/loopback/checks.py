"""Check runs and commit statuses: two systems, one rollup, and whether a branch asks for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from .state import (
    ACTIONS_APP_ID,
    ACTIONS_APP_SLUG,
    CheckRun,
    CommitStatus,
    Rules,
    WorkflowRun,
)

PASSING = ("success", "skipped", "neutral")


@dataclass(frozen=True)
class Suite:
    """The checks that one app reports on one commit because of one event; parked without any."""

    suite_id: int
    run: WorkflowRun | None
    checks: tuple[CheckRun, ...] = ()
    app_slug: str = ACTIONS_APP_SLUG
    app_id: int = ACTIONS_APP_ID

    @property
    def status(self) -> str:
        states = {check.status for check in self.checks}
        if states <= {"completed"}:
            return "completed"
        return "queued" if states == {"queued"} else "in_progress"

    @property
    def conclusion(self) -> str | None:
        """Parked ones are completed, with a conclusion that asks for a person."""
        if self.status != "completed":
            return None
        if not self.checks:
            return "action_required"
        bad = [c.conclusion for c in self.checks if c.conclusion not in PASSING]
        return bad[0] if bad else "success"


@dataclass
class Checks:
    """Everything reported about commits; the newest report of a name replaces older ones."""

    runs: list[CheckRun] = field(default_factory=list)
    statuses: list[CommitStatus] = field(default_factory=list)

    def runs_of(self, sha: str) -> list[CheckRun]:
        newest: dict[tuple[str, str, str], CheckRun] = {}
        for run in self.runs:
            if run.sha == sha:
                event = run.run.event if run.run else ""
                workflow = run.run.path if run.run else ""
                newest[(run.name, event, workflow)] = run
        return list(newest.values())

    def statuses_of(self, sha: str) -> list[CommitStatus]:
        newest: dict[str, CommitStatus] = {}
        for status in self.statuses:
            if status.sha == sha:
                newest[status.context] = status
        return list(newest.values())

    def suites_of(self, sha: str) -> list[Suite]:
        """By their first check's age; parked ones are the queue's to know."""
        suites: dict[int, dict[str, CheckRun]] = {}
        for run in self.runs:
            if run.sha == sha:  # of what was run again only the newest counts
                suites.setdefault(run.suite_id, {})[run.name] = run
        return [
            Suite(suite_id, run.run, tuple(runs.values()), run.app_slug, run.app_id)
            for suite_id, runs in suites.items()
            for run in [next(iter(runs.values()))]
        ]

    def contexts_of(self, sha: str) -> list[CheckRun | CommitStatus]:
        return [*self.runs_of(sha), *self.statuses_of(sha)]

    def rollup(self, sha: str) -> str | None:
        """GraphQL's ``StatusState``; ``None`` when nothing was ever reported."""
        verdicts = [verdict(context) for context in self.contexts_of(sha)]
        if not verdicts:
            return None
        for worst in ("FAILURE", "ERROR", "PENDING"):
            if worst in verdicts:
                return worst
        return "SUCCESS"

    def unmet(self, sha: str, rules: Rules) -> list[str]:
        """Required names that are not green; a name in both systems must pass in both."""
        reported: dict[str, list[str]] = {}
        for context in self.contexts_of(sha):
            reported.setdefault(name_of(context), []).append(verdict(context))
        return [
            name
            for name in rules.checks
            if not reported.get(name) or any(state != "SUCCESS" for state in reported[name])
        ]


def name_of(context: CheckRun | CommitStatus) -> str:
    return context.name if isinstance(context, CheckRun) else context.context


def verdict(context: CheckRun | CommitStatus) -> str:
    if isinstance(context, CommitStatus):
        return context.state.upper()
    if context.status != "completed":
        return "PENDING"
    return "SUCCESS" if context.conclusion in PASSING else "FAILURE"


def combined_state(statuses: list[CommitStatus]) -> str:
    """REST's combined status, which knows nothing of check runs and calls none ``pending``."""
    states = {status.state for status in statuses}
    if states & {"failure", "error"}:
        return "failure"
    return "success" if states == {"success"} else "pending"
