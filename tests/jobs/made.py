"""Work, answers and evidence to start from."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.engines import Budget, Earlier
from bot.evidence import Evidence, Names
from bot.jobs.work import Assignment, KnownChange, Work
from bot.model import (
    Answer,
    Attempt,
    BugReport,
    Commit,
    Edit,
    Ending,
    Fingerprint,
    Incident,
    Patch,
    Place,
    Reflection,
    Severity,
    Sha,
    Usage,
)

BASE, HEAD, TREE = Sha("b" * 40), Sha("c" * 40), Sha("d" * 40)
INCIDENT = Incident(
    fingerprint=Fingerprint("v1-0123456789ab"),
    reflections=(
        Reflection(
            id="r-1",
            source="reflections",
            where="reflections.json[0]",
            timestamp="2026-01-01",
            task="a task",
            outcome="failure",
            text="`f` in a.py fails: naïve “quotes”\u2028 and\x00 more",
            failed=True,
            places=("a.py:3",),
        ),
    ),
    places=(Place("a.py", "f", 3),),
)
WORK = Work(
    branch="main",
    base=BASE,
    at=datetime(2026, 1, 1, tzinfo=UTC),
    bundle="e" * 64,
    assignments=(
        Assignment(
            incident=INCIDENT,
            attempt=2,
            engines=("search", "openai"),
            budget=Budget(1_000, 0.5),
            heard="0123456789ab",
            earlier=Earlier("a diff", ("alice: no",)),
        ),
    ),
    heads=(HEAD,),
    known=(KnownChange("f" * 40, "#1 with the same change was refused"),),
)
EVIDENCE = Evidence(
    base=BASE,
    head=HEAD,
    command="python -m unittest",
    isolation="bubblewrap",
    by_test=True,
    base_passed=False,
    head_passed=True,
    collected=3,
    fixed=Names.of(["test_a.T.test_f"]),
    seconds_base=0.5,
    notes=("a hook could not run",),
)
COMMIT = Commit(
    sha=HEAD,
    tree=TREE,
    parents=(BASE,),
    message="Fix\n\nIncident: v1-0123456789ab\nEngine: openai\nAttempt: 2\n",
    date="1767225600 +0000",
    changes=(),
)
ATTEMPT = Attempt(
    incident=INCIDENT,
    engine="openai",
    number=2,
    answer=Answer(
        diagnosis=BugReport(path="a.py", symbol="f", summary="fails", severity=Severity.LOW),
        patch=Patch((Edit("a.py", Sha("a" * 40), "old", "new"),), "Do it well."),
        usage=Usage(requests=1, prompt_tokens=10, completion_tokens=5, usd=0.01),
        notes=("a note",),
        confidence=0.5,
    ),
    ending=Ending.FAILED,
    reason="",
)
