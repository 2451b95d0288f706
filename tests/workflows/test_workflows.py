"""The shipped workflows do what they say, with the rights they ask for and no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from bot.home import action
from bot.starting.workflows import Form, workflow_files
from tests.loopback import LoopbackGitHub

from .expressions import Known, NotUnderstood, Scope, evaluate, fill, holds
from .reading import read_workflow
from .running import ROOT, WORKFLOW_TOKEN, Place, Ran
from .stage import Stage, build_stage, shout_at_nobody

ACTION = action("5" * 40, "0.1.0")
EVENT = "workflow_dispatch"
SCHEDULE = {"schedule": "17 * * * *"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with build_stage(tmp_path) as made:
        yield made


def test_from_schedule_to_merged_pull_request(stage: Stage) -> None:
    stage.model.default = shout_at_nobody()
    tick = stage.workflows / "bot.yml"

    ran = stage.place.run(tick, "schedule", SCHEDULE)

    told = "\n".join(f"{one.job} {one.result}\n{one.said}" for one in ran)
    assert [one.job for one in ran] == [
        "observe", "search", "search", "ask", "ask", "verify", "verify", "apply",
    ], told  # fmt: skip
    assert {one.result for one in ran} == {"success"}, told
    assert_rights(stage, ran)
    fixed, shouted = sorted(stage.repo.pulls, key=lambda pull: "shout" in pull.title)
    assert {pull.author for pull in stage.repo.pulls} == {"amendbot[bot]"}
    assert len(stage.model.requests) == 1, "search had mended the other"

    stage.repo.run_workflows()
    sandbox = stage.place.run(
        stage.workflows / "bot-sandbox.yml", "pull_request", payload(stage, fixed.number)
    )
    assert [one.result for one in sandbox] == ["success"], sandbox[0].said
    assert "failed before and pass now" in sandbox[0].summary

    ended: dict[str, object] = {
        "workflow_run": {"head_repository": {"full_name": stage.repo.full_name}}
    }
    ended |= {"repository": {"default_branch": "main"}}
    (settled,) = stage.place.run(stage.workflows / "bot-settle.yml", "workflow_run", ended)
    assert stage.repo.pull(fixed.number).merged, settled.said

    ran = stage.place.run(tick, "schedule", SCHEDULE)
    assert [one.job for one in ran] == ["observe", "apply"], "no engine is asked again"
    assert stage.repo.pull(shouted.number).state == "open", "nothing proves it: a person decides"
    assert len(stage.model.requests) == 1

    before = stage.github.describe()
    shown = stage.place.run(tick, "workflow_dispatch", inputs={"dry-run": True})
    assert [(one.job, one.result) for one in shown] == [("observe", "success"), ("show", "success")]
    one_job = one_job_workflow(stage.workflows)
    (alone,) = stage.place.run(one_job, "workflow_dispatch", inputs={"dry-run": True})
    assert alone.result == "success", alone.said
    assert json.loads(alone.action["pull-requests"]) == []
    assert json.loads(alone.action["counts"])
    assert "Amendbot" in Path(alone.action["summary"]).read_text()
    assert "Amendbot" in alone.summary
    assert stage.github.describe() == before, "a dry run writes nothing"


def one_job_workflow(folder: Path) -> Path:
    form = Form(action=ACTION, repository="acme/agent", one_job=True)
    path = folder / "one-job.yml"
    path.write_text(dict(workflow_files(form))[".github/workflows/bot.yml"])
    return path


def assert_rights(stage: Stage, ran: tuple[Ran, ...]) -> None:
    """Who holds what: no job with generated code a secret, none with a model's key a token."""
    key = stage.model.key
    tokens = set(stage.github.tokens())
    writing = {stage.github.token_of(login) for login in ("amendbot[bot]", "github-actions[bot]")}
    held: dict[str, set[str]] = {}
    for one in ran:
        values = {value for environment in one.environments for value in environment.values()}
        held.setdefault(one.job, set()).update(values & {key, *tokens})
        assert stage.place.secrets["BOT_APP_PRIVATE_KEY"] not in values
    assert held.pop("ask") == {key}
    assert held["search"] == held["verify"] == set()
    assert not held["observe"] & {key, *writing}
    assert held["apply"] == {stage.github.token_of("amendbot[bot]")}


def payload(stage: Stage, number: int) -> dict[str, object]:
    pull = stage.repo.pull(number)
    repo = {"full_name": stage.repo.full_name}
    head = {"sha": pull.head_sha, "ref": pull.head_ref, "repo": repo}
    return {"pull_request": {"number": number, "head": head, "base": {"sha": pull.base_sha}}}


COMMAND = {"body": "/bot retry", "author_association": "MEMBER"}
ON_PULL = {"pull_request": {"url": "x"}}


