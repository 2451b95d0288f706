"""From an empty repository to the bot's first pull request, as a maintainer would go."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.isolation import probe
from tests.command import Ran
from tests.loopback import LoopbackGitHub
from tests.loopback_openai import ScriptedOpenAI
from tests.scenarios.world import World
from tests.scratch import contents

PIN = "5" * 40
CODE = {
    "pages.py": "def last_page(pages):\n    return pages[len(pages)]\n",
    "test_pages.py": """\
import unittest

from pages import last_page


class TestPages(unittest.TestCase):
    def test_last(self):
        self.assertEqual(last_page(["a", "b"]), "b")

    def test_only(self):
        self.assertEqual(last_page(["a"]), "a")
""",
}
WRITTEN = {
    ".github/bot.toml",
    ".github/workflows/bot.yml",
    ".github/workflows/bot-sandbox.yml",
}


class Terminal(io.StringIO):
    """Somebody who types these lines."""

    def isatty(self) -> bool:
        return True


class Newcomer(World):
    """Somebody with a new repository, of which GitHub knows nothing but the name."""

    def __init__(self, folder: Path, github: LoopbackGitHub, model: ScriptedOpenAI) -> None:
        self.folder, self.github, self.model = folder, github, model
        self.token = github.add_actor("amendbot[bot]", id=4242)
        github.run_elsewhere.add(".github/workflows/bot-sandbox.yml")
        self.repo = github.create_repo("acme/agent", {})
        self.repo.git("update-ref", "-d", "refs/heads/main")
        self.clone = folder / "agent"
        self.clone.mkdir()
        owner = github.token_of("acme")
        url = self.repo.clone_url.replace("://", f"://x-access-token:{owner}@")
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", url)
        for path, text in CODE.items():
            (self.clone / path).write_text(text)

    def git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.clone, check=True, capture_output=True, text=True
        )
        return done.stdout

    def push(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "Begin")
        self.git("push", "-q", "origin", "main")

    def init(self, *args: str) -> Ran:
        return self.bot("init", "--pin", PIN, *args, OPENAI_API_KEY="")


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    with LoopbackGitHub() as github, ScriptedOpenAI() as model:
        made = Newcomer(tmp_path, github, model)
        yield made
        assert not [*github.violations, *model.violations]


def test_from_an_empty_repository_to_the_first_pull_request(newcomer: Newcomer) -> None:
    ran = newcomer.init("--yes")
    assert ran.code == 0, ran.err
    assert '+mode = "propose"' in ran.out.partition("Written:")[0], "shown before it is written"
    status = newcomer.git("status", "--porcelain", "-uall").split()[1::2]
    assert {*status} == WRITTEN | {*CODE}, "nothing else is written"
    assert newcomer.bot("config", "check").out.endswith("is fine.\n")
    newcomer.push()
    told = newcomer.bot("reflect", "last_page in pages.py fails with an IndexError")
    assert told.code == 0, told.err

    looked = newcomer.bot("doctor", "--no-ask-model", OPENAI_API_KEY="")
    assert looked.code == 0, looked.out + looked.err
    assert "The bot can work here: 0 problems" in looked.out

    if probe().kind != "bubblewrap":
        pytest.skip(f"beside a token nothing is tried without isolation: {probe().reason}")
    few = {"BOT_ENGINE_ORDER": "search", "BOT_ENGINE_SEARCH_CANDIDATES": "60"}
    tick = newcomer.bot("run", OPENAI_API_KEY="", **few)
    assert tick.code == 0, tick.out + tick.err
    (pull,) = newcomer.repo.pulls
    assert pull.author == "amendbot[bot]"
    assert "+    return pages[len(pages) - 1]" in tick.out or "pages[-1]" in tick.out


def test_what_is_there_stays_and_what_would_differ_is_said(newcomer: Newcomer) -> None:
    config = newcomer.clone / ".github" / "bot.toml"
    config.parent.mkdir()
    config.write_text('mode = "merge"\n')
    before = contents(newcomer.clone)
    ran = newcomer.init()
    assert ran.code == 0, ran.err
    assert "nobody can be asked here" in ran.out
    assert contents(newcomer.clone) == before, "only shown"

    ran = newcomer.init("--yes", "--one-job")
    assert ran.code == 0, ran.err
    assert config.read_text() == 'mode = "merge"\n'
    assert '-mode = "merge"' in ran.out
    assert ".github/bot.toml is there and stays as it is" in ran.out
    written = contents(newcomer.clone)
    assert {*written} - {*before} == WRITTEN - {".github/bot.toml"}

    ran = newcomer.init("--yes", "--one-job")
    assert "Everything is there already" in ran.out
    assert contents(newcomer.clone) == written


def test_where_there_is_no_github_there_are_no_workflows(newcomer: Newcomer) -> None:
    newcomer.git("remote", "set-url", "origin", "https://git.example.invalid/acme/agent.git")
    before = {*contents(newcomer.clone)}
    ran = newcomer.init("--yes", "--base", "main")
    assert ran.code == 0, ran.err
    assert "The remote is not at GitHub" in ran.out
    assert {*contents(newcomer.clone)} - before == {".github/bot.toml"}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--pin", "main"), "'main' is no commit"),
        (("--settle",), "no workflow here that runs on pull requests"),
        (("--pull-request", "--yes"), "no branch with a commit"),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(
    newcomer: Newcomer, args: tuple[str, ...], said: str
) -> None:
    ran = newcomer.init(*args)
    assert ran.code == 1
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_at_a_terminal_it_asks_three_questions_and_takes_no_for_an_answer(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(newcomer.clone)
    monkeypatch.setattr("sys.stdin", Terminal("notes/*.jsonl\nmake check\nn\n"))
    ran = newcomer.init()
    assert ran.code == 0, ran.err
    for question in ("Where do agents write reflections?", "What runs the tests?"):
        assert question in ran.out
    assert '+files = ["notes/*.jsonl"]' in ran.out
    assert '+command = "make check"' in ran.out
    assert "Write these 3 files?" in ran.out
    assert ran.out.endswith("Nothing is written.\n")
    assert contents(newcomer.clone) == before


def test_a_workflow_s_own_token_cannot_propose_workflows(newcomer: Newcomer) -> None:
    newcomer.push()
    newcomer.token = newcomer.github.add_actor("github-actions[bot]")
    ran = newcomer.init("--pull-request", "--yes")
    assert ran.code == 1
    assert "a workflow's own never is" in ran.err
    assert newcomer.repo.pulls == []


def test_it_can_be_the_first_pull_request(newcomer: Newcomer) -> None:
    newcomer.push()
    main = newcomer.repo.git("rev-parse", "main")
    before = newcomer.origin()
    assert newcomer.init("--pull-request").code == 0
    assert newcomer.origin() == before, "without --yes it is only shown"

    ran = newcomer.init("--pull-request", "--yes")
    assert ran.code == 0, ran.err
    (pull,) = newcomer.repo.pulls
    changed = newcomer.repo.git("diff", "--name-status", f"{main}", pull.head_sha)
    assert changed.split() == [part for path in sorted(WRITTEN) for part in ("A", path)]
    assert newcomer.repo.git("rev-parse", "main") == main
    assert "pages.py" not in newcomer.git("status", "--porcelain"), "nothing is written here"

    ran = newcomer.init("--pull-request", "--yes")
    assert (ran.code, len(newcomer.repo.pulls)) == (0, 1)
    assert "proposes this already" in ran.out
    newcomer.repo.close(pull.number, by="acme")
    ran = newcomer.init("--pull-request", "--yes")
    assert (ran.code, len(newcomer.repo.pulls)) == (1, 1)
    assert "was closed" in ran.err
