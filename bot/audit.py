"""The audit: one record per incident and attempt, rebuilt from pull requests, commits and ledger.

Pure. Skips have records too: reflections that triage or selection passed over, with the reason.
How the links of a record's chain are verified is in `bot.audit_links`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.audit_links import (
    Change,
    Facts,
    Holds,
    Hunk,
    Link,
    is_revert,
    links,
    reflections_link,
)
from bot.evidence import Evidence
from bot.history import Fate, history
from bot.ledger import AttemptRecord, HeadRecord
from bot.model import (
    BugReport,
    Incident,
    Pull,
    PullState,
    Severity,
    Sha,
    Verdict,
    short,
)
from bot.selection import select
from bot.snapshot import Snapshot
from bot.watching import Watched

OPEN = "open"
SKIPPED = "skipped"
SUPERSEDED = "superseded"
REVERTED = "reverted"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One attempt on one incident, or an incident or a reflection that nothing was tried on.

    `attempt` is 0 where nothing was tried, and `incident` empty for a reflection in no incident.
    `at` is the moment of the ledger's record, else what the reflection itself says. `head` is the
    commit that was tested.
    """

    incident: str
    attempt: int
    at: str
    reflections: tuple[str, ...]
    outcome: str
    reason: str
    kind: str = "fix"
    engine: str = ""
    bug: BugReport | None = None
    explanation: str = ""
    patch_id: str = ""
    hunks: tuple[Hunk, ...] = ()
    base: Sha | None = None
    head: Sha | None = None
    evidence: Evidence | None = None
    pull: int | None = None
    url: str = ""
    merged_as: Sha | None = None
    merged_by: str = ""
    """`the bot`, also where it had the forge merge it, or `a person`; empty where unknown."""
    reverted_by: tuple[Sha, ...] = ()
    watch: Watched | None = None
    """What its merge did to the base branch; None where that was not looked at."""
    links: tuple[Link, ...] = ()

    @property
    def flags(self) -> tuple[Link, ...]:
        """The links that do not hold or cannot be verified, the broken ones first."""
        flagged = [link for link in self.links if link.holds is not Holds.YES]
        return tuple(sorted(flagged, key=lambda link: link.holds is Holds.UNKNOWN))


def audit(facts: Facts) -> tuple[AuditRecord, ...]:
    """Attempts in the ledger's order, then what it knows nothing of, then what was skipped.

    The same facts give the same records, whatever the time is.
    """
    attempts = [*_attempts(facts)]
    tried = {record.incident for record in attempts}
    left_out = _left_out(facts.snapshot, {id_ for one in attempts for id_ in one.reflections})
    return (*attempts, *_unrecorded(facts), *_untried(facts, tried), *left_out)


# -------------------------------------------------------------------------- what was attempted


def _attempts(facts: Facts) -> Iterator[AuditRecord]:
    groups: dict[tuple[str, str, int], list[HeadRecord | AttemptRecord]] = {}
    for number, record in enumerate(facts.snapshot.ledger.records):
        if isinstance(record, HeadRecord):
            groups.setdefault((record.incident, record.branch, record.attempt), []).append(record)
        elif isinstance(record, AttemptRecord):
            groups[record.incident, "", number] = [record]
    for group in groups.values():
        heads = [record for record in group if isinstance(record, HeadRecord)]
        if heads:
            yield _of_heads(heads, facts)
        else:
            yield from (_of_try(one, facts) for one in group if isinstance(one, AttemptRecord))


def _of_try(record: AttemptRecord, facts: Facts) -> AuditRecord:
    """An attempt that left no pull request."""
    return AuditRecord(
        incident=record.incident,
        attempt=record.attempt,
        at=record.at.isoformat(),
        reflections=record.reflections,
        outcome=record.ending,
        reason=record.reason,
        engine=record.engine,
        patch_id=record.patch_id,
        base=record.base,
        links=(reflections_link(record.reflections, facts),),
    )


