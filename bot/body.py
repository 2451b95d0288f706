"""What a pull request and a commit say, for a maintainer with one minute. Pure.

Everything that an agent or a model wrote goes through `bot.untrusted`. The part between the two
status marks is the bot's to rewrite; the rest of a body is written once and then left to people.
"""

from __future__ import annotations

import json
import textwrap

from bot.gate import Standing
from bot.ledger import HeadRecord
from bot.model import (
    BugReport,
    Check,
    CheckState,
    Incident,
    Patch,
    Pull,
    Reflection,
    RequiredCheck,
    short,
)
from bot.rules import check_state
from bot.snapshot import Snapshot
from bot.untrusted import fenced, for_commit, for_markdown, for_title, visible

MAX_BODY_CHARS = 60_000
MAX_OBSERVED_CHARS = 4_000
_STATUS_START = "<!-- bot:status -->"
_STATUS_END = "<!-- /bot:status -->"


def title(report: BugReport) -> str:
    """The subject of the commit and the title of its pull request."""
    what = report.symbol or report.path.rsplit("/", 1)[-1]
    summary = report.summary
    start = summary.lstrip("`'\" ")
    if start.casefold().startswith(what.casefold()):
        summary = start[len(what) :].lstrip("`'\"() :,")
    return for_title(f"Fix {what}: {summary}")


def commit_message(
    incident: Incident, report: BugReport, patch: Patch, engine: str, attempt: int
) -> str:
    """What a good colleague would write: what was wrong, what changes, and where it came from."""
    paragraphs = [for_commit(report.summary), for_commit(patch.explanation)]
    wrapped = [textwrap.fill(text, 72, break_long_words=False) for text in paragraphs if text]
    trailers = [f"Reflection-Id: {id_}" for id_ in incident.reflection_ids[:20]]
    trailers += [f"Incident: {incident.fingerprint}", f"Engine: {engine}", f"Attempt: {attempt}"]
    return "\n\n".join([title(report), *wrapped, "\n".join(trailers)]) + "\n"


def observed(reflections: tuple[Reflection, ...]) -> str:
    """The reflections' own words, cut to what a pull request shows."""
    texts = []
    for reflection in reflections[:3]:
        lines = [reflection.task, reflection.outcome, reflection.text]
        texts.append("\n".join(line for line in lines if line.strip()))
    return visible("\n\n---\n\n".join(texts))[:MAX_OBSERVED_CHARS]


def pull_body(record: HeadRecord, status: str) -> str:
    """The whole body of a new pull request."""
    ids = ", ".join(f"`{id_}`" for id_ in record.reflections[:20])
    if len(record.reflections) > 20:
        ids += f" and {len(record.reflections) - 20} more"
    noun = "reflection" if len(record.reflections) == 1 else "reflections"
    symbol = f", `{_code(record.symbol)}`" if record.symbol else ""
    body = "\n\n".join(
        (
            _marker(record),
            f"### What was observed\n\nIn {noun} {ids}:\n\n"
            f"{fenced(record.observed, MAX_OBSERVED_CHARS)}",
            f"### Cause\n\n`{_code(record.path)}`{symbol}, severity {record.severity}: "
            f"{for_markdown(record.summary)}",
            f"### Change\n\n{for_markdown(record.explanation)}",
            f"### Where it stands\n\n{_STATUS_START}\n{status}\n{_STATUS_END}",
            "### If you disagree\n\n"
            "Close this pull request: it is taken as a “no”, and the incident is not proposed "
            "again. Push a commit of your own and the bot leaves the branch to you; the label "
            "`bot:hold` makes it wait. After a merge, **Revert** on this page takes it back.",
            f"### Cost\n\n{_cost(record)}",
        )
    )
    return body[:MAX_BODY_CHARS]


def status_block(
    standing: Standing, pull: Pull | None, record: HeadRecord, snapshot: Snapshot
) -> str:
    """How far it is proven, what policy says by which rule, and why it is not merged."""
    checks = pull.checks if pull else ()
    lines = [f"**{standing.sentence}**", ""]
    if snapshot.required:
        lines += [
            f"| required check | on {snapshot.base_branch} | here, at `{short(record.head)}` |",
            "|---|---|---|",
        ]
        for need in snapshot.required:
            before = _said(need, snapshot.forge.base_checks)
            after = _said(need, checks)
            lines.append(f"| `{_code(need.name)}` | {before} | {after} |")
        lines.append("")
    decision = standing.decision
    will = "will " if decision.pending else ""
    lines.append(
        f"Policy: **{will}{decision.outcome}** by rule “{decision.rule}” "
        f"({for_markdown(decision.reason)})."
    )
    return "\n".join(lines)


def replace_status(body: str, status: str) -> str | None:
    """The body with its status part replaced; None if a person took the marks away."""
    start, end = body.find(_STATUS_START), body.find(_STATUS_END)
    if start < 0 or end < start:
        return None
    return f"{body[:start]}{_STATUS_START}\n{status}\n{body[end:]}"


def current_status(body: str) -> str | None:
    """The status part of a body as it stands; None if the marks are gone."""
    start, end = body.find(_STATUS_START), body.find(_STATUS_END)
    if start < 0 or end < start:
        return None
    return body[start + len(_STATUS_START) : end].replace("\r\n", "\n").strip("\n")


def _marker(record: HeadRecord) -> str:
    data = {
        "v": 1,
        "incident": record.incident,
        "attempt": record.attempt,
        "reflections": record.reflections[:50],
        "patch": record.patch_id,
    }
    return f"<!-- bot:marker {json.dumps(data)} -->"


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
        return f"Engine `{_code(record.engine)}`, attempt {record.attempt}: nothing."
    money = "" if record.usd is None else f", ${record.usd:.4f}"
    noun = "request" if record.requests == 1 else "requests"
    return (
        f"Engine `{_code(record.engine)}`, attempt {record.attempt}: "
        f"{record.requests} {noun}, {record.tokens:,} tokens{money}."
    )


def _code(text: str) -> str:
    """Text that can stand between backticks in a line of Markdown or a table."""
    return visible(text).replace("`", "'").replace("|", "¦").replace("\n", " ")
