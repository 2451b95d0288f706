"""What is refused, cut off or complained about, and that all of it is reproducible."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from github import GithubException, UnknownObjectException

from . import LoopbackGitHub, Repo, Write
from .driving import BOT, FILES, WORKFLOW, client, git, push_fix
from .faults import FaultKind


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/repos/acme/agent/branches", None, 501),
        ("HEAD", "/repos/acme/agent", None, 501),
        ("POST", "/repos/acme/agent/pulls?draft=1", {"title": "T", "head": "h", "base": "b"}, 400),
        ("POST", "/repos/acme/agent/pulls", {"title": "T", "head": "h", "base": "b", "x": 1}, 400),
        ("POST", "/repos/acme/agent/pulls", {"title": "T"}, 400),
        ("POST", "/repos/acme/agent/pulls", {"title": 1, "head": "h", "base": "b"}, 400),
        ("GET", "/repos/acme/agent/pulls?label=x", None, 400),
        ("GET", "/repos/acme/agent/pulls?head=topic", None, 400),
        ("GET", "/repos/acme/agent/pulls?per_page=101", None, 400),
        ("GET", "/acme/agent.git/HEAD", None, 501),
    ],
)
def test_rest_is_strict(
    github: LoopbackGitHub,
    repo: Repo,
    token: str,
    method: str,
    path: str,
    body: dict[str, str | int] | None,
    status: int,
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    with requests.request(
        method, github.url + path, json=body, headers=headers, timeout=10
    ) as answer:
        assert answer.status_code == status
    assert len(github.violations) == 1
    github.violations.clear()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("      - uses: someone/else@v1", "someone/else"),
        ("      - {run: exit 0, if: always()}", "does not support if"),
        ("      - run: echo ${{ github.sha }}", "expressions"),
    ],
)
def test_the_runner_is_strict(
    github: LoopbackGitHub, repo: Repo, line: str, complaint: str
) -> None:
    repo.push_commit("main", {".github/workflows/ci.yml": f"{WORKFLOW}{line}\n"}, by="alice")
    assert complaint in github.violations.pop()
    assert repo.run_workflows() == []


def test_reading_rights_read_everything_and_change_nothing(
    github: LoopbackGitHub, repo: Repo, token: str, tmp_path: Path
) -> None:
    repo.push_commit("topic", {"a": "b\n"}, by="alice")
    with client(github, token) as connection:
        connection.get_repo("acme/agent").create_pull("main", "topic", title="T", body="")
    before, reader = github.describe(), github.add_actor("reader", permission="read")
    github.requests.clear()
    with client(github, reader) as connection:
        pull = connection.get_repo("acme/agent").get_pull(1)
        for write in (pull.merge, lambda: pull.edit(title="U"), lambda: pull.add_to_labels("x")):
            with pytest.raises(GithubException) as refused:
                write()
            assert refused.value.status == 403
    repo.clone(tmp_path / "clone", reader)
    pushed = git(repo, tmp_path / "clone", "push", "origin", "HEAD:refs/heads/new")
    assert pushed.returncode != 0
    assert "403" in pushed.stderr
    assert {request.status for request in github.writes()} == {403}
    assert github.describe() == before


def test_without_a_token_nobody_gets_in(github: LoopbackGitHub, repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(GithubException) as refused, client(github, "wrong") as connection:
        assert connection.get_repo("acme/agent").get_pull(1).title
    assert refused.value.status == 401
    assert git(repo, tmp_path, "ls-remote", repo.clone_url).returncode != 0
    with (
        pytest.raises(UnknownObjectException),
        client(github, github.token_of("mallory")) as connection,
    ):
        assert connection.get_repo("acme/agent").get_pull(1).title


def test_the_workflow_token_starts_no_checks(
    github: LoopbackGitHub, repo: Repo, tmp_path: Path
) -> None:
    token = github.add_actor("github-actions[bot]")
    sha = push_fix(repo, tmp_path / "clone", token, "topic")
    with client(github, token) as connection:
        connection.get_repo("acme/agent").create_pull("main", "topic", title="T", body="")
    assert repo.checks.rollup(sha) is None
    assert [run.event for run, _ in repo.queue.parked] == ["pull_request"]
    (tmp_path / "clone/.github/workflows/ci.yml").write_text("changed\n")
    git(repo, tmp_path / "clone", "commit", "-q", "-a", "-m", "Change CI")
    pushed = git(repo, tmp_path / "clone", "push", "origin", "HEAD:refs/heads/topic")
    assert pushed.returncode != 0
    assert "workflows" in pushed.stderr


def test_git_pushes_obey_leases_and_rules(
    github: LoopbackGitHub, repo: Repo, token: str, tmp_path: Path
) -> None:
    repo.require_checks(["test"])
    folder = tmp_path / "clone"
    push_fix(repo, folder, token, "topic")
    assert git(repo, folder, "push", "origin", "HEAD:refs/heads/main").returncode != 0
    ledger = ["push", "--force-with-lease=refs/bot/ledger:", "origin", "HEAD:refs/bot/ledger"]
    assert git(repo, folder, *ledger).returncode == 0
    ledger[-1] = "HEAD^:refs/bot/ledger"
    assert git(repo, folder, *ledger).returncode != 0
    assert repo.git("rev-parse", "refs/bot/ledger") == repo.branch_sha("topic")


def test_a_deleted_branch_closes_its_pull_request(
    github: LoopbackGitHub, repo: Repo, token: str
) -> None:
    repo.push_commit("topic", {"a": "b\n"}, by="alice")
    with client(github, token) as connection:
        connection.get_repo("acme/agent").create_pull("main", "topic", title="T", body="")
    repo.delete_branch("topic", by="alice")
    assert (repo.pull(1).state, repo.pull(1).closed_by) == ("closed", "alice")
    assert repo.run_workflows()[0].conclusion == "cancelled"


def test_faults_come_before_or_after_the_effect(
    github: LoopbackGitHub, repo: Repo, token: str
) -> None:
    repo.push_commit("topic", {"a": "b\n"}, by="alice")
    github.fail_next("GET", "/repos/acme/agent$", status=403, headers={"Retry-After": "7"})
    github.fail_next("POST", "/pulls$", status=500)
    github.fail_next("PUT", "/merge$", status=502, after_effect=True)
    with client(github, token) as connection:
        remote = connection.get_repo("acme/agent")
        with pytest.raises(GithubException) as limited:
            assert remote.default_branch
        assert (limited.value.headers or {})["retry-after"] == "7"
        with pytest.raises(GithubException):
            remote.create_pull("main", "topic", title="T", body="")
        assert repo.pulls == []
        pull = remote.create_pull("main", "topic", title="T", body="")
        with pytest.raises(GithubException) as broken:
            pull.merge()
        assert broken.value.status == 502
        assert repo.pull(1).merged


def test_a_write_can_be_cut_off_after_its_effect(
    github: LoopbackGitHub, repo: Repo, token: str, tmp_path: Path
) -> None:
    writes: list[Write] = []

    def cut(write: Write) -> None:
        writes.append(write)
        raise RuntimeError("the client dies here")

    repo.clone(tmp_path / "clone", token)
    github.on_write = cut
    pushed = git(repo, tmp_path / "clone", "push", "origin", "HEAD:refs/heads/topic")
    assert pushed.returncode != 0
    assert repo.branch_sha("topic") == repo.branch_sha("main")
    repo.push_commit("topic", {"a": "b\n"}, by="alice")
    with client(github, token) as connection, pytest.raises(requests.ConnectionError):
        connection.get_repo("acme/agent").create_pull("main", "topic", title="T", body="")
    assert repo.pull(1).author == BOT
    assert [write.kind for write in writes] == ["git", "rest"]


def test_mergeability_can_be_unknown_for_a_while(
    github: LoopbackGitHub, repo: Repo, token: str
) -> None:
    repo.push_commit("topic", {"a": "b\n"}, by="alice")
    with client(github, token) as connection:
        remote = connection.get_repo("acme/agent")
        remote.create_pull("main", "topic", title="T", body="")
        repo.hold_mergeability(1, answers=2)
        assert [remote.get_pull(1).mergeable for _ in range(3)] == [None, None, True]


def test_everything_is_reproducible() -> None:
    def play() -> str:
        with LoopbackGitHub() as github:
            github.add_actor("alice")
            repo = github.create_repo("acme/agent", FILES)
            repo.push_commit("topic", {"a": "b\n"}, by="alice")
            repo.open_pull(github.actor("alice"), "T", "", "topic", "main")
            repo.merge(1, by="alice", method="rebase")
            return github.describe()

    assert play() == play()


@pytest.mark.parametrize(
    ("kind", "status"), [("error", 500), ("time-out", 504), ("limit", 403), ("conflict", 409)]
)
@pytest.mark.parametrize("after_effect", [False, True])
def test_faults_on_demand_leave_or_lose_the_effect_of_a_merge(
    github: LoopbackGitHub, repo: Repo, token: str, kind: FaultKind, status: int, after_effect: bool
) -> None:
    repo.push_commit("topic", {"a": "b\n"}, by="alice")
    repo.open_pull(github.actor("alice"), "T", "", "topic", "main")
    github.fault(kind, only="write", after_effect=after_effect)
    with client(github, token) as connection, pytest.raises(GithubException) as failed:
        connection.get_repo("acme/agent").get_pull(1).merge()
    assert failed.value.status == status
    assert repo.pull(1).merged is after_effect
    assert github.faults.happened == 1


def test_a_fault_waits_for_its_turn_and_a_cut_connection_has_no_answer(
    github: LoopbackGitHub, repo: Repo, token: str
) -> None:
    repo.push_commit("topic", {"a": "b\n"}, by="alice")
    github.fault("cut", only="write", skip=1, after_effect=True)
    with client(github, token) as connection:
        pull = connection.get_repo("acme/agent").create_pull("main", "topic", title="T", body="")
        with pytest.raises(requests.ConnectionError):
            pull.create_issue_comment("hello")
        assert [said.body for said in repo.pull(1).comments] == ["hello"]
        pull.create_issue_comment("again")
    assert [request.status for request in github.writes()] == [201, 0, 201]


def test_a_stale_read_says_what_the_same_read_said_before(
    github: LoopbackGitHub, repo: Repo, token: str
) -> None:
    repo.push_commit("topic", {"a": "b\n"}, by="alice")
    repo.open_pull(github.actor("alice"), "Before", "", "topic", "main")
    with client(github, token) as connection:
        remote = connection.get_repo("acme/agent")
        github.fault("stale")
        assert remote.get_pull(1).title == "Before"
        repo.pull(1).title = "After"
        assert remote.get_pull(1).title == "Before"
        assert remote.get_pull(1).title == "After"