def _of_heads(heads: Sequence[HeadRecord], facts: Facts) -> AuditRecord:
    """An attempt that left commits on a branch: the one that its pull request is at, or the last.

    A commit of the bot's own that a further attempt replaced there is *superseded*.
    """
    snapshot = facts.snapshot
    pull = _pull_of(heads[-1].branch, snapshot)
    record = next((one for one in reversed(heads) if pull and one.head == pull.head), heads[-1])
    newest = [one for one in snapshot.ledger.heads if one.branch == record.branch][-1]
    at_head = pull is not None and record.head == pull.head
    superseded = not at_head and newest.attempt != record.attempt
    mine = None if superseded else pull
    outcome, reason = _outcome(record, mine, newest, facts)
    change = facts.change(record.head)
    found = [*links(record, mine, facts)]
    if mine is not None and not at_head:
        found.append(_foreign_head(record, mine))
    return AuditRecord(
        incident=record.incident,
        attempt=record.attempt,
        at=record.at.isoformat(),
        reflections=record.reflections,
        outcome=outcome,
        reason=reason,
        kind="revert" if is_revert(record) else "fix",
        engine=record.engine,
        bug=_bug(record),
        explanation=record.explanation,
        patch_id=record.patch_id,
        hunks=_hunks(record, change),
        base=record.base,
        head=record.head,
        evidence=record.evidence,
        pull=pull.number if pull else None,
        url=pull.url if pull else "",
        merged_as=mine.merged_as if mine else None,
        merged_by=_merger(mine, snapshot),
        reverted_by=tuple(one.sha for one in facts.reverts_of(mine)) if mine else (),
        watch=facts.watch_of(mine) if mine else None,
        links=tuple(found),
    )


def _hunks(record: HeadRecord, change: Change | None) -> tuple[Hunk, ...]:
    """The fix itself, without the reflections that it marks."""
    marked = {mark.path for mark in record.marks}
    return tuple(hunk for hunk in change.hunks if hunk.path not in marked) if change else ()


def _pull_of(branch: str, snapshot: Snapshot) -> Pull | None:
    """The branch's pull request: the bot's before another's, an open one first, else the newest."""
    pulls = [pull for pull in snapshot.forge.pulls if pull.branch == branch]
    return max(
        pulls,
        key=lambda one: (snapshot.is_own(one), one.state is PullState.OPEN, one.number),
        default=None,
    )


def _outcome(
    record: HeadRecord, pull: Pull | None, newest: HeadRecord, facts: Facts
) -> tuple[str, str]:
    """What became of it: the incident's own fate where that is about this branch."""
    reverts = facts.reverts_of(pull) if pull and pull.state is PullState.MERGED else ()
    if pull and reverts:
        by = short(reverts[0].sha)
        return REVERTED, f"pull request #{pull.number} was merged, and {by} took it back"
    if newest.attempt != record.attempt and (pull is None or pull.head != record.head):
        return SUPERSEDED, f"attempt {newest.attempt} replaced it on {record.branch}"
    incident = Incident(fingerprint=record.incident, reflections=(), places=())
    past = history(incident, facts.snapshot)
    if record.branch in (past.pull and past.pull.branch, past.head and past.head.branch):
        return str(past.fate), past.sentence
    if pull is None:
        return str(Fate.PUBLISHED), f"{record.branch} was pushed and has no pull request"
    return _STATES[pull.state], f"pull request #{pull.number} is {pull.state}"


_STATES = {
    PullState.OPEN: str(Fate.PROPOSED),
    PullState.MERGED: str(Fate.MERGED),
    PullState.CLOSED: str(Fate.REFUSED),
}


def _merger(pull: Pull | None, snapshot: Snapshot) -> str:
    if pull is None or pull.merged_by is None:
        return ""
    return "the bot" if snapshot.is_bots_merge(pull) else "a person"


def _foreign_head(record: HeadRecord, pull: Pull) -> Link:
    done = "was merged" if pull.state is PullState.MERGED else "is"
    said = (
        f"#{pull.number} {done} at {short(pull.head)}, which the ledger does not know: a person "
        f"pushed it on top of or instead of {short(record.head)}"
    )
    return Link("head", Holds.NO, said)


def _bug(record: HeadRecord) -> BugReport:
    return BugReport(
        path=record.path,
        symbol=record.symbol,
        summary=record.summary,
        severity=Severity(record.severity),
    )


def _unrecorded(facts: Facts) -> Iterator[AuditRecord]:
    """Pull requests under the bot's name that the ledger knows nothing of."""
    snapshot = facts.snapshot
    known = {head.branch for head in snapshot.ledger.heads}
    for pull in sorted(snapshot.forge.pulls, key=lambda pull: pull.number):
        if pull.branch in known or pull.author_id != snapshot.forge.me or pull.foreign:
            continue
        said = f"the ledger knows nothing of {pull.branch}, from which #{pull.number} was opened"
        yield AuditRecord(
            incident="",
            attempt=0,
            at="",
            reflections=(),
            outcome=_STATES[pull.state],
            reason=f"pull request #{pull.number} is {pull.state}",
            head=pull.head,
            pull=pull.number,
            url=pull.url,
            merged_as=pull.merged_as,
            links=(Link("ledger", Holds.NO, said),),
        )


