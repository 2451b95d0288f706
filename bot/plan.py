"""The plan of one tick: ordered steps, each with its reason, and what led to them.

A plan is for reading and for `act`; what of it travels in a file is in `bot.jobs.answers`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bot.actions import Params
from bot.evidence import Evidence
from bot.gate import Standing
from bot.model import Attempt, BugReport, Pull, Sha, Skipped, Usage
from bot.rules import Decision
from bot.watching import Watched

PLAN_VERSION = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One registered write action with its parameters, and why it is to be done."""

    action: str
    params: Params
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """One incident an engine was asked about: what came of it and what policy says."""

    attempt: Attempt
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class OpenPull:
    """One open pull request of the bot's, and where it stands."""

    pull: Pull
    standing: Standing


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one tick would do, and everything a person needs to judge it."""

    repository: str
    forge: str
    """Its name, and why where the bot chose."""
    base_branch: str
    base: Sha
    halted: str
    cases: tuple[Case, ...]
    pulls: tuple[OpenPull, ...]
    skipped: tuple[Skipped, ...]
    notices: tuple[str, ...]
    steps: tuple[Step, ...]
    merges: tuple[Watched, ...] = ()
    """The bot's merges of late, and what they did to the base branch."""

    @property
    def usage(self) -> Usage:
        return sum((case.attempt.answer.usage for case in self.cases), Usage())


# ----------------------------------------------------------------------------------- as JSON


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, for `--json` and for the readable part of a plan file."""
    return {
        "version": PLAN_VERSION,
        "repository": plan.repository,
        "forge": plan.forge,
        "base": {"branch": plan.base_branch, "sha": plan.base},
        "halted": plan.halted,
        "incidents": [_case(case) for case in plan.cases],
        "pull_requests": [
            {
                "number": line.pull.number,
                "url": line.pull.url,
                "decision": line.standing.decision.outcome,
                "rule": line.standing.decision.rule,
                "ready": line.standing.ready,
                "sentence": line.standing.sentence,
            }
            for line in plan.pulls
        ],
        "merges": [one.as_data() for one in plan.merges],
        "skipped": [
            {"reflection": s.reflection.id, "where": s.reflection.where, "reason": s.reason}
            for s in plan.skipped
        ],
        "notices": list(plan.notices),
        "actions": [
            {"action": s.action, "reason": s.reason, "params": s.params.model_dump(mode="json")}
            for s in plan.steps
        ],
        "usage": _usage(plan.usage),
    }


def _case(case: Case) -> dict[str, Any]:
    attempt = case.attempt
    data: dict[str, Any] = {
        "incident": attempt.incident.fingerprint,
        "reflections": list(attempt.incident.reflection_ids),
        "attempt": attempt.number,
        "engine": attempt.engine,
        "ending": attempt.ending,
        "reason": attempt.reason,
        "findings": [finding.sentence for finding in attempt.findings],
        "notes": list(attempt.answer.notes),
        "usage": _usage(attempt.answer.usage),
    }
    report = attempt.answer.diagnosis
    if isinstance(report, BugReport):
        data["diagnosis"] = {
            "file": report.path,
            "symbol": report.symbol,
            "summary": report.summary,
            "severity": report.severity,
        }
    if attempt.proposal:
        data["commit"] = attempt.proposal.commit.sha
        data["branch"] = attempt.proposal.branch
        data["diff"] = attempt.proposal.diff
        data["risks"] = [
            {"kind": risk.rule, "path": risk.path, "sentence": risk.sentence}
            for risk in attempt.proposal.risks
        ]
        if attempt.proposal.evidence:
            data["evidence"] = _evidence(attempt.proposal.evidence)
    if case.decision:
        data["decision"] = {
            "outcome": case.decision.outcome,
            "rule": case.decision.rule,
            "reason": case.decision.reason,
        }
    return data


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return asdict(evidence) | {
        "sentence": evidence.sentence,
        "breaks": evidence.breaks,
        "fail_to_pass": evidence.fail_to_pass,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "requests": usage.requests,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "usd": usage.usd,
    }
