"""Where the bot stands: what is open, what waits, what people refused, what it may still spend.

Pure: everything is derived from one snapshot, so the same world gives the same answer but for what
is said of the last 24 hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.auto_merging import merged_meanwhile
from bot.gate import standing
from bot.history import Fate, History, history, settled_by
from bot.ledger import AttemptRecord, FailureRecord, HeadRecord
from bot.model import Ending, Incident, Usage, Verdict, short
from bot.plan import OpenPull
from bot.selection import select
from bot.snapshot import Snapshot
from bot.watching import Watched, watched

LAST_FAILURES = 5
HELD_BACK = "held back"
NEXT = "next"
"""A later tick has nothing to wait for: the incident is taken as soon as the bot runs."""


@dataclass(frozen=True, slots=True)
class Line:
    """One incident: where it points, what became of it, and since when."""

    incident: Incident
    state: str
    sentence: str
    since: datetime | None
    pull: int | None

    @property
    def place(self) -> str:
        """The file and the symbol that it is about, as far as that is known."""
        if not self.incident.places:
            return ""
        first = self.incident.places[0]
        return f"{first.path}, {first.symbol}" if first.symbol else first.path

    def as_data(self) -> dict[str, object]:
        return {
            "incident": self.incident.fingerprint,
            "place": self.place,
            "reflections": list(self.incident.reflection_ids),
            "state": self.state,
            "sentence": self.sentence,
            "since": self.since.isoformat() if self.since else None,
            "pull_request": self.pull,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that the ledger says went wrong."""

    at: datetime
    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Spending:
    """What the last 24 hours cost, and what they may cost."""

    spent: Usage
    tokens_limit: int
    usd_limit: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All of it. `lines` are the incidents that a person may want to know of, by their state.

    `counts` are the reflections by what became of them.
    """

    repository: str
    forge: str
    base_branch: str
    base: str
    halted: str
    pulls: tuple[OpenPull, ...]
    lines: tuple[Line, ...]
    counts: tuple[tuple[str, int], ...]
    spending: Spending
    failures: tuple[Failure, ...]
    notices: tuple[str, ...]
    merges: tuple[Watched, ...] = ()
    """What the bot merged of late."""

    def of(self, state: str) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.state == state)

    @property
    def states(self) -> tuple[str, ...]:
        """The states that there are lines of, what comes next first, what is settled last."""
        there = dict.fromkeys(line.state for line in self.lines)
        return tuple(sorted(there, key=lambda state: (_place_of(state), state)))

    def as_data(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "repository": self.repository,
            "forge": self.forge,
            "base": {"branch": self.base_branch, "sha": self.base},
            "halted": self.halted,
            "pull_requests": [
                {
                    "number": one.pull.number,
                    "url": one.pull.url,
                    "title": one.pull.title,
                    "sentence": one.standing.sentence,
                }
                for one in self.pulls
            ],
            "merges": [one.as_data() for one in self.merges],
            "incidents": [line.as_data() for line in self.lines],
            "reflections": dict(self.counts),
            "spent": {
                "tokens": self.spending.spent.tokens,
                "tokens_limit": self.spending.tokens_limit,
                "usd": self.spending.spent.usd,
                "usd_limit": self.spending.usd_limit,
            },
            "failures": [
                {"at": one.at.isoformat(), "what": one.what, "sentence": one.sentence}
                for one in self.failures
            ],
            "notices": list(self.notices),
        }


_ORDER = (
    NEXT,
    HELD_BACK,
    Fate.WAITING,
    Fate.PUBLISHED,
    Fate.FAILED,
    "reverted",
    Fate.LEFT_TO_PEOPLE,
    Fate.REFUSED,
    Fate.ABSTAINED,
)
_ELSEWHERE = frozenset({Fate.PROPOSED, Fate.MERGED})
"""An open pull request is listed as such, and a merged one needs nobody."""


def _place_of(state: str) -> int:
    return _ORDER.index(state) if state in _ORDER else len(_ORDER)


def status(snapshot: Snapshot) -> Status:
    """Where the bot stands in this snapshot."""
    fates = [(incident, history(incident, snapshot)) for incident in snapshot.incidents]
    limits = snapshot.config.limits
    return Status(
        repository=snapshot.forge.repository,
        forge=snapshot.forge_said,
        base_branch=snapshot.base_branch,
        base=snapshot.base.sha,
        halted=snapshot.halted,
        pulls=tuple(OpenPull(pull, standing(pull, snapshot)) for pull in snapshot.open_pulls),
        lines=tuple(_lines(fates, snapshot)),
        counts=_counts(fates, snapshot),
        spending=Spending(
            spent=snapshot.ledger.spent_within_a_day(snapshot.now),
            tokens_limit=limits.tokens_per_day,
            usd_limit=limits.usd_per_day,
        ),
        failures=tuple(_failures(snapshot))[:LAST_FAILURES],
        notices=(*snapshot.notices, *merged_meanwhile(snapshot)),
        merges=watched(snapshot),
    )


def _lines(fates: Iterable[tuple[Incident, History]], snapshot: Snapshot) -> Iterator[Line]:
    held = {skip.reflection.id: skip.reason for skip in select(snapshot).skipped}
    for incident, past in fates:
        if past.fate in _ELSEWHERE:
            continue
        state, sentence = str(past.fate), past.sentence
        if past.fate is Fate.OPEN:
            reason = next((held[i] for i in incident.reflection_ids if i in held), "")
            state = HELD_BACK if reason else NEXT
            sentence = reason or sentence
        pull = past.pull.number if past.pull else None
        yield Line(incident, state, sentence, _since(incident, snapshot), pull)


def _since(incident: Incident, snapshot: Snapshot) -> datetime | None:
    """When the ledger last recorded something of it."""
    ids = set(incident.reflection_ids)
    found = [
        record.at
        for record in snapshot.ledger.records
        if isinstance(record, HeadRecord | AttemptRecord)
        and (record.incident == incident.fingerprint or ids & set(record.reflections))
    ]
    return max(found, default=None)


def _counts(
    fates: Iterable[tuple[Incident, History]], snapshot: Snapshot
) -> tuple[tuple[str, int], ...]:
    counts: Counter[str] = Counter()
    for incident, past in fates:
        counts[str(past.status)] += len(incident.reflections)
    for verdict in snapshot.left_out:
        settled = settled_by(verdict, snapshot)
        counts[str(settled.status if settled else Verdict.NOT_ACTIONABLE)] += 1
    return tuple((state, count) for state, count in sorted(counts.items()) if count)


def _failures(snapshot: Snapshot) -> Iterator[Failure]:
    """What went wrong by the ledger, the last first."""
    for record in reversed(snapshot.ledger.records):
        if isinstance(record, FailureRecord):
            yield Failure(record.at, f"{record.action} on {record.branch}", record.reason)
        elif isinstance(record, AttemptRecord) and record.ending is Ending.FAILED:
            what = f"attempt {record.attempt} on {record.incident}"
            yield Failure(record.at, what, record.reason)
        elif isinstance(record, HeadRecord) and record.evidence and record.evidence.problem:
            what = f"the tests of {short(record.head)}"
            yield Failure(record.at, what, record.evidence.problem)
