"""The life of a pull request under the real PyGithub and the real git."""

from __future__ import annotations

from pathlib import Path

import pytest
from github import GithubException, UnknownObjectException

from . import LoopbackGitHub, Repo
from .driving import BOT, BROKEN, client, push_fix
from .git_http import GitRequest, list_refs, run_backend


def test_a_pull_request_from_push_to_merge(
    github: LoopbackGitHub, repo: Repo, token: str, tmp_path: Path
) -> None:
    repo.require_checks(["test"])
    head = push_fix(repo, tmp_path / "clone", token, "bot/abc-1", BROKEN + "# still\n")
    with client(github, token) as connection:
        remote = connection.get_repo("acme/agent")
        opened = remote.create_pull("main", "bot/abc-1", title="Fix", body="Why.")
        assert (opened.user.login, opened.user.id, opened.head.sha) == (BOT, 4242, head)
        assert [run.status for run in remote.get_commit(head).get_check_runs()] == ["queued"]
        with pytest.raises(GithubException) as refused:
            opened.merge(sha=head)
        assert refused.value.status == 405

        (finished,) = repo.run_workflows()
        assert finished.conclusion == "failure"
        assert "broken on purpose" in (finished.summary or "")
        with pytest.raises(GithubException) as refused:
            opened.merge(sha=head)
        assert refused.value.status == 405

        fixed = repo.push_commit("bot/abc-1", {"check.py": "print('fine')\n"}, by="alice")
        assert [check.conclusion for check in repo.run_workflows()] == ["success"]
        with pytest.raises(GithubException) as refused:
            opened.merge(sha=head)
        assert refused.value.status == 409

        opened.add_to_labels("bot")
        opened.create_issue_comment("Tested.")
        opened.create_review_request(reviewers=["alice"])
        done = remote.get_pull(1).merge(sha=fixed, merge_method="squash", commit_title="Fix (#1)")
        assert done.merged
        again = remote.get_pull(1)
        assert (again.merged, again.state, again.merge_commit_sha) == (True, "closed", done.sha)
        assert again.raw_data["mergeable"] is None

    (pull,) = repo.pulls
    assert pull.labels == ["bot"]
    assert pull.requested_reviewers == ["alice"]
    assert (pull.merged_by, pull.closed_by) == (BOT, BOT)
    assert repo.git("show", "main:check.py") == "print('fine')"
    assert repo.git("log", "--format=%s", "-1", "main") == "Fix (#1)"
    assert [check.run.event for check in repo.run_workflows() if check.run] == ["push"]


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
def test_each_merge_method_makes_its_own_history(
    github: LoopbackGitHub, repo: Repo, token: str, method: str, parents: int
) -> None:
    for text in ("one\n", "two\n"):
        head = repo.push_commit("topic", {"topic.txt": text}, by="alice", message=f"Say {text}")
    base = repo.push_commit("main", {"README.md": "moved on\n"}, by="alice")
    with client(github, token) as connection:
        pull = connection.get_repo("acme/agent").create_pull("main", "topic", title="T", body="")
        merged = pull.merge(sha=head, merge_method=method)
    assert repo.branch_sha("main") == merged.sha
    assert len(repo.git("show", "-s", "--format=%P", "main").split()) == parents
    assert repo.bare.is_ancestor(base, "main")
    assert repo.git("show", "main:topic.txt", "main:README.md").split() == ["two", "moved", "on"]


def test_merging_is_refused_for_every_reason(
    github: LoopbackGitHub, repo: Repo, token: str
) -> None:
    repo.push_commit("topic", {"README.md": "mine\n"}, by="alice")
    with client(github, token) as connection:
        remote = connection.get_repo("acme/agent")
        pull = remote.create_pull("main", "topic", title="T", body="", draft=True)

        def refusal(method: str = "merge") -> str:
            with pytest.raises(GithubException) as refused:
                remote.get_pull(1).merge(merge_method=method)
            assert refused.value.status == 405
            return str(refused.value.message)

        assert "draft" in refusal()
        repo.set_draft(1, False)
        repo.settings.allow_rebase_merge = False
        assert "not allowed" in refusal("rebase")
        repo.require_reviews(1)
        repo.request_changes(1, by="alice")
        assert "Changes have been requested" in refusal()
        repo.approve(1, by="alice")
        repo.require_checks(["test", "lint"], via="classic")
        repo.set_check(pull.head.sha, "test")
        repo.set_status(pull.head.sha, "test", "failure")
        assert '"test"' in refusal()
        repo.set_status(pull.head.sha, "test", "success")
        assert '"lint"' in refusal()
        repo.set_status(pull.head.sha, "lint", "success")
        assert remote.get_pull(1).mergeable_state == "clean"
        repo.push_commit("main", {"README.md": "yours\n"}, by="alice")
        assert "not mergeable" in refusal()
        repo.close(1, by="alice")
        assert "not mergeable" in refusal()
    assert repo.pull(1).closed_by == "alice"


