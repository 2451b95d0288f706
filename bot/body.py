"""What a pull request and a commit say, for a maintainer with one minute. Pure.

Everything that an agent or a model wrote goes through `bot.untrusted`. The part between the two
status marks is the bot's to rewrite. So is what it says of one attempt, between marks of its own,
but only once a further attempt makes that untrue; all the rest is written once and left to people.
"""

from __future__ import annotations

import json
import re
import textwrap
from typing import Any

from bot.evidence import Evidence, said
from bot.gate import Standing, both_checks
from bot.ledger import HeadRecord
from bot.model import (
    BugReport,
    Check,
    CheckState,
    Incident,
    Kind,
    Patch,
    Pull,
    Reflection,
    RequiredCheck,
    short,
)
from bot.rules import check_state
from bot.snapshot import Snapshot
from bot.untrusted import (
    fenced,
    for_code,
    for_commit,
    for_markdown,
    for_title,
    inert,
    one_line,
    visible,
)

MAX_BODY_CHARS = 60_000
MAX_OBSERVED_CHARS = 4_000
MAX_NAMED = 20
"""So many reflections are named; of more, their number is said."""
MAX_ID_CHARS = 100
MAX_TEST_ID_CHARS = 200
MAX_CHECKS = 30
"""So many required checks have a line of their own."""
_STATUS = "status"
_MARKER = re.compile(r"<!-- bot:marker (\{[^\n]*\}) -->")


def title(report: BugReport) -> str:
    """The subject of the commit and the title of its pull request."""
    what = report.symbol or report.path.rsplit("/", 1)[-1]
    return for_title(f"Fix {what}: {_without_subject(report.summary, what)}")


def _without_subject(summary: str, what: str) -> str:
    """The summary without the name it begins with, which the title has said already."""
    start = summary.lstrip("`'\" ")
    if not start.casefold().startswith(what.casefold()):
        return summary
    rest = start[len(what) :]
    closed = rest.lstrip("`'\"()") if start != summary or rest.startswith("(") else rest
    return closed.lstrip(" :,")


def _sentence(text: str) -> str:
    """A paragraph of a commit message, with the full stop that titles go without."""
    said = for_commit(text)
    return f"{said}." if said and text.rstrip().endswith(".") and said[-1].isalnum() else said


def commit_message(
    incident: Incident, report: BugReport, patch: Patch, engine: str, attempt: int
) -> str:
    """What a good colleague would write: what was wrong, what changes, and where it came from."""
    subject = title(report)
    paragraphs = [_sentence(report.summary), _sentence(patch.explanation)]
    what = report.symbol or report.path.rsplit("/", 1)[-1]
    if subject.endswith(for_title(_without_subject(report.summary, what))):
        paragraphs = paragraphs[1:]  # the subject has said it all
    wrapped = [textwrap.fill(text, 72, break_long_words=False) for text in paragraphs if text]
    named = incident.reflection_ids[:MAX_NAMED]
    trailers = [f"Reflection-Id: {for_commit(id_, MAX_ID_CHARS)}" for id_ in named]
    trailers += [f"Incident: {incident.fingerprint}", f"Engine: {one_line(engine)}"]
    trailers += [f"Attempt: {attempt}"]
    return "\n\n".join([subject, *wrapped, "\n".join(trailers)]) + "\n"


def observed(reflections: tuple[Reflection, ...]) -> str:
    """The reflections' own words, cut to what a pull request shows."""
    texts = []
    for reflection in reflections[:3]:
        lines = [reflection.task, reflection.outcome, reflection.text]
        texts.append("\n".join(line for line in lines if line.strip()))
    return visible("\n\n---\n\n".join(texts))[:MAX_OBSERVED_CHARS]


