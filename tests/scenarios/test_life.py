"""From a reflection to a merge, and every way that a person or the policy says otherwise."""

from __future__ import annotations

import json

import pytest

from tests.loopback_openai import calls
from tests.scenarios.local_world import on_both_forges, on_both_forges_if_thorough
from tests.scenarios.world import BAD_PATCH, CONFIG, GOOD_PATCH, PROVEN_BY_CI, REFLECTION, World


def propose(world: World) -> None:
    """The bot opens its pull request, and CI has run on it."""
    world.model.default = GOOD_PATCH
    assert world.bot("run").code == 0
    world.repo.run_workflows()


@on_both_forges
def test_the_original_example_goes_from_reflection_to_merge(world: World) -> None:
    world.model.default = GOOD_PATCH

    opened = world.bot("run")
    assert opened.code == 0, opened.err
    (pull,) = world.repo.pulls
    assert pull.title == "Fix dummy_function: raises IndexError on empty input"
    assert pull.head_ref.startswith("bot/v1-")
    assert pull.head_ref.endswith("-1")

    world.repo.run_workflows()
    merged = world.bot("run")
    assert merged.code == 0, merged.err
    assert world.repo.pull(1).merged
    assert 'if words else ""' in world.on_main("llm.py")
    assert world.branches() == ["main"]
    body = world.repo.pull(1).body
    assert f"| `{world.check}` | **fails** | passes |" in body

    listed = json.loads(world.bot("reflections", "--json").out)
    assert [(row["status"], row["pull_request"]) for row in listed] == [("merged", 1)]


@on_both_forges_if_thorough
def test_the_commit_says_where_it_came_from(world: World) -> None:
    propose(world)
    message = world.repo.git("log", "-1", "--format=%B", world.repo.pull(1).head_ref)
    subject, *_, trailers = message.strip().split("\n\n")
    assert subject == "Fix dummy_function: raises IndexError on empty input"
    keys = [line.split(":")[0] for line in trailers.splitlines()]
    assert keys == ["Reflection-Id", "Incident", "Engine", "Attempt"]


@on_both_forges_if_thorough
def test_a_second_tick_plans_nothing_and_asks_no_engine(world: World) -> None:
    propose(world)
    for _ in range(2):
        world.bot("run")
        before, asked = world.origin(), len(world.model.requests)
        again = world.bot("run", "--json")
        assert json.loads(again.out)["actions"] == []
        assert len(world.model.requests) == asked
        assert world.origin() == before


def test_a_patch_whose_tests_fail_stays_open_and_says_why(world: World) -> None:
    world.model.default = BAD_PATCH
    world.bot("run")
    world.repo.run_workflows()
    world.bot("run")
    pull = world.repo.pull(1)
    assert pull.state == "open"
    assert "required check “test” failed" in pull.body
    assert pull.requested_reviewers == []
    asked = len(world.model.requests)
    assert json.loads(world.bot("run", "--json").out)["actions"] == []
    assert len(world.model.requests) == asked


@on_both_forges
def test_a_closed_pull_request_is_a_no_for_good(world: World) -> None:
    propose(world)
    world.repo.close(1, by="alice")
    world.repo.delete_branch(world.repo.pull(1).head_ref, by="alice")
    asked = len(world.model.requests)
    world.bot("run")
    again = json.loads(world.bot("run", "--json").out)
    assert again["actions"] == []
    assert "“no”" in again["skipped"][0]["reason"]
    assert len(world.model.requests) == asked


@on_both_forges_if_thorough
def test_a_refused_change_is_refused_under_another_incident_too(world: World) -> None:
    propose(world)
    world.repo.close(1, by="alice")
    reworded = REFLECTION | {"reflection": "dummy_function in llm.py crashes: IndexError."}
    world.write_reflections([reworded])
    plan = json.loads(world.bot("run", "--json").out)
    assert [incident["ending"] for incident in plan["incidents"]] == ["rejected"]
    assert "#1 with the same change was refused" in plan["incidents"][0]["reason"]
    assert len(world.repo.pulls) == 1


def test_a_merge_waits_for_checks_and_is_one_per_tick(world: World) -> None:
    world.model.default = GOOD_PATCH
    world.bot("run")
    plan = json.loads(world.bot("run", "--json").out)
    assert plan["actions"] == []
    assert plan["pull_requests"][0]["sentence"].startswith("Waiting for the required check")
    assert not world.repo.pull(1).merged