# ---------------------------------------------------------------------------- what was skipped


def _untried(facts: Facts, tried: set[str]) -> Iterator[AuditRecord]:
    """Incidents that no attempt was made on, with what selection says of them."""
    snapshot = facts.snapshot
    reasons = {skip.reflection.id: skip.reason for skip in select(snapshot).skipped}
    for incident in snapshot.incidents:
        if incident.fingerprint in tried:
            continue
        reason = next((reasons[i] for i in incident.reflection_ids if i in reasons), "")
        yield AuditRecord(
            incident=incident.fingerprint,
            attempt=0,
            at=incident.reflections[0].timestamp,
            reflections=incident.reflection_ids,
            outcome=SKIPPED if reason else OPEN,
            reason=reason or "nothing has been tried yet; the next tick takes it",
        )


def _left_out(snapshot: Snapshot, told: Collection[str]) -> Iterator[AuditRecord]:
    """What triage passed over; those that a fix has settled are `told` of already."""
    for verdict in snapshot.left_out:
        if verdict.reflection.id in told:
            continue
        yield AuditRecord(
            incident="",
            attempt=0,
            at=verdict.reflection.timestamp,
            reflections=(verdict.reflection.id,),
            outcome=str(Verdict.NOT_ACTIONABLE),
            reason=verdict.reason,
        )


# ------------------------------------------------------------------------------- as plain data


def as_data(record: AuditRecord) -> dict[str, object]:
    """For `--format json` and `jsonl`."""
    return {
        "incident": record.incident or None,
        "attempt": record.attempt or None,
        "kind": record.kind,
        "at": record.at,
        "reflections": list(record.reflections),
        "outcome": record.outcome,
        "reason": record.reason,
        "engine": record.engine or None,
        "bug": bug_info(record.bug),
        "explanation": record.explanation,
        "patch": record.patch_id or None,
        "base": record.base,
        "tested": record.head,
        "evidence": record.evidence.sentence if record.evidence else None,
        "pull_request": record.pull,
        "url": record.url,
        "merged_as": record.merged_as,
        "merged_by": record.merged_by or None,
        "reverted_by": list(record.reverted_by),
        "watch": record.watch.as_data() if record.watch else None,
        "links": [
            {"link": link.name, "state": link.holds, "sentence": link.sentence}
            for link in record.links
        ],
        "sound": not record.flags,
    }


def bug_info(bug: BugReport | None) -> dict[str, object] | None:
    """A bug report in the original's words."""
    if bug is None:
        return None
    return {
        "filename": bug.path,
        "function": bug.symbol,
        "summary": bug.summary,
        "severity": bug.severity,
    }


def as_original(record: AuditRecord) -> dict[str, object]:
    """One entry in the shape of `self_modification_audit.json`, with a few keys more.

    The original replaced one range of lines; where a change has several, `patch` is the first of
    them and `more_patches` the others.
    """
    patches = [_original_patch(hunk, record.explanation) for hunk in record.hunks]
    data: dict[str, object] = {
        "timestamp": record.at,
        "reflection_id": record.reflections[0] if record.reflections else None,
        "bug_info": bug_info(record.bug),
        "patch": patches[0] if patches else None,
        "test_result": _test_result(record.evidence),
        "applied": record.merged_as is not None,
        "outcome": record.outcome,
        "reason": record.reason,
        "written_by": "amendbot",
    }
    if len(patches) > 1:
        data["more_patches"] = patches[1:]
    if len(record.reflections) > 1:
        data["more_reflection_ids"] = list(record.reflections[1:])
    return data


def _original_patch(hunk: Hunk, explanation: str) -> dict[str, object]:
    return {
        "filename": hunk.path,
        "start": hunk.start,
        "end": hunk.end,
        "new_code": hunk.new,
        "explanation": explanation,
    }


def _test_result(evidence: Evidence | None) -> dict[str, object] | None:
    if evidence is None:
        return None
    if evidence.problem:
        return {"success": False, "error": evidence.problem}
    return {
        "success": not evidence.breaks and evidence.head_passed,
        "stdout": evidence.output,
        "summary": evidence.sentence,
    }


def counted(records: Iterable[AuditRecord]) -> str:
    """A sentence on how many links were flagged, for the end of the list; empty if none were."""
    states = [link.holds for record in records for link in record.links]
    broken, unknown = states.count(Holds.NO), states.count(Holds.UNKNOWN)
    if not broken and not unknown:
        return ""
    holds = "does" if broken == 1 else "do"
    return f"Of {len(states)} links, {broken} {holds} not hold and {unknown} cannot be verified."
