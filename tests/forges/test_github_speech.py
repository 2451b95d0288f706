"""What the bot says at GitHub is said once, whatever becomes of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bot.errors import UserError
from bot.forges import Refused, marked
from bot.forges.github import GitHubAddress, GitHubReader, GitHubWriter
from bot.model import Issue, Sha
from tests.loopback import LoopbackGitHub, Repo, Write

BOT = "amendbot[bot]"
BRANCH = "bot/v1-aaaaaaaaaaaa-1"


@pytest.fixture
def github() -> Iterator[LoopbackGitHub]:
    with LoopbackGitHub() as loopback:
        loopback.add_actor(BOT, id=4242)
        loopback.add_actor("alice")
        yield loopback
    assert not loopback.violations, "\n".join(loopback.violations)


@pytest.fixture
def repo(github: LoopbackGitHub) -> Repo:
    """One open pull request of the bot's, with a question on a line; the check is required."""
    repo = github.create_repo("acme/agent", {"README.md": "# Agent\n"})
    repo.settings.allow_auto_merge = True
    repo.require_checks(["test"])
    repo.push_commit(BRANCH, {"a.txt": "x\n"}, by=BOT)
    repo.open_pull(github.actor(BOT), "Fix it", "body", BRANCH, "main")
    repo.comment_on_line(1, "a.txt", 1, "Why?", by="alice")
    return repo


def address(github: LoopbackGitHub) -> GitHubAddress:
    return GitHubAddress(github.url, "acme/agent", github.token_of(BOT))


@pytest.fixture
def writer(github: LoopbackGitHub) -> GitHubWriter:
    return GitHubWriter(address(github))


def head(repo: Repo) -> Sha:
    return Sha(repo.pull(1).head_sha)


def thread(repo: Repo) -> str:
    return f"PRRT_{repo.pull(1).threads[0].id}"


Say = Callable[[GitHubWriter, Repo], object]
SAYINGS: dict[str, Say] = {
    "comment": lambda writer, _: writer.comment(1, "Hello.", marker="hello"),
    "reply": lambda writer, repo: writer.reply(1, thread(repo), "Because."),
    "close": lambda writer, _: writer.close(1),
    "add_label": lambda writer, _: writer.add_label(1, "bot:retry"),
    "auto-merge": lambda writer, repo: writer.enable_auto_merge(1, head=head(repo), method="merge"),
    "issue": lambda writer, _: writer.open_issue(title="T", body="B", label="bot:dashboard"),
}


class Cut(Exception):
    """The connection ends here."""


@pytest.mark.parametrize("say", SAYINGS.values(), ids=SAYINGS)
def test_a_lost_answer_to_what_has_happened_is_no_failure_and_no_second_write(
    github: LoopbackGitHub, repo: Repo, writer: GitHubWriter, say: Say
) -> None:
    def cut(_: Write) -> None:
        raise Cut

    github.on_write = cut
    answer = say(writer, repo)
    assert answer is None or isinstance(answer, Issue)
    assert len(github.writes()) == 1
    github.on_write = None
    after = github.describe()
    again = say(writer, repo)
    assert again == answer or isinstance(again, Refused)
    assert (len(github.writes()), github.describe()) == (1, after)


@pytest.mark.parametrize("say", ["comment", "close", "add_label", "issue"])
def test_a_write_that_did_not_happen_is_not_tried_again_and_said(
    github: LoopbackGitHub, repo: Repo, writer: GitHubWriter, say: str
) -> None:
    before = github.describe()
    for method in ("POST", "PATCH"):
        github.fail_next(method, "/repos/", status=502)
    with pytest.raises(UserError, match=r"failed \(502\)"):
        SAYINGS[say](writer, repo)
    assert github.describe() == before
    assert len(github.writes()) == 1


def test_a_mutation_that_did_not_happen_is_not_tried_again(
    github: LoopbackGitHub, repo: Repo, writer: GitHubWriter
) -> None:
    github.fail_next("POST", "/graphql", status=502)
    with pytest.raises(UserError, match="502"):
        writer.reply(1, thread(repo), "Because.")
    assert len(repo.pull(1).threads[0].comments) == 1


def test_a_marker_is_found_however_much_was_said_since(
    github: LoopbackGitHub, repo: Repo, writer: GitHubWriter
) -> None:
    assert writer.comment(1, "Hello.", marker="hello") is None
    for number in range(120):
        repo.comment(1, f"comment {number}", by="alice")
    assert writer.comment(1, "Hello.", marker="hello") is None
    assert len(repo.pull(1).comments) == 121


