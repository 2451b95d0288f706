"""The priors of templates: on one scale, and learnt from what made known fixes."""

from __future__ import annotations

import pytest

from bench._priors import HIGHEST, Mended, learn, lines_of, look, present, written
from bot.engines.search import ranking
from bot.engines.search.templates import ALL
from bot.engines.search.templates.site import Hints

BEFORE = "def f(a, b):\n    if a < b:\n        return a\n    return b\n"
AFTER = BEFORE.replace("a < b", "a <= b")


def test_every_template_has_a_prior() -> None:
    assert set(ranking.PRIORS) == {template.name for template in ALL}
    assert all(0 < prior <= HIGHEST for prior in ranking.PRIORS.values())


def test_closer_and_earlier_counts_more() -> None:
    assert ranking.closeness(0) == 1.0 > ranking.closeness(10) > ranking.closeness(100)
    assert ranking.turn(0) == 1.0 > ranking.turn(10) > ranking.turn(100)


def test_what_a_commit_changes_is_found_among_the_offers() -> None:
    found = look("a.py", BEFORE, AFTER, range(2, 3), Hints())
    assert found is not None
    assert "comparison" in found.right
    assert found.offered["comparison"] > found.right["comparison"]
    assert look("a.py", BEFORE, "def f(a, b):\n    pass\n", range(2, 3), Hints()) is None


def test_the_lines_of_the_only_hunk() -> None:
    assert lines_of("@@ -2 +2 @@\n-x\n+y\n", BEFORE) == range(2, 3)
    assert lines_of("@@ -2,0 +3,2 @@\n+x\n+y\n", BEFORE) == range(2, 5)
    assert lines_of("@@ -2,9 +2 @@\n", BEFORE) is None
    assert lines_of("@@ -2 +2 @@\n@@ -9 +9 @@\n", BEFORE) is None


def test_a_template_rises_with_what_it_mends_and_sinks_with_what_it_offers_in_vain() -> None:
    mended = [Mended({"good": 1.0, "bad": 20.0, "other": 1.0}, {"good": 1.0})] * 5
    learnt = learn(mended, {"good": 0.5, "bad": 0.5, "other": 0.5, "unseen": 0.5})
    assert learnt["good"] > learnt["unseen"] > learnt["bad"]
    assert learnt["other"] < learnt["good"]


def test_nothing_seen_changes_nothing() -> None:
    assert learn([], present()) == pytest.approx(present())


def test_the_table_is_written_as_the_module_has_it() -> None:
    assert written({"a": 1.0, "b": 0.501, "c": 0.5}) == "    1.00: a\n    0.50: b c"
