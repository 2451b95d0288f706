"""The file that travels between jobs: engines' answers, and evidence on the commits made of them.

Pure. It carries proposals as data. Whoever takes one up builds, vets and decides anew, and never
does a thing because the file says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.actions.update_branch import UpdateBranch
from bot.errors import UserError
from bot.jobs.evidence import EvidenceData, Statement
from bot.jobs.limits import MAX_ANSWERS_BYTES
from bot.jobs.work import FINGERPRINT, Assignment, first_of
from bot.model import (
    Answer,
    Attempt,
    BugReport,
    Diagnosis,
    Edit,
    Feedback,
    Fingerprint,
    NotActionable,
    Patch,
    Pull,
    Severity,
    Sha,
    Usage,
    digest,
)
from bot.plan import Plan, as_json

ANSWERS_VERSION = 2
MAX_ANSWERS = 1_000
"""So many answers one file may hold."""
MAX_EDITS = 5_000
MAX_SENTENCES = 50
MAX_REASON_CHARS = 2_000
"""So much of why there is no patch is read: it goes into the ledger, which keeps all for ever."""


class _FileModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


ENGINE = r"[a-z][a-z0-9_-]{0,31}"
_Count = Annotated[int, Field(ge=0, le=10**12)]
_Prose = Annotated[str, Field(max_length=1_000_000)]
_Sentence = Annotated[str, Field(max_length=10_000)]
SHA = r"^[0-9a-f]{40}$"
_Sha = Annotated[str, Field(pattern=SHA)]


class EditData(_FileModel):
    path: _Prose
    blob: _Sha | None
    old: str
    new: str


class UsageData(_FileModel):
    requests: _Count = 0
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class ReportData(_FileModel):
    path: _Prose
    symbol: _Prose
    summary: _Prose
    severity: Severity


class PatchData(_FileModel):
    edits: Annotated[tuple[EditData, ...], Field(max_length=MAX_EDITS)]
    explanation: _Prose


class AnswerData(_FileModel):
    """An engine's answer: enough to build, vet and judge it again, and no more."""

    incident: Annotated[str, Field(pattern=FINGERPRINT)]
    engine: Annotated[str, Field(pattern=rf"^{ENGINE}(, {ENGINE}){{0,7}}$")]
    number: Annotated[int, Field(ge=1, le=1_000)]
    heard: Annotated[str, Field(max_length=64)] = ""
    asked: Annotated[str, Field(pattern=r"^[0-9T:.+-]{0,40}$")] = ""
    """The tick that it was asked in, if each engine answers in a file of its own."""
    engines: Annotated[tuple[str, ...], Field(max_length=8)] = ()
    """All that are asked about it in that tick."""
    report: ReportData | None = None
    no_bug: _Prose = ""
    patch: PatchData | None = None
    reason: _Prose = ""
    failed: bool = False
    out_of_budget: bool = False
    until_base_moves: bool = False
    notes: Annotated[tuple[_Sentence, ...], Field(max_length=MAX_SENTENCES)] = ()
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    usage: UsageData = UsageData()


class AnswersFile(_FileModel):
    version: int
    answers: Annotated[tuple[AnswerData, ...], Field(max_length=MAX_ANSWERS)]
    evidence: Annotated[tuple[EvidenceData, ...], Field(max_length=MAX_ANSWERS)] = ()
    unrun: Annotated[tuple[_Sha, ...], Field(max_length=MAX_ANSWERS)] = ()
    """Commits whose tests were to be run, and nothing could be."""
    plan: Any = None
    """For people to read; never looked at again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One answer as a file tells it; nothing of it is believed before it is vetted.

    `heard`, `asked` and `engines` are as in `AnswerData`.
    """

    fingerprint: Fingerprint
    engine: str
    number: int
    answer: Answer
    heard: str = ""
    asked: str = ""
    engines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brought:
    """What files bring: answers, what tests say, and sentences about what could not be read."""

    claims: tuple[Claim, ...] = ()
    statements: tuple[Statement, ...] = ()
    notices: tuple[str, ...] = ()

    def __add__(self, other: Brought) -> Brought:
        return Brought(
            (*self.claims, *other.claims),
            (*self.statements, *other.statements),
            (*self.notices, *other.notices),
        )


def heard(feedback: Feedback | None, pull: Pull | None) -> str:
    """A name for all that people and checks said that asks for an attempt; "" where nobody did."""
    if feedback is None:
        return ""
    return digest(pull.head if pull else "", *feedback.told, *feedback.threads, *feedback.answers)


