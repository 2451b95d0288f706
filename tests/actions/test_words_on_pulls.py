"""Comments, labels and closings reach only the bot's own pull requests, and only once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.actions import (
    Done,
    WriteContext,
    close_pull_request,
    comment,
    request_review,
    set_label,
)
from bot.actions.close_pull_request import ClosePullRequest
from bot.actions.comment import Comment
from bot.actions.request_review import RequestReview
from bot.actions.set_label import SetLabel
from bot.config import Config
from bot.forges import Opened
from bot.forges.local import LocalReader, LocalWriter
from bot.forges.local_records import person_id
from bot.git_formats import Identity
from bot.ledger import LEDGER_REF
from bot.model import Pull, PullState, Sha
from bot.publisher import GitPublisher
from bot.repository import Repository
from tests.scratch import Scratch, committed

BOT = Identity("Amendbot", "amendbot@example.invalid")
ALICE = Identity("alice", "alice@example.invalid")
OURS, THEIRS = "bot/v1-aaaaaaaaaaaa-1", "bot/v1-bbbbbbbbbbbb-1"


@dataclass
class Scene:
    """Pull request 1 is the bot's own, 2 is alice's, on a branch that looks like the bot's."""

    context: WriteContext
    alice: LocalWriter
    scratch: Scratch
    head: Sha

    @property
    def pull(self) -> Pull:
        pull = self.context.reader.pull(1)
        assert pull is not None
        return pull

    def refs(self) -> str:
        return str(self.scratch.refs())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scratch = Scratch.make(tmp_path)
    head = committed(scratch.origin, OURS, "a.txt", "1\n")
    committed(scratch.origin, THEIRS, "b.txt", "1\n")
    with ExitStack() as stack:
        bots, alices = (stack.enter_context(Repository(scratch.clone)) for _ in range(2))
        writer, alice = LocalWriter(bots, BOT, "main"), LocalWriter(alices, ALICE, "main")
        for by, branch in ((writer, OURS), (alice, THEIRS)):
            made = by.open(branch=branch, base_branch="main", title="T", body="B", draft=False)
            assert isinstance(made, Opened)
        context = WriteContext(
            reader=LocalReader(bots, BOT, "main"),
            writer=writer,
            publisher=GitPublisher(bots, Config(), "main"),
            config=Config(),
            base_branch="main",
            me=person_id(BOT.email),
            now=datetime(2026, 1, 5, tzinfo=UTC),
        )
        yield Scene(context, alice, scratch, head)


def say(scene: Scene, number: int = 1, branch: str = OURS, *, of_hold: bool = False) -> Done:
    params = Comment(number=number, branch=branch, text="Hello.", marker="m", of_hold=of_hold)
    return comment.execute(scene.context, params)


def label(scene: Scene, name: str, *, on: bool = True) -> Done:
    return set_label.execute(scene.context, SetLabel(number=1, branch=OURS, label=name, on=on))


def close(scene: Scene, head: Sha) -> Done:
    params = ClosePullRequest(number=1, branch=OURS, head=head)
    return close_pull_request.execute(scene.context, params)


def test_each_is_done_once(scene: Scene) -> None:
    assert [say(scene).changed, say(scene).changed] == [True, False]
    assert [label(scene, "bot:retry").changed for _ in range(2)] == [True, False]
    assert [label(scene, "bot:retry", on=False).changed for _ in range(2)] == [True, False]
    assert [close(scene, scene.head).changed for _ in range(2)] == [True, False]
    assert (scene.pull.state, len(scene.pull.remarks)) == (PullState.CLOSED, 1)


def test_what_is_closed_can_still_be_spoken_of(scene: Scene) -> None:
    assert scene.alice.close(1) is None
    assert say(scene).changed


def test_a_pull_request_that_is_not_the_bots_own_is_not_touched(scene: Scene) -> None:
    before = scene.refs()
    assert "not the bot's own" in say(scene, 2, THEIRS).sentence
    assert "not the bot's own" in say(scene, 1, THEIRS).sentence
    assert "no pull request" in say(scene, 3).sentence
    theirs = SetLabel(number=2, branch=THEIRS, label="bot:retry")
    assert not set_label.execute(scene.context, theirs).changed
    assert scene.refs() == before


def test_a_hold_wins_but_for_the_words_about_it(scene: Scene) -> None:
    assert "not on hold" in say(scene, of_hold=True).sentence
    assert scene.alice.add_label(1, "Bot:Hold") is None
    assert not say(scene).changed
    assert not label(scene, "bot:retry").changed
    assert not close(scene, scene.head).changed
    assert not label(scene, "bot:hold", on=False).changed
    assert scene.pull.state is PullState.OPEN
    assert say(scene, of_hold=True).changed


def test_only_the_head_that_was_judged_is_closed(scene: Scene) -> None:
    committed(scene.scratch.origin, OURS, "a.txt", "2\n")
    assert "new head" in close(scene, scene.head).sentence
    assert scene.pull.state is PullState.OPEN


def test_labels_of_other_peoples_are_left_alone(scene: Scene) -> None:
    assert not label(scene, "urgent").changed
    assert scene.pull.labels == ()


def test_an_answer_goes_to_its_thread_and_a_refused_one_is_remembered(scene: Scene) -> None:
    assert scene.alice.comment(1, "Why?", path="a.txt", line=1) is None
    thread = scene.pull.remarks[0].thread
    answer = Comment(number=1, branch=OURS, text="Because.", thread=thread)
    assert comment.execute(scene.context, answer).changed
    assert [remark.text for remark in scene.pull.remarks] == ["Why?", "Because."]
    assert LEDGER_REF not in scene.refs()
    lost = Comment(number=1, branch=OURS, text="Because.", thread="nowhere")
    assert "no such thread" in comment.execute(scene.context, lost).sentence
    assert LEDGER_REF in scene.refs()


def test_a_comment_has_a_marker_or_a_thread() -> None:
    for marker, thread in (("", ""), ("m", "t")):
        with pytest.raises(ValidationError, match="marker"):
            Comment(number=1, branch=OURS, text="x", marker=marker, thread=thread)


def test_nobody_is_asked_for_a_review_whom_another_run_has_asked_meanwhile(scene: Scene) -> None:
    ask = RequestReview(number=1, branch=OURS, head=scene.head, reviewers=("alice", "bob"))
    scene.context.writer.request_review(1, ("Alice",))
    assert request_review.execute(scene.context, ask).changed
    assert scene.pull.asked == ("Alice", "bob")
    before = scene.refs()
    assert "already" in request_review.execute(scene.context, ask).sentence
    assert scene.refs() == before