@on_both_forges_if_thorough
def test_a_persons_commit_on_the_branch_leaves_it_to_people(world: World) -> None:
    propose(world)
    head = world.repo.pull(1).head_ref
    theirs = world.repo.push_commit(head, {"NOTES.md": "mine\n"}, by="alice")
    world.repo.run_workflows()
    world.bot("run")  # says so, once
    before = world.origin()
    plan = json.loads(world.bot("run", "--json").out)
    assert plan["actions"] == []
    assert "person" in plan["pull_requests"][0]["sentence"]
    assert world.repo.branch_sha(head) == theirs
    assert world.origin() == before


@on_both_forges_if_thorough
def test_the_hold_label_holds_until_it_is_taken_away(world: World) -> None:
    propose(world)
    world.repo.label(1, "bot:hold")
    assert json.loads(world.bot("run", "--json").out)["actions"] == []
    assert not world.repo.pull(1).merged
    world.repo.unlabel(1, "bot:hold")
    world.bot("run")
    assert world.repo.pull(1).merged


@pytest.mark.parametrize("by", ["label", "command"])
def test_a_hold_set_after_planning_still_stops_the_merge(world: World, by: str) -> None:
    """What people say is read again just before the write, not only when the plan is made."""
    propose(world)

    def hold_once(_: object) -> None:
        world.github.on_write = None
        if by == "label":
            world.repo.label(1, "bot:hold")
        else:
            world.repo.comment(1, "/bot hold", by="alice")

    world.github.on_write = hold_once  # at the status update, which comes before the merge
    ran = world.bot("run")
    assert ran.code == 0
    assert {"label": "on hold", "command": "asked for something"}[by] in ran.out
    assert not world.repo.pull(1).merged


@on_both_forges
def test_pausing_stops_every_write(world: World) -> None:
    world.model.default = GOOD_PATCH
    world.repo.git("update-ref", "refs/bot/paused", "main")
    before = world.origin()
    ran = world.bot("run")
    assert ran.code == 0
    assert "paused" in ran.out
    assert world.origin() == before
    assert world.model.requests == []


@on_both_forges_if_thorough
def test_a_bot_that_is_switched_off_at_base_does_nothing(world: World) -> None:
    propose(world)
    world.configure("enabled = false\n" + CONFIG)
    before = world.origin()
    assert "switched off" in world.bot("run").out
    assert world.origin() == before


@pytest.mark.parametrize("where", ["forge", "config"])
def test_without_a_required_check_nothing_is_merged(world: World, where: str) -> None:
    """Zero checks is not green; a check named in the config counts as one the forge requires."""
    world.repo.require_checks([])
    if where == "config":
        world.configure(CONFIG + 'required_checks = ["test"]\n')
    propose(world)
    world.bot("run")
    assert world.repo.pull(1).merged == (where == "config")
    if where == "forge":
        assert "so the bot never merges here" in world.repo.pull(1).body


@on_both_forges_if_thorough
def test_a_source_without_trust_is_reviewed_whatever_a_rule_says(world: World) -> None:
    world.configure(CONFIG.replace("trust = true\n", "") + '[review]\nreviewers = ["alice"]\n')
    propose(world)
    world.bot("run")
    pull = world.repo.pull(1)
    assert not pull.merged
    assert pull.requested_reviewers == ["alice"]
    assert "built-in: trusted sources" in pull.body
    assert json.loads(world.bot("run", "--json").out)["actions"] == []


@on_both_forges_if_thorough
def test_owners_are_asked_once_and_never_again(world: World) -> None:
    world.repo.push_commit("main", {"CODEOWNERS": "*.py @alice\n"}, by="alice")
    world.configure(PROVEN_BY_CI)
    propose(world)
    world.bot("run")
    pull = world.repo.pull(1)
    assert pull.requested_reviewers == ["alice"]
    pull.requested_reviewers.clear()  # alice takes herself off
    assert json.loads(world.bot("run", "--json").out)["actions"] == []


def test_a_reviewer_the_forge_refuses_is_not_asked_for_ever(world: World) -> None:
    world.configure(f'[review]\nreviewers = ["nobody"]\n{PROVEN_BY_CI}')
    propose(world)
    ran = world.bot("run")
    assert ran.code == 0
    assert "refused the request for review" in ran.out
    assert json.loads(world.bot("run", "--json").out)["actions"] == []


