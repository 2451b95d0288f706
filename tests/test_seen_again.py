"""A later record of an incident goes into the pull request's body once, and nothing else moves."""

from __future__ import annotations

import pytest

from bot.seen_again import MAX_AGAIN, unlisted, with_reflections

BODY = (
    '<!-- bot:marker {"v": 1, "reflections": ["a", "b"]} -->\n\n### What was observed\n\n'
    "In reflections `a`, `b`:\n\n```text\nIn reflections `x`:\n```\n\n"
    "### Cause\n\nA person's note.\n"
)


@pytest.mark.parametrize("body", [BODY, BODY.replace("\n", "\r\n")])
def test_an_id_is_added_once(body: str) -> None:
    once = with_reflections(body, ["b", "c", "c"])
    assert "In reflections `a`, `b`, and again in `c`:" in once
    assert once.partition("```text")[2] == body.partition("```text")[2]
    assert unlisted(once, ["a", "b", "c", "d"]) == ("d",)
    assert with_reflections(once, ["a", "c"]) == once
    twice = with_reflections(once, ["d"])
    assert "In reflections `a`, `b`, and again in `c`, `d`:" in twice


@pytest.mark.parametrize(
    "body", ["", "Mine.", BODY.replace("bot:marker", "marker"), BODY.replace('"v": 1', '"v": '),
             "Before.\n" + BODY]
)  # fmt: skip
def test_a_body_that_is_not_as_the_bot_wrote_it_is_left_alone(body: str) -> None:
    assert unlisted(body, ["c"]) == ()
    assert with_reflections(body, ["c"]) == body


def test_a_body_does_not_grow_without_end() -> None:
    ids = [f"r-{number}" for number in range(5 * MAX_AGAIN)]
    full = with_reflections(BODY, ids)
    assert unlisted(full, ids) == ()
    assert f"and {MAX_AGAIN - 20} more:" in full
    assert len(full) < 10_000


def test_a_hostile_id_stays_in_its_place() -> None:
    full = with_reflections(BODY, ["x --> @alice `y` fixes #1"])
    assert full.splitlines()[0].count("-->") == 1
    assert "@alice" not in full
    assert unlisted(full, ["x --> @alice `y` fixes #1"]) == ()
