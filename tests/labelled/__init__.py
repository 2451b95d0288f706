"""Reflections that a person has labelled, and how triage compares with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.model import Reflection, Verdict
from bot.triage import triage

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Labelled:
    """A reflection and the verdict that is right for it."""

    reflection: Reflection
    label: Verdict
    language: str
    shape: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """Precision and recall of one question; None where nothing was asked."""

    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """`actionable` asks for that verdict alone; `asked` for anything an engine may see."""

    actionable: Ratio
    asked: Ratio
    exact: float


def read(name: str) -> tuple[Labelled, ...]:
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(map(_labelled, map(json.loads, lines)))


def score(rows: Sequence[Labelled]) -> Score:
    pairs = [(triage(row.reflection).verdict, row.label) for row in rows]
    return Score(
        actionable=_ratio((v is Verdict.ACTIONABLE, w is Verdict.ACTIONABLE) for v, w in pairs),
        asked=_ratio(
            (v is not Verdict.NOT_ACTIONABLE, w is not Verdict.NOT_ACTIONABLE) for v, w in pairs
        ),
        exact=sum(v is w for v, w in pairs) / len(pairs),
    )


def _ratio(pairs: Iterable[tuple[bool, bool]]) -> Ratio:
    known = list(pairs)
    hits = sum(said and right for said, right in known)
    said, right = sum(s for s, _ in known), sum(r for _, r in known)
    return Ratio(hits / said if said else None, hits / right if right else None)


def _labelled(row: dict[str, object]) -> Labelled:
    def text(key: str) -> str:
        return str(row.get(key, ""))

    failed, places = row.get("failed"), row.get("places", [])
    assert isinstance(places, list)
    assert failed is None or isinstance(failed, bool)
    reflection = Reflection(
        id=text("id"),
        source="labelled",
        where=text("id"),
        timestamp="",
        task=text("task"),
        outcome=text("outcome"),
        text=text("text"),
        failed=failed,
        status=text("status"),
        error_type=text("error_type"),
        places=tuple(map(str, places)),
    )
    return Labelled(reflection, Verdict(text("label")), text("language"), text("shape"))
