"""The corpus of patches: what vetting must say of each, and that it says so quickly."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.corpus import Case, judge, load, mistake

CASES = load()


@pytest.mark.parametrize("case", CASES, ids=[f"{case.group}: {case.name}" for case in CASES])
def test_a_patch_is_judged_as_labelled(case: Case) -> None:
    verdict = judge(case)
    assert not mistake(case, verdict), verdict
    assert all(sentence and "\n" not in sentence for sentence in verdict.sentences)


def test_the_corpus_is_broad_and_its_names_are_distinct() -> None:
    groups = Counter(case.group for case in CASES)
    assert groups["fixes"] >= 50
    assert sum(groups.values()) >= 150
    names = Counter((case.group, case.name) for case in CASES)
    assert max(names.values()) == 1