@on_both_forges_if_thorough
def test_rules_may_ask_for_a_draft_or_refuse(world: World) -> None:
    rule = f'[[policy.rule]]\nname = "all"\noutcome = "{{}}"\n{PROVEN_BY_CI}'
    world.configure(rule.format("refuse"))
    world.model.default = GOOD_PATCH
    plan = json.loads(world.bot("run", "--json").out)
    assert [step["action"] for step in plan["actions"]] == ["append_ledger"]
    assert world.repo.pulls == []
    assert "rule “all” refuses" in world.bot("reflections").out

    world.configure(rule.format("draft"))
    world.write_reflections([REFLECTION | {"reflection": "`dummy_function` in llm.py fails."}])
    world.bot("run")
    assert world.repo.pull(1).draft


@on_both_forges_if_thorough
def test_what_the_engine_finds_not_actionable_is_written_down_once(world: World) -> None:
    world.model.default = calls(("report_no_bug", {"reason": "Empty input is refused upstream"}))
    world.bot("run")
    assert world.repo.pulls == []
    asked = len(world.model.requests)
    plan = json.loads(world.bot("run", "--json").out)
    assert plan["actions"] == []
    assert "Empty input is refused upstream" in plan["skipped"][0]["reason"]
    assert len(world.model.requests) == asked


@on_both_forges_if_thorough
def test_a_patch_that_vetting_refuses_never_becomes_a_branch(world: World) -> None:
    edit = {"filename": ".git/hooks/pre-push", "old": "", "new": "#!/bin/sh\n"}
    report, patch = GOOD_CALLS
    world.model.default = calls(report, (patch[0], patch[1] | {"edits": [edit]}))
    plan = json.loads(world.bot("run", "--json").out)
    assert plan["incidents"][0]["ending"] == "rejected"
    assert world.branches() == ["main"]
    asked = len(world.model.requests)
    assert json.loads(world.bot("run", "--json").out)["actions"] == []
    assert len(world.model.requests) == asked


@on_both_forges_if_thorough
def test_a_protected_path_is_never_merged_by_the_bot(world: World) -> None:
    report, patch = GOOD_CALLS
    edit = {
        "filename": "test_llm.py",
        "old": '        self.assertEqual(dummy_function(""), "")\n',
        "new": '        self.assertEqual(dummy_function(""), "")\n'
        '        self.assertEqual(dummy_function("a"), "A")\n',
    }
    world.model.default = calls(report, (patch[0], patch[1] | {"edits": [edit]}))
    world.configure(f'[[policy.rule]]\nname = "all"\noutcome = "merge"\n{PROVEN_BY_CI}')
    world.bot("run")
    world.repo.run_workflows()
    world.bot("run")
    pull = world.repo.pull(1)
    assert not pull.merged
    assert "tests, which judge the patch" in pull.body


@on_both_forges_if_thorough
def test_a_base_that_moved_is_not_merged_onto(world: World) -> None:
    propose(world)
    world.repo.push_commit("main", {"other.py": "x = 1\n"}, by="alice")
    world.repo.run_workflows()
    plan = json.loads(world.bot("run", "--json").out)
    assert "tested on an older main" in plan["pull_requests"][0]["sentence"]
    assert not world.repo.pull(1).merged


def test_a_model_that_reads_first_takes_more_turns(world: World) -> None:
    world.model.answer(
        calls(("search_code", {"text": "def dummy", "folder": ""})),
        calls(("read_file", {"path": "llm.py", "first": 1, "last": 20})),
        GOOD_PATCH,
    )
    plan = json.loads(world.bot("run", "--json").out)
    assert plan["incidents"][0]["usage"]["requests"] == 3
    assert len(world.repo.pulls) == 1


def test_the_budget_is_checked_before_the_first_request(world: World) -> None:
    world.configure(CONFIG + "[limits]\ntokens_per_incident = 100\n")
    world.model.default = GOOD_PATCH
    plan = json.loads(world.bot("run", "--json").out)
    assert world.model.requests == []
    assert plan["incidents"][0]["ending"] == "held back"
    assert plan["actions"] == []


def test_what_was_spent_today_counts(world: World) -> None:
    world.configure(CONFIG + "[limits]\ntokens_per_day = 6000\n")
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.write_reflections(
        [REFLECTION, REFLECTION | {"reflection": "count_words in llm.py is wrong on None."}]
    )
    before = len(world.model.requests)
    plan = json.loads(world.bot("run", "--json").out)
    assert before == 1
    assert len(world.model.requests) == before
    assert [incident["ending"] for incident in plan["incidents"]] == ["held back"]


GOOD_CALLS = (
    (
        "log_bug_report",
        {
            "filename": "llm.py",
            "function": "dummy_function",
            "summary": "it raises on empty input",
            "severity": "low",
        },
    ),
    ("propose_code_patch", {"edits": [], "explanation": "Change it."}),
)
