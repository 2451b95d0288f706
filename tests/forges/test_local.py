"""The forge `local`: people with plain git beside it, several writers at once, few processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.forges import CheckResult, Merged, Opened, Refused
from bot.forges.local import LocalReader, LocalWriter
from bot.forges.local_records import (
    CommentedRecord,
    EditedRecord,
    OpenedRecord,
    Person,
    decode,
    encode,
    fold,
    person_id,
)
from bot.git_formats import Identity
from bot.model import CheckState, Mergeable, Pull, PullState, ReviewState, Sha
from bot.repository import Repository
from tests.scratch import Scratch, committed, contents, git

BOT = Identity("Amendbot", "amendbot@example.invalid")
ALICE = Identity("alice", "alice@example.invalid")
ONE, OTHER = "bot/v1-aaaaaaaaaaaa-1", "bot/v1-bbbbbbbbbbbb-1"


class Desk:
    """The bot, and Alice, at a repository."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.repository = stack.enter_context(Repository(folder))
        self.reader = LocalReader(self.repository, BOT, "main")
        self.writer = LocalWriter(self.repository, BOT, "main")
        self.alice = LocalWriter(self.repository, ALICE, "main")

    def opened(self, branch: str) -> int:
        answer = open_pull(self, branch)
        assert isinstance(answer, Opened)
        return answer.number

    def tested(self, branch: str, head: Sha) -> None:
        passed = CheckResult(head=head, name="tests", state=CheckState.PASSED, summary="3 tests")
        assert self.writer.check(branch, passed) is None

    def pull(self, number: int) -> Pull:
        pull = self.reader.pull(number)
        assert pull is not None
        return pull


@pytest.fixture
def shared(scratch: Scratch) -> Iterator[Desk]:
    """A clone whose remote is a bare repository that others work with as well."""
    git(scratch.origin, "config", "receive.autogc", "false")
    with ExitStack() as stack:
        yield Desk(scratch.clone, stack)


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Desk]:
    """A repository without a remote, `main` checked out in its work tree."""
    folder = tmp_path / "lone"
    git(tmp_path, "init", "-q", "--initial-branch=main", str(folder))
    (folder / "llm.py").write_text("x = 1\n")
    git(folder, "add", "llm.py")
    git(folder, "commit", "-q", "-m", "First")
    with ExitStack() as stack:
        yield Desk(folder, stack)


def origin(desk: Desk) -> Path:
    return Path(desk.repository.url)


def ready(desk: Desk, branch: str = ONE, path: str = "a.txt") -> tuple[int, Sha]:
    """An open pull request whose tests have passed."""
    head = committed(origin(desk), branch, path, "1\n")
    number = desk.opened(branch)
    desk.tested(branch, head)
    return number, head


# ------------------------------------------------------------------------ people with plain git


def test_a_merge_by_hand_is_seen_with_the_commit_that_took_it_in(shared: Desk) -> None:
    number, head = ready(shared)
    git(shared.folder, "pull", "-q", "--no-rebase", "origin", "main")
    git(shared.folder, "fetch", "-q", "origin", ONE)
    git(shared.folder, "merge", "-q", "--no-ff", "-m", "By hand", "FETCH_HEAD")
    git(shared.folder, "push", "-q", "origin", "HEAD:main", f":refs/heads/{ONE}")
    pull = shared.pull(number)
    assert (pull.state, pull.head) == (PullState.MERGED, head)
    assert pull.merged_as == git(shared.folder, "rev-parse", "HEAD")
    assert pull.merged_tree == git(shared.folder, "rev-parse", "HEAD^{tree}")
    assert isinstance(shared.alice.close(number), Refused)
    again = shared.writer.merge(number, head=head, method="merge")
    assert again == Merged(pull.merged_as, pull.merged_tree)


def test_a_branch_that_a_person_deletes_is_a_no_until_it_is_back(shared: Desk) -> None:
    number, head = ready(shared)
    git(origin(shared), "update-ref", "-d", f"refs/heads/{ONE}")
    assert (shared.pull(number).state, shared.pull(number).head) == (PullState.CLOSED, head)
    refused = shared.alice.reopen(number)
    assert refused is not None
    assert f"git push origin {head}:refs/heads/{ONE}" in refused.reason
    git(origin(shared), "update-ref", f"refs/heads/{ONE}", head)
    assert shared.pull(number).state is PullState.OPEN


