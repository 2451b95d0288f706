"""Writing reflections, to a file and to a ref, and seeing what became of them."""

from __future__ import annotations

import json

from tests.scenarios.world import CONFIG, GOOD_PATCH, REFLECTION, World

MEMORY = CONFIG + '[[source]]\nname = "memory"\nref = "agent-memory"\nfiles = ["notes.json"]\n'


def test_a_reflection_goes_to_the_end_of_the_file(world: World) -> None:
    ran = world.bot("reflect", "count_words in llm.py fails on None", "--task", "Counting")
    assert ran.code == 0, ran.err
    records = json.loads((world.clone / "reflections.json").read_text())
    assert records[0] == REFLECTION
    assert records[1]["task_summary"] == "Counting"
    assert records[1]["outcome"] == "failure"
    id_ = ran.out.split()[0]
    listed = json.loads(world.bot("reflections", "--json").out)
    assert id_ in [row["id"] for row in listed]


def test_a_reflection_goes_straight_to_a_ref_and_is_read_from_there(world: World) -> None:
    """A scheduled checkout has no uncommitted files, so agents push their memory to a branch."""
    world.configure(MEMORY)
    clone = (world.clone / "reflections.json").read_bytes()
    for text in ("dummy_function in llm.py fails on empty input", "README.md is wrong"):
        ran = world.bot("reflect", text, "--to", "memory")
        assert ran.code == 0, ran.err
    assert (world.clone / "reflections.json").read_bytes() == clone
    records = json.loads(world.repo.git("show", "agent-memory:notes.json"))
    assert [record["reflection"] for record in records][1] == "README.md is wrong"

    world.write_reflections([])
    world.model.default = GOOD_PATCH
    assert world.bot("run").code == 0
    assert "README.md is wrong" not in world.repo.pull(1).body
    assert "agent-memory" not in world.on_main(".github/workflows/ci.yml")
    sources = {row["where"] for row in json.loads(world.bot("reflections", "--json").out)}
    assert sources == {"agent-memory:notes.json[0]", "agent-memory:notes.json[1]"}


def test_a_ref_that_is_not_there_yet_is_said_and_stops_nothing(world: World) -> None:
    world.configure(MEMORY)
    world.model.default = GOOD_PATCH
    ran = world.bot("run", "--dry-run")
    assert ran.code == 0
    assert "agent-memory the remote has no such branch yet" in ran.out
    assert "open_pull_request" in ran.out


def test_a_file_that_is_no_array_is_left_as_it_is(world: World) -> None:
    file = world.clone / "reflections.json"
    for content in ('{"mine": 1}', "[1, 2", "\ufeff{}"):
        file.write_text(content)
        ran = world.bot("reflect", "llm.py fails")
        assert ran.code == 1
        assert "nothing was added" in ran.err
        assert file.read_text() == content


def test_a_source_that_does_not_exist_is_answered_with_those_that_do(world: World) -> None:
    ran = world.bot("reflect", "llm.py fails", "--to", "nowhere")
    assert ran.code == 1
    assert "'nowhere'" in ran.err
    assert "'reflections'" in ran.err


def test_every_reflection_is_listed_with_a_reason(world: World) -> None:
    world.write_reflections(
        [
            REFLECTION,
            {
                "timestamp": "2025-07-02",
                "outcome": "success",
                "reflection": "fixed a bug in llm.py",
            },
            {"timestamp": "2025-07-03", "outcome": "failure", "reflection": "the plan was wrong"},
            {"timestamp": "2025-07-04", "outcome": "", "reflection": "It is sunny."},
        ]
    )
    rows = json.loads(world.bot("reflections", "--json").out)
    assert [row["actionable"] for row in rows] == [True, False, False, False]
    assert "success" in rows[1]["reason"]
    assert "names no file" in rows[2]["reason"]
    assert "speaks of a defect" in rows[3]["reason"]


def test_a_bad_record_is_named_and_the_others_go_on(world: World) -> None:
    (world.clone / "reflections.json").write_text(
        json.dumps([{"reflection": None, "outcome": 7}, "text", REFLECTION])
    )
    world.model.default = GOOD_PATCH
    ran = world.bot("run")
    assert ran.code == 0
    assert "reflections.json[0] outcome:" in ran.out
    assert "reflections.json[1] is a string, not a record" in ran.out
    assert len(world.repo.pulls) == 1


def test_only_one_incident_may_be_asked_for(world: World) -> None:
    world.write_reflections(
        [REFLECTION, REFLECTION | {"reflection": "count_words in llm.py is wrong on None."}]
    )
    world.model.default = GOOD_PATCH
    plan = json.loads(world.bot("run", "--dry-run", "--json", "--only", "r-794e2b206b48").out)
    assert [incident["reflections"] for incident in plan["incidents"]] == [["r-794e2b206b48"]]
    assert "--only" in plan["skipped"][0]["reason"]


def test_the_base_branch_is_never_pushed_to(world: World) -> None:
    world.configure(MEMORY.replace('ref = "agent-memory"', 'ref = "main"'))
    before = world.repo.branch_sha("main")
    ran = world.bot("reflect", "llm.py fails", "--to", "memory")
    assert ran.code == 1
    assert "never pushes to" in ran.err
    assert world.repo.branch_sha("main") == before
