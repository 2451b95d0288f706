"""A repository that has started with the bot as `bot init` writes it, and where its workflows run.

It holds two defects: one that a test shows, which `search` can mend, and one that only a reflection
tells of, which needs a model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.starting.beginning import Version, beginning
from bot.starting.configuring import Choices
from bot.starting.detecting import detect
from tests.loopback import LoopbackGitHub, Repo
from tests.loopback_openai import Message, ScriptedOpenAI, calls
from tests.scratch import MemoryTree

from .running import APP, OWN_ACTION, Place
from .warm import warm

VERSION = Version(commit="5" * 40, number="0.1.0")
WORDS = '''\
"""Words of a text."""


def first_word(text):
    words = text.split()
    return words[1].upper()


def shout(text):
    return text.upper()
'''
TEST = """\
import unittest

from words import first_word, shout


class TestWords(unittest.TestCase):
    def test_first(self):
        self.assertEqual(first_word("hello there"), "HELLO")

    def test_first_of_three(self):
        self.assertEqual(first_word("a b c"), "A")

    def test_only_word(self):
        self.assertEqual(first_word("one"), "ONE")

    def test_spaces(self):
        self.assertEqual(first_word("  x  y "), "X")

    def test_shout(self):
        self.assertEqual(shout("a"), "A")
"""
CI = """\
name: ci
on:
  push:
    branches: [main]
  pull_request:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - run: python -m unittest -q
"""
REFLECTIONS = [
    {
        "timestamp": "2026-01-04T00:00:00Z",
        "task_summary": "Greet people",
        "outcome": "failure",
        "reflection": "`first_word` in words.py fails: it returns the second word, not the first.",
    },
    {
        "timestamp": "2026-01-04T01:00:00Z",
        "task_summary": "Shout at nobody",
        "outcome": "failure",
        "reflection": "`shout` in words.py fails with an AttributeError on None.",
    },
]
FILES = {
    "words.py": WORDS,
    "test_words.py": TEST,
    "reflections.json": json.dumps(REFLECTIONS, indent=2),
    ".github/workflows/ci.yml": CI,
}
RULE = """
[engine.search]
candidates = 40
[[policy.rule]]
name = "proven"
paths = ["*.py"]
proof = "fail-to-pass"
outcome = "merge"
"""
SECRETS = {"OPENAI_API_KEY": "", "BOT_APP_PRIVATE_KEY": "-----the app's own key-----"}


def shout_at_nobody() -> Message:
    """The model's answer about the second defect."""
    report = {
        "filename": "words.py",
        "function": "shout",
        "summary": "shout raises AttributeError on None",
        "severity": "low",
    }
    edit = {
        "filename": "words.py",
        "old": "    return text.upper()\n",
        "new": '    return text.upper() if text else ""\n',
    }
    told = {"edits": [edit], "explanation": "Say nothing where there is nothing to say."}
    return calls(("log_bug_report", report), ("propose_code_patch", told))


@dataclass(frozen=True)
class Stage:
    place: Place
    github: LoopbackGitHub
    repo: Repo
    model: ScriptedOpenAI
    workflows: Path
    """The workflows as they are on the base branch."""


@contextmanager
def build_stage(folder: Path) -> Iterator[Stage]:
    with LoopbackGitHub() as github, ScriptedOpenAI() as model, warm(folder) as bot:
        github.add_actor(APP, id=4242)
        github.add_actor("github-actions[bot]", id=41898282)
        github.add_actor("alice")
        github.run_elsewhere.add(".github/workflows/bot-sandbox.yml")
        files = FILES | started()
        repo = github.create_repo("acme/agent", files)
        repo.require_checks(["test"])
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        place = Place(
            github,
            repo,
            folder / "runs",
            bot,
            {"BOT_APP_CLIENT_ID": "Iv1.app", "OPENAI_BASE_URL": model.base_url},
            SECRETS | {"OPENAI_API_KEY": model.key},
        )
        yield Stage(place, github, repo, model, folder / ".github" / "workflows")
        objections = [*github.violations, *model.violations]
        assert not objections, "\n".join(objections)


def started() -> dict[str, str]:
    """What `bot init` writes here, once a maintainer has let the bot merge what is proven."""
    found = detect(MemoryTree(FILES), "main", ("python", "-m", "unittest"))
    choices = Choices(
        reflections=found.sources, tests=found.tests.command, mode="merge", settle=True
    )
    files = dict(beginning(found, choices, VERSION, "acme/agent"))
    config = files[".github/bot.toml"].replace("trust = false", "trust = true")
    assert f"uses: {OWN_ACTION}@{VERSION.commit}" in files[".github/workflows/bot.yml"]
    return files | {".github/bot.toml": f"{config}{RULE}"}
