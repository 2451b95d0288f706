"""One tick as jobs with separate rights: each has only its own files, environment and folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.jobs.answers import AnswersFile
from tests.loopback_openai import calls, fails
from tests.scenarios.fanout import Counted, counted, fill
from tests.scenarios.jobs import Jobs
from tests.scenarios.world import CONFIG, GOOD_PATCH, REFLECTION, World, answer_with

PRICES = "usd_per_million_prompt_tokens = 100\nusd_per_million_completion_tokens = 100\n"
ORDER = '[engine]\norder = ["search", "openai"]\n'
in_plain_git = pytest.mark.parametrize("world", ["local"], indirect=True)


def ledger(world: World) -> str:
    return world.repo.git("log", "--format=%s", "refs/bot/ledger")


def changed(file: Path, **values: Any) -> None:
    """Rewrite the one answer of a file."""
    data = json.loads(file.read_text())
    data["answers"][0] |= values
    file.write_text(json.dumps(data))


@in_plain_git
def test_a_fix_goes_from_job_to_job_until_it_is_merged(world: World, tmp_path: Path) -> None:
    world.model.default = GOOD_PATCH
    jobs = Jobs(world, tmp_path / "jobs")
    before = world.origin()
    jobs.observe()
    (incident,) = jobs.incidents
    assert (jobs.outputs["search"], jobs.outputs["openai"]) == ("0", "1")
    assert jobs.ask(incident).code == 0
    verified = jobs.verify(incident)
    assert "1 test failed before and passes now" in verified.out
    assert jobs.apply("--dry-run").code == 0
    assert world.origin() == before

    applied = jobs.apply()
    assert applied.code == 0, applied.err
    assert "1 test failed before and passes now; none broke" in world.repo.pull(1).body
    jobs.observe()
    assert jobs.to_verify == []
    assert jobs.apply().code == 0  # the same files again: what is open is settled, nothing more
    assert world.repo.pull(1).merged
    assert len(world.repo.pulls) == len(world.model.requests) == 1


@in_plain_git
def test_what_the_search_mends_no_model_is_asked_about(world: World, tmp_path: Path) -> None:
    world.configure(CONFIG + ORDER)
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    (incident,) = jobs.incidents
    assert (jobs.outputs["search"], jobs.outputs["openai"]) == ("1", "1")
    searched = jobs.search(incident)
    assert searched.out == "search has answered about 1 incident; patches: 1\n"
    assert jobs.ask(incident).code == 0
    assert "There was nothing to run." in jobs.verify(incident).out  # the search has run them
    assert jobs.apply().code == 0
    assert "none broke" in world.repo.pull(1).body
    assert world.model.requests == []


def test_a_job_that_was_killed_costs_its_incident_nothing_but_time(
    world: World, tmp_path: Path
) -> None:
    world.configure(CONFIG + ORDER)
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    (incident,) = jobs.incidents
    assert jobs.search(incident).code == 0  # without a sandbox it finds nothing
    refs = world.origin()
    applied = jobs.apply()  # the job that asks the model has left no file
    assert f"openai has not answered about {incident}; the next tick asks again" in applied.out
    assert world.origin() == refs

    jobs.observe()
    assert jobs.incidents == [incident]
    shutil.rmtree(jobs.answers)  # now it is the search that has died, and the model that answers
    world.model.answer(calls(("report_no_bug", {"reason": "It is meant to be so."})))
    assert jobs.ask(incident).code == 0
    assert jobs.apply().code == 0
    assert "attempt 1 on" in ledger(world)


def test_no_job_but_the_last_can_do_anything(world: World, tmp_path: Path) -> None:
    world.model.default = GOOD_PATCH
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    (incident,) = jobs.incidents
    assert jobs.ask(incident).code == 0
    (artifact,) = jobs.answers.rglob("*.json")
    answers, good = jobs.answers / "by-hand.json", artifact.read_text()
    artifact.unlink()
    for values, said in (
        ({"number": 2}, "is attempt 2, and 1 is due"),
        ({"heard": "0123456789ab"}, "has not heard what people say by now"),
        ({"engine": "oracle"}, "is by an engine that engine.order does not name"),
        ({"incident": "v1-000000000000"}, "is not to be worked on now"),
    ):
        answers.write_text(good)
        changed(answers, **values)
        applied = jobs.apply("--dry-run")
        assert applied.code == 0, applied.err
        assert said in applied.out
        assert "publish_branch" not in applied.out
    twice = answers.parent / "twice.json"
    answers.write_text(good)
    twice.write_text(good)
    assert "is a second one by openai; it is left out" in jobs.apply("--dry-run").out
    assert world.repo.pulls == []


def test_the_first_engine_whose_patch_passes_vetting_counts_and_all_are_heard(
    world: World, tmp_path: Path
) -> None:
    world.configure(CONFIG + ORDER)
    world.model.default = GOOD_PATCH
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    jobs.ask(*jobs.incidents)
    (asked,) = jobs.answers.rglob("*.json")
    good, found = asked.read_text(), jobs.answers / "found.json"
    refused = {"edits": [{"path": "../x", "blob": None, "old": "", "new": "x"}], "explanation": ""}
    for searched in (
        {"patch": refused, "reason": "It is a trick.", "usage": {"prompt_tokens": 10**9}},
        {"patch": None, "report": None, "reason": "No test fails."},
    ):
        found.write_text(good)
        changed(found, engine="search", **searched)
        (case,) = json.loads(jobs.apply("--dry-run", "--json").out)["incidents"]
        assert (case["engine"], case["ending"]) == ("openai", "proposed")
        assert case["usage"]["requests"] == 1
        assert case["usage"]["prompt_tokens"] < 10**4  # a search costs nothing, whatever it says
        assert any(note.endswith(searched["reason"]) for note in case["notes"])


@in_plain_git
def test_evidence_counts_for_the_very_commit_alone(world: World, tmp_path: Path) -> None:
    world.model.default = GOOD_PATCH
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    (incident,) = jobs.incidents
    jobs.ask(incident)
    jobs.verify(incident)
    world.repo.push_commit("main", {"README.md": "# Another base\n"}, by="alice")
    applied = jobs.apply()
    assert applied.code == 0, applied.err
    assert "The bot has not run the tests itself" in world.repo.pull(1).body
    shutil.rmtree(jobs.evidence)

    jobs.observe()  # the head on the newest base awaits its tests
    head = world.repo.branch_sha(world.repo.pull(1).head_ref)
    assert (jobs.incidents, jobs.to_verify) == ([], [head])
    assert jobs.verify(head).code == 0
    assert "the check “tests” of pull request 1 passed" in jobs.apply().out


def test_people_who_said_more_meanwhile_are_not_answered_by_what_did_not_hear_them(
    world: World, tmp_path: Path
) -> None:
    world.configure("")
    world.model.default = GOOD_PATCH
    assert world.bot("run").code == 0
    world.repo.request_changes(1, by="alice", body="Please return early instead.")
    world.model.default = answer_with(
        '    if not words:\n        return ""\n    return words[0].upper()\n', "Return early."
    )
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    (incident,) = jobs.incidents
    assert jobs.ask(incident).code == 0
    told = json.dumps(world.model.requests[-1].body)
    assert "Please return early instead." in told
    assert "if words else" in told.replace("\\", "")

    world.repo.comment(1, "/bot retry with a type hint, too", by="alice")
    head = world.repo.branch_sha(world.repo.pull(1).head_ref)
    late = jobs.apply()
    assert "has not heard what people say by now; it is left out" in late.out
    assert world.repo.branch_sha(world.repo.pull(1).head_ref) == head
    jobs.observe()
    assert jobs.incidents == [incident]


def test_what_was_spent_in_vain_counts_once_against_the_day(world: World, tmp_path: Path) -> None:
    world.model.default = GOOD_PATCH
    jobs = Jobs(world, tmp_path / "jobs", BOT_LIMITS_OPEN_PULLS="")
    jobs.observe()
    assert jobs.ask(*jobs.incidents).code == 0
    lowered = Jobs(world, tmp_path / "lowered", BOT_LIMITS_INCIDENTS_PER_TICK="0")
    lowered.answers = jobs.answers
    for _ in range(2):
        assert lowered.apply().code == 0
    assert world.repo.pulls == []
    assert ledger(world).count("spent ") == 1
    assert jobs.apply().code == 0  # there is room again, and nothing was lost
    assert len(world.repo.pulls) == 1
    assert ledger(world).count("spent ") == 1


def test_what_was_spent_counts_though_nobody_wants_the_answer_any_more(
    world: World, tmp_path: Path
) -> None:
    world.model.default = GOOD_PATCH
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    assert jobs.ask(*jobs.incidents).code == 0
    world.write_reflections([])
    assert jobs.apply().code == 0
    assert world.repo.pulls == []
    assert ledger(world).count("spent ") == 1


@in_plain_git
def test_what_is_proven_is_renewed_when_its_tests_have_run_on_the_newest_base(
    world: World, tmp_path: Path
) -> None:
    world.model.default = GOOD_PATCH
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    (incident,) = jobs.incidents
    jobs.ask(incident)
    jobs.verify(incident)
    assert jobs.apply().code == 0
    world.repo.push_commit("main", {"README.md": "# Another base\n"}, by="alice")
    head = world.repo.branch_sha(world.repo.pull(1).head_ref)
    settled = world.bot("apply")
    assert "are yet to be run by a job that verifies" in settled.out
    assert world.repo.branch_sha(world.repo.pull(1).head_ref) == head

    jobs.observe()
    (moved,) = jobs.to_verify
    assert jobs.verify(moved).code == 0
    assert jobs.apply().code == 0
    assert world.repo.branch_sha(world.repo.pull(1).head_ref) == moved


def test_budgets_are_shared_out_to_jobs_that_know_nothing_of_each_other(
    world: World, tmp_path: Path
) -> None:
    names = ("count_words", "dummy_function", "test_count")
    told = [{"reflection": f"`{name}` does not handle empty input, a bug."} for name in names]
    world.write_reflections([REFLECTION | one for one in told])
    world.configure(f"{CONFIG}\n[limits]\ntokens_per_incident = 500\ntokens_per_tick = 800\n")
    jobs = Jobs(world, tmp_path / "jobs")
    said = jobs.observe().err
    work = json.loads((jobs.work / "work.json").read_text())
    assert [one["tokens"] for one in work["assignments"]] == [500, 300]
    assert "the budget of this tick leaves 1 incident for a later one" in said


def test_a_day_that_ended_over_its_budget_is_no_failure(world: World, tmp_path: Path) -> None:
    world.configure(f"{CONFIG}{ORDER}[engine.openai]\n{PRICES}[limits]\nusd_per_day = 0.05\n")
    world.model.default = GOOD_PATCH
    first = Jobs(world, tmp_path / "first")
    first.observe()
    assert first.ask(*first.incidents).code == 0
    (file,) = first.answers.rglob("*.json")
    usage = {"requests": 1, "prompt_tokens": 600, "completion_tokens": 0, "usd": 0.0}
    changed(file, usage=usage)  # what it says of money is not what counts
    assert first.apply().code == 0
    world.write_reflections([REFLECTION | {"reflection": "`count_words` in llm.py fails, a bug."}])
    second = Jobs(world, tmp_path / "second")
    second.observe()
    (work,) = json.loads((second.work / "work.json").read_text())["assignments"]
    assert (work["engines"], work["usd"]) == (["search"], 0)


def test_a_model_that_cannot_be_asked_is_one_sentence_and_a_whole_file(
    world: World, tmp_path: Path
) -> None:
    world.model.default = fails(401)
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    ran = jobs.ask(*jobs.incidents)
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    (file,) = jobs.answers.rglob("*.json")
    assert AnswersFile.model_validate_json(file.read_text()).answers == ()


def test_other_work_than_was_listed_is_refused(world: World, tmp_path: Path) -> None:
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    (incident,) = jobs.incidents
    assert jobs.verify("0" * 40).err.startswith(f"bot: {jobs.work} lists no 0000")
    work = jobs.work / "work.json"
    work.write_text(work.read_text() + " ")
    ran = jobs.ask(incident)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "is not the file of this SHA-256" in ran.err
    assert world.model.requests == []


def test_a_paused_bot_lists_nothing(world: World, tmp_path: Path) -> None:
    world.repo.git("update-ref", "refs/bot/paused", "refs/heads/main")
    jobs = Jobs(world, tmp_path / "jobs")
    said = jobs.observe().err
    assert (jobs.incidents, jobs.outputs["count"], jobs.outputs["verify-count"]) == ([], "0", "0")
    assert "the bot is paused" in said


@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.thorough)])
def test_a_fan_out_of_which_jobs_die_passes_no_limit_and_loses_nothing(
    world: World, tmp_path: Path, count: int
) -> None:
    """`bench.fanout` has the same with a process for each job, and real deaths."""
    deaths = count // 3
    fill(world, count)
    jobs = Jobs(world, tmp_path / "jobs")
    jobs.observe()
    listed = jobs.incidents
    assert len(listed) == count
    assert jobs.ask_all().code == 0
    die_at_random(jobs, Random(7), deaths)

    few = {"BOT_LIMITS_INCIDENTS_PER_TICK": "3", "BOT_LIMITS_OPEN_PULLS": "5"}
    writer = Jobs(world, tmp_path / "writer", **few)
    writer.answers = jobs.answers
    for pulls in (3, 5, 5):
        assert writer.apply().code == 0
        assert counted(world) == Counted(pulls, doubled=0)
    assert ledger(world).count("spent ") == len(world.model.requests) - deaths

    jobs.observe()
    done = {pull.head_ref.removeprefix("bot/").removesuffix("-1") for pull in world.repo.pulls}
    assert set(jobs.incidents) == set(listed) - done
    assert len(world.model.requests) == count


def die_at_random(jobs: Jobs, chance: Random, deaths: int) -> None:
    """Let so many of the jobs leave nothing, half a file, or an empty one."""
    files = sorted(jobs.answers.rglob("*.json"))
    for file in chance.sample(files, deaths):
        whole = file.read_bytes()
        file.write_bytes(whole[: chance.choice([0, len(whole) // 2, len(whole) - 20])])
        if chance.random() < 0.5:
            file.unlink()
