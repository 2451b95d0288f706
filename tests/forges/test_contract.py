"""What the bot relies on of any forge, said once and held against each of them.

`Ground` is what a test needs besides the two halves of a forge: branches that somebody pushes, and
people who do what people do at that forge.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

import pytest

from bot.errors import UserError
from bot.forges import CheckResult, ForgeReader, ForgeWriter, Merged, Opened, Refused, marked
from bot.forges.github import GitHubAddress, GitHubReader, GitHubWriter
from bot.forges.local import LocalReader, LocalWriter
from bot.git_formats import Identity
from bot.model import CheckState, Mergeable, Pull, PullState, RemarkKind, ReviewState, Sha
from bot.repository import Repository
from tests.loopback import LoopbackGitHub
from tests.scratch import Scratch, committed, git

BOT = "amendbot[bot]"
AMENDBOT = Identity("Amendbot", "amendbot@example.invalid")
ALICE = Identity("alice", "alice@example.invalid")
ONE, OTHER = "bot/v1-aaaaaaaaaaaa-1", "bot/v1-bbbbbbbbbbbb-1"


class Ground(Protocol):
    reader: ForgeReader
    writer: ForgeWriter

    def push(self, branch: str, path: str, text: str) -> Sha:
        """A commit that writes one file, on top of the branch, or of main where there is none."""
        ...

    def git(self, *args: str) -> str:
        """Git in the repository that the forge keeps."""
        ...

    def delete(self, branch: str) -> None: ...

    def checked(self, branch: str, head: Sha, state: CheckState) -> None: ...

    def close(self, number: int) -> None: ...

    def reopen(self, number: int) -> None: ...

    def label(self, number: int, name: str) -> None: ...

    def request_changes(self, number: int, head: Sha) -> None: ...

    def comment(self, number: int, text: str, path: str = "", line: int = 0) -> None: ...

    def everything(self) -> str:
        """All that the forge holds, as text to compare."""
        ...

    def lose_next_write(self, *, after_effect: bool) -> None:
        """Let the next write go without an answer, with or without its effect."""
        ...


class LocalGround:
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.scratch = Scratch.make(folder)
        git(self.scratch.origin, "config", "receive.autogc", "false")
        bots = stack.enter_context(Repository(self.scratch.clone))
        alices = stack.enter_context(Repository(self.scratch.clone))
        self.reader: ForgeReader = LocalReader(bots, AMENDBOT, "main")
        self.writer: ForgeWriter = LocalWriter(bots, AMENDBOT, "main")
        self.alice = LocalWriter(alices, ALICE, "main")

    def push(self, branch: str, path: str, text: str) -> Sha:
        return committed(self.scratch.origin, branch, path, text)

    def git(self, *args: str) -> str:
        return git(self.scratch.origin, *args)

    def delete(self, branch: str) -> None:
        self.git("update-ref", "-d", f"refs/heads/{branch}")

    def checked(self, branch: str, head: Sha, state: CheckState) -> None:
        result = CheckResult(head=head, name="tests", state=state, summary="ran")
        assert self.writer.check(branch, result) is None

    def close(self, number: int) -> None:
        assert self.alice.close(number) is None

    def reopen(self, number: int) -> None:
        assert self.alice.reopen(number) is None

    def label(self, number: int, name: str) -> None:
        assert self.alice.add_label(number, name) is None

    def request_changes(self, number: int, head: Sha) -> None:
        assert self.alice.review(number, head, approve=False, body="no") is None

    def comment(self, number: int, text: str, path: str = "", line: int = 0) -> None:
        assert self.alice.comment(number, text, path=path, line=line or None) is None

    def everything(self) -> str:
        return str(self.scratch.refs())

    def lose_next_write(self, *, after_effect: bool) -> None:
        hook = "post-receive" if after_effect else "pre-receive"
        path = self.scratch.origin / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text('#!/bin/sh\nrm "$0"\nkill -9 "$PPID"\n')
        path.chmod(0o755)


class GitHubGround:
    def __init__(self, stack: ExitStack) -> None:
        self.github = stack.enter_context(LoopbackGitHub())
        self.github.add_actor(BOT, id=4242)
        self.github.add_actor("alice")
        self.repo = self.github.create_repo("acme/agent", {"README.md": "# Agent\n"})
        self.repo.require_checks(["tests"])
        address = GitHubAddress(self.github.url, "acme/agent", self.github.token_of(BOT))
        self.reader: ForgeReader = GitHubReader(address)
        self.writer: ForgeWriter = GitHubWriter(address)

    def push(self, branch: str, path: str, text: str) -> Sha:
        return Sha(self.repo.push_commit(branch, {path: text}, by="alice", message=f"Write {path}"))

    def git(self, *args: str) -> str:
        return self.repo.git(*args)

    def delete(self, branch: str) -> None:
        self.repo.delete_branch(branch, by="alice")

    def checked(self, branch: str, head: Sha, state: CheckState) -> None:
        conclusion = "success" if state is CheckState.PASSED else "failure"
        self.repo.set_check(head, "tests", conclusion)

    def close(self, number: int) -> None:
        self.repo.close(number, by="alice")

    def reopen(self, number: int) -> None:
        self.repo.reopen(number, by="alice")

    def label(self, number: int, name: str) -> None:
        self.repo.label(number, name, by="alice")

    def request_changes(self, number: int, head: Sha) -> None:
        self.repo.request_changes(number, by="alice", body="no")

    def comment(self, number: int, text: str, path: str = "", line: int = 0) -> None:
        if path:
            self.repo.comment_on_line(number, path, line, text, by="alice")
        else:
            self.repo.comment(number, text, by="alice")

    def everything(self) -> str:
        return self.github.describe()

    def lose_next_write(self, *, after_effect: bool) -> None:
        self.github.fault("cut", only="write", after_effect=after_effect)


@pytest.fixture(params=["local", "github"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    with ExitStack() as stack:
        if request.param == "local":
            yield LocalGround(tmp_path, stack)
            return
        github = GitHubGround(stack)
        yield github
        assert not github.github.violations, "\n".join(github.github.violations)


def opened(ground: Ground, branch: str, *, draft: bool = False, title: str = "Fix it") -> int:
    answer = ground.writer.open(
        branch=branch, base_branch="main", title=title, body="Because.\n\n“ü” & co", draft=draft
    )
    assert isinstance(answer, Opened)
    assert answer.draft is draft
    return answer.number


def base(ground: Ground) -> Sha:
    return Sha(ground.git("rev-parse", "refs/heads/main"))


def observed(ground: Ground, *branches: str) -> tuple[Pull, ...]:
    return ground.reader.observe("main", base(ground), branches).pulls


def read(ground: Ground, number: int) -> Pull:
    pull = ground.reader.pull(number)
    assert pull is not None
    return pull


def merged(ground: Ground, number: int, head: Sha) -> Merged:
    answer = ground.writer.merge(number, head=head, base=base(ground), method="merge")
    assert isinstance(answer, Merged)
    return answer


def refused(answer: object, *, final: bool) -> str:
    assert isinstance(answer, Refused)
    assert answer.final is final
    return answer.reason


def test_what_was_opened_is_what_is_read_in_each_way(ground: Ground) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    view = ground.reader.observe("main", base(ground), [])
    (pull,) = view.pulls
    assert pull == read(ground, number)
    assert (pull.number, pull.title, pull.body) == (number, "Fix it", "Because.\n\n“ü” & co")
    assert (pull.branch, pull.head, pull.base_branch) == (ONE, head, "main")
    assert (pull.state, pull.draft, pull.foreign) == (PullState.OPEN, False, False)
    assert (pull.review, pull.mergeable) in (
        (ReviewState.NONE, Mergeable.YES),
        (ReviewState.NONE, Mergeable.BLOCKED),  # GitHub says that the required check is missing
    )
    assert pull.author_id == view.me
    assert [need.name for need in view.required or ()] == ["tests"]
    current = ground.reader.current(ONE)
    assert current is not None
    for name in ("number", "title", "body", "state", "draft", "author_id", "foreign", "head"):
        assert getattr(current, name) == getattr(pull, name)


def test_a_number_that_nobody_has_is_none(ground: Ground) -> None:
    assert ground.reader.pull(4711) is None


def test_what_is_not_there_is_not_opened(ground: Ground) -> None:
    assert ground.reader.current(ONE) is None
    assert observed(ground, ONE) == ()
    with pytest.raises(UserError, match="no branch 'develop'"):
        ground.reader.observe("develop", base(ground), [])
    for _ in ("no branch", "no change"):
        answer = ground.writer.open(branch=ONE, base_branch="main", title="x", body="", draft=False)
        refused(answer, final=True)
        ground.git("update-ref", f"refs/heads/{ONE}", base(ground))


def test_a_branch_has_one_open_pull_request(ground: Ground) -> None:
    ground.push(ONE, "a.txt", "1\n")
    first = opened(ground, ONE)
    again = ground.writer.open(branch=ONE, base_branch="main", title="x", body="", draft=False)
    refused(again, final=True)
    ground.close(first)
    second = opened(ground, ONE)
    assert second > first
    assert {p.number: p.state for p in observed(ground)} == {
        first: PullState.CLOSED,
        second: PullState.OPEN,
    }
    current = ground.reader.current(ONE)
    assert current is not None
    assert current.number == second


def test_what_people_do_is_seen(ground: Ground) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    ground.push(OTHER, "b.txt", "1\n")
    number, draft = opened(ground, ONE), opened(ground, OTHER, draft=True)
    ground.label(number, "bot:hold")
    ground.request_changes(number, head)
    pull = read(ground, number)
    assert (pull.labels, pull.review) == (("bot:hold",), ReviewState.CHANGES_REQUESTED)
    assert pull.asked == ("alice",)
    assert read(ground, draft).draft
    ground.close(number)
    assert read(ground, number).state is PullState.CLOSED
    ground.reopen(number)
    assert read(ground, number).state is PullState.OPEN
    later = ground.push(ONE, "a.txt", "2\n")
    assert read(ground, number).head == later


def test_what_the_bot_says_is_kept_once(ground: Ground) -> None:
    ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    for _ in range(2):
        ground.writer.set_body(number, "Another\n\n-- \nbody")
        assert ground.writer.request_review(number, ["alice"]) is None
    pull = read(ground, number)
    assert (pull.title, pull.body, pull.asked) == ("Fix it", "Another\n\n-- \nbody", ("alice",))


def test_checks_are_those_of_the_head(ground: Ground) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    assert read(ground, number).checks == ()
    ground.checked(ONE, head, CheckState.FAILED)
    assert [c.state for c in read(ground, number).checks or ()] == [CheckState.FAILED]
    later = ground.push(ONE, "a.txt", "2\n")
    assert read(ground, number).checks == ()
    ground.checked(ONE, later, CheckState.PASSED)
    (check,) = read(ground, number).checks or ()
    assert (check.name, check.state) == ("tests", CheckState.PASSED)


def test_only_a_tested_head_is_merged_and_only_that_one(ground: Ground) -> None:
    stale = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    head = ground.push(ONE, "a.txt", "2\n")
    before = base(ground)
    assert isinstance(
        ground.writer.merge(number, head=head, base=base(ground), method="merge"), Refused
    )
    ground.checked(ONE, head, CheckState.PASSED)
    refused(ground.writer.merge(number, head=stale, base=base(ground), method="merge"), final=False)
    assert base(ground) == before
    answer = merged(ground, number, head)
    assert base(ground) == answer.commit
    assert ground.git("rev-parse", "main^{tree}") == answer.tree
    assert answer.tree == ground.git("rev-parse", f"{head}^{{tree}}")
    assert ground.git("rev-parse", "main^1", "main^2").split() == [before, head]
    pull = read(ground, number)
    assert pull.state is PullState.MERGED
    assert (pull.merged_as, pull.merged_tree) == (answer.commit, answer.tree)
    assert merged(ground, number, head) == answer
    assert base(ground) == answer.commit


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_merge_whose_answer_is_lost_is_looked_for_and_never_made_twice(
    ground: Ground, after_effect: bool
) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    ground.checked(ONE, head, CheckState.PASSED)
    before = base(ground)
    ground.lose_next_write(after_effect=after_effect)
    answer: Merged | Refused | None = None
    with suppress(UserError):
        answer = ground.writer.merge(number, head=head, base=before, method="merge")
    assert isinstance(answer, Merged) is after_effect
    assert not isinstance(answer, Refused) or not answer.final
    assert (base(ground) != before) is after_effect
    found = merged(ground, number, head)
    assert answer in (None, found) or isinstance(answer, Refused)
    assert ground.git("rev-list", "--first-parent", f"{before}..main").split() == [found.commit]


def test_a_merge_on_a_base_that_moved_says_which_tree_it_made(ground: Ground) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    ground.checked(ONE, head, CheckState.PASSED)
    ground.push("main", "meanwhile.txt", "1\n")
    assert read(ground, number).mergeable is Mergeable.YES
    answer = merged(ground, number, head)
    assert answer.tree == ground.git("rev-parse", "main^{tree}")
    assert answer.tree != ground.git("rev-parse", f"{head}^{{tree}}")
    files = ground.git("ls-tree", "--name-only", "main").split()
    assert {"a.txt", "meanwhile.txt"} <= set(files)


def test_a_conflict_a_draft_and_a_closed_one_are_not_merged(ground: Ground) -> None:
    head, other = ground.push(ONE, "a.txt", "1\n"), ground.push(OTHER, "b.txt", "1\n")
    number, draft = opened(ground, ONE), opened(ground, OTHER, draft=True)
    ground.checked(ONE, head, CheckState.PASSED)
    ground.checked(OTHER, other, CheckState.PASSED)
    moved = ground.push("main", "a.txt", "2\n")
    assert read(ground, number).mergeable is Mergeable.CONFLICT
    assert isinstance(
        ground.writer.merge(number, head=head, base=base(ground), method="merge"), Refused
    )
    assert isinstance(
        ground.writer.merge(draft, head=other, base=base(ground), method="merge"), Refused
    )
    ground.close(draft)
    refused(ground.writer.merge(draft, head=other, base=base(ground), method="merge"), final=True)
    assert base(ground) == moved


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_the_other_methods_make_one_commit(ground: Ground, method: str) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE, title="Write a.txt")
    ground.checked(ONE, head, CheckState.PASSED)
    moved = ground.push("main", "meanwhile.txt", "1\n")
    answer = ground.writer.merge(number, head=head, base=base(ground), method=method)
    assert isinstance(answer, Merged)
    assert ground.git("rev-parse", "main^@") == moved
    assert ground.git("log", "-1", "--format=%s", "main").startswith("Write a.txt")
    assert read(ground, number).state is PullState.MERGED


def test_a_branch_that_is_gone_keeps_its_history(ground: Ground) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    ground.checked(ONE, head, CheckState.PASSED)
    answer = merged(ground, number, head)
    ground.git("update-ref", "-d", f"refs/heads/{ONE}")
    assert observed(ground) == ()
    (pull,) = observed(ground, ONE, OTHER)
    assert (pull.number, pull.state, pull.head) == (number, PullState.MERGED, head)
    assert pull.merged_as == answer.commit


def test_what_people_said_is_read_in_order_with_who_may_write(ground: Ground) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    assert ground.writer.comment(number, "Hello.", marker="hello") is None
    ground.comment(number, "/bot explain")
    ground.comment(number, "Why this?", "a.txt", 1)
    ground.request_changes(number, head)
    pull = read(ground, number)
    said = {remark.kind: remark for remark in pull.remarks if not remark.is_bots}
    assert {kind: remark.text for kind, remark in said.items()} == {
        RemarkKind.COMMENT: "/bot explain",
        RemarkKind.THREAD: "Why this?",
        RemarkKind.REVIEW: "no",
    }
    assert all(remark.author.may_write for remark in said.values())
    assert {remark.author.login for remark in said.values()} == {"alice"}
    thread, review = said[RemarkKind.THREAD], said[RemarkKind.REVIEW]
    assert (thread.path, thread.line, thread.head, thread.resolved) == ("a.txt", 1, head, False)
    assert thread.thread
    assert (review.verdict, review.head) == (ReviewState.CHANGES_REQUESTED, head)
    (own,) = (remark for remark in pull.remarks if remark.is_bots)
    assert own.text.startswith("Hello.")
    assert not own.author.may_write
    assert own.author.id == pull.author_id
    assert [remark.at for remark in pull.remarks] == sorted(r.at for r in pull.remarks)
    assert len({remark.id for remark in pull.remarks}) == 4
    assert pull == observed(ground)[0]


def test_who_closed_it_is_known_and_a_deleted_branch_is_nobodys_no(ground: Ground) -> None:
    ground.push(ONE, "a.txt", "1\n")
    ground.push(OTHER, "b.txt", "1\n")
    number, gone = opened(ground, ONE), opened(ground, OTHER)
    assert read(ground, number).created_at is not None
    ground.close(number)
    pull = read(ground, number)
    assert pull.closed_by is not None
    assert (pull.closed_by.login, pull.closed_by.may_write) == ("alice", True)
    assert pull.closed_at is not None
    ground.reopen(number)
    again = read(ground, number)
    assert (again.closed_by, again.closed_at) == (None, None)
    assert ground.writer.close(number) is None
    by_bot = read(ground, number)
    assert by_bot.closed_by is not None
    assert (by_bot.closed_by.id, by_bot.closed_by.may_write) == (by_bot.author_id, False)
    ground.delete(OTHER)
    pull = next(pull for pull in observed(ground, OTHER) if pull.number == gone)
    assert (pull.state, pull.closed_by) == (PullState.CLOSED, None)


def test_a_closing_that_was_followed_by_deleting_the_branch_stays_a_persons(ground: Ground) -> None:
    ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    ground.close(number)
    ground.delete(ONE)
    (pull,) = observed(ground, ONE)
    assert pull.closed_by is not None
    assert (pull.number, pull.closed_by.login) == (number, "alice")


def test_who_set_a_label_of_the_bots_is_known(ground: Ground) -> None:
    ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    ground.label(number, "bot:retry")
    ground.label(number, "nice")
    (label,) = read(ground, number).labelled
    assert (label.label, label.by.login, label.by.may_write) == ("bot:retry", "alice", True)
    for _ in range(2):
        assert ground.writer.remove_label(number, "bot:retry") is None
    assert (read(ground, number).labels, read(ground, number).labelled) == (("nice",), ())
    for _ in range(2):
        assert ground.writer.add_label(number, "bot:hold") is None
    pull = read(ground, number)
    assert sorted(pull.labels) == ["bot:hold", "nice"]
    assert [label.by.may_write for label in pull.labelled] == [False]


def test_a_comment_is_made_once_for_each_marker_whatever_others_write(ground: Ground) -> None:
    ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    ground.comment(number, marked("I am the bot.", "no-1"))
    for marker in ("no-1", "no-1", "no-2"):
        assert ground.writer.comment(number, f"Said {marker}.", marker=marker) is None
    own = [remark.text for remark in read(ground, number).remarks if remark.is_bots]
    assert [text.split("\n")[0] for text in own] == ["Said no-1.", "Said no-2."]
    refused(ground.writer.comment(4711, "x", marker="m"), final=True)


def test_an_answer_stands_in_its_thread_once(ground: Ground) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    ground.push(OTHER, "b.txt", "1\n")
    number, other = opened(ground, ONE), opened(ground, OTHER)
    ground.comment(number, "Why this?", "a.txt", 1)
    (question,) = read(ground, number).remarks
    for _ in range(2):
        assert ground.writer.reply(number, question.thread, "Because of 1.") is None
    assert ground.writer.reply(number, question.thread, "Changed.") is None
    told = read(ground, number).remarks
    assert [remark.text for remark in told] == ["Why this?", "Because of 1.", "Changed."]
    assert {remark.thread for remark in told} == {question.thread}
    assert [remark.is_bots for remark in told] == [False, True, True]
    refused(ground.writer.reply(other, question.thread, "x"), final=True)
    assert read(ground, number).head == head


def test_closing_leaves_the_branch_and_only_an_open_one_is_closed(ground: Ground) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    assert ground.writer.close(number) is None
    assert read(ground, number).state is PullState.CLOSED
    assert ground.git("rev-parse", f"refs/heads/{ONE}") == head
    refused(ground.writer.close(number), final=True)
    refused(ground.writer.close(4711), final=True)


def test_where_nothing_is_paused_or_asked_for_that_is_known(ground: Ground) -> None:
    view = ground.reader.observe("main", base(ground), [])
    assert (view.paused_by_issue, ground.reader.paused_by_issue(), view.issues) == ("", "", ())
    handed = ground.reader.labelled_issues("bot:fix", rights=True)
    assert handed == () or "has no issues" in handed
    said = ground.writer.tell_issue(4711, "Hello.", marker="told:ended", label="bot:fix")
    refused(said, final=True)
    assert view.allows_auto_merge is False
    rules = view.rules
    assert (rules.approvals, rules.code_owners, rules.conversations) == (0, False, False)
    assert (rules.signatures, rules.linear, rules.strict) == (False, False, False)
    number_of_nobody = 4711
    head = base(ground)
    auto = ground.writer.enable_auto_merge(number_of_nobody, head=head, method="merge")
    refused(auto, final=True)


def test_reading_changes_nothing(ground: Ground) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    number = opened(ground, ONE)
    ground.checked(ONE, head, CheckState.PASSED)
    ground.push("main", "meanwhile.txt", "1\n")
    before = ground.everything()
    observed(ground, ONE, OTHER)
    read(ground, number)
    ground.reader.current(ONE)
    assert ground.everything() == before


def test_checks_are_told_of_any_commit_and_what_nothing_runs_is_not_run_again(
    ground: Ground,
) -> None:
    head = ground.push(ONE, "a.txt", "1\n")
    opened(ground, ONE)
    ground.checked(ONE, head, CheckState.FAILED)
    before = ground.everything()
    of_head, of_base = ground.reader.checks_of((head, base(ground)))
    assert (of_head.sha, of_base.sha) == (head, base(ground))
    assert [(check.name, check.state) for check in of_head.checks or ()] == [
        ("tests", CheckState.FAILED)
    ]
    assert of_base.checks == ()
    refused(ground.writer.rerun(4711), final=True)
    assert ground.everything() == before
