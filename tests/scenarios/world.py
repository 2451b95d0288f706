"""A small world to run the bot in: a repository at the loopback GitHub, a clone, a scripted model.

It holds the original's example: `dummy_function` in `llm.py` does not handle empty input, one test
says so, and a reflection that nobody has committed tells of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests import command
from tests.command import Ran
from tests.files import Files
from tests.loopback import LoopbackGitHub, Repo
from tests.loopback.snapshot import Snapshot
from tests.loopback_openai import Message, ScriptedOpenAI, calls
from tests.scenarios.started import Started

LLM = '''\
"""Talks to a language model."""


def dummy_function(text):
    """Return the first word of the text, in capitals."""
    words = text.split()
    return words[0].upper()


def count_words(text):
    return len(text.split())
'''
TEST = """\
import unittest

from llm import count_words, dummy_function


class TestLlm(unittest.TestCase):
    def test_first_word(self):
        self.assertEqual(dummy_function("hello there"), "HELLO")

    def test_empty_input(self):
        self.assertEqual(dummy_function(""), "")

    def test_count(self):
        self.assertEqual(count_words("a b"), 2)
"""
WORKFLOW = """\
name: ci
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: python -m unittest -q
"""
PROVEN_BY_CI = """
[sandbox]
enabled = false

[merge]
without_evidence = true
"""
CONFIG = f"""\
[[source]]
name = "reflections"
files = ["reflections.json"]
trust = true

[[policy.rule]]
name = "small and proven"
paths = ["*.py", "!test_*.py"]
severity = ["low", "medium"]
max_lines = 20
proof = "fail-to-pass"
outcome = "merge"
{PROVEN_BY_CI}"""
REFLECTION = {
    "timestamp": "2025-07-01T00:00:00Z",
    "task_summary": "Test bug in dummy_function",
    "outcome": "Function failed on edge case.",
    "reflection": "1. What failed?\n- The function 'dummy_function' in 'llm.py' does not handle "
    "empty input correctly.\n2. ...",
}
LAST_LINE = "    return words[0].upper()\n"
DIAGNOSIS = (
    "log_bug_report",
    {
        "filename": "llm.py",
        "function": "dummy_function",
        "summary": "dummy_function raises IndexError on empty input",
        "severity": "medium",
    },
)


def answer_with(new: str, explanation: str) -> Message:
    """A model's answer that puts something else in the place of dummy_function's last line."""
    edit = {"filename": "llm.py", "old": LAST_LINE, "new": new}
    return calls(DIAGNOSIS, ("propose_code_patch", {"edits": [edit], "explanation": explanation}))


GOOD_PATCH = answer_with(
    '    return words[0].upper() if words else ""\n',
    "Return an empty string when the text has no words.",
)
BAD_PATCH = answer_with("    return words[-1].upper()\n", "Take the last word instead.")


class World:
    """The repository `acme/agent`, the person's clone of it, and everything the bot talks to."""

    check = "test"
    """What the required check is called."""
    _started = 0

    def __init__(self, folder: Path, github: LoopbackGitHub, model: ScriptedOpenAI) -> None:
        self.github = github
        self.model = model
        self.folder = folder
        self.clone = folder / "agent"
        beginning().restore(github, self.clone)
        self.token = github.token_of("amendbot[bot]")
        self.repo: Repo = github.repos["acme/agent"]
        self.write_reflections([REFLECTION])

    def write_reflections(self, records: list[dict[str, str]]) -> None:
        """What an agent leaves in the work tree, uncommitted."""
        (self.clone / "reflections.json").write_text(json.dumps(records, indent=2))

    def configure(self, text: str) -> None:
        """A maintainer changes the configuration on the base branch."""
        self.repo.push_commit("main", {".github/bot.toml": scripted(text)}, by="alice")
        self.repo.run_workflows()

    def environment(self) -> dict[str, str]:
        """What the bot finds in its environment, and nothing of this machine's."""
        return self.common_environment() | {
            "GITHUB_TOKEN": self.token,
            "GITHUB_REPOSITORY": "acme/agent",
            "GITHUB_API_URL": self.github.url,
        }

    def common_environment(self) -> dict[str, str]:
        """What is the same on every forge."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(self.temporary),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TEST_FSYNC": "0",  # nothing here need survive a power cut
            "SSL_CERT_DIR": str(home),  # nothing here speaks TLS, and reading certificates is slow
            "OPENAI_API_KEY": self.model.key,
            "OPENAI_BASE_URL": self.model.base_url,
            "COLUMNS": "100",
        }

    @property
    def temporary(self) -> Path:
        path = self.folder / "tmp"
        path.mkdir(exist_ok=True)
        return path

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "bot.cli", *args]

    def bot(self, *args: str, **environment: str) -> Ran:
        """Run the command in this process: the same entry point, without its start-up time."""
        return self.bot_in(self.clone, self.environment() | environment, *args)

    def bot_in(self, folder: Path, environment: dict[str, str], *args: str) -> Ran:
        """Run the command in this process with another work folder and environment."""
        return command.run_in(folder, environment, *args)

    def bot_process(self, *args: str, **environment: str) -> Ran:
        """Run the command as a person would, in a process of its own."""
        ran = subprocess.run(
            self.command(*args),
            cwd=self.clone,
            env=self.environment() | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def start(self, *args: str) -> Started:
        """A process of its own for the command, which a scenario may kill."""
        self._started += 1
        said = self.folder / f"said-{self._started}.txt"
        return Started(args, self.clone, self.environment(), said)

    def kill_at_next_write(self, process: Started) -> None:
        """Let the process's next write take effect, and then kill it before it knows."""

        def kill(_: object) -> None:
            self.github.on_write = None
            os.killpg(process.pid, signal.SIGKILL)

        self.github.on_write = kill

    def lose_next_write(self, *, after_effect: bool) -> None:
        """Let the next write of anyone go without an answer, with or without its effect."""
        self.github.fault("cut", only="write", after_effect=after_effect)

    def origin(self) -> str:
        """Everything the remote and the forge hold, as text to compare."""
        return self.github.describe()

    def branches(self) -> list[str]:
        listed = self.repo.git("for-each-ref", "--format=%(refname)", "refs/heads")
        return [line.removeprefix("refs/heads/") for line in listed.split()]

    def on_main(self, path: str) -> str:
        return self.repo.git("show", f"main:{path}")