def test_the_commits_are_kept_when_the_branch_is_gone(shared: Desk) -> None:
    number, _ = ready(shared)
    later = committed(origin(shared), ONE, "a.txt", "2\n")
    assert shared.alice.close(number) is None
    git(origin(shared), "update-ref", "-d", f"refs/heads/{ONE}")
    git(origin(shared), "prune", "--expire=now")
    assert shared.pull(number).head == later
    assert git(origin(shared), "show", f"refs/pulls/{number}/head:a.txt") == "2"


def test_two_people_with_clones_of_one_remote_see_the_same(shared: Desk, tmp_path: Path) -> None:
    number, head = ready(shared)
    git(tmp_path, "clone", "-q", str(origin(shared)), "second")
    with ExitStack() as stack:
        second = Desk(tmp_path / "second", stack)
        assert second.alice.review(number, head, approve=True, body="fine") is None
        assert shared.pull(number).review is ReviewState.APPROVED
        assert second.pull(number) == shared.pull(number)
        told = second.reader.records(number)
        assert told is not None
        assert [(review.by.name, review.body) for review in told.reviews] == [("alice", "fine")]
    assert "refs/pulls/1/meta" not in git(tmp_path / "second", "for-each-ref")
    log = git(origin(shared), "log", "--format=%an: %s", f"refs/pulls/{number}/meta").splitlines()
    assert log[0] == f"alice: approved by alice at {head[:9]}"
    assert git(origin(shared), "ls-tree", "-r", f"refs/pulls/{number}/meta") == ""


def test_a_no_holds_until_the_same_person_approves_and_an_approval_for_its_head(
    shared: Desk,
) -> None:
    number, head = ready(shared)
    own = shared.writer.review(number, head, approve=True)
    assert own is not None
    assert "your own" in own.reason
    assert shared.alice.review(number, head, approve=False, body="no") is None
    refused = shared.writer.merge(number, head=head, method="merge")
    assert isinstance(refused, Refused)
    assert "asked for changes" in refused.reason
    later = committed(origin(shared), ONE, "a.txt", "2\n")
    assert shared.pull(number).review is ReviewState.CHANGES_REQUESTED
    assert shared.alice.review(number, head, approve=True) is not None, "the head has moved"
    assert shared.alice.review(number, later, approve=True) is None
    assert shared.pull(number).review is ReviewState.APPROVED
    committed(origin(shared), ONE, "a.txt", "3\n")
    assert shared.pull(number).review is ReviewState.NONE


def test_what_makes_no_sense_is_refused_with_a_reason(shared: Desk) -> None:
    for answer in (
        shared.alice.close(7),
        shared.alice.comment(7, "x"),
        shared.alice.add_label(7, "x"),
        shared.writer.set_body(7, "x"),
    ):
        assert answer == Refused("there is no pull request 7")
    number, head = ready(shared)
    assert shared.alice.remove_label(number, "bot:hold") is None
    assert shared.alice.add_label(number, "Bot:Hold") is None
    assert shared.alice.remove_label(number, "bot:hold") is None
    assert shared.pull(number).labels == ()
    assert shared.alice.close(number) is None
    for refused in (
        shared.alice.close(number),
        shared.alice.review(number, head, approve=True),
        shared.writer.request_review(number, ["alice"]),
    ):
        assert refused == Refused(f"pull request {number} is closed")


def test_a_base_that_was_compared_has_its_check_too(shared: Desk) -> None:
    head = committed(origin(shared), ONE, "a.txt", "1\n")
    shared.opened(ONE)
    base = Sha(git(origin(shared), "rev-parse", "main"))
    result = CheckResult(
        head=head,
        name="tests",
        state=CheckState.PASSED,
        summary="3 tests",
        base=base,
        base_state=CheckState.FAILED,
    )
    for _ in range(2):
        assert shared.writer.check(ONE, result) is None
    told = shared.reader.records(1)
    assert told is not None
    assert [record.summary for record in told.checked] == ["3 tests"]
    (check,) = shared.reader.observe("main", base, []).base_checks or ()
    assert check.state is CheckState.FAILED
    assert shared.reader.observe("main", head, []).base_checks == told.checks(head)


# ------------------------------------------------------------------------------ several at once


def at_once(*jobs: object) -> list[object]:
    """Run these at the same moment and return what each gave."""
    gate = threading.Barrier(len(jobs))

    def run(job: object) -> object:
        gate.wait()
        assert callable(job)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


