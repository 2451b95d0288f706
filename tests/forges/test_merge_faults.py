"""Whatever GitHub answers to a merge, what it has become is read, and it is never made twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.errors import UserError
from bot.forges import Merged, Refused
from bot.forges.github import GitHubAddress, GitHubWriter
from bot.model import Sha
from tests.loopback import LoopbackGitHub, Repo
from tests.loopback.faults import FaultKind

BOT = "amendbot[bot]"
BRANCH = "bot/v1-aaaaaaaaaaaa-1"


@pytest.fixture
def github() -> Iterator[LoopbackGitHub]:
    with LoopbackGitHub() as loopback:
        loopback.add_actor(BOT, id=4242)
        repo = loopback.create_repo("acme/agent", {"README.md": "# Agent\n"})
        repo.push_commit(BRANCH, {"a.txt": "1\n"}, by=BOT)
        repo.open_pull(loopback.actor(BOT), "Fix it", "", BRANCH, "main")
        yield loopback
    assert not loopback.violations, "\n".join(loopback.violations)


@pytest.fixture
def repo(github: LoopbackGitHub) -> Repo:
    return github.repos["acme/agent"]


def merge(github: LoopbackGitHub, repo: Repo) -> Merged | Refused | None:
    """What the bot learns of its merge; None where it is an error that ends the step."""
    writer = GitHubWriter(GitHubAddress(github.url, "acme/agent", github.token_of(BOT)))
    head, base = Sha(repo.branch_sha(BRANCH)), Sha(repo.branch_sha("main"))
    try:
        return writer.merge(1, head=head, base=base, method="merge")
    except UserError:
        return None


def merges(github: LoopbackGitHub) -> int:
    return sum(r.method == "PUT" and r.path.endswith("/merge") for r in github.requests)


LOST: tuple[FaultKind, ...] = ("error", "time-out", "cut", "conflict", "refused")


@pytest.mark.parametrize("kind", LOST)
def test_a_merge_that_happened_is_found_whatever_was_answered(
    github: LoopbackGitHub, repo: Repo, kind: FaultKind
) -> None:
    github.fault(kind, only="write", after_effect=True)
    answer = merge(github, repo)
    assert isinstance(answer, Merged)
    assert answer.commit == repo.branch_sha("main")
    assert merges(github) == 1


@pytest.mark.parametrize("kind", LOST)
def test_a_merge_that_did_not_happen_is_tried_again_only_by_a_later_tick(
    github: LoopbackGitHub, repo: Repo, kind: FaultKind
) -> None:
    github.fault(kind, only="write")
    answer = merge(github, repo)
    assert isinstance(answer, Refused)
    assert answer.final is (kind == "refused")
    assert (merges(github), repo.pull(1).merged) == (1, False)
    assert isinstance(merge(github, repo), Merged)


@pytest.mark.parametrize("status", [403, 404])
def test_what_the_token_may_not_do_is_not_tried_for_ever(
    github: LoopbackGitHub, repo: Repo, status: int
) -> None:
    said = {"message": "Resource not accessible by integration"}
    github.fail_next("PUT", "/pulls/1/merge", status=status, body=said)
    answer = merge(github, repo)
    assert answer == Refused(f"GITHUB_TOKEN may not merge it: {said['message']}")


def test_a_body_that_github_will_not_take_is_a_refusal(github: LoopbackGitHub) -> None:
    writer = GitHubWriter(GitHubAddress(github.url, "acme/agent", github.token_of(BOT)))
    github.fail_next("PATCH", "/pulls/1", status=422, body={"message": "body is too long"})
    assert writer.set_body(1, "x") == Refused("body is too long")


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_limit_ends_the_step_and_leaves_it_to_the_next_tick(
    github: LoopbackGitHub, repo: Repo, after_effect: bool
) -> None:
    github.fault("limit", only="write", after_effect=after_effect)
    assert merge(github, repo) is None
    assert merges(github) == 1
    found = merge(github, repo)
    assert isinstance(found, Merged)
    assert found.commit == repo.branch_sha("main")
    assert repo.git("rev-list", "--merges", "--count", "main") == "1"


def test_a_look_that_fails_too_makes_no_second_merge(github: LoopbackGitHub, repo: Repo) -> None:
    github.fault("error", only="write", after_effect=True)
    github.fault("limit", "GET", "/pulls/1$", skip=0)
    assert merge(github, repo) is None
    assert (merges(github), repo.pull(1).merged) == (1, True)
