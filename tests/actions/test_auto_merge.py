"""Auto-merge is asked for and taken back only where that still fits the moment of the write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.actions import Done, WriteContext, disable_auto_merge, enable_auto_merge, update_branch
from bot.actions.disable_auto_merge import DisableAutoMerge
from bot.actions.enable_auto_merge import EnableAutoMerge
from bot.actions.update_branch import UpdateBranch
from bot.config import Config
from bot.errors import UserError
from bot.forges.github import GitHubAddress, GitHubReader, GitHubWriter
from bot.ledger import ArmedRecord, FailureRecord, Ledger, SpendRecord
from bot.model import Sha
from bot.publisher import GitPublisher
from bot.repository import Repository
from tests.loopback import LoopbackGitHub, Repo
from tests.observed import HEAD_RECORD, NOW, TREE

BOT = "amendbot[bot]"
BRANCH = "bot/v1-aaaaaaaaaaaa-1"
SPENT = SpendRecord(
    at=NOW,
    incident=HEAD_RECORD.incident,
    engine="openai",
    requests=1,
    prompt_tokens=10,
    completion_tokens=20,
)


@dataclass
class Scene:
    context: WriteContext
    github: LoopbackGitHub
    repo: Repo
    base: Sha
    head: Sha

    def arm(self) -> Done:
        params = EnableAutoMerge(
            number=1,
            branch=BRANCH,
            head=self.head,
            base=self.base,
            tree=TREE,
            required=("tests",),
            method="squash",
        )
        return enable_auto_merge.execute(self.context, params)

    def disarm(self) -> Done:
        params = DisableAutoMerge(number=1, branch=BRANCH)
        return disable_auto_merge.execute(self.context, params)

    def is_armed(self) -> bool:
        return self.repo.pull(1).auto_merge is not None

    @property
    def ledger(self) -> Ledger:
        log = self.repo.git("log", "--format=%B%x00", "refs/bot/ledger")
        return Ledger.read(
            None, (message.strip() for message in log.split("\0") if message.strip())
        )


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        github = stack.enter_context(LoopbackGitHub())
        token = github.add_actor(BOT, id=4242)
        github.add_actor("alice")
        repo = github.create_repo("acme/agent", {"README.md": "# Agent\n"})
        repo.settings.allow_auto_merge = True
        repo.require_checks(["tests"])
        head = repo.push_commit(BRANCH, {"a.txt": "1\n"}, by=BOT)
        repo.open_pull(github.actor(BOT), "Fix it", "", BRANCH, "main")
        git = stack.enter_context(Repository(repo.clone(tmp_path / "clone", token)))
        address = GitHubAddress(github.url, "acme/agent", token)
        context = WriteContext(
            reader=GitHubReader(address),
            writer=GitHubWriter(address),
            publisher=GitPublisher(git, Config(), "main"),
            config=Config(),
            base_branch="main",
            me=4242,
            now=datetime(2026, 1, 5, tzinfo=UTC),
        )
        yield Scene(context, github, repo, Sha(repo.branch_sha("main")), Sha(head))
        assert not github.violations, "\n".join(github.violations)


def test_it_is_written_down_before_it_is_asked_for_and_asked_for_once(scene: Scene) -> None:
    scene.github.fault("cut", "POST", "/graphql", only="write")
    with pytest.raises(UserError, match="gave no answer"):
        scene.arm()
    assert not scene.is_armed()
    (record,) = scene.ledger.records
    assert isinstance(record, ArmedRecord)
    assert (record.head, record.base, record.tree) == (scene.head, scene.base, TREE)
    assert scene.arm().changed
    assert scene.is_armed()
    assert not scene.arm().changed


def draft(scene: Scene) -> None:
    scene.repo.set_draft(1, True)


def object_(scene: Scene) -> None:
    scene.repo.request_changes(1, by="alice")


def fail(scene: Scene) -> None:
    scene.repo.set_check(scene.head, "tests", "failure")


def hold(scene: Scene) -> None:
    scene.repo.label(1, "bot:hold")


def push(scene: Scene) -> None:
    scene.repo.push_commit(BRANCH, {"b.txt": "1\n"}, by="alice")


def move_base(scene: Scene) -> None:
    scene.repo.push_commit("main", {"b.txt": "1\n"}, by="alice")


@pytest.mark.parametrize("change", [draft, object_, fail, hold, push, move_base])
def test_what_happened_since_the_plan_keeps_it_from_being_asked_for(
    scene: Scene, change: Callable[[Scene], None]
) -> None:
    change(scene)
    assert not scene.arm().changed
    assert not scene.is_armed()
    assert "refs/bot/ledger" not in scene.repo.git("for-each-ref")


def test_a_clean_status_is_no_refusal_for_good_and_a_forbidding_setting_is(scene: Scene) -> None:
    scene.repo.set_check(scene.head, "tests")
    assert "clean status" in scene.arm().sentence
    assert not any(isinstance(one, FailureRecord) for one in scene.ledger.records)
    scene.repo.settings.allow_auto_merge = False
    assert "not allowed" in scene.arm().sentence
    assert scene.ledger.failed("enable_auto_merge", BRANCH, scene.head)


def test_only_ones_own_wish_is_taken_back_also_under_the_hold_label(scene: Scene) -> None:
    scene.arm()
    hold(scene)
    assert scene.disarm().changed
    assert not scene.is_armed()
    assert not scene.disarm().changed
    alice = GitHubWriter(
        GitHubAddress(scene.github.url, "acme/agent", scene.github.token_of("alice"))
    )
    assert alice.enable_auto_merge(1, head=scene.head, method="merge") is None
    assert "a person's wish" in scene.disarm().sentence
    assert scene.is_armed()


def test_no_head_moves_that_the_forge_would_merge_before_it_is_judged(scene: Scene) -> None:
    scene.arm()
    record = HEAD_RECORD.model_copy(update={"branch": BRANCH, "head": scene.base})
    params = UpdateBranch(
        number=1, branch=BRANCH, old=scene.head, head=scene.base, head_record=record, disarmed=True
    )
    assert "left to auto-merge" in update_branch.execute(scene.context, params).sentence
    assert scene.repo.branch_sha(BRANCH) == scene.head
    assert not scene.ledger.attempts
    paid = params.model_copy(update={"spend_record": SPENT, "is_attempt": True})
    update_branch.execute(scene.context, paid)
    assert [one.reason for one in scene.ledger.attempts] == [
        "pull request 1 is left to auto-merge, which would merge any new head"
    ]
    held = paid.model_copy(update={"old": scene.base})
    update_branch.execute(scene.context, held)
    assert len(scene.ledger.attempts) == 1
    assert scene.ledger.spent_within_a_day(SPENT.at).tokens == 2 * 30


def test_what_people_say_after_it_was_planned_keeps_it_from_the_forge(scene: Scene) -> None:
    scene.repo.comment_on_line(1, "a.txt", 1, "This is wrong.", by="alice")
    assert "meanwhile" in scene.arm().sentence
    assert not scene.is_armed()
