"""The plan of one tick: ordered steps, each with its reason, and what led to them.

A plan is for reading and for `act`. Written to a file it carries proposals as data; whoever applies
such a file rebuilds, vets and decides anew, and never does a thing because the file says so.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.actions import Params
from bot.errors import UserError
from bot.evidence import Evidence
from bot.gate import Standing
from bot.model import (
    Answer,
    Attempt,
    BugReport,
    Diagnosis,
    Edit,
    Fingerprint,
    NotActionable,
    Patch,
    Pull,
    Severity,
    Sha,
    Skipped,
    Usage,
)
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


# ------------------------------------------------------------------------------- as a plan file


class _FileModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class EditData(_FileModel):
    path: str
    blob: str | None
    old: str
    new: str


_ENGINE = r"[a-z][a-z0-9_-]{0,31}"
_Count = Annotated[int, Field(ge=0)]


class UsageData(_FileModel):
    requests: _Count = 0
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class ReportData(_FileModel):
    path: str
    symbol: str
    summary: str
    severity: Severity


class PatchData(_FileModel):
    edits: tuple[EditData, ...]
    explanation: str


class AnswerData(_FileModel):
    """An engine's answer: enough to build, vet and judge it again, and no more."""

    incident: str
    engine: Annotated[str, Field(pattern=rf"^{_ENGINE}(, {_ENGINE}){{0,7}}$")]
    number: int
    report: ReportData | None = None
    no_bug: str = ""
    patch: PatchData | None = None
    reason: str = ""
    failed: bool = False
    until_base_moves: bool = False
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    usage: UsageData = UsageData()


class PlanFile(_FileModel):
    version: int
    answers: tuple[AnswerData, ...]
    plan: Any = None
    """For people to read; never looked at again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One answer as a plan file tells it; nothing of it is believed before it is vetted."""

    fingerprint: Fingerprint
    engine: str
    number: int
    answer: Answer


MAX_PLAN_FILE_BYTES = 8 * 1024 * 1024


def write_plan_file(plan: Plan) -> str:
    """The text of a plan file."""
    asked = [case.attempt for case in plan.cases if not case.attempt.answer.out_of_budget]
    answers = tuple(_answer_data(attempt) for attempt in asked)
    file = PlanFile(version=PLAN_VERSION, answers=answers, plan=as_json(plan))
    return json.dumps(file.model_dump(mode="json"), indent=2) + "\n"


def read_plan_file(text: str, origin: str) -> tuple[Claim, ...]:
    """The claims in a plan file; a UserError if it is none that this version reads."""
    if len(text) > MAX_PLAN_FILE_BYTES:
        raise UserError(f"{origin} is larger than {MAX_PLAN_FILE_BYTES // 1024**2} MiB.")
    try:
        file = PlanFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UserError(f"{origin} is not a plan file: {place}: {first['msg']}.") from error
    if file.version != PLAN_VERSION:
        raise UserError(f"{origin} is a plan of version {file.version}; this is {PLAN_VERSION}.")
    return tuple(_claim(data) for data in file.answers)


def _answer_data(attempt: Attempt) -> AnswerData:
    answer = attempt.answer
    report = patch = None
    if isinstance(answer.diagnosis, BugReport):
        found = answer.diagnosis
        report = ReportData(
            path=found.path, symbol=found.symbol, summary=found.summary, severity=found.severity
        )
    if answer.patch:
        edits = [
            EditData(path=e.path, blob=e.blob, old=e.old, new=e.new) for e in answer.patch.edits
        ]
        patch = PatchData(edits=tuple(edits), explanation=answer.patch.explanation)
    return AnswerData(
        incident=attempt.incident.fingerprint,
        engine=attempt.engine,
        number=attempt.number,
        report=report,
        no_bug=answer.diagnosis.reason if isinstance(answer.diagnosis, NotActionable) else "",
        patch=patch,
        reason=answer.reason,
        failed=answer.failed,
        until_base_moves=answer.until_base_moves,
        confidence=answer.confidence,
        usage=UsageData(**_usage(answer.usage)),
    )


def _claim(data: AnswerData) -> Claim:
    diagnosis: Diagnosis | None = NotActionable(data.no_bug) if data.no_bug else None
    patch = None
    if data.report:
        diagnosis = BugReport(**data.report.model_dump())
    if data.patch:
        edits = [
            Edit(e.path, Sha(e.blob) if e.blob else None, e.old, e.new) for e in data.patch.edits
        ]
        patch = Patch(tuple(edits), data.patch.explanation)
    answer = Answer(
        diagnosis=diagnosis,
        patch=patch,
        usage=Usage(**data.usage.model_dump()),
        reason=data.reason,
        failed=data.failed,
        until_base_moves=data.until_base_moves,
        confidence=data.confidence,
    )
    return Claim(Fingerprint(data.incident), data.engine, data.number, answer)
