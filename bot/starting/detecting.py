"""What a repository says of itself: language, tests, checks, owners, reflections. Pure."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.model import Reflection, Tree
from bot.owners import CODEOWNERS_PATHS
from bot.sources import Document, read_document
from bot.starting.checks import Workflow, workflows

USUAL_FILES = ("reflections.json", "**/reflections.json", "**/reflections.jsonl")
"""Where the bot looks for reflections by itself."""

_LANGUAGES = {
    "Python": (".py",),
    "JavaScript": (".js", ".jsx", ".mjs", ".cjs"),
    "TypeScript": (".ts", ".tsx"),
    "Go": (".go",),
    "Rust": (".rs",),
    "Java": (".java",),
    "Kotlin": (".kt",),
    "Ruby": (".rb",),
    "C#": (".cs",),
    "PHP": (".php",),
    "C++": (".cc", ".cpp", ".hpp"),
    "C": (".c", ".h"),
}
_OF_SUFFIX = {suffix: name for name, suffixes in _LANGUAGES.items() for suffix in suffixes}
_MAKES_TESTS = re.compile(r"(?m)^test\s*:(?!=)")
_SPEAKS_OF_THEM = re.compile(
    r"reflection|lesson|thought|correction|iteration|postmortem|error[_-]?report|failed[_-]?step",
    re.IGNORECASE,
)
_MAX_CANDIDATES = 40
_MAX_CHARS = 2_000_000
_TEST_EXTRAS = ("test", "tests", "testing", "dev", "develop", "development")
_REQUIREMENTS = (
    "requirements.txt", "requirements-dev.txt", "requirements-test.txt", "requirements_dev.txt",
    "requirements_test.txt", "dev-requirements.txt", "test-requirements.txt",
    "requirements/dev.txt", "requirements/test.txt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tests:
    """How a repository's tests are run. An empty command: none were found.

    `known` says that the bot comes to the same command without being told.
    """

    __test__ = False  # nothing for pytest to collect

    command: str
    known: bool = False
    setup: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What `bot init` has seen. `languages` begin with that of most files; `owners` is a path."""

    branch: str
    languages: tuple[str, ...]
    tests: Tests
    workflows: tuple[Workflow, ...]
    owners: str
    reflections: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The patterns by which the bot finds these reflections, and later ones beside them."""
        usual = ("reflections.json", "reflections.jsonl")
        others = [path for path in self.reflections if PurePosixPath(path).name not in usual]
        return (*USUAL_FILES, *others)

    @property
    def checks(self) -> tuple[str, ...]:
        """What CI calls the checks of a pull request, as far as it can be read off."""
        names = (name for workflow in self.workflows for name in workflow.checks)
        return tuple(dict.fromkeys(names))


def detect(tree: Tree, branch: str, python_tests: tuple[str, ...]) -> Found:
    """Look at a tree. `python_tests` are the words by which the bot itself would run its tests."""
    paths = tree.paths()
    return Found(
        branch=branch,
        languages=languages(paths),
        tests=tests(tree, python_tests),
        workflows=workflows(tree),
        owners=next((path for path in CODEOWNERS_PATHS if path in paths), ""),
        reflections=tuple(reflections(tree)),
    )


def languages(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The languages of these files, the one of most files first."""
    suffixes = (PurePosixPath(path).suffix for path in paths)
    count = Counter(_OF_SUFFIX[suffix] for suffix in suffixes if suffix in _OF_SUFFIX)
    return tuple(name for name, _ in sorted(count.items(), key=lambda one: (-one[1], one[0])))


def tests(tree: Tree, python_tests: tuple[str, ...]) -> Tests:
    """How the tests are run: Python's as the bot knows them, else as the build files say."""
    if python_tests:
        with_pytest = "pytest" in python_tests
        setup = tuple(python_setup(tree, with_pytest=with_pytest))
        return Tests(shlex.join(python_tests), known=True, setup=setup)
    paths = frozenset(tree.paths())
    for path, command in (
        ("go.mod", "go test ./..."),
        ("Cargo.toml", "cargo test --offline"),
        ("mvnw", "./mvnw --offline test"),
        ("pom.xml", "mvn --offline test"),
        ("gradlew", "./gradlew --offline test"),
    ):
        if path in paths:
            return Tests(command)
    if _has_test_script(tree.read("package.json") or ""):
        return Tests("npm test")
    if _MAKES_TESTS.search(tree.read("Makefile") or ""):
        return Tests("make test")
    if "Gemfile" in paths and any(path.startswith("spec/") for path in paths):
        return Tests("bundle exec rspec")
    return Tests("")


tests.__test__ = False  # type: ignore[attr-defined] # nothing for pytest to collect


def _has_test_script(package: str) -> bool:
    """Whether `npm test` does anything; `npm init` writes a script that only fails."""
    try:
        script = json.loads(package).get("scripts", {}).get("test", "")
    except (ValueError, AttributeError, RecursionError):
        return False
    return isinstance(script, str) and bool(script) and "no test specified" not in script


# ----------------------------------------------------------------------------------- what they need


def python_setup(tree: Tree, *, with_pytest: bool) -> Iterator[str]:
    """The commands that put into an environment what the tests import."""
    pip = "python -m pip install"
    files = [path for path in _REQUIREMENTS if path in tree.paths()]
    said = "\n".join(tree.read(path) or "" for path in files)
    yield from (f"{pip} -r {path}" for path in files)
    project = _toml(tree.read("pyproject.toml") or "")
    extras = _table(_table(project, "project"), "optional-dependencies")
    groups = _table(project, "dependency-groups")
    chosen = [name for name in _TEST_EXTRAS if name in extras]
    if chosen or _table(project, "project").get("dependencies"):
        target = f".[{','.join(chosen)}]" if chosen else "."
        yield f"{pip} {shlex.quote(target)}"
        said += json.dumps([extras.get(name) for name in chosen])
    for name in _TEST_EXTRAS:
        if name in groups:
            yield f"{pip} --group {name}"
            said += json.dumps(groups[name])
    if with_pytest and not re.search(r"\bpytest\b", said):
        yield f"{pip} pytest"


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _table(table: dict[str, Any], name: str) -> dict[str, Any]:
    found = table.get(name)
    return found if isinstance(found, dict) else {}


# ------------------------------------------------------------------------------ where they write


def reflections(tree: Tree) -> Iterator[str]:
    """The files that hold at least one reflection, by their content; names only say where to look.

    The bot's own configuration, workflows and dependencies hold none.
    """
    named = [path for path in tree.paths() if _may_hold_reflections(path)]
    for path in named[:_MAX_CANDIDATES]:
        text = tree.read(path)
        if text is None or len(text) > _MAX_CHARS:
            continue
        records = read_document(Document("reflections", path, text.encode()))
        if any(isinstance(record, Reflection) for record in records):
            yield path


def _may_hold_reflections(path: str) -> bool:
    """Whether to look into a file, whose name also has to be a pattern that matches it alone."""
    place = PurePosixPath(path)
    if not path.isprintable() or set(path) & set("*?[]!#\\"):
        return False
    if place.suffix not in (".json", ".jsonl", ".ndjson") or "node_modules" in place.parts:
        return False
    return bool(_SPEAKS_OF_THEM.search(path))
