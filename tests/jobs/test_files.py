"""What jobs hand on comes back as it was, and nothing else passes for it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import UserError
from bot.jobs.answers import read_answers, write_answers, write_evidence
from bot.jobs.evidence import Given, Statement
from bot.jobs.files import write_text
from bot.jobs.gathering import gather
from bot.jobs.limits import MAX_ANSWERS_BYTES
from bot.jobs.work import read_work, write_work
from bot.model import Sha
from tests.jobs.made import ATTEMPT, BASE, COMMIT, EVIDENCE, HEAD, INCIDENT, WORK

ASSIGNMENT = WORK.assignments[0]
ANSWERS = write_answers([(ATTEMPT, ASSIGNMENT)], WORK.tick)
ANSWER = json.loads(ANSWERS)["answers"][0]
SAID = Statement(HEAD, EVIDENCE)
PROVEN = write_evidence([SAID])


def refused(read: Any, text: str) -> str:
    with pytest.raises(UserError) as error:
        read(text, "a file")
    said = str(error.value)
    assert said.startswith("a file ")
    assert "\n" not in said
    return said


# ----------------------------------------------------------------------------------------- work


def test_work_comes_back_as_it_was_listed() -> None:
    assert read_work(write_work(WORK), "work.json") == WORK


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"more": 1},
        {"base": "main"},
        {"base": "b" * 40 + "\n"},
        {"heads": ["--upload-pack=x"]},
        {"bundle": "short"},
        {"assignments": None},
        {"assignments": [{}]},
        {"at": "yesterday"},
    ],
)
def test_work_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    refused(read_work, json.dumps(json.loads(write_work(WORK)) | change))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../v1-0123456789ab"},
        {"name": "v1-0123456789ab\n"},
        {"attempt": 0},
        {"tokens": -1},
        {"usd": -1.0},
        {"engines": []},
    ],
)
def test_an_assignment_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    data = json.loads(write_work(WORK))
    data["assignments"][0] |= change
    refused(read_work, json.dumps(data))


def test_a_matrix_has_no_more_entries_than_github_takes() -> None:
    many = replace(WORK, assignments=WORK.assignments * 256)
    assert len(read_work(write_work(many), "work.json").assignments) == 256
    data = json.loads(write_work(many))
    data["assignments"] *= 2
    assert "at most 256 items" in refused(read_work, json.dumps(data))


# -------------------------------------------------------------------------------------- answers


def test_an_answer_comes_back_with_what_it_was_asked() -> None:
    (claim,) = read_answers(ANSWERS, "a file").claims
    assert claim.answer == ATTEMPT.answer
    assert (claim.fingerprint, claim.engine, claim.number) == (INCIDENT.fingerprint, "openai", 2)
    assert (claim.heard, claim.engines) == (ASSIGNMENT.heard, ASSIGNMENT.engines)
    assert claim.asked == WORK.tick


@pytest.mark.parametrize(
    "change",
    [
        {"incident": "v1-0123456789ab/../main"},
        {"engine": "openai\nSigned-off-by: alice"},
        {"number": 0},
        {"number": "many"},
        {"usage": {"requests": -1}},
        {"usage": {"usd": float("inf")}},
        {"confidence": 2},
        {"notes": ["x"] * 51},
        {"patch": {"edits": [{"path": "a", "blob": "HEAD", "old": "", "new": ""}]}},
        {"execute": "rm -rf /"},
    ],
)
def test_an_answer_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    refused(read_answers, json.dumps({"version": 2, "answers": [ANSWER | change]}))


# ------------------------------------------------------------------------------------- evidence


def test_evidence_comes_back_as_it_was() -> None:
    statements = (SAID, Statement(Sha("9" * 40), None))
    assert read_answers(write_evidence(statements), "a file").statements == statements


@pytest.mark.parametrize(
    "change",
    [
        {"head": "main"},
        {"collected": -1},
        {"fixed": {"first": ["a", "b"], "total": 1}},
        {"broken": {"first": [], "total": 3}},
        {"fixed": {"first": [str(n) for n in range(21)], "total": 21}},
        {"output": "x" * 100_000},
        {"seconds_base": float("nan")},
        {"merge": True},
    ],
)
def test_evidence_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    data = json.loads(PROVEN)
    data["evidence"][0] |= change
    refused(read_answers, json.dumps(data))


def test_evidence_speaks_of_one_commit_on_one_base() -> None:
    given = Given(BASE, [SAID])
    assert given.verify(COMMIT) == EVIDENCE
    assert given.verify(replace(COMMIT, sha=Sha("0" * 40))) is None
    assert given.verify(replace(COMMIT, parents=(Sha("0" * 40),))) is None
    assert Given(Sha("0" * 40), [SAID]).verify(COMMIT) is None
    older = Statement(HEAD, replace(EVIDENCE, base=HEAD))
    assert Given(BASE, [older]).verify(COMMIT) is None


def test_a_job_is_heard_of_nothing_but_what_it_was_to_run() -> None:
    for own in (Statement(HEAD, EVIDENCE, INCIDENT.fingerprint, "openai"), SAID):
        assert Given(BASE, [own]).verify(COMMIT) == EVIDENCE
    for other in (("v1-ffffffffffff", ""), (INCIDENT.fingerprint, "search")):
        given = Given(BASE, [Statement(HEAD, EVIDENCE, *other)])
        assert given.verify(COMMIT) is None
        assert given.awaits(COMMIT)


def test_what_nobody_has_run_yet_is_waited_for_and_what_cannot_be_run_is_not() -> None:
    given = Given(BASE, [Statement(HEAD, None)])
    assert not given.awaits(COMMIT)
    assert given.verify(COMMIT) is None
    assert given.notices == ()
    given = Given(BASE, [])
    assert given.awaits(COMMIT)
    assert given.notices == (f"the tests of {HEAD[:9]} are yet to be run by a job that verifies",)


def test_two_jobs_that_contradict_each_other_prove_nothing() -> None:
    again = replace(EVIDENCE, seconds_head=9.0, notes=())
    assert Given(BASE, [SAID, Statement(HEAD, again)]).verify(COMMIT) == EVIDENCE
    other = replace(EVIDENCE, head_passed=False, problem="no test was collected")
    for pair in ((EVIDENCE, other), (other, EVIDENCE), (EVIDENCE, again, other)):
        given = Given(BASE, [Statement(HEAD, one) for one in pair])
        assert given.verify(COMMIT) is None
        assert given.notices == (
            f"two jobs say different things of the tests of {HEAD[:9]}, so neither counts",
        )


# ------------------------------------------------------------------------------------ gathering


def test_a_bad_file_in_a_folder_costs_only_itself(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    write_text(folder / "good.json", ANSWERS)
    write_text(folder / "of-a-job" / "evidence.json", PROVEN)
    write_text(folder / "half.json", ANSWERS[: len(ANSWERS) // 2])
    write_text(folder / "empty.json", "")
    write_text(folder / "deep.json", "[" * 100_000)
    (folder / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (folder / "large.json").write_bytes(b" " * (MAX_ANSWERS_BYTES + 1))
    (folder / "link.json").symlink_to(folder / "good.json")
    (folder / "folder.json").mkdir()
    os.mkfifo(folder / "pipe.json")
    (folder / "notes.txt").write_text("not read")
    brought = gather([folder, tmp_path / "absent"])
    assert [claim.fingerprint for claim in brought.claims] == [INCIDENT.fingerprint]
    assert brought.statements == (SAID,)
    left_out = ("bytes", "deep", "empty", "half", "large", "link", "pipe")
    assert [notice.split(".json")[0].split("/")[-1] for notice in brought.notices] == [*left_out]


def test_an_artifact_brings_only_what_its_name_says(tmp_path: Path) -> None:
    other, forged = "v1-ffffffffffff", replace(ATTEMPT, engine="search")
    for name in (f"answers-openai-{other}", f"answers-search-{INCIDENT.fingerprint}"):
        write_text(tmp_path / name / "x.json", write_answers([(ATTEMPT, ASSIGNMENT)], WORK.tick))
    write_text(
        tmp_path / f"answers-openai-{INCIDENT.fingerprint}" / "x.json",
        write_answers([(ATTEMPT, ASSIGNMENT), (forged, ASSIGNMENT)], WORK.tick),
    )
    write_text(tmp_path / f"evidence-{INCIDENT.fingerprint}" / "x.json", PROVEN)
    write_text(tmp_path / f"evidence-{'9' * 40}" / "x.json", PROVEN)
    write_text(tmp_path / "work" / "work.json", write_work(WORK))
    brought = gather([tmp_path])
    assert [(one.fingerprint, one.engine) for one in brought.claims] == [
        (INCIDENT.fingerprint, "openai")
    ]
    assert brought.statements == (replace(SAID, incident=INCIDENT.fingerprint),)
    assert len(brought.notices) == 4
    assert all("speaks of what was not its to say" in one for one in brought.notices)


def test_a_job_that_leaves_too_much_costs_only_itself(tmp_path: Path) -> None:
    for number in range(20):
        write_text(tmp_path / "a" / f"{number:02}.json", "{")
    write_text(tmp_path / "b" / "x.json", ANSWERS)
    brought = gather([tmp_path])
    assert len(brought.claims) == 1
    assert "a holds more than is read of one job" in brought.notices[-1]


def test_what_jobs_left_never_lies_where_reflections_are_read(tmp_path: Path) -> None:
    write_text(tmp_path / "checkout" / "answers" / "x.json", ANSWERS)
    with pytest.raises(UserError, match=r"lies in the checkout.*RUNNER_TEMP"):
        gather([tmp_path / "checkout" / "answers"], outside=tmp_path / "checkout")
    assert gather([tmp_path / "checkout" / "answers"], outside=tmp_path / "elsewhere").claims


def test_a_file_that_is_named_must_be_one(tmp_path: Path) -> None:
    write_text(tmp_path / "good.json", ANSWERS)
    assert len(gather([tmp_path / "good.json"]).claims) == 1
    for name in ("absent.json", "half.json"):
        (tmp_path / "half.json").write_text("{")
        with pytest.raises(UserError):
            gather([tmp_path / name])


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    write_text(file, "first")
    with pytest.raises(UnicodeEncodeError):
        write_text(file, "half of a pair: \ud800")
    assert file.read_text() == "first"
    assert list(tmp_path.iterdir()) == [file]
