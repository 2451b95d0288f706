"""Which reflections speak of the same problem: incidents and their fingerprints. Pure.

A stream of verdicts goes in, however long; what is kept of it is bounded. Reflections that belong
to no incident are counted by reason, and only the first of them are kept to be shown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.grounding import Grounder
from bot.model import Fingerprint, Incident, Place, Reflection, Tree, Triaged, Verdict, digest

FINGERPRINT_VERSION = "v1"
MAX_SAMPLES = 200
"""So many of the reflections that belong to no incident are kept to be shown, the rest counted."""
MAX_INCIDENTS = 20_000
MAX_WHOLE = 5
"""An incident keeps so many of its reflections whole; of further ones the text is cut."""
MAX_MEMBERS = 1_000
"""An incident lists at most so many of its reflections; the rest are counted."""
CUT_CHARS = 200

_ERROR_TYPE = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Warning))\b")


@dataclass(frozen=True, slots=True)
class Sifted:
    """What a stream of verdicts came to.

    `left_out` holds the first verdicts of what belongs to no incident; `more` counts the others by
    their kind, the most frequent first.
    """

    incidents: tuple[Incident, ...]
    left_out: tuple[Triaged, ...]
    more: tuple[tuple[str, int], ...] = ()

    @property
    def notice(self) -> str:
        """A sentence on what is counted but not listed, empty if that is nothing."""
        if not self.more:
            return ""
        kinds = ", ".join(f"{kind}: {count:,}" for kind, count in self.more)
        total = sum(count for _, count in self.more)
        return f"{total:,} more reflections are not worked on ({kinds})"


@dataclass(slots=True)
class _Group:
    places: tuple[Place, ...]
    unsure: bool = True
    members: list[Reflection] = field(default_factory=list)


class _LeftOut:
    """The first verdicts of what is left out, and a count of the others."""

    def __init__(self) -> None:
        self.samples: list[Triaged] = []
        self.more: Counter[str] = Counter()

    def add(self, verdict: Triaged) -> None:
        if len(self.samples) < MAX_SAMPLES:
            self.samples.append(verdict)
        else:
            self.more[verdict.kind or verdict.verdict] += 1

    def because(self, reflection: Reflection, kind: str, reason: str) -> None:
        self.add(Triaged(reflection, Verdict.NOT_ACTIONABLE, reason, kind))


def incidents(triaged: Iterable[Triaged], tree: Tree) -> Sifted:
    """Group reflections into incidents, read from a stream.

    They come in the order they were written, those that are unsure after all others.

    Left out are the reflections that triage passed over, those that name nothing in the base tree,
    and what comes after the limits above.
    """
    grounder = Grounder(tree)
    groups: dict[Fingerprint, _Group] = {}
    left_out = _LeftOut()
    seen: set[str] = set()
    for verdict in triaged:
        reflection = verdict.reflection
        if verdict.verdict is Verdict.NOT_ACTIONABLE:
            left_out.add(verdict)
            continue
        if reflection.id in seen:
            said = f"the same record as another ({reflection.id})"
            left_out.because(reflection, "the same record", said)
            continue
        places = grounder.of(reflection)
        if not places:
            reason = "it names no file of the base branch"
            left_out.because(reflection, "no file of the base branch", reason)
            continue
        name = fingerprint(reflection, places)
        if name not in groups and len(groups) == MAX_INCIDENTS:
            said = f"a tick looks at {MAX_INCIDENTS:,} incidents at most"
            left_out.because(reflection, "too many incidents", said)
            continue
        group = groups.setdefault(name, _Group(places))
        if len(group.members) == MAX_MEMBERS:
            said = f"{MAX_MEMBERS:,} reflections of {name} are listed before it"
            left_out.because(reflection, "one of very many", said)
            continue
        seen.add(reflection.id)
        group.unsure = group.unsure and not verdict.actionable
        group.members.append(reflection if len(group.members) < MAX_WHOLE else _cut(reflection))
    found = tuple(
        Incident(
            fingerprint=name,
            reflections=tuple(group.members),
            places=group.places,
            unsure=group.unsure,
        )
        for name, group in sorted(groups.items(), key=lambda item: item[1].unsure)
    )
    return Sifted(found, tuple(left_out.samples), tuple(left_out.more.most_common()))


def fingerprint(reflection: Reflection, places: Sequence[Place]) -> Fingerprint:
    """An incident's identity: the grounded place and error type verbatim, the rest normalised.

    Numbers, hexadecimal, times and temporary paths change from one record of a problem to the next,
    so they do not count.
    """
    text = f"{reflection.outcome}\n{reflection.text}"
    error = reflection.error_type
    if not error and (found := _ERROR_TYPE.search(text)):
        error = found[1]
    place = places[0]
    name = digest(place.path, place.symbol, error, normalise(text))
    return Fingerprint(f"{FINGERPRINT_VERSION}-{name}")


def normalise(text: str) -> str:
    """Text without what varies between two records of the same problem."""
    text = re.sub(r"(/tmp|/var/folders|/private/tmp)/[^\s'\"]*", "<tmp>", text)
    text = re.sub(
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "<time>", text
    )
    text = re.sub(r"(?i)\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<hex>", text)
    text = re.sub(r"\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b", "<hex>", text)
    text = re.sub(r"\d+(\.\d+)?", "<n>", text)
    return " ".join(text.casefold().split())


def _cut(reflection: Reflection) -> Reflection:
    """The reflection by its id, with only the start of what it says."""
    return replace(
        reflection,
        task=reflection.task[:CUT_CHARS],
        outcome=reflection.outcome[:CUT_CHARS],
        text=reflection.text[:CUT_CHARS],
    )
