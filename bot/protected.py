"""Paths the bot never merges by itself, and why. A fact for policy, not a refusal.

Judged on the paths of git's own comparison, case-insensitively where a file system might be.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pathspec import GitIgnoreSpec

from bot.config import Config
from bot.model import FileChange, Finding

_TESTS = (
    "tests/", "test/", "__tests__/", "test_*.py", "*_test.py", "conftest.py", "pytest.ini",
    "*.test.js", "*.test.ts", "*.test.jsx", "*.test.tsx", "*.spec.js", "*.spec.ts", "*_test.go",
    "sitecustomize.py", "usercustomize.py", "*.pth",
)  # fmt: skip

_DEPENDENCIES = (
    "pyproject.toml", "setup.py", "setup.cfg", "*requirements*.txt", "*requirements*.in",
    "requirements/", "constraints*.txt", "Pipfile*", "environment*.yml",
    "environment*.yaml", "package.json", "package-lock.json",
    "npm-shrinkwrap.json", "yarn.lock",
    "pnpm-lock.yaml", "Cargo.toml", "Cargo.lock", "go.mod", "go.sum", "Gemfile*",
    "*.gemspec", "composer.json", "composer.lock", "pom.xml", "build.gradle*", "*.lock",
)  # fmt: skip

_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("workflows and forge settings", ("/.github/", "/.gitlab/", "/.circleci/", "/.forgejo/")),
    ("top-level dot-files and dot-directories", ("/.*",)),
    ("code owners", ("CODEOWNERS",)),
    ("dependencies", _DEPENDENCIES),
    (
        "continuous integration",
        (
            ".pre-commit-config.yaml", ".pre-commit-hooks.yaml", ".travis.yml",
            "azure-pipelines*.yml", "Jenkinsfile", "appveyor.yml", "tox.ini",
            "noxfile.py", "Makefile", "Dockerfile*",
            "docker-compose*.yml", "action.yml", "action.yaml", "lefthook.yml", ".husky/",
            ".githooks/", ".gitlab-ci.yml",
        ),
    ),
    ("tests, which judge the patch", _TESTS),
    ("git's own settings", (".gitattributes", ".gitmodules", ".gitignore", ".mailmap")),
)  # fmt: skip


def protected(changes: Iterable[FileChange], config: Config) -> tuple[Finding, ...]:
    """One finding for each changed path that is protected, naming the first reason that applies."""
    sources = tuple(pattern for source in config.source for pattern in source.files)
    rules = (
        *_RULES,
        ("reflections, which the bot is asked by", sources),
        ("named by [protect] in the configuration", config.protect.paths),
    )
    found = []
    for change in changes:
        for reason, patterns in rules:
            if _spec(patterns).match_file(change.path) or _spec(patterns).match_file(
                change.path.casefold()
            ):
                found.append(
                    Finding("protected", change.path, f"{change.path} is protected: {reason}")
                )
                break
    return tuple(found)


def is_test(path: str) -> bool:
    """Whether the path is one of the tests, or decides how they run."""
    return _spec(_TESTS).match_file(path) or _spec(_TESTS).match_file(path.casefold())


def is_manifest(path: str) -> bool:
    """Whether the path says what the repository depends on."""
    return _spec(_DEPENDENCIES).match_file(path) or _spec(_DEPENDENCIES).match_file(path.casefold())


@lru_cache(maxsize=64)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines([*patterns, *(pattern.casefold() for pattern in patterns)])
