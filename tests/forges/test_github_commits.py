"""The checks of commits at GitHub: what counts as a result, and having one anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.forges import Refused
from bot.forges.github import GitHubAddress, GitHubReader, GitHubWriter
from bot.model import Check, CheckState, Sha
from tests.loopback import LoopbackGitHub, Repo
from tests.loopback.driving import BOT, FILES


@pytest.fixture
def github() -> Iterator[LoopbackGitHub]:
    with LoopbackGitHub() as loopback:
        loopback.add_actor(BOT, id=4242)
        yield loopback
    assert not loopback.violations, "\n".join(loopback.violations)


@pytest.fixture
def repo(github: LoopbackGitHub) -> Repo:
    return github.create_repo("acme/agent", dict(FILES))


def halves(github: LoopbackGitHub) -> tuple[GitHubReader, GitHubWriter]:
    address = GitHubAddress(github.url, "acme/agent", github.token_of(BOT))
    return GitHubReader(address), GitHubWriter(address)


def told(github: LoopbackGitHub, sha: str) -> tuple[Check, ...]:
    (found,) = halves(github)[0].checks_of([Sha(sha)])
    assert found.checks is not None
    return found.checks


def test_what_failed_is_run_again_once_all_of_its_run_is_over(
    github: LoopbackGitHub, repo: Repo
) -> None:
    sha = repo.push_commit("main", {"more.txt": "x\n"}, by=BOT)
    (queued,) = told(github, sha)
    assert queued.state is CheckState.PENDING
    repo.run_workflows()
    (failed,) = told(github, sha)
    assert failed.state is CheckState.FAILED
    assert halves(github)[1].rerun(failed.run) is None
    (again,) = told(github, sha)
    assert (again.state, again.run) == (CheckState.PENDING, failed.run)
    refused = halves(github)[1].rerun(failed.run)
    assert isinstance(refused, Refused)
    assert not refused.final
    repo.push_commit("main", {"later.txt": "x\n"}, by=BOT)
    repo.run_workflows()
    (after,) = told(github, sha)
    assert (after.state, after.id == failed.id) == (CheckState.FAILED, False)


def test_a_run_that_the_next_push_cancelled_has_no_result(
    github: LoopbackGitHub, repo: Repo
) -> None:
    sha = repo.push_commit("main", {"more.txt": "x\n"}, by=BOT)
    repo.push_commit("main", {"later.txt": "x\n"}, by=BOT)
    repo.run_workflows()
    assert [check.state for check in told(github, sha)] == [CheckState.PENDING]


def test_both_systems_and_every_page_are_read_and_only_runs_can_be_had_anew(
    github: LoopbackGitHub, repo: Repo
) -> None:
    sha = repo.branch_sha("main")
    repo.set_status(sha, "external", "failure")
    for number in range(101):
        repo.set_check(sha, f"check-{number}", "success")
    checks = {check.name: check for check in told(github, sha)}
    assert len(checks) == 102
    assert checks["external"] == Check("external", CheckState.FAILED)
    assert not any(check.run for check in checks.values())


def test_a_commit_that_is_nowhere_is_not_read_as_one_without_checks(
    github: LoopbackGitHub, repo: Repo
) -> None:
    (found,) = halves(github)[0].checks_of([Sha("1" * 40)])
    assert repo.branch_sha("main") != found.sha
    assert found.checks is None