def test_auto_merge_waits_for_the_check_and_merges_then(
    github: LoopbackGitHub, repo: Repo, writer: GitHubWriter
) -> None:
    reader = GitHubReader(address(github))
    assert writer.enable_auto_merge(1, head=head(repo), method="squash") is None
    pull = reader.pull(1)
    assert pull is not None
    assert pull.auto_merge
    assert writer.disable_auto_merge(1) is None
    assert writer.disable_auto_merge(1) is None
    pull = reader.pull(1)
    assert pull is not None
    assert not pull.auto_merge
    assert writer.enable_auto_merge(1, head=head(repo), method="squash") is None
    repo.set_check(head(repo), "test")
    assert (repo.pull(1).merged, repo.pull(1).merged_by) == (True, BOT)


def refusal(answer: Refused | None) -> tuple[str, bool]:
    assert answer is not None
    return answer.reason, answer.final


def test_auto_merge_is_refused_in_githubs_words(
    github: LoopbackGitHub, repo: Repo, writer: GitHubWriter
) -> None:
    def enable(at: Sha | None = None) -> tuple[str, bool]:
        return refusal(writer.enable_auto_merge(1, head=at or head(repo), method="merge"))

    stale = head(repo)
    repo.push_commit(BRANCH, {"a.txt": "y\n"}, by=BOT)
    reason, final = enable(stale)
    assert ("by now" in reason, final) == (True, False)
    repo.set_check(head(repo), "test")
    reason, final = enable()
    assert ("clean status" in reason, final) == (True, False)
    repo.settings.allow_auto_merge = False
    reason, final = enable()
    assert ("not allowed" in reason, final) == (True, True)
    repo.settings.allow_auto_merge = True
    repo.rulesets.clear()
    reason, final = enable()
    assert ("Protected branch rules not configured" in reason, final) == (True, True)
    assert len(github.writes()) == 3


def test_one_issue_is_kept_up_to_date_and_only_the_bots_own(
    github: LoopbackGitHub, repo: Repo, writer: GitHubWriter
) -> None:
    alices = repo.open_issue("Dashboard", by="alice", labels=("bot:dashboard",))
    made = writer.open_issue(title="Dashboard", body="One.", label="bot:dashboard")
    assert isinstance(made, Issue)
    assert made.number not in (1, alices.number)
    assert writer.open_issue(title="Dashboard", body="Two.", label="bot:dashboard") == made
    view = GitHubReader(address(github)).observe("main", Sha(repo.branch_sha("main")), [])
    assert view.issues == (made,)
    writes = len(github.writes())
    assert writer.update_issue(made.number, title="Dashboard", body="One.") is None
    assert len(github.writes()) == writes
    assert writer.update_issue(made.number, title="Dashboard", body="Two.") is None
    assert [issue.body for issue in repo.issues] == ["", "Two."]
    assert not refusal(writer.update_issue(alices.number, title="x", body="y"))[1]
    repo.close_issue(made.number)
    reason, final = refusal(writer.update_issue(made.number, title="x", body="y"))
    assert "not an open one" in reason
    assert not final  # reopened, it is kept up to date again
    repo.settings.has_issues = False
    answer = writer.open_issue(title="Other", body="", label="bot:dashboard")
    assert isinstance(answer, Refused)
    assert "disabled" in answer.reason


def test_an_issue_is_told_once_and_only_while_it_is_work_for_the_bot(
    github: LoopbackGitHub, repo: Repo, writer: GitHubWriter
) -> None:
    issue = repo.open_issue("Broken", by="alice", labels=("Bot:Fix",))
    with github.lock:
        repo.add_comment(issue, marked("Not the bot's.", "told:ended"), github.actor("alice"))

    def tell(marker: str = "told:ended", number: int = issue.number) -> Refused | None:
        return writer.tell_issue(number, "Nothing has come of it.", marker=marker, label="bot:fix")

    assert tell() is None
    assert tell() is None
    assert [said.author for said in issue.comments] == ["alice", BOT]
    assert refusal(tell(number=999))[1]
    repo.edit_issue(issue.number, labels=["bug"])
    assert refusal(tell("told:proposed")) == (
        f"issue {issue.number} is no work for the bot any more",
        False,
    )
    repo.edit_issue(issue.number, labels=["bot:fix"])
    repo.close_issue(issue.number)
    assert not refusal(tell("told:proposed"))[1]
    assert len(issue.comments) == 2
