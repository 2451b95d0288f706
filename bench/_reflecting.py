"""The incident of a bug: from its `reflection.json`, else as an agent would tell of its test."""

from __future__ import annotations

import json
import re

from bench._collections import Bug
from bench._judging import Baseline
from bench._running import Runner
from bot.incidents import incidents
from bot.model import Incident, Reflection, Tree
from bot.sources import Document, read_document
from bot.triage import triage

TIMESTAMP = "2026-01-05T09:00:00+00:00"
MAX_CHARS = 3_000
MAX_NAME = 300


def incident_of(bug: Bug, base: Baseline, tree: Tree, runner: Runner) -> Incident | str:
    """What the bot would work on, or a sentence why it would not."""
    if bug.reflection is not None:
        content = bug.reflection.read_bytes()
    else:
        content = json.dumps([told(bug, base, runner)]).encode()
    records = list(read_document(Document("bench", "reflection.json", content)))
    found = [record for record in records if isinstance(record, Reflection)]
    sifted = incidents([triage(one) for one in found], tree)
    if sifted.incidents:
        return sifted.incidents[0]
    reasons = [out.reason for out in sifted.left_out] + [str(one) for one in records]
    return f"the reflection is not worked on: {reasons[0] if reasons else 'it is empty'}"


def told(bug: Bug, base: Baseline, runner: Runner) -> dict[str, str]:
    """A record of the first failing test: its name and what pytest says of it."""
    test = base.goal[0]
    said = "It does not end."
    if test in base.failed:
        said = _said(runner.run(bug.src, only=(test,), seconds=base.seconds).output)
    lines = [line[1:].strip() for line in said.splitlines() if line.startswith("E ")]
    return {
        "timestamp": TIMESTAMP,
        "task_summary": "Run the test suite",
        "outcome": f"failure: {lines[0] if lines else said}"[:MAX_NAME],
        "reflection": f"`{test[:MAX_NAME]}` fails.\n\n{said}"[:MAX_CHARS],
    }


def _said(output: str) -> str:
    """The part of pytest's output that speaks of the failure."""
    found = re.search(r"(?ms)^_{3,} .*? _{3,}\n(.*?)^(?:=+ |-{3,} Captured)", output)
    return (found[1] if found else output).strip()