def pull_body(record: HeadRecord, status: str) -> str:
    """The whole body of a new pull request."""
    ids = ", ".join(for_code(id_, MAX_ID_CHARS) for id_ in record.reflections[:MAX_NAMED])
    if len(record.reflections) > MAX_NAMED:
        ids += f" and {len(record.reflections) - MAX_NAMED} more"
    noun = "reflection" if len(record.reflections) == 1 else "reflections"
    attempt, cost = (_marked(name, text) for name, text in _generated(record).items())
    body = "\n\n".join(
        (
            _marker(record),
            f"### What was observed\n\nIn {noun} {ids}:\n\n"
            f"{fenced(record.observed, MAX_OBSERVED_CHARS)}",
            attempt,
            f"### Where it stands\n\n{_marked(_STATUS, status)}",
            "### If you disagree\n\n"
            "Close this pull request: it is taken as a “no”, and the incident is not proposed "
            "again. Push a commit of your own and the bot leaves the branch to you; the label "
            "`bot:hold` makes it wait. After a merge, revert it as any other.",
            f"### Cost\n\n{cost}",
        )
    )
    return body[:MAX_BODY_CHARS]


def _generated(record: HeadRecord) -> dict[str, str]:
    """What a body says of one attempt, by the names of its marks."""
    symbol = f", {for_code(record.symbol)}" if record.symbol else ""
    place = f"{for_code(record.path, 1024)}{symbol}, severity {for_markdown(record.severity)}"
    return {
        "attempt": (
            f"### Cause\n\n{place}: {for_markdown(record.summary, 500)}\n\n"
            f"### Change\n\n{for_markdown(record.explanation)}{_marks(record)}"
        ),
        "cost": _cost(record),
    }


def _marks(record: HeadRecord) -> str:
    """What becomes of the reflections in their own files, where this changes that."""
    if not record.marks:
        return ""
    ids = [for_code(id_, MAX_ID_CHARS) for mark in record.marks for id_ in mark.reflections]
    more = f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else ""
    where = ", ".join(for_code(mark.path, 1024) for mark in record.marks[:MAX_NAMED])
    what = "open again" if record.change is Kind.REVERT else "resolved"
    return f"\n\nMarks {', '.join(ids[:MAX_NAMED])}{more} as {what} in {where}."


def speaks_of_another(body: str, record: HeadRecord) -> bool:
    """Whether the body was written for another attempt or patch than this head's.

    One whose marker a person took away speaks for itself.
    """
    data = _read_marker(body)
    return data is not None and data != data | _identity(record)


def rewritten_for(body: str, record: HeadRecord) -> str:
    """The body with its generated parts made to speak of this head's attempt.

    What people wrote around them stays; within them it stays as long as the attempt is the same.
    """
    data = _read_marker(body)
    if data is None:
        return body
    if data.get("attempt") != record.attempt:
        for name, text in _generated(record).items():
            body = _replaced(body, name, text) or body
    data |= _identity(record)
    return _MARKER.sub(lambda _: _marker_text(data), body, count=1)


def status_block(
    standing: Standing, pull: Pull | None, record: HeadRecord, snapshot: Snapshot
) -> str:
    """How far it is proven, what policy says by which rule, and why it is not merged."""
    base_checks, checks = both_checks(pull, record, snapshot)
    lines = [f"**{for_markdown(standing.sentence, 500)}**", ""]
    if snapshot.required:
        lines += [
            f"| required check | on {snapshot.base_branch} | here, at `{short(record.head)}` |",
            "|---|---|---|",
        ]
        for need in snapshot.required[:MAX_CHECKS]:
            before = _said(need, base_checks)
            after = _said(need, checks)
            lines.append(f"| {for_code(need.name)} | {before} | {after} |")
        if len(snapshot.required) > MAX_CHECKS:
            lines.append(f"| {len(snapshot.required) - MAX_CHECKS} more | | |")
        lines.append("")
    decision = standing.decision
    will = "will " if decision.pending else ""
    lines.append(
        f"Policy: **{will}{decision.outcome}** by rule “{for_markdown(decision.rule, 200)}” "
        f"({for_markdown(decision.reason, 500)})."
    )
    if pull and pull.auto_merge:
        lines += ["", "Auto-merge is on: the forge merges it once its own requirements are met."]
    lines += ["", _proof(record)]
    if record.risks:
        lines += ["", "Worth a look:", ""]
        lines += [
            f"* {for_markdown(risk.rule, 50)}: {for_markdown(risk.sentence, 200)}"
            for risk in record.risks[:10]
        ]
        if len(record.risks) > 10:
            lines.append(f"* and {len(record.risks) - 10} more")
    return "\n".join(lines)


