"""Of several changes that pass the tests, the one that people would make; and how sure that is."""

from __future__ import annotations

import pytest

from bot.built_in_rules import SURE_ENOUGH
from bot.engines.search.answering import TOO_DOUBTFUL
from bot.engines.search.choosing import Plausible, choose, confidence
from bot.engines.search.differing import Seen, read_seen, unseen
from bot.engines.search.model import Candidate, Replacement


def plausible(
    name: str, score: float = 1.0, *, lines: int = 1, smells: tuple[str, ...] = ()
) -> Plausible:
    candidate = Candidate(
        replacements=(Replacement("a.py", 0, 1, name),), template=name, score=score, line=1
    )
    return Plausible(candidate=candidate, order=0, lines=lines, smells=smells)


def seen(base: str, *versions: str, examples: tuple[tuple[bool, ...], ...] = ()) -> list[Seen]:
    """Behaviours from words such as `v:int:1`, one for each input."""
    shown = ((), *examples) if examples else ((),) * (len(versions) + 1)
    words = [text.replace(":", " ").split(",") for text in (base, *versions)]
    told = [
        {"outcome": outcome, "example": list(example)}
        for outcome, example in zip(words, shown, strict=True)
    ]
    recorded = len(words[0]) // 2
    said = {"kept": 0, "recorded": recorded, "varied": len(words[0]) - recorded, "versions": told}
    return read_seen(said, list(range(len(versions))))


def first(found: list[Plausible], did: list[Seen]) -> str:
    return choose(found, did).ranked[0].candidate.template


@pytest.mark.parametrize(
    ("found", "did"),
    [
        # The likelier kind of change.
        ([plausible("wrong", 0.2), plausible("right", 0.6)], unseen(2)),
        # The smaller one.
        ([plausible("wrong", lines=4), plausible("right")], unseen(2)),
        # One that fits the code and not the tests only.
        ([plausible("wrong", 0.9, smells=("it only takes code away",)), plausible("right", 0.2)],
         unseen(2)),
        # One that leaves the answers that there were, where the tests only miss one.
        ([plausible("wrong", 0.9), plausible("right", 0.3)],
         seen("r:Error:,r:Error:,v:int:1,v:int:2", "v:int:0,v:int:0,v:int:1,v:int:1",
              "v:int:0,v:int:0,v:int:1,v:int:2")),
        # One that ends.
        ([plausible("wrong", 0.8), plausible("right", 0.6)],
         seen("v:int:1,v:int:1", "v:int:2,h:-:-", "v:int:2,v:int:3")),
        # One that answers with what was answered before.
        ([plausible("wrong", 0.7), plausible("right", 0.6)],
         seen("v:int:1,v:int:1", "v:str:2,v:str:3", "v:int:2,v:int:3")),
        # One that meets the documented examples.
        ([plausible("wrong", 0.7), plausible("right", 0.3)],
         seen("v:int:1", "v:int:2", "v:int:3", examples=((False,), (True,)))),
        # Two that do the same outweigh one that does something else.
        ([plausible("wrong", 0.5), plausible("right", 0.45), plausible("right too", 0.3)],
         seen("v:int:1,v:int:1", "v:int:2,v:int:2", "v:int:3,v:int:3", "v:int:3,v:int:3")),
    ],
)  # fmt: skip
def test_the_better_one_comes_first(found: list[Plausible], did: list[Seen]) -> None:
    assert first(found, did) == "right"


def test_alone_and_well_tested_it_is_sure() -> None:
    choice = choose([plausible("a")], unseen(1))
    assert confidence(choice, choice.ranked[0], tests=12) > 0.85


def test_one_test_is_never_enough() -> None:
    choice = choose([plausible("a")], unseen(1))
    assert confidence(choice, choice.ranked[0], tests=1) < SURE_ENOUGH


def test_what_was_found_without_time_to_try_others_is_unsure() -> None:
    choice = choose([plausible("a")], unseen(1))
    sure = [confidence(choice, choice.ranked[0], tests=12, tried=n) for n in (2, 30, 100, 5_000)]
    assert TOO_DOUBTFUL < sure[0] < SURE_ENOUGH, "a person is asked"
    assert sure[0] < sure[1] < sure[2] == sure[3]


def test_several_ways_to_pass_the_tests_make_it_unsure() -> None:
    found = [plausible(name) for name in "abc"]
    apart = choose(found, seen("v:int:1", "v:int:2", "v:int:3", "v:int:4"))
    assert confidence(apart, apart.ranked[0], tests=9) < SURE_ENOUGH
    alike = choose(found, seen("v:int:1", "v:int:2", "v:int:2", "v:int:2"))
    assert confidence(alike, alike.ranked[0], tests=9) > 0.8


def test_what_smells_is_never_sure() -> None:
    choice = choose([plausible("a", smells=("it only takes code away",))], unseen(1))
    assert confidence(choice, choice.ranked[0], tests=99) < SURE_ENOUGH


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        {"kept": 0, "recorded": 1, "varied": 0, "versions": []},
        {"kept": 0, "recorded": -1, "varied": 0, "versions": [{"outcome": [], "example": []}] * 3},
        {"kept": 0, "recorded": 1, "varied": 0, "versions": [{"outcome": [1], "example": []}] * 3},
        {
            "kept": 0,
            "recorded": 10**9,
            "varied": 0,
            "versions": [{"outcome": ["v"], "example": []}] * 3,
        },
    ],
)
def test_what_comes_back_from_the_sandbox_is_not_believed_to_have_a_form(said: object) -> None:
    assert [one.kind for one in read_seen(said, [4, 7])] == [4, 7]
