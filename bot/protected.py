"""Paths the bot never merges by itself, and why. A fact for policy, not a refusal.

Judged on the paths of git's own comparison, case-insensitively where a file system might be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pathspec import GitIgnoreSpec

from bot.config import CONFIG_PATH, Config
from bot.model import FileChange, Finding, Tree


class Ward(StrEnum):
    """What a protected path belongs to."""

    ITSELF = "the bot's own configuration and code"
    FORGE = "workflows and forge settings"
    DOT_FILES = "top-level dot-files and dot-directories"
    OWNERS = "code owners"
    DEPENDENCIES = "dependencies"
    CHECKS = "continuous integration"
    TESTS = "tests, which judge the patch"
    GIT = "git's own settings"
    REFLECTIONS = "reflections, which the bot is asked by"
    NAMED = "named by [protect] in the configuration"


@dataclass(frozen=True, slots=True, order=True)
class Protected(Finding):
    """A changed path that is protected, what it belongs to, and the pattern that says so."""

    ward: Ward
    pattern: str


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

_OWN_MODULES = ("gate.py", "rules.py", "policy.py", "quarantine.py", "untrusted.py")
"""A folder of the base that holds all of these holds the bot, whatever the folder is called."""

_RULES: tuple[tuple[Ward, tuple[str, ...]], ...] = (
    (Ward.ITSELF, (f"/{CONFIG_PATH}",)),
    (Ward.FORGE, ("/.github/", "/.gitlab/", "/.circleci/", "/.forgejo/")),
    (Ward.DOT_FILES, ("/.*",)),
    (Ward.OWNERS, ("CODEOWNERS",)),
    (Ward.DEPENDENCIES, _DEPENDENCIES),
    (
        Ward.CHECKS,
        (
            ".pre-commit-config.yaml", ".pre-commit-hooks.yaml", ".travis.yml",
            "azure-pipelines*.yml", "Jenkinsfile", "appveyor.yml", "tox.ini",
            "noxfile.py", "Makefile", "Dockerfile*",
            "docker-compose*.yml", "action.yml", "action.yaml", "lefthook.yml", ".husky/",
            ".githooks/", ".gitlab-ci.yml",
        ),
    ),
    (Ward.TESTS, _TESTS),
    (Ward.GIT, (".gitattributes", ".gitmodules", ".gitignore", ".mailmap")),
)  # fmt: skip


def protected(
    changes: Iterable[FileChange], config: Config, base: Tree | None = None
) -> tuple[Protected, ...]:
    """One finding for each changed path that is protected, naming the first reason that applies.

    `base` is the tree that is changed; without it the bot's own code is not known.
    """
    sources = tuple(pattern for source in config.source for pattern in source.files)
    rules = (*_RULES, (Ward.REFLECTIONS, sources), (Ward.NAMED, config.protect.paths))
    return tuple(found for change in changes for found in _why(change.path, rules, base))


def _why(
    path: str, rules: Iterable[tuple[Ward, tuple[str, ...]]], base: Tree | None
) -> Iterator[Protected]:
    own = _folder_of_the_bot(path, base) if base else None
    if own is not None:
        yield _protected(path, Ward.ITSELF, f"/{own}")
        return
    for ward, patterns in rules:
        for name in (path, path.casefold()):
            said = _spec(patterns).check_file(name)
            if said.include:
                yield _protected(path, ward, patterns[(said.index or 0) % len(patterns)])
                return


def _protected(path: str, ward: Ward, pattern: str) -> Protected:
    return Protected("protected", path, f"{path} is protected: {ward}", ward, pattern)


def _folder_of_the_bot(path: str, base: Tree) -> str | None:
    """The folder around the path that holds the bot in this tree, with its slash; None if none."""
    parts = path.split("/")[:-1]
    folders = ("".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts) + 1))
    for folder in folders:
        if all(base.mode(f"{folder}{module}") for module in _OWN_MODULES):
            return folder
    return None


def is_test(path: str) -> bool:
    """Whether the path is one of the tests, or decides how they run."""
    return _spec(_TESTS).match_file(path) or _spec(_TESTS).match_file(path.casefold())


def is_manifest(path: str) -> bool:
    """Whether the path says what the repository depends on."""
    return _spec(_DEPENDENCIES).match_file(path) or _spec(_DEPENDENCIES).match_file(path.casefold())


@lru_cache(maxsize=64)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines([*patterns, *(pattern.casefold() for pattern in patterns)])