def limited(brought: Brought, incident: str, engine: str = "", origin: str = "") -> Brought:
    """What a job may bring that was to answer about this one incident, or to run this one commit.

    `engine` is the one that it was to ask, empty where it was to ask none; `origin` is for the
    sentence about the rest. A job that went astray thus speaks of nothing but what it was given.
    """
    claims = [one for one in brought.claims if (one.fingerprint, one.engine) == (incident, engine)]
    if re.fullmatch(SHA, incident):
        statements = [one for one in brought.statements if one.head == incident]
    else:
        statements = [replace(one, incident=incident, engine=engine) for one in brought.statements]
    notices = brought.notices
    lost = len(brought.claims) + len(brought.statements) - len(claims) - len(statements)
    if lost:
        notices += (f"left out: {origin} speaks of what was not its to say",)
    return Brought(tuple(claims), tuple(statements), notices)


def write_plan_file(plan: Plan) -> str:
    """The text of a plan's file: its answers and evidence, and for people the plan itself."""
    asked = [case.attempt for case in plan.cases if not case.attempt.answer.out_of_budget]
    answers = [answer_data(one, heard(one.feedback, one.pull)) for one in asked]
    moved = [
        step.params.head_record for step in plan.steps if isinstance(step.params, UpdateBranch)
    ]
    statements = [*_proven(asked), *(Statement(one.head, one.evidence) for one in moved)]
    return _written(answers, statements, as_json(plan))


def write_answers(answered: Sequence[tuple[Attempt, Assignment]], asked: str) -> str:
    """The text of one engine's answers to what a tick has assigned, with the evidence on them."""
    answers = [answer_data(attempt, one.heard, one.engines, asked) for attempt, one in answered]
    return _written(answers, _proven(attempt for attempt, _ in answered))


def write_evidence(statements: Iterable[Statement]) -> str:
    """The text of what a job's tests say."""
    return _written([], statements)


def _proven(attempts: Iterable[Attempt]) -> list[Statement]:
    made = [attempt.proposal for attempt in attempts if attempt.proposal]
    return [Statement(one.commit.sha, one.evidence) for one in made]


def _written(answers: list[AnswerData], statements: Iterable[Statement], plan: Any = None) -> str:
    told = {one.head: one.evidence for one in statements}
    file = AnswersFile(
        version=ANSWERS_VERSION,
        answers=tuple(answers),
        evidence=tuple(EvidenceData.of(one) for one in told.values() if one),
        unrun=tuple(head for head, evidence in told.items() if evidence is None),
        plan=plan,
    )
    return json.dumps(file.model_dump(mode="json"), indent=1) + "\n"


def read_answers(text: str, origin: str) -> Brought:
    """What a file brings; a UserError if it is none that this version reads."""
    if len(text) > MAX_ANSWERS_BYTES:
        raise UserError(f"{origin} is larger than {MAX_ANSWERS_BYTES // 1024**2} MiB.")
    try:
        file = AnswersFile.model_validate_json(text)
    except ValidationError as error:
        raise UserError(f"{origin} is not a plan file: {first_of(error)}.") from error
    if file.version != ANSWERS_VERSION:
        raise UserError(
            f"{origin} is a plan of version {file.version}; this is {ANSWERS_VERSION}. Make it "
            f"with the bot that is to read it."
        )
    evidence = (data.evidence() for data in file.evidence)
    statements = [Statement(one.head, one) for one in evidence]
    statements += [Statement(Sha(head), None) for head in file.unrun]
    return Brought(tuple(_claim(data) for data in file.answers), tuple(statements))


def answer_data(
    attempt: Attempt, heard: str, engines: tuple[str, ...] = (), asked: str = ""
) -> AnswerData:
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
        heard=heard,
        asked=asked,
        engines=engines,
        report=report,
        no_bug=answer.diagnosis.reason if isinstance(answer.diagnosis, NotActionable) else "",
        patch=patch,
        reason=answer.reason,
        failed=answer.failed,
        out_of_budget=answer.out_of_budget,
        until_base_moves=answer.until_base_moves,
        notes=tuple(note[:10_000] for note in answer.notes[:MAX_SENTENCES]),
        confidence=answer.confidence,
        usage=UsageData(**asdict(answer.usage)),
    )


def _claim(data: AnswerData) -> Claim:
    no_bug, reason = data.no_bug[:MAX_REASON_CHARS], data.reason[:MAX_REASON_CHARS]
    diagnosis: Diagnosis | None = NotActionable(no_bug) if no_bug else None
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
        reason=reason,
        failed=data.failed,
        out_of_budget=data.out_of_budget,
        until_base_moves=data.until_base_moves,
        notes=data.notes,
        confidence=data.confidence,
    )
    return Claim(
        fingerprint=Fingerprint(data.incident),
        engine=data.engine,
        number=data.number,
        answer=answer,
        heard=data.heard,
        asked=data.asked,
        engines=data.engines,
    )