@pytest.mark.parametrize("form", ["bot", "one-job"])
@pytest.mark.parametrize(
    ("event", "payload", "variables", "begins"),
    [
        ("schedule", {}, {}, True),
        ("schedule", {}, {"BOT_PAUSED": "1"}, False),
        ("schedule", {}, {"BOT_PAUSED": "yes"}, False),
        ("schedule", {}, {"BOT_PAUSED": "false"}, True),
        ("workflow_dispatch", {}, {"BOT_PAUSED": "true"}, False),
        ("issue_comment", {"issue": ON_PULL, "comment": COMMAND}, {}, True),
        ("issue_comment", {"issue": ON_PULL, "comment": COMMAND}, {"BOT_PAUSED": "1"}, False),
        ("issue_comment", {"issue": {}, "comment": COMMAND}, {}, False),
        ("issue_comment", {"issue": ON_PULL, "comment": COMMAND | {"body": "a /bot b"}}, {}, False),
        *(
            (
                "issue_comment",
                {"issue": ON_PULL, "comment": COMMAND | {"author_association": association}},
                {},
                association in ("OWNER", "MEMBER", "COLLABORATOR"),
            )
            for association in ("OWNER", "COLLABORATOR", "CONTRIBUTOR", "NONE", "FIRST_TIMER")
        ),
    ],
)
def test_what_starts_a_tick(
    tmp_path: Path,
    form: str,
    event: str,
    payload: dict[str, object],
    variables: dict[str, str],
    begins: bool,
) -> None:
    path = one_job_workflow(tmp_path) if form == "one-job" else ROOT / ".github/workflows/bot.yml"
    workflow = read_workflow(path)
    first = workflow.jobs[0]
    told = {"event_name": event, "event": payload, "run_id": "7"}
    scope = Scope({"github": Known(told), "vars": variables, "inputs": {}})
    assert holds(first.condition, scope) is begins
    if not variables:
        assert fill(workflow.group, scope) == ("amendbot-tick" if begins else "amendbot-7")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!x.no && x.name == 'ABC'", True),
        ("x.no || 'other'", "other"),
        ("x.flag != 'false'", True),
        ("x.no == ''", True),
        ('contains(fromJSON(\'["A", "B"]\'), x.letter)', True),
        ("startsWith(x.name, 'AB') && x.name || 'no'", "abc"),
    ],
)
def test_expressions_mean_what_they_mean_at_github(expression: str, value: object) -> None:
    scope = Scope({"x": {"name": "abc", "letter": "b", "flag": True}})
    assert evaluate(expression, scope) == value


@pytest.mark.parametrize(
    "expression",
    ["y", "x.name.", "hashFiles('a')", "x[0]", "x.a ==", "x.a x", "steps.nobody.outputs", "1.5"],
)
def test_what_the_interpreter_does_not_know_it_does_not_guess(expression: str) -> None:
    with pytest.raises(NotUnderstood):
        evaluate(expression, Scope({"x": {"name": "abc"}, "steps": Known()}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    name: Observe\n", "    name: Observe\n    container: x\n"),
        ("      - id: plan\n", "      - id: plan\n        continue-on-error: true\n"),
        ("      - id: plan\n", "      - id: plan\n        shell: pwsh\n"),
        ('--outputs "$GITHUB_OUTPUT"', '--outputs "${{ github.token }}"'),
        ("permissions: {}\n\n", "permissions: write-all\n\n"),
        ("  schedule:\n", "  pull_request_target:\n  schedule:\n"),
        ("      checks: read", "      id-token: write\n      checks: read"),
    ],
)
def test_no_word_of_a_workflow_is_passed_over(tmp_path: Path, old: str, new: str) -> None:
    text = (ROOT / ".github/workflows/bot.yml").read_text()
    changed = tmp_path / "bot.yml"
    changed.write_text(text.replace(old, new, 1))
    assert changed.read_text() != text
    with pytest.raises(NotUnderstood):
        read_workflow(changed)


RIGHTS = """\
on:
  workflow_dispatch:
permissions: {}
concurrency: {group: one}
jobs:
  none:
    permissions: {}
    steps:
      - {run: "true", env: {TOKEN: "${{ github.token }}"}}
  reads:
    permissions: {contents: read}
    steps:
      - {run: "true", env: {TOKEN: "${{ github.token }}"}}
  writes:
    permissions: {contents: write}
    steps:
      - {run: "true", env: {TOKEN: "${{ github.token }}"}}
"""


def test_a_job_holds_no_right_that_it_does_not_ask_for(
    tmp_path: Path, github: LoopbackGitHub
) -> None:
    github.add_actor(WORKFLOW_TOKEN)
    repo = github.create_repo("acme/agent", {"a": ""})
    place = Place(github, repo, tmp_path / "runs", tmp_path)
    workflow = tmp_path / "rights.yml"
    workflow.write_text(RIGHTS)
    ran = {one.job: one.environments[0]["TOKEN"] for one in place.run(workflow, EVENT)}
    assert ran == {
        "none": "",
        "reads": github.reading_token(WORKFLOW_TOKEN),
        "writes": github.token_of(WORKFLOW_TOKEN),
    }
    clone = repo.clone(tmp_path / "clone", ran["reads"])
    with pytest.raises(CalledProcessError, match="push"):
        repo.bare.plain("-C", str(clone), "push", "-q", "origin", "HEAD:refs/heads/new")
    check_out = "{uses: actions/checkout@x, with: {persist-credentials: false}}"
    workflow = tmp_path / "none.yml"
    workflow.write_text(RIGHTS.replace("- {run", f"- {check_out}\n      - {{run", 1))
    with pytest.raises(PermissionError, match="none may not read contents"):
        place.run(workflow, EVENT)
