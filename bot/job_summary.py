"""What a job's page at GitHub says of a run: the plan, what came of it, why the rest waits. Pure.

A summary holds at most 1 MiB, and GitHub drops a longer one without a word. So it is made of blocks
that are whole in themselves, the weightiest first, and ends with a sentence where they ran out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.actions import Done
from bot.model import Attempt, BugReport, Ending, PullState, Skipped, short
from bot.plan import Case, Plan
from bot.secrets import redact
from bot.untrusted import fenced, for_code, for_markdown
from bot.workflow_commands import Annotation, Level

MAX_BYTES = 1024**2
"""GitHub's limit for one step."""
MAX_DIFF = 8_000
MAX_SENTENCE = 500
_CUT = (
    "\n*This is cut here, because a summary holds at most 1 MiB; the job's log and "
    "`bot status` have the rest.*\n"
)
_OPENED, _MERGED = "open_pull_request", "merge_pull_request"
_ON_PULLS = (_OPENED, _MERGED, "update_branch")


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its plan, and how each of its steps ended, as far as they were taken."""

    plan: Plan
    done: tuple[Done, ...] = ()
    rehearsed: bool = False
    """Whether nothing was to be done."""

    @property
    def pulls(self) -> tuple[int, ...]:
        """The pull requests that it opened, moved or merged."""
        return tuple(sorted({number for _, number in self._on_pulls()}))

    @property
    def counts(self) -> dict[str, int]:
        """How many of what; `proposed` and `merged` are what was done, not what was planned."""
        acts = [action for action, _ in self._on_pulls()]
        return {
            "incidents": len(self.plan.cases),
            "proposed": acts.count(_OPENED),
            "merged": acts.count(_MERGED),
            "open": sum(one.pull.state is PullState.OPEN for one in self.plan.pulls),
            "skipped": len(self.plan.skipped),
            "planned": len(self.plan.steps),
            "done": sum(one.changed for one in self.done),
            "failed": sum(one.failed for one in self.done),
        }

    def outputs(self, summary: str) -> dict[str, str]:
        """What later steps of the job can read; `summary` is where this summary lies."""
        counts = self.counts
        told = {name: str(counts[name]) for name in ("proposed", "merged", "failed")}
        return {
            **told,
            "counts": json.dumps(counts),
            "pull-requests": json.dumps(self.pulls),
            "summary": summary,
        }

    def _on_pulls(self) -> Iterator[tuple[str, int]]:
        for step, done in zip(self.plan.steps, self.done, strict=False):  # a halt ends it early
            number = done.pull or getattr(step.params, "number", 0)
            if step.action in _ON_PULLS and done.changed and number:
                yield step.action, number


def summary(run: Run, room: int = MAX_BYTES) -> str:
    """Markdown, in UTF-8 no longer than `room` bytes; nothing where there is hardly any room."""
    parts: list[str] = []
    left = room - len(_CUT.encode())
    for block in _blocks(run):
        size = len(block.encode())
        if size > left:
            return "".join([*parts, _CUT]) if left >= 0 else ""
        parts.append(block)
        left -= size
    return "".join(parts)


def remarks(run: Run) -> Iterator[Annotation]:
    """What is worth a remark on a file, or on the whole job."""
    for done in run.done:
        if done.failed:
            yield Annotation(Level.ERROR, "Amendbot: a step failed", done.sentence)
    for case in run.plan.cases:
        yield _annotation(case)
    for notice in run.plan.notices:
        yield Annotation(Level.WARNING, "Amendbot", notice)


def _annotation(case: Case) -> Annotation:
    attempt, report = case.attempt, case.attempt.answer.diagnosis
    if attempt.proposal and isinstance(report, BugReport):
        said = f"{report.summary}: {attempt.proposal.patch.explanation}"
        line = _first_line(attempt.proposal.diff, report.path)
        decided = f" ({case.decision.outcome})" if case.decision else ""
        title = f"Amendbot: a fix is proposed{decided}"
        return Annotation(Level.NOTICE, title, said, report.path, line)
    bad = attempt.ending in (Ending.FAILED, Ending.REJECTED, Ending.STOPPED, Ending.REFUSED)
    place = next(iter(attempt.incident.places), None)
    said = f"{attempt.incident.fingerprint}: {_why(attempt)}"
    level = Level.WARNING if bad else Level.NOTICE
    path, line = (place.path, place.line) if place else ("", 0)
    return Annotation(level, f"Amendbot: no fix, {attempt.ending}", said, path, line)


def _first_line(diff: str, path: str) -> int:
    """The first line of the file, as it was, that the diff changes; 0 where it has none."""
    found = re.search(rf"^--- (?:a/)?{re.escape(path)}\n", diff, re.MULTILINE)
    hunk = re.compile(r"^@@ -(\d+)[^\n]*\n((?: [^\n]*\n)*)", re.MULTILINE)
    start = hunk.search(diff, found.end()) if found else None
    return int(start[1]) + start[2].count("\n") if start else 0


# --------------------------------------------------------------------------------- its blocks


def _blocks(run: Run) -> Iterator[str]:
    plan = run.plan
    at = f"{_named(plan.base_branch)} at {_named(short(plan.base))}"
    yield f"## Amendbot on {_named(plan.repository)}, {at}\n\n"
    if plan.halted:
        yield f"**Nothing is done: {_said(plan.halted)}.**\n\n"
    yield _counted(run)
    yield from _listed("Look at this", (f"* {_said(notice)}\n" for notice in plan.notices))
    yield from _listed("What would be done" if run.rehearsed else "What was done", _steps(run))
    yield from _listed("Incidents", map(_case, plan.cases))
    pulls = (
        f"* #{one.pull.number} {_said(one.pull.title, 100)}: {_said(one.standing.sentence)}\n"
        for one in plan.pulls
    )
    yield from _listed("Open pull requests", pulls)
    yield from _listed("Skipped reflections", map(_skipped, plan.skipped))


def _counted(run: Run) -> str:
    usage = run.plan.usage
    money = "" if usage.usd is None else f", ${usage.usd:.4f}"
    requests = f"{usage.requests} request{'' if usage.requests == 1 else 's'}"
    spent = f"{requests}, {usage.tokens:,} tokens{money}"
    counts = ", ".join(f"{name} {count:,}" for name, count in run.counts.items())
    return f"{counts.capitalize()}. Spent: {spent if usage.requests else 'nothing'}.\n\n"


def _listed(heading: str, rows: Iterable[str]) -> Iterator[str]:
    """A heading and its rows; neither where there are none."""
    empty = True
    for row in rows:
        yield f"### {heading}\n\n{row}" if empty else row
        empty = False
    if not empty:
        yield "\n"


def _steps(run: Run) -> Iterator[str]:
    for number, step in enumerate(run.plan.steps):
        said = f"{_named(step.action)}: {_said(step.reason)}"
        if run.rehearsed:
            yield f"* {said}\n"
        elif number < len(run.done):
            done = run.done[number]
            mark = "❌" if done.failed else "✅" if done.changed else "⏭️"
            yield f"* {mark} {said}. {_said(done.sentence)}\n"
        else:
            yield f"* ⏸️ {said}. It was not begun.\n"


def _case(case: Case) -> str:
    attempt, report = case.attempt, case.attempt.answer.diagnosis
    ids = ", ".join(_named(id_) for id_ in attempt.incident.reflection_ids[:5])
    rows = [f"#### {_named(attempt.incident.fingerprint)}, attempt {attempt.number}\n"]
    rows.append(f"* reflections: {ids}")
    if isinstance(report, BugReport):
        place = _named(f"{report.path} {report.symbol}".strip())
        rows.append(f"* diagnosis: {place}, severity {report.severity}: {_said(report.summary)}")
    rows.append(f"* ended: {attempt.ending}{_because(attempt)}")
    proposal = attempt.proposal
    if proposal and proposal.evidence:
        rows.append(f"* tests: {_said(proposal.evidence.sentence)}")
    if case.decision:
        rule, reason = _said(case.decision.rule, 100), _said(case.decision.reason)
        rows.append(f"* decision: {case.decision.outcome} by rule “{rule}”: {reason}")
    text = "\n".join(rows) + "\n\n"
    if proposal:
        diff = fenced(redact(proposal.diff), MAX_DIFF)
        text += f"<details><summary>Diff</summary>\n\n{diff}\n\n</details>\n\n"
    return text


def _because(attempt: Attempt) -> str:
    return "" if attempt.proposal or not _why(attempt) else f", {_said(_why(attempt))}"


def _why(attempt: Attempt) -> str:
    found: Sequence[str] = [finding.sentence for finding in attempt.findings]
    return "; ".join(found) or attempt.reason


def _skipped(skip: Skipped) -> str:
    reflection = skip.reflection
    what = _said(reflection.task or reflection.text[:MAX_SENTENCE], 100)
    return f"* {_named(reflection.id)} {what}: {_said(skip.reason)}\n"


def _named(text: str) -> str:
    return for_code(redact(text))


def _said(text: str, limit: int = MAX_SENTENCE) -> str:
    return for_markdown(redact(text), limit)