@pytest.mark.parametrize("kind", ["shared", "lone"])
def test_writers_at_once_lose_nothing_and_double_nothing(
    kind: str, request: pytest.FixtureRequest
) -> None:
    first: Desk = request.getfixturevalue(kind)
    heads = [committed(origin(first), branch, f"{n}.txt", "1\n")
             for n, branch in enumerate((ONE, OTHER))]  # fmt: skip
    with ExitStack() as stack:
        second = Desk(first.folder, stack)
        answers = at_once(
            lambda: open_pull(first, ONE),
            lambda: open_pull(second, OTHER),
            lambda: open_pull(Desk(first.folder, stack), ONE),
        )
        numbers = [answer.number for answer in answers if isinstance(answer, Opened)]
        assert sorted(numbers) == [1, 2], "one of the two for the same branch is refused"
        number = next(n for n in (1, 2) if first.pull(n).branch == ONE)
        at_once(
            lambda: first.alice.comment(number, "the same words"),
            lambda: second.alice.comment(number, "the same words"),
        )
        told = first.reader.records(number)
        assert told is not None
        assert [comment.body for comment in told.comments] == ["the same words"] * 2
        first.tested(ONE, heads[0])
        before = git(origin(first), "rev-parse", "main")
        merges = at_once(
            lambda: first.writer.merge(number, head=heads[0], method="merge"),
            lambda: second.writer.merge(number, head=heads[0], method="merge"),
        )
    assert merges[0] == merges[1]
    assert isinstance(merges[0], Merged)
    assert git(origin(first), "rev-list", "--count", "--first-parent", f"{before}..main") == "1"
    assert merges[0].commit == git(origin(first), "rev-parse", "main")


def open_pull(desk: Desk, branch: str) -> Opened | Refused:
    return desk.writer.open(branch=branch, base_branch="main", title="x", body="", draft=False)


def test_a_person_who_pushes_to_main_meanwhile_loses_nothing(shared: Desk) -> None:
    number, head = ready(shared)
    hook = origin(shared) / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    mark = origin(shared) / "once"
    moved = committed(origin(shared), "theirs", "theirs.txt", "1\n")
    hook.write_text(
        f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\n"
        f"test -e '{mark}' || git update-ref refs/heads/main {moved}\ntouch '{mark}'\n"
    )
    hook.chmod(0o755)
    answer = shared.writer.merge(number, head=head, method="merge")
    assert isinstance(answer, Merged)
    assert git(origin(shared), "rev-parse", "main^1", "main^2").split() == [moved, head]
    assert git(origin(shared), "rev-parse", "main^{tree}") == answer.tree


# ---------------------------------------------------------------- a repository without a remote


def test_a_clean_work_tree_moves_along_with_a_merge(lone: Desk) -> None:
    (lone.folder / "notes.txt").write_text("untracked\n")
    number, head = ready(lone)
    answer = lone.writer.merge(number, head=head, method="merge")
    assert isinstance(answer, Merged)
    assert (lone.folder / "a.txt").read_text() == "1\n"
    assert git(lone.folder, "status", "--porcelain") == "?? notes.txt"
    assert git(lone.folder, "rev-parse", "HEAD") == answer.commit
    assert lone.reader.observe("main", answer.commit, [ONE]).repository == "lone"


@pytest.mark.parametrize("case", ["edited", "staged", "in the way", "rebasing", "elsewhere"])
def test_a_work_tree_that_is_in_use_is_never_touched(lone: Desk, case: str, tmp_path: Path) -> None:
    number, head = ready(lone)
    place, said = lone.folder, "commit or stash"
    if case in ("edited", "staged"):
        (lone.folder / "llm.py").write_text("x = 2\n")
        if case == "staged":
            git(lone.folder, "add", "-A")
    elif case == "in the way":
        (lone.folder / "a.txt").write_text("mine\n")
        said = "make room"
    elif case == "rebasing":
        git(lone.folder, "switch", "-q", "--detach")
        (lone.folder / ".git" / "rebase-merge").mkdir()
        (lone.folder / ".git" / "rebase-merge" / "head-name").write_text("refs/heads/main\n")
        said = "in the middle of a rebase"
    else:
        place = tmp_path / "second"
        git(lone.folder, "switch", "-q", "--detach")
        git(lone.folder, "worktree", "add", "-q", str(place), "main")
        (place / "llm.py").write_text("x = 2\n")
    before = work_tree(place), git(lone.folder, "for-each-ref")
    refused = lone.writer.merge(number, head=head, method="merge")
    assert isinstance(refused, Refused)
    assert said in refused.reason
    assert str(place) in refused.reason
    assert not refused.final
    assert (work_tree(place), git(lone.folder, "for-each-ref")) == before


def work_tree(folder: Path) -> tuple[dict[str, bytes | str], str]:
    files = {path: text for path, text in contents(folder).items() if not path.startswith(".git")}
    return files, git(folder, "status", "--porcelain")


