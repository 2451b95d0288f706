"""Paths that always need a person."""

from __future__ import annotations

import pytest

from bot.config import Config, ProtectConfig, SourceConfig
from bot.model import FileChange
from bot.protected import Ward, protected
from tests.scratch import MemoryTree


def change(path: str) -> FileChange:
    return FileChange(
        path=path, status="M", old_mode="100644", new_mode="100644", added=1, removed=1
    )


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".github/bot.toml",
        ".GitHub/workflows/ci.yml",
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        ".devcontainer/devcontainer.json",
        ".vscode/settings.json",
        ".env",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        "codeowners",
        "pyproject.toml",
        "packages/a/pyproject.toml",
        "setup.py",
        "setup.cfg",
        "requirements.txt",
        "requirements-dev.txt",
        "dev-requirements.txt",
        "requirements/base.txt",
        "constraints.txt",
        "Pipfile",
        "Pipfile.lock",
        "poetry.lock",
        "uv.lock",
        "package.json",
        "web/package-lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "Cargo.toml",
        "Cargo.lock",
        "go.mod",
        "go.sum",
        ".pre-commit-config.yaml",
        "sub/.pre-commit-config.yaml",
        "tox.ini",
        "noxfile.py",
        "Makefile",
        "MAKEFILE",
        "Dockerfile",
        "Dockerfile.dev",
        "sub/action.yml",
        "Jenkinsfile",
        "tests/test_llm.py",
        "Tests/x.py",
        "pkg/tests/data.json",
        "test/x.js",
        "pkg/test_llm.py",
        "pkg/llm_test.py",
        "conftest.py",
        "pkg/conftest.py",
        "pytest.ini",
        "web/x.spec.ts",
        "sitecustomize.py",
        "x.pth",
        ".gitattributes",
        "sub/.gitattributes",
        ".gitmodules",
        "reflections.json",
        "memory/reflections.json",
    ],
)
def test_a_protected_path_is_named_with_its_reason(path: str) -> None:
    (finding,) = protected([change(path)], Config())
    assert finding.rule == "protected"
    assert finding.path == path
    assert finding.sentence.startswith(f"{path} is protected: ")


@pytest.mark.parametrize(
    "path",
    [
        "llm.py",
        "pkg/llm.py",
        "docs/requirements.md",
        "contest.py",
        "latest.py",
        "protest_x.py",
        "pkg/testing.py",
        "github/x.py",
        "makefiles.py",
        "pkg/lock.py",
        "my_reflections.json",
        "README.md",
    ],
)
def test_ordinary_code_is_not_protected(path: str) -> None:
    assert protected([change(path)], Config()) == ()


def test_a_maintainer_protects_more_and_never_less() -> None:
    config = Config(protect=ProtectConfig(paths=("core/", "!/.github/", "!Makefile", "*.SQL")))
    paths = ["core/a.py", ".github/x", "Makefile", "db/a.sql", "llm.py"]
    found = protected([change(path) for path in paths], config)
    assert [finding.path for finding in found] == paths[:4]
    assert "[protect]" in found[0].sentence


def test_the_configured_reflections_are_protected() -> None:
    config = Config(source=(SourceConfig(files=("memory/*.jsonl",)),))
    (finding,) = protected([change("memory/a.jsonl"), change("reflections.json")], config)
    assert finding.path == "memory/a.jsonl"
    assert "reflections" in finding.sentence


def test_the_pattern_that_protects_it_is_named() -> None:
    config = Config(protect=ProtectConfig(paths=("docs/", "DB/*.SQL")))
    found = protected([change("a/Poetry.LOCK"), change("db/a.sql"), change("MAKEFILE")], config)
    assert [(each.ward, each.pattern) for each in found] == [
        (Ward.DEPENDENCIES, "*.lock"),
        (Ward.NAMED, "DB/*.SQL"),
        (Ward.CHECKS, "Makefile"),
    ]


def test_the_bots_own_code_is_protected_wherever_a_repository_keeps_it() -> None:
    names = ("gate.py", "rules.py", "policy.py", "quarantine.py", "untrusted.py", "sandbox/x.py")
    base = MemoryTree({f"vendor/amendbot/{name}": "" for name in names} | {"bot/rules.py": ""})
    changed = [change(f"vendor/amendbot/{name}") for name in ("rules.py", "sandbox/new.py")]
    found = protected([*changed, change("bot/rules.py"), change("vendor/x.py")], Config(), base)
    assert [(each.path, each.ward, each.pattern) for each in found] == [
        ("vendor/amendbot/rules.py", Ward.ITSELF, "/vendor/amendbot/"),
        ("vendor/amendbot/sandbox/new.py", Ward.ITSELF, "/vendor/amendbot/"),
    ]
