"""What `bot init` sees in a repository is what is there."""

from __future__ import annotations

import json
import re

import pytest

from bot.config import TestConfig, parse_config
from bot.sandbox.suite import test_command
from bot.starting.checks import Workflow
from bot.starting.configuring import Choices, configuration
from bot.starting.detecting import Found, Tests, detect, languages
from tests.scratch import MemoryTree

RECORD = [{"reflection": "`f` in a.py fails on empty input", "outcome": "failure"}]
PYTEST = {"pytest.ini": "", "a.py": "", "tests/test_a.py": "def test_a(): pass\n"}
CI = "on:\n  push:\n  pull_request:\njobs:\n  test:\n    name: All tests\n  lint: {}\n"


def look(files: dict[str, str]) -> Found:
    tree = MemoryTree(files)
    return detect(tree, "main", test_command(tree, TestConfig()))


@pytest.mark.parametrize(
    ("files", "tests"),
    [
        ({}, Tests("")),
        ({"README.md": ""}, Tests("")),
        ({"test_a.py": "import unittest\n"}, Tests("python -m unittest", known=True)),
        (PYTEST, Tests("python -m pytest", known=True, setup=("python -m pip install pytest",))),
        (
            PYTEST | {"requirements.txt": "pytest>=8\n"},
            Tests(
                "python -m pytest",
                known=True,
                setup=("python -m pip install -r requirements.txt",),
            ),
        ),
        (
            PYTEST
            | {"pyproject.toml": '[project]\n[project.optional-dependencies]\ntest = ["pytest"]\n'},
            Tests("python -m pytest", known=True, setup=("python -m pip install '.[test]'",)),
        ),
        (
            PYTEST | {"pyproject.toml": '[dependency-groups]\ndev = ["pytest"]\n'},
            Tests("python -m pytest", known=True, setup=("python -m pip install --group dev",)),
        ),
        (
            PYTEST | {"pyproject.toml": "not toml ["},
            Tests("python -m pytest", known=True, setup=("python -m pip install pytest",)),
        ),
        ({"go.mod": "", "a.go": ""}, Tests("go test ./...")),
        ({"Cargo.toml": ""}, Tests("cargo test --offline")),
        ({"package.json": '{"scripts": {"test": "vitest run"}}'}, Tests("npm test")),
        ({"package.json": '{"scripts": {"test": "echo no test specified"}}'}, Tests("")),
        ({"package.json": "[1]"}, Tests("")),
        ({"Makefile": "all:\n\ntest: all\n\tctest\n"}, Tests("make test")),
        ({"Makefile": "test := 3\n"}, Tests("")),
    ],
)
def test_tests_and_what_they_need(files: dict[str, str], tests: Tests) -> None:
    assert look(files).tests == tests


def test_languages_come_in_the_order_of_their_files() -> None:
    assert languages(("a.ts", "b.py", "c.py", "README.md")) == ("Python", "TypeScript")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CI, (Workflow(".github/workflows/ci.yml", "W", ("All tests", "lint"), on_push=True),)),
        ("on: pull_request\njobs: {}\n", (Workflow(".github/workflows/ci.yml", "W", (), False),)),
        (
            "on: [pull_request]\njobs:\n  a:\n    strategy: {}\n  b: {name: '${{ matrix.x }}'}\n",
            (Workflow(".github/workflows/ci.yml", "W", (), on_push=False),),
        ),
        ("on: push\njobs:\n  a: {}\n", ()),
        ("on: pull_request\njobs: &a [*a]\n", ()),
        ("- 1\n", ()),
        (":", ()),
    ],
)
def test_the_checks_are_those_that_pull_requests_get(
    text: str, expected: tuple[Workflow, ...]
) -> None:
    found = look({".github/workflows/ci.yml": f"name: W\n{text}" if text != "- 1\n" else text})
    assert found.workflows == expected
    assert look({".github/workflows/bot-sandbox.yml": f"name: W\n{text}"}).workflows == ()


def test_reflections_are_known_by_what_they_hold() -> None:
    files = {
        "reflections.json": json.dumps(RECORD),
        "logs/lessons.jsonl": json.dumps(RECORD[0]),
        "empty/reflections.json": "[]",
        "reflections/schema.json": '{"type": "object"}',
        "data.json": json.dumps(RECORD),
        "a[1]/reflections.json": json.dumps(RECORD),
    }
    found = look(files)
    assert found.reflections == ("logs/lessons.jsonl", "reflections.json")
    assert found.sources[-1] == "logs/lessons.jsonl"
    assert "reflections.json" in found.sources


HOSTILE = 'x"\n[merge]\nwithout_evidence = true # \x7f'


@pytest.mark.parametrize("mode", ["observe", "propose", "merge"])
@pytest.mark.parametrize(
    "files",
    [
        {},
        PYTEST | {"CODEOWNERS": "* @alice\n", ".github/workflows/ci.yml": CI},
        {"go.mod": "", "a.go": ""},
        {".github/workflows/ci.yml": f"on: pull_request\njobs:\n  {json.dumps(HOSTILE)}: {{}}\n"},
    ],
)
def test_the_configuration_says_what_was_chosen_and_nothing_else(
    files: dict[str, str], mode: str
) -> None:
    found = look(files)
    choices = Choices(
        reflections=(*found.sources, HOSTILE), tests=found.tests.command or HOSTILE[:1], mode=mode
    )
    text = configuration(found, choices, "5" * 40)
    config = parse_config(text)
    assert config.mode == mode
    assert config.source[0].files == choices.reflections
    assert not config.source[0].trust
    assert config.test.setup == found.tests.setup
    assert config.test.command in ("", choices.tests)
    assert config.engine.order[-1] == "openai"
    assert not config.merge.without_evidence
    assert max(map(len, text.splitlines())) <= 200
    offered = re.sub(r"(?m)^# (\[\[source\]\]|name = .*|kind = .*)$", r"\1", text)
    assert [source.kind for source in parse_config(offered).source] == ["files", "issues"]