def test_pull_requests_are_refused_as_github_refuses_them(
    github: LoopbackGitHub, repo: Repo, token: str
) -> None:
    repo.push_commit("topic", {"a": "b\n"}, by="alice")
    repo.git("branch", "empty", "main")
    with client(github, token) as connection:
        remote = connection.get_repo("acme/agent")

        def refusal(head: str, body: str = "") -> str:
            with pytest.raises(GithubException) as refused:
                remote.create_pull("main", head, title="T", body=body)
            assert refused.value.status == 422
            return str(refused.value.data)

        assert "too long" in refusal("topic", "x" * 65537)
        assert "No commits between" in refusal("empty")
        assert "invalid" in refusal("missing")
        pull = remote.create_pull("main", "topic", title="T", body="x" * 65536)
        assert "already exists" in refusal("topic")
        for login in (BOT, "mallory", "nobody"):
            with pytest.raises(GithubException) as refused:
                pull.create_review_request(reviewers=[login])
            assert refused.value.status == 422
        with pytest.raises(UnknownObjectException):
            assert remote.get_pull(7).title
        pull.edit(title="U", body="short", state="closed")
        assert [found.title for found in remote.get_pulls(state="closed", head="acme:topic")] == [
            "U"
        ]
        with pytest.raises(GithubException) as absent:
            pull.remove_from_labels("absent")
        assert absent.value.status == 404


def test_the_other_rest_routes_answer(github: LoopbackGitHub, repo: Repo, token: str) -> None:
    repo.require_checks(["test"], strict=True)
    repo.require_reviews(2)
    repo.require_checks(["classic"], via="classic")
    sha = repo.push_commit("topic", {"a": "b\n"}, by="alice")
    repo.set_status(sha, "lint", "success")
    with client(github, token) as connection:
        remote = connection.get_repo("acme/agent")
        assert remote.permissions.push
        assert remote.get_collaborator_permission("alice") == "write"
        assert remote.get_git_commit(sha).tree.sha == repo.git("rev-parse", f"{sha}^{{tree}}")
        assert remote.get_commit(sha).get_combined_status().state == "success"
        rules = connection.requester.requestJsonAndCheck(
            "GET", "/repos/acme/agent/rules/branches/main"
        )[1]
        assert [rule["type"] for rule in rules] == ["required_status_checks", "pull_request"]
        pull = remote.create_pull("main", "topic", title="T", body="")
        for number in range(35):
            repo.comment(1, f"comment {number}", by="alice")
        assert pull.get_issue_comments().totalCount == 35
        assert len(list(pull.get_issue_comments())) == 35
        pull.add_to_labels("bot", "hold")
        pull.remove_from_labels("hold")
        assert repo.pull(1).labels == ["bot"]
        with pytest.raises(GithubException) as refused:
            assert connection.get_user().login
        assert refused.value.status == 403
    with client(github, github.token_of("alice")) as connection:
        assert connection.get_user().login == "alice"


@pytest.mark.parametrize("prefixes", [(), ("HEAD", "refs/heads/"), ("refs/heads/fix", "refs/x")])
def test_refs_are_listed_as_git_lists_them(
    github: LoopbackGitHub, repo: Repo, prefixes: tuple[str, ...]
) -> None:
    for branch in ("fix-1", "fix/2", "fix-10"):
        repo.push_commit(branch, {"a.txt": branch}, by="alice")
    lines = ("peel", "symrefs", "unborn", *(f"ref-prefix {prefix}" for prefix in prefixes))
    told = "".join(f"{len(line) + 5:04x}{line}\n" for line in lines)
    body = f"0014command=ls-refs\n0014agent=git/2.39.50016object-format=sha10001{told}0000"
    headers = {"Git-Protocol": "version=2"}
    headers["Content-Type"] = "application/x-git-upload-pack-request"
    request = GitRequest("POST", repo.full_name, "git-upload-pack", "")
    listed = list_refs(repo.bare, request, headers, body.encode())
    assert listed == run_backend(repo, request, github.actor("alice"), headers, body.encode())
    repo.git("tag", "-a", "-m", "One", "v1", "main")
    assert list_refs(repo.bare, request, headers, body.encode()) is None
