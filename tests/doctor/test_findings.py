"""Every finding of the doctor has a scenario and says what to do, and the page of them is true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.doctor import Level, Sign
from bot.doctor.registry import GROUPS, examine, problems
from bot.doctor.seen import Seen
from tests.doctor.examples import EXAMPLES, HEALTHY, findings, found, page
from tests.observed import NOW

PAGE = Path(__file__).parent.parent.parent / "docs" / "doctor.md"
SIGNS: tuple[Sign, ...] = tuple(sign for group in GROUPS for sign in group.signs)
IDS = [sign.id for sign in SIGNS]


def test_the_page_of_findings_is_what_the_code_says() -> None:
    told = PAGE.read_text(encoding="utf-8")
    assert told == page(), "python -m tests.doctor.examples > docs/doctor.md"


def test_every_sign_is_listed_once_and_has_a_scenario() -> None:
    assert len(IDS) == len(set(IDS))
    assert sorted(EXAMPLES) == sorted(IDS)


@pytest.mark.parametrize("sign", SIGNS, ids=IDS)
def test_a_finding_is_a_sentence_that_a_maintainer_can_act_on(sign: Sign) -> None:
    one = found(sign.id)
    assert one.sign is sign
    assert one.what.endswith(".")
    assert bool(one.why) is bool(one.fix) is (sign.level is not Level.OK)
    assert sign.level is Level.OK or one.fix.endswith(".")


@pytest.mark.parametrize("id_", EXAMPLES)
def test_nothing_is_found_that_no_group_lists(id_: str) -> None:
    assert {one.id for one in findings(EXAMPLES[id_].seen)} <= set(IDS)


def test_where_all_is_well_nothing_is_to_be_mended() -> None:
    levels = {one.id: one.level for one in findings(HEALTHY)}
    assert [id_ for id_, level in levels.items() if level is not Level.OK] == [
        "token.writes-unknown"
    ]


def test_what_was_not_read_is_not_judged() -> None:
    assert examine(Seen(now=NOW)) == ()


def test_a_tick_says_problems_only_each_with_its_fix() -> None:
    warned = EXAMPLES["token.expires"].seen
    assert problems(warned) == ()
    troubled = replace(EXAMPLES["token.expires-soon"].seen, git="git version 2.30.2")
    expires, old = problems(troubled)
    assert expires.startswith("GITHUB_TOKEN expires at 2026-01-05 14:00 UTC. Regenerate it at")
    assert old.startswith("git 2.30.2 is too old. Install git 2.38")


def test_one_thing_is_not_told_twice_under_different_names() -> None:
    for id_ in ("branch.check-unseen", "repository.unreadable", "engine.none"):
        told = [one.id for one in findings(EXAMPLES[id_].seen) if one.level is not Level.OK]
        assert set(told) - {id_} <= {"token.writes-unknown", "tests.none", "merge.rule-never"}, id_