def replace_status(body: str, status: str) -> str | None:
    """The body with its status part replaced; None if a person took the marks away."""
    return _replaced(body, _STATUS, status)


def current_status(body: str) -> str | None:
    """The status part of a body as it stands; None if the marks are gone."""
    start, end = _places(body, _STATUS)
    return body[start:end].replace("\r\n", "\n").strip("\n") if start >= 0 else None


def _marked(name: str, text: str) -> str:
    return f"<!-- bot:{name} -->\n{text}\n<!-- /bot:{name} -->"


def _places(body: str, name: str) -> tuple[int, int]:
    """Where the text between these marks starts and ends; -1 and -1 if they are gone."""
    opening = f"<!-- bot:{name} -->"
    start, end = body.find(opening), body.find(f"<!-- /bot:{name} -->")
    return (start + len(opening), end) if 0 <= start < end else (-1, -1)


def _replaced(body: str, name: str, text: str) -> str | None:
    """The body with other text between these marks; None if they are gone."""
    start, end = _places(body, name)
    return f"{body[:start]}\n{text}\n{body[end:]}" if start >= 0 else None


def _identity(record: HeadRecord) -> dict[str, Any]:
    """What tells the body of one head from another's."""
    ids = [one_line(inert(id_), MAX_ID_CHARS) for id_ in record.reflections[:MAX_NAMED]]
    return {"attempt": record.attempt, "reflections": ids, "patch": record.patch_id}


def _read_marker(body: str) -> dict[str, Any] | None:
    """What the body's marker holds; None where there is none that can be read."""
    found = _MARKER.search(body)
    try:
        data = json.loads(found[1]) if found else None
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _marker(record: HeadRecord) -> str:
    return _marker_text({"v": 1, "incident": record.incident} | _identity(record))


def _marker_text(data: dict[str, Any]) -> str:
    text = json.dumps(data)
    for character in "<>@#":  # nothing in it ends the comment, or acts in a commit message
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"<!-- bot:marker {text} -->"


def _proof(record: HeadRecord) -> str:
    """What the bot's own run of the tests gave, at base and here."""
    if record.evidence is None:
        return "The bot has not run the tests itself; only the required checks speak."
    head = "The bot has run the tests itself, on the base branch and here:"
    return f"{head}\n\n{evidence_text(record.evidence)}"


def evidence_text(evidence: Evidence) -> str:
    """What the tests say of a commit against its base, as Markdown."""
    lines = []
    for sentence, names in said(evidence):
        listed = ", ".join(for_code(name, MAX_TEST_ID_CHARS) for name in names.first)
        more = names.total - len(names.first)
        named = f": {listed}" if listed else ""
        told = for_markdown(sentence.removesuffix(".") if listed else sentence, 500)
        lines.append(f"* {told}{named}{f' and {more} more' if more else ''}")
    return "\n".join(lines)


def _said(need: RequiredCheck, checks: tuple[Check, ...] | None) -> str:
    if checks is None:
        return "unknown"
    words = {
        CheckState.PASSED: "passes",
        CheckState.FAILED: "**fails**",
        CheckState.PENDING: "no result",
    }
    return words[check_state(need, checks)]


def _cost(record: HeadRecord) -> str:
    if not record.requests:
        return f"Engine {for_code(record.engine)}, attempt {record.attempt}: nothing."
    money = "" if record.usd is None else f", ${record.usd:.4f}"
    noun = "request" if record.requests == 1 else "requests"
    return (
        f"Engine {for_code(record.engine)}, attempt {record.attempt}: "
        f"{record.requests} {noun}, {record.tokens:,} tokens{money}."
    )
