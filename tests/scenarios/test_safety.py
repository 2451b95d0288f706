"""The four properties, and what the bot does when the world turns on it."""

from __future__ import annotations

import hashlib
import json
import re
import signal
from pathlib import Path

import pytest

from tests.loopback_openai import calls
from tests.scenarios.local_world import on_both_forges, on_both_forges_if_thorough
from tests.scenarios.world import CONFIG, GOOD_PATCH, REFLECTION, World, answer_with


def bytes_below(folder: Path) -> dict[str, str]:
    """Every file below a folder with the digest of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def actions(out: str) -> list[dict[str, object]]:
    data: list[dict[str, object]] = json.loads(out)["actions"]
    return data


def test_a_dry_run_leaves_everything_byte_identical_and_needs_only_read_rights(
    world: World,
) -> None:
    world.model.default = GOOD_PATCH
    reader = world.github.add_actor("reader", permission="read")
    origin, clone = world.origin(), bytes_below(world.clone)
    ran = world.bot_process("run", "--dry-run", GITHUB_TOKEN=reader)
    assert ran.code == 0, ran.err
    assert "open_pull_request" in ran.out
    assert world.origin() == origin
    assert bytes_below(world.clone) == clone
    assert world.github.writes() == []


@on_both_forges_if_thorough
def test_the_printed_plan_is_the_executed_plan(world: World) -> None:
    world.model.default = GOOD_PATCH
    for _ in range(2):
        printed = actions(world.bot("run", "--dry-run", "--json").out)
        executed = actions(world.bot("run", "--json").out)
        assert timeless(printed) == timeless(executed)
        assert printed != []
        world.repo.run_workflows()
    assert world.repo.pull(1).merged


def test_a_pipe_shows_the_whole_of_a_long_line_of_a_diff(world: World) -> None:
    words = [f"word{number}" for number in range(30)]
    long = f"    words = text.split() or {words!r}"
    world.model.default = answer_with(f"{long}\n", "Take other words.")
    printed = "".join(world.bot("run", "--dry-run").out.split())
    assert "".join(f"+{long}".split()) in printed


def timeless(steps: list[dict[str, object]]) -> str:
    """Steps without the second they were planned in, and how long the tests took."""
    text = re.sub(r'("seconds_(?:base|head)": )[0-9.]+', r"\1", json.dumps(steps))
    return "".join(part[21:] if i else part for i, part in enumerate(text.split('"at": "')))


@on_both_forges
def test_every_write_of_a_crashing_bot_is_taken_up_by_the_next(world: World) -> None:
    """Kill the process right after each single write, let new ones go on: it always converges."""
    world.model.default = GOOD_PATCH
    killed = 0
    for _ in range(12):
        ran = run_and_kill_after_first_write(world)
        killed += ran == -signal.SIGKILL
        world.repo.run_workflows()
        if ran == 0 and world.repo.pulls and world.repo.pull(1).merged:
            break
    assert killed >= 4  # publish, open, status, merge, delete
    assert [pull.merged for pull in world.repo.pulls] == [True]
    assert world.branches() == ["main"]
    assert len(world.model.requests) == 1
    spent = [line for line in ledger(world) if line.startswith("spent")]
    assert len(spent) == 1
    assert actions(world.bot("run", "--json").out) == []


def run_and_kill_after_first_write(world: World) -> int:
    """Run the bot; at its first write the effect happens, and then the process is dead."""
    process = world.start("run")
    world.kill_at_next_write(process)
    process.go()
    return process.wait()


def ledger(world: World) -> list[str]:
    return world.repo.git("log", "--format=%s", "refs/bot/ledger").splitlines()


def test_a_lost_answer_to_a_merge_is_not_answered_with_a_second_merge(world: World) -> None:
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.repo.run_workflows()
    world.github.fail_next("PUT", r"/merge$", status=502, after_effect=True)
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    merges = [r for r in world.github.requests if r.method == "PUT" and r.path.endswith("/merge")]
    assert len(merges) == 1
    assert world.repo.pull(1).merged
    assert "merged pull request 1" in ran.out


def test_a_merge_that_failed_without_effect_is_left_to_the_next_tick(world: World) -> None:
    world.model.default = GOOD_PATCH
    world.bot("run")
    world.repo.run_workflows()
    world.github.fail_next("PUT", r"/merge$", status=500, after_effect=False)
    assert "no clear answer" in world.bot("run").out
    assert not world.repo.pull(1).merged
    world.bot("run")
    assert world.repo.pull(1).merged


def test_a_short_rate_limit_is_waited_for_and_a_long_one_ends_the_tick(world: World) -> None:
    world.model.default = GOOD_PATCH
    limited = {"message": "You have exceeded a secondary rate limit."}
    world.github.fail_next(
        "POST", r"/pulls$", status=403, headers={"Retry-After": "0"}, body=limited
    )
    assert world.bot("run").code == 0
    assert len(world.repo.pulls) == 1

    world.github.fail_next(
        "POST", r"/graphql$", status=403, headers={"Retry-After": "1800"}, body=limited
    )
    ran = world.bot("run")
    assert ran.code == 1
    assert "slow down" in ran.err
    assert "1800" in ran.err
    assert ran.err.count("\n") == 1


def test_a_ledger_that_others_write_to_loses_no_record(world: World) -> None:
    """While the bot pushes, another writer appends: the push is repeated on top of theirs."""
    world.model.default = calls(("report_no_bug", {"reason": "It is meant to be so."}))
    theirs = world.repo.git("commit-tree", "main^{tree}", "-m", "somebody else's record")
    raced: list[bool] = []

    def race() -> None:
        if not raced:
            raced.append(True)
            world.repo.git("update-ref", "refs/bot/ledger", theirs)

    world.github.before_push = race
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    assert raced
    subjects = ledger(world)
    assert subjects[-1] == "somebody else's record"
    assert any(subject.startswith("attempt 1") for subject in subjects)


@on_both_forges_if_thorough
def test_two_bots_at_once_open_one_pull_request(world: World) -> None:
    world.model.default = GOOD_PATCH
    processes = [world.start("run") for _ in range(2)]
    for process in processes:
        process.go()
    for process in processes:
        assert process.wait() == 0, process.said()
    assert len(world.repo.pulls) == 1
    assert len([s for s in ledger(world) if s.startswith("head of")]) == 1


def test_a_plan_file_is_rebuilt_and_decided_anew(world: World, tmp_path: Path) -> None:
    world.model.default = GOOD_PATCH
    plan = tmp_path / "plan.json"
    origin = world.origin()
    assert world.bot("plan", "--out", str(plan)).code == 0
    assert world.origin() == origin
    planned = json.loads(plan.read_text())["plan"]["incidents"][0]["commit"]

    applied = world.bot("apply", str(plan))
    assert applied.code == 0, applied.err
    assert world.repo.pull(1).head_sha == planned
    assert len(world.model.requests) == 1

    again = world.bot("apply", str(plan))
    assert again.code == 0
    assert "is not to be worked on now" in again.out
    assert len(world.repo.pulls) == 1


@pytest.mark.parametrize(
    "edit",
    [
        {"path": "../outside.py", "blob": None, "old": "", "new": "x = 1\n"},
        {"path": ".git/hooks/post-checkout", "blob": None, "old": "", "new": "#!/bin/sh\n"},
        {"path": "llm.py", "blob": "0" * 40, "old": "text", "new": "other"},
        {"path": "llm.py", "blob": None, "old": "", "new": "import os\n"},
    ],
)
def test_a_hostile_plan_file_gets_nothing_past_vetting(
    world: World, tmp_path: Path, edit: dict[str, object]
) -> None:
    world.model.default = GOOD_PATCH
    file = tmp_path / "plan.json"
    world.bot("plan", "--out", str(file))
    data = json.loads(file.read_text())
    data["answers"][0]["patch"]["edits"] = [edit]
    data["plan"]["actions"] = [{"action": "merge_pull_request", "params": {}, "reason": "now"}]
    file.write_text(json.dumps(data))
    ran = world.bot("apply", str(file))
    assert ran.code == 0, ran.err
    assert world.repo.pulls == []
    assert world.branches() == ["main"]


def test_a_plan_file_that_is_none_is_refused_in_one_sentence(world: World, tmp_path: Path) -> None:
    for text in ("", "[]", '{"version": 99, "answers": []}', '{"version": 1}', "\x00"):
        file = tmp_path / "plan.json"
        file.write_text(text)
        ran = world.bot("apply", str(file))
        assert ran.code == 1
        assert ran.err.startswith("bot: ")
        assert ran.err.count("\n") == 1


HOSTILE = (
    "dummy_function in llm.py fails. @everyone fixes #1 <!-- merge this --> "
    "[click](https://example.com) ![x](https://example.com/x.png) <script>alert(1)</script>\n"
    "````\n# Heading\n```\nSigned-off-by: root <root@example.com>\n[skip ci]\n"
    "\x1b[31mred\x1b[0m \u202ereversed\u202c \u200bhidden\u200b"
)


def test_a_hostile_reflection_reaches_people_as_plain_text(world: World) -> None:
    world.write_reflections([REFLECTION | {"reflection": HOSTILE + " word" * 40_000}])
    world.model.default = GOOD_PATCH
    ran = world.bot("run")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out
    pull = world.repo.pull(1)
    assert len(pull.body) < 60_000
    quoted = pull.body.split("### Cause")[0]
    fence = next(line for line in quoted.splitlines() if line.startswith("```"))
    inside = quoted.split(fence, 1)[1].rsplit(fence.removesuffix("text"), 1)[0]
    assert "@ everyone" in inside
    assert "fixes … #1" in inside
    assert "@everyone" not in quoted
    assert not any(character in pull.body for character in "\x1b\u202e\u200b")
    message = world.repo.git("log", "-1", "--format=%B", pull.head_ref)
    assert "Signed-off-by" not in message
    assert "[skip ci]" not in message


def test_a_models_words_close_ping_and_skip_nothing(world: World) -> None:
    words = "Fixes #1, ping @alice, see https://example.com [skip ci]\n\nCo-authored-by: x <x@y>"
    report, patch = (
        (
            "log_bug_report",
            {
                "filename": "llm.py",
                "function": "dummy_function",
                "summary": words,
                "severity": "low",
            },
        ),
        (
            "propose_code_patch",
            {
                "edits": [
                    {"filename": "llm.py", "old": "words[0].upper()", "new": "''.join(words[:1])"}
                ],
                "explanation": words,
            },
        ),
    )
    world.model.default = calls(report, patch)
    world.bot("run")
    pull = world.repo.pull(1)
    message = world.repo.git("log", "-1", "--format=%B", pull.head_ref)
    for text in (pull.title, message):
        assert "#1" not in text
        assert "@alice" not in text
        assert "[skip ci]" not in text
    trailers = world.repo.git("log", "-1", "--format=%(trailers:only,keyonly)", pull.head_ref)
    assert "Co-authored-by" not in trailers
    assert "@alice" not in pull.body
    assert "#1" not in pull.body


def test_the_token_and_the_key_appear_nowhere(world: World) -> None:
    world.model.default = GOOD_PATCH
    ran = world.bot("run")
    world.github.fail_next("POST", r"/graphql$", status=401)
    failed = world.bot("run")
    seen = ran.out + ran.err + failed.out + failed.err + world.origin()
    for record in world.repo.git("log", "-p", "--all").splitlines():
        seen += record
    assert world.token not in seen
    assert world.model.key not in seen


def test_a_config_of_ones_own_is_for_dry_runs_only(world: World, tmp_path: Path) -> None:
    mine = tmp_path / "bot.toml"
    mine.write_text("[limits]\nincidents_per_tick = 0\n")
    assert world.bot("run", "--config", str(mine)).code == 2
    tried = world.bot("run", "--dry-run", "--config", str(mine))
    assert tried.code == 0
    assert "limits.incidents_per_tick is 0" in tried.out
    assert world.model.requests == []

    (world.clone / ".github" / "bot.toml").write_text(CONFIG.replace("20", "1"))
    world.model.default = GOOD_PATCH
    ignored = world.bot("run", "--dry-run")
    assert "differs from main's and is ignored" in ignored.out
    assert "merge by rule" in ignored.out


@pytest.mark.parametrize("command", ["run", "apply", "revert 1", "pulls close 1"])
def test_without_its_token_a_clone_from_github_is_looked_at_and_nothing_is_pushed(
    world: World, command: str
) -> None:
    world.model.default = GOOD_PATCH
    before = world.origin()
    ran = world.bot(*command.split(), GITHUB_TOKEN="")
    assert ran.code == 1
    assert "GITHUB_TOKEN is not set, so nothing is written. Set it (" in ran.err
    assert world.model.requests == []

    looked = world.bot("run", "--dry-run", GITHUB_TOKEN="")
    assert looked.code == 0, looked.err
    assert "local, because GITHUB_TOKEN is not set" in looked.out
    assert "open_pull_request" in looked.out
    assert world.origin() == before

    asked_for = world.bot("run", GITHUB_TOKEN="", BOT_FORGE="local")
    assert asked_for.code == 0, asked_for.err
    assert world.origin() != before


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "wrong"}, "GITHUB_TOKEN"),
        ({"GITHUB_REPOSITORY": "acme/nothing"}, "acme/nothing"),
        ({"OPENAI_API_KEY": ""}, "OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": "wrong"}, "OPENAI_API_KEY"),
    ],
)
def test_what_is_missing_is_one_sentence_that_names_it(
    world: World, environment: dict[str, str], says: str
) -> None:
    world.configure('forge = "github"\n' + CONFIG)
    ran = world.bot("run", **environment)
    assert ran.code == 1
    assert says in ran.err
    assert ran.err.count("\n") == 1
