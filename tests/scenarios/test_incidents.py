"""Many records of one problem: one incident, one pull request, every record named there once."""

from __future__ import annotations

import json

from tests.scenarios.world import GOOD_PATCH, REFLECTION, World

TWICE = [REFLECTION, REFLECTION | {"timestamp": "2025-07-02T00:00:00Z"}]
THREE_TIMES = [*TWICE, REFLECTION | {"timestamp": "2025-07-03T00:00:00Z"}]


def planned(world: World) -> list[str]:
    ran = world.bot("run", "--json")
    assert ran.code == 0, ran.err
    return [step["action"] for step in json.loads(ran.out)["actions"]]


def ids(world: World) -> list[str]:
    return [row["id"] for row in json.loads(world.bot("reflections", "--json").out)]


def test_two_records_of_one_problem_make_one_pull_request(world: World) -> None:
    world.write_reflections(TWICE)
    world.model.default = GOOD_PATCH
    assert planned(world) == ["publish_branch", "open_pull_request"]
    (pull,) = world.repo.pulls
    for id_ in ids(world):
        assert f"`{id_}`" in pull.body
    assert len(world.model.requests) == 1


def test_a_later_record_is_added_to_the_open_pull_request_once(world: World) -> None:
    world.write_reflections(TWICE)
    world.model.default = GOOD_PATCH
    world.bot("run")
    before = world.repo.pull(1).body
    world.write_reflections(THREE_TIMES)
    assert planned(world) == ["add_reflections"]
    *_, third = ids(world)
    body = world.repo.pull(1).body
    assert third not in before
    assert body.count(f"`{third}`") == 1
    rest = before.partition("\n\nIn reflections")[2].partition("\n")[2]
    assert body.endswith(rest), "the rest of the body is as it was"

    assert planned(world) == []
    assert world.repo.pull(1).body == body
    assert len(world.repo.pulls) == 1
    assert len(world.model.requests) == 1


def test_a_dry_run_only_says_that_it_would_be_added(world: World) -> None:
    world.write_reflections(TWICE)
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.write_reflections(THREE_TIMES)
    before = world.origin()
    ran = world.bot("run", "--dry-run")
    assert "add_reflections" in ran.out
    assert world.origin() == before


def test_a_body_that_a_person_rewrote_is_left_alone(world: World) -> None:
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.repo.pull(1).body = "Mine now."
    world.write_reflections(THREE_TIMES)
    assert planned(world) == []
    assert world.repo.pull(1).body == "Mine now."


def test_after_the_merge_nothing_is_added(world: World) -> None:
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.repo.run_workflows()
    world.bot("run")
    assert world.repo.pull(1).merged
    world.write_reflections(THREE_TIMES)
    assert planned(world) == []
    assert len(world.model.requests) == 1


def test_what_is_unsure_is_asked_about_after_all_that_is_actionable(world: World) -> None:
    """A text in another language goes to the engine, while the limits leave room for it."""
    foreign = {
        "timestamp": "2025-06-01T00:00:00Z",
        "task_summary": "测试",
        "outcome": "失败",
        "reflection": "llm.py 中的 count_words 没有正确处理空输入。",
    }
    world.write_reflections([foreign, REFLECTION])
    world.model.default = GOOD_PATCH
    plan = json.loads(world.bot("run", "--dry-run", "--json").out)
    assert [len(incident["reflections"]) for incident in plan["incidents"]] == [1, 1]
    assert "dummy_function" in world.model.requests[0].text
    rows = json.loads(world.bot("reflections", "--json").out)
    assert [(row["verdict"], row["actionable"]) for row in rows] == [
        ("unsure", False),
        ("actionable", True),
    ]
    assert "unsure" in world.bot("reflections").out


def test_a_crowd_of_records_is_counted_not_listed(world: World) -> None:
    crowd = [
        {"timestamp": "", "task_summary": "", "outcome": "success", "reflection": f"Went well {n}."}
        for n in range(1000)
    ]
    world.write_reflections([*crowd, REFLECTION])
    world.model.default = GOOD_PATCH
    ran = world.bot("run", "--dry-run")
    assert "800 more reflections are not worked on (a success: 800)" in ran.out
    assert len(ran.out) < 100_000
    assert "open_pull_request" in ran.out
    assert "800 more" in world.bot("reflections").err