@pytest.mark.parametrize("reads", ["cat >/dev/null", "exec <&-"])
def test_a_hook_that_refuses_the_refs_leaves_the_work_tree_as_it_was(
    lone: Desk, reads: str
) -> None:
    number, head = ready(lone)
    hook = lone.folder / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{reads}\ntest $1 != prepared\n")
    hook.chmod(0o755)
    before = work_tree(lone.folder), git(lone.folder, "for-each-ref")
    with pytest.raises(UserError, match=r"cannot be written|hung up"):
        lone.writer.merge(number, head=head, method="merge")
    assert (work_tree(lone.folder), git(lone.folder, "for-each-ref")) == before


def test_main_is_the_base_whatever_is_checked_out(lone: Desk) -> None:
    git(lone.folder, "switch", "-q", "-c", ONE)
    assert lone.repository.remote_refs("HEAD").default_branch == "main"
    git(lone.folder, "branch", "-q", "-m", "main", "trunk")
    git(lone.folder, "switch", "-q", "trunk")
    assert lone.repository.remote_refs("HEAD").default_branch == "trunk"


# --------------------------------------------------------------------------- what reading costs


@contextmanager
def counted(log: Path) -> Iterator[list[str]]:
    """The git commands that are run meanwhile, by git's own trace."""
    found: list[str] = []
    os.environ["GIT_TRACE2_EVENT"] = str(log)
    try:
        yield found
    finally:
        del os.environ["GIT_TRACE2_EVENT"]
    rows = log.read_text().splitlines() if log.exists() else []
    found.extend(row for row in rows if '"event":"start"' in row)


def test_a_hundred_pull_requests_cost_no_more_processes_than_one(
    shared: Desk, tmp_path: Path
) -> None:
    base = Sha(git(origin(shared), "rev-parse", "main"))
    ready(shared)
    observed = []
    for count in (1, 100):
        grow(origin(shared), count)
        reader = LocalReader(shared.repository, BOT, "main")
        with counted(tmp_path / f"{count}.trace") as commands:
            view = reader.observe("main", base, [])
        assert len(view.pulls) == count
        assert {pull.mergeable for pull in view.pulls} == {Mergeable.YES}
        observed.append(len(commands))
    assert observed[1] <= observed[0] + 8  # fetching starts a few, whatever it brings


def grow(repository: Path, count: int) -> None:
    """Make so many pull requests of the first one, each on a branch of its own."""
    script, by = [], Person.of(BOT)
    for number in range(2, count + 1):
        branch = f"bot/v1-{number:012d}-1"
        record = OpenedRecord(
            at=datetime(2026, 1, 5, tzinfo=UTC),
            by=by,
            title=f"Fix {number}",
            body="",
            branch=branch,
            base_branch="main",
        )
        message = encode(record)
        who = "committer Ada <ada@example.invalid> 1767603600 +0000"
        script.append(
            f"commit refs/pulls/{number}/meta\n{who}\n"
            f"data {len(message.encode())}\n{message}\n"
            f"commit refs/heads/{branch}\nmark :{number}\n{who}\ndata 1\nx\n"
            f"from refs/heads/main^0\nM 644 inline {number}.txt\ndata 1\nx\n\n"
            f"reset refs/pulls/{number}/head\nfrom :{number}\n"
        )
    git(repository, "fast-import", "--quiet", stdin="".join(script).encode())


# ------------------------------------------------------------------------------------- records


def test_records_of_a_newer_version_are_counted_and_passed_over() -> None:
    at, by = datetime(2026, 1, 5, tzinfo=UTC), Person.of(ALICE)
    opened = OpenedRecord(at=at, by=by, title="T\nitle", body="B", branch="b", base_branch="main")
    messages = [
        encode(opened),
        'pinned\n\n{"kind":"pinned","at":"2026-01-05T00:00:00Z"}\n',
        "a commit that somebody made by hand\n",
        encode(EditedRecord(at=at, by=by, body="", draft=True)).replace("{", '{"new":1,', 1),
        encode(CommentedRecord(at=at, by=by, body="half \ud800 a pair\x00\x01")),
    ]
    assert "\n" not in messages[0].split("\n\n")[0]
    assert decode(messages[0]) == opened
    pull = fold(3, messages)
    assert pull is not None
    assert (pull.number, pull.title, pull.body, pull.draft) == (3, "T\nitle", "", True)
    assert pull.unknown == 2
    assert [comment.body for comment in pull.comments] == ["half ? a pair\x00\x01"]
    assert fold(3, messages[1:3]) is None


def test_a_person_has_one_number_however_the_address_is_written() -> None:
    assert person_id("Ada@Example.invalid ") == person_id("ada@example.invalid")
    assert person_id("ada@example.invalid") != person_id("bob@example.invalid")