@dataclass(frozen=True)
class Beginning:
    """What every world starts from: made once, and then only copied."""

    github: Snapshot
    clone: Files
    address: str

    def restore(self, github: LoopbackGitHub, clone: Path) -> None:
        self.github.restore(github)
        self.clone.write(clone)
        config = clone / ".git" / "config"
        config.write_text(config.read_text().replace(self.address, address(github)))


@cache
def beginning() -> Beginning:
    with tempfile.TemporaryDirectory() as folder, LoopbackGitHub() as github:
        github.add_actor("amendbot[bot]", id=4242)
        github.add_actor("alice")
        repo = github.create_repo(
            "acme/agent",
            {"llm.py": LLM, "README.md": "# Agent\n", ".github/workflows/ci.yml": WORKFLOW},
        )
        repo.push_commit(
            "main",
            {
                "test_llm.py": TEST,
                ".github/bot.toml": scripted(CONFIG),
                "CODEOWNERS": "/docs/ @alice\n",
            },
            by="alice",
            message="Add tests and a configuration for the bot",
        )
        repo.run_workflows()
        repo.require_checks(["test"])
        clone = repo.clone(Path(folder) / "agent")
        assert github.violations == []
        return Beginning(Snapshot(github), Files.below(clone), address(github))


def scripted(text: str) -> str:
    """A scenario's configuration: what it is not about is left out, and a model is asked."""
    undashed = text if "dashboard" in text else f"dashboard = false\n{text}"
    return asking_the_model(undashed)


def asking_the_model(text: str) -> str:
    """A configuration that asks the scripted model first, unless it says who is asked."""
    says = "[engine]" in text or "engine.order" in text
    return text if says else f'engine.order = ["openai"]\n{text}'


def address(github: LoopbackGitHub) -> str:
    return github.url.removeprefix("http://")


@contextmanager
def build_world(folder: Path, count: Callable[[str], int] | None = None) -> Iterator[World]:
    """A world whose servers stop when it is left; `count` is the model's tokenizer."""
    model = ScriptedOpenAI(count=count) if count else ScriptedOpenAI()
    with LoopbackGitHub() as github, model as server:
        yield World(folder, github, server)
