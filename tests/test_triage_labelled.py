"""What triage makes of labelled reflections; `python -m bench.triage` prints it."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.model import Verdict
from bot.triage import triage
from tests.labelled import read, score

LANGUAGES = {"en", "zh", "es", "de", "ja", "ru", "fr", "pt", "ko"}


def test_the_set_is_large_and_mixed() -> None:
    rows = read("reflections")
    assert len(rows) >= 200
    assert {row.language for row in rows} == LANGUAGES
    assert len({row.shape for row in rows}) >= 12
    assert min(Counter(row.label for row in rows).values()) >= 50
    assert len({row.reflection.id for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("name", "actionable", "asked"),
    [("reflections", (0.98, 0.97), (0.99, 0.99)), ("held_out", (0.93, 0.80), (0.97, 0.97))],
)
def test_precision_and_recall_stay_where_they_are(
    name: str, actionable: tuple[float, float], asked: tuple[float, float]
) -> None:
    figures = score(read(name))
    for ratio, (precision, recall) in ((figures.actionable, actionable), (figures.asked, asked)):
        assert (ratio.precision or 0.0) >= precision
        assert (ratio.recall or 0.0) >= recall


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_language_is_lost(language: str) -> None:
    """What matters in every language: what may be a defect is asked about, a success is not."""
    figures = score([row for row in read("reflections") if row.language == language])
    assert (figures.asked.recall or 0.0) >= 0.95
    assert (figures.asked.precision or 0.0) >= 0.95


@pytest.mark.parametrize("name", ["reflections", "held_out"])
def test_every_verdict_has_a_reason_and_a_kind(name: str) -> None:
    for row in read(name):
        verdict = triage(row.reflection)
        assert verdict.reason, row
        assert verdict.kind, row
        assert verdict.actionable is (verdict.verdict is Verdict.ACTIONABLE)
