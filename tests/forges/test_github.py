"""The forge `github` against the loopback: what it reads, in how many requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest

from bot.errors import UserError
from bot.forges.github import GitHubAddress, GitHubReader
from bot.forges.github_answers import checks_of
from bot.forges.github_suites import started
from bot.model import (
    BaseRules,
    Check,
    CheckState,
    PullState,
    RemarkKind,
    RequiredCheck,
    ReviewState,
    Sha,
    Started,
)
from tests.loopback import LoopbackGitHub, Repo

BOT = "amendbot[bot]"


@pytest.fixture
def github() -> Iterator[LoopbackGitHub]:
    with LoopbackGitHub() as loopback:
        yield loopback
    assert not loopback.violations, "\n".join(loopback.violations)


@pytest.fixture
def repo(github: LoopbackGitHub) -> Repo:
    github.add_actor(BOT, id=4242)
    github.add_actor("alice")
    return github.create_repo("acme/agent", {"README.md": "# Agent\n"})


@pytest.fixture
def reader(github: LoopbackGitHub, repo: Repo) -> GitHubReader:
    return GitHubReader(GitHubAddress(github.url, "acme/agent", github.token_of(BOT)))


def open_pull(github: LoopbackGitHub, repo: Repo, branch: str) -> int:
    repo.push_commit(branch, {f"{branch.replace('/', '-')}.txt": "x\n"}, by=BOT)
    return repo.open_pull(github.actor(BOT), branch, "body", branch, "main").number


def base_of(repo: Repo) -> Sha:
    return Sha(repo.branch_sha("main"))


def graphql(github: LoopbackGitHub) -> int:
    return sum(request.kind == "graphql" for request in github.requests)


def test_open_pull_requests_take_one_request_for_each_fifty(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    for number in range(51):
        open_pull(github, repo, f"bot/v1-{number:012d}-1")
    view = reader.observe(
        "main", base_of(repo), [f"bot/v1-{number:012d}-1" for number in range(51)]
    )
    assert len(view.pulls) == 51
    assert graphql(github) == 2


def test_branches_that_are_gone_are_looked_up_by_name(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    number = open_pull(github, repo, "bot/v1-aaaaaaaaaaaa-1")
    repo.close(number, by="alice")
    repo.delete_branch("bot/v1-aaaaaaaaaaaa-1", by="alice")
    assert reader.observe("main", base_of(repo), []).pulls == ()
    (pull,) = reader.observe("main", base_of(repo), ["bot/v1-aaaaaaaaaaaa-1"]).pulls
    assert pull.state is PullState.CLOSED


def test_checks_and_statuses_are_read_to_the_last_page(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    number = open_pull(github, repo, "bot/v1-aaaaaaaaaaaa-1")
    head = repo.pull(number).head_sha
    for index in range(130):
        repo.set_check(head, f"job {index}")
    repo.set_status(head, "legacy", "failure")
    (pull,) = reader.observe("main", base_of(repo), []).pulls
    assert pull.checks is not None
    states = {check.name: check.state for check in pull.checks}
    assert len(states) == 131
    assert states["legacy"] is CheckState.FAILED


def test_what_was_said_is_read_to_the_last_page(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    """By its own words the bot knows what it has done, however much was said since."""
    number = open_pull(github, repo, "bot/a-1")
    for said in range(210):
        repo.comment(number, f"{said}", by="alice" if said else BOT)
    before = graphql(github)
    (pull,) = reader.observe("main", base_of(repo), ()).pulls
    assert [int(remark.text) for remark in pull.remarks] == list(range(210))
    assert pull.remarks[0].is_bots
    assert graphql(github) - before == 3


@pytest.mark.parametrize("via", ["ruleset", "classic"])
def test_required_checks_are_found_in_rulesets_and_in_classic_protection(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader, via: str
) -> None:
    assert reader.observe("main", base_of(repo), []).required == ()
    repo.require_checks(["test"], via="ruleset" if via == "ruleset" else "classic")
    required = reader.observe("main", base_of(repo), []).required
    assert required is not None
    assert [check.name for check in required] == ["test"]


def test_rules_that_the_token_may_not_see_are_unknown_not_none(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    github.fail_next("GET", r"/rules/branches/", status=403, body={"message": "no"})
    assert reader.observe("main", base_of(repo), []).required is None


def test_reviews_labels_and_who_was_asked_are_read(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    repo.require_reviews()
    number = open_pull(github, repo, "bot/v1-aaaaaaaaaaaa-1")
    repo.label(number, "bot:hold")
    repo.request_changes(number, by="alice")
    (pull,) = reader.observe("main", base_of(repo), []).pulls
    assert pull.labels == ("bot:hold",)
    assert pull.review is ReviewState.CHANGES_REQUESTED
    assert pull.asked == ("alice",)
    assert pull.author_id == 4242


def rest(github: LoopbackGitHub, part: str) -> int:
    return sum(part in request.path for request in github.requests)


def test_fifty_pull_requests_with_talk_on_each_take_one_request_and_one_look_at_who_may_push(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    for number in range(50):
        open_pull(github, repo, f"bot/v1-{number:012d}-1")
        repo.comment(number + 1, "/bot explain", by="alice")
        repo.comment_on_line(number + 1, "a.txt", 1, "Why?", by="alice")
        repo.comment(number + 1, "Nice.", by="acme")
    view = reader.observe("main", base_of(repo), [])
    assert [len(pull.remarks) for pull in view.pulls] == [3] * 50
    assert graphql(github) == 1
    assert rest(github, "/collaborators/") == 1


def test_who_may_push_is_asked_of_github_and_never_guessed(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    github.add_actor("mallory", permission="read")
    github.add_actor("stale[bot]", permission="write")
    number = open_pull(github, repo, "bot/v1-aaaaaaaaaaaa-1")
    other = open_pull(github, repo, "bot/v1-bbbbbbbbbbbb-1")
    for who in ("alice", "mallory", "stale[bot]"):
        repo.comment(number, "please /bot retry", by=who)
    repo.close(number, by="mallory")
    repo.close(other, by="stale[bot]")
    by_number = {pull.number: pull for pull in reader.observe("main", base_of(repo), []).pulls}
    told = {remark.author.login: remark.author.may_write for remark in by_number[number].remarks}
    assert told == {"alice": True, "mallory": False, "stale": False}
    closers = [by_number[n].closed_by for n in (number, other)]
    assert [(who.login, who.may_write) for who in closers if who] == [
        ("mallory", False),
        ("stale", False),
    ]
    assert rest(github, "/collaborators/") == 2
    github.add_actor("alice", id=github.actor("alice").id, permission="read")
    again = reader.observe("main", base_of(repo), [])
    assert not any(r.author.may_write for pull in again.pulls for r in pull.remarks)


def test_what_asks_for_nothing_asks_nobody(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    number = open_pull(github, repo, "bot/v1-aaaaaaaaaaaa-1")
    repo.comment(number, "Nice.", by="alice")
    repo.approve(number, by="alice", body="Good.")
    thread = repo.comment_on_line(number, "a.txt", None, "Why?", by="alice")
    repo.resolve(thread)
    strangers = repo.open_pull(
        github.actor("alice"), "mine", "", _pushed(repo, "bot/v1-cccccccccccc-1"), "main"
    )
    repo.comment(strangers.number, "/bot retry", by="alice")
    pulls = {pull.number: pull for pull in reader.observe("main", base_of(repo), []).pulls}
    assert rest(github, "/collaborators/") == 0
    assert pulls[number].open_conversations == 0
    assert [(r.kind, r.verdict, r.resolved) for r in pulls[number].remarks] == [
        (RemarkKind.COMMENT, ReviewState.NONE, False),
        (RemarkKind.REVIEW, ReviewState.APPROVED, False),
        (RemarkKind.THREAD, ReviewState.NONE, True),
    ]


def _pushed(repo: Repo, branch: str) -> str:
    repo.push_commit(branch, {f"{branch.replace('/', '-')}.txt": "x\n"}, by="alice")
    return branch


def test_permissions_that_cannot_be_read_for_now_stop_the_tick_instead_of_losing_a_no(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    number = open_pull(github, repo, "bot/v1-aaaaaaaaaaaa-1")
    repo.close(number, by="alice")
    slow = {"Retry-After": "3600"}
    said = {"message": "You have exceeded a secondary rate limit."}
    github.fail_next("GET", "/collaborators/", status=403, headers=slow, body=said)
    with pytest.raises(UserError, match="slow down"):
        reader.observe("main", base_of(repo), [])


@pytest.mark.parametrize("via", ["ruleset", "classic"])
def test_what_the_base_branch_asks_for_is_read_as_far_as_it_is_told(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader, via: Literal["ruleset", "classic"]
) -> None:
    repo.require_checks(["test"], via=via, strict=True)
    repo.require_reviews(2, via=via, code_owners=True)
    repo.require(via=via, signatures=True, linear=True, conversations=True)
    rules = reader.observe("main", base_of(repo), []).rules
    assert rules == BaseRules(
        approvals=2,
        code_owners=True,
        conversations=True,
        signatures=True,
        linear=True,
        strict=True if via == "ruleset" else None,
        queue=False if via == "ruleset" else None,
        methods=("merge", "squash", "rebase"),
    )
    repo.rulesets.clear()
    repo.classic.clear()
    repo.settings.allow_rebase_merge = False
    github.fail_next("GET", r"/rules/branches/", status=403, body={"message": "no"})
    unknown = BaseRules(methods=("merge", "squash"))
    assert reader.observe("main", base_of(repo), []).rules == unknown


def test_an_open_issue_with_the_pause_label_is_seen_at_once(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    repo.open_issue("Bug", by="alice", labels=("bug",))
    assert reader.paused_by_issue() == ""
    issue = repo.open_issue("Stop", by="alice", labels=("bug", "bot:pause"))
    assert reader.paused_by_issue() == str(issue.number)
    view = reader.observe("main", base_of(repo), [])
    assert (view.paused_by_issue, view.issues) == (str(issue.number), ())
    repo.close_issue(issue.number)
    assert reader.paused_by_issue() == ""


def test_a_token_that_may_not_read_issues_is_told_so(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    error = {
        "type": "FORBIDDEN",
        "path": ["repository", "paused"],
        "message": "Resource not accessible by integration",
    }
    body = {"data": {"repository": None}, "errors": [error]}
    github.fail_next("POST", "/graphql", status=200, body=body)
    with pytest.raises(UserError, match=r"may not read pull requests \(repository.paused\)"):
        reader.observe("main", base_of(repo), [])


def test_what_is_not_there_is_one_sentence(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    with pytest.raises(UserError, match="no branch 'develop'"):
        reader.observe("develop", base_of(repo), [])
    other = GitHubReader(GitHubAddress(github.url, "acme/other", github.token_of(BOT)))
    with pytest.raises(UserError, match="acme/other"):
        other.observe("main", base_of(repo), [])


def node(status: str, conclusion: str | None) -> dict[str, object]:
    return {
        "__typename": "CheckRun",
        "name": "test",
        "status": status,
        "conclusion": conclusion,
        "detailsUrl": None,
        "checkSuite": {"app": {"databaseId": 15368}},
    }


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("COMPLETED", "SUCCESS", CheckState.PASSED),
        ("COMPLETED", "NEUTRAL", CheckState.PASSED),
        ("COMPLETED", "SKIPPED", CheckState.PASSED),
        ("COMPLETED", "FAILURE", CheckState.FAILED),
        ("COMPLETED", "CANCELLED", CheckState.FAILED),
        ("COMPLETED", "TIMED_OUT", CheckState.FAILED),
        ("COMPLETED", "STARTUP_FAILURE", CheckState.FAILED),
        ("COMPLETED", "STALE", CheckState.PENDING),
        ("COMPLETED", "ACTION_REQUIRED", CheckState.PENDING),
        ("COMPLETED", "SOMETHING_NEW", CheckState.FAILED),
        ("QUEUED", None, CheckState.PENDING),
        ("IN_PROGRESS", None, CheckState.PENDING),
    ],
)
def test_only_what_github_lets_pass_is_green(
    status: str, conclusion: str | None, state: CheckState
) -> None:
    assert list(checks_of([node(status, conclusion)])) == [Check("test", state, 15368)]


def test_a_required_check_may_be_bound_to_an_app() -> None:
    assert RequiredCheck("test", 7) != RequiredCheck("test")


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/acme/agent", "acme/agent"),
        ("https://github.com/acme/agent.git", "acme/agent"),
        ("git@github.com:acme/agent.git", "acme/agent"),
        ("ssh://git@github.com/acme/agent.py", "acme/agent.py"),
    ],
)
def test_the_repository_is_named_by_the_remote(
    monkeypatch: pytest.MonkeyPatch, url: str, repository: str
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "t")
    assert GitHubAddress.from_environment(url).repository == repository


WORKFLOW = """
name: ci
on: [pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: "true"
"""


def test_what_was_set_going_for_a_head_is_known_also_where_no_check_has_come_of_it(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    repo.push_commit("main", {".github/workflows/ci.yml": WORKFLOW}, by="alice")
    github.add_actor("github-actions[bot]")
    number = open_pull(github, repo, "bot/v1-aaaaaaaaaaaa-1")
    repo.push_commit("bot/v1-bbbbbbbbbbbb-1", {"b.txt": "x\n"}, by="github-actions[bot]")
    parked = repo.open_pull(
        github.actor("github-actions[bot]"), "T", "", "bot/v1-bbbbbbbbbbbb-1", "main"
    ).number
    repo.push_commit("bot/v1-cccccccccccc-1", {".github/workflows/ci.yml": None}, by=BOT)
    nothing = repo.open_pull(github.actor(BOT), "T", "", "bot/v1-cccccccccccc-1", "main").number
    pulls = {pull.number: pull for pull in reader.observe("main", base_of(repo), []).pulls}
    for found, awaits in ((pulls[number], False), (pulls[parked], True)):
        assert found.started is not None
        ((name, stands),) = [(one.name, one.awaits) for one in found.started]
        assert (name, stands) == ("ci", awaits)
        assert "/acme/agent/actions/runs/" in found.started[0].url
    assert (pulls[parked].checks, pulls[nothing].started) == ((), ())
    assert pulls[nothing].signed is False
    repo.approve_runs(repo.pull(parked).head_sha)
    again = reader.pull(parked)
    assert again is not None
    assert [one.awaits for one in again.started or ()] == [False]
    assert [check.name for check in again.checks or ()] == ["test"]


def suite(**said: object) -> dict[str, object]:
    usual = {"status": "QUEUED", "conclusion": None, "url": "u", "app": {"name": "Other"}}
    return usual | {"workflowRun": None, "checkRuns": {"totalCount": 0}} | said


def test_the_empty_suite_that_every_app_has_says_nothing() -> None:
    assert started([suite()]) == ()
    assert started([suite(checkRuns={"totalCount": 1})]) == (Started("Other", "u"),)
    waits = suite(status="COMPLETED", conclusion="ACTION_REQUIRED", app=None)
    assert started([waits, waits]) == (Started("an app", "u", awaits=True),)
    run = {"url": "r", "workflow": {"name": "deploy"}}
    held = suite(status="WAITING", workflowRun=run)
    assert started([held]) == (Started("deploy", "r", awaits=True),)


def test_who_approves_who_objects_and_who_merged_is_read(
    github: LoopbackGitHub, repo: Repo, reader: GitHubReader
) -> None:
    github.add_actor("bob")
    github.add_actor("mallory", permission="read")
    number = open_pull(github, repo, "bot/v1-aaaaaaaaaaaa-1")
    for who in ("bob", "alice", "mallory"):
        repo.approve(number, by=who)
    repo.request_changes(number, by="bob")
    pull = reader.pull(number)
    assert pull is not None
    assert (pull.approved_by, pull.objected_by) == (("alice",), ("bob",))
    assert (pull.auto_merge_by, pull.merged_by) == (None, None)
    repo.merge(number, by="alice")
    view = reader.observe("main", base_of(repo), [])
    assert view.login == BOT
    assert [pull.merged_by for pull in view.pulls] == [github.actor("alice").id]
