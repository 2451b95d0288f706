"""Run the tests of the commit that lies in a workspace, and record each of them.

pytest and unittest are recorded by plugins of ours, told apart from what the tests themselves write
by a key that only the recorder is handed. Any other command counts by its JUnit XML files, if it
writes some, else by its exit code.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from bot.config import TestConfig
from bot.evidence import Change, Ended, Lines, TestOutcome, TestResult, TestRun
from bot.model import Sha, Tree
from bot.sandbox import Finished, Job, Limits
from bot.sandbox.isolation import Inside, Isolation, inside
from bot.sandbox.report_files import ReportFiles
from bot.sandbox.reports import Recorded, parse_events
from bot.sandbox.running import run
from bot.sandbox.toolchain import Toolchain
from bot.sandbox.workspace import Workspace
from bot.secrets import redact
from bot.untrusted import one_line, visible

MAX_OUTPUT_CHARS = 20_000
"""So much of the end of what a run printed is kept."""

_RECORDERS = Path(__file__).with_name("recorders")
_PLUGIN = ("-p", "amendbot_pytest")
_MAX_VARIABLE = 100_000
"""Bytes. Linux refuses to start a program with a variable of more than 128 KiB."""
_UNSET = ("CI",)  # some tools change what they print, run or download where it is set


# ------------------------------------------------------------------------------------ which command


_PYTEST_FILES = ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml")
_PYTEST_SECTIONS = {
    "pyproject.toml": re.compile(r"(?m)^\s*\[tool\.pytest\b"),
    "tox.ini": re.compile(r"(?m)^\s*\[pytest\]"),
    "setup.cfg": re.compile(r"(?m)^\s*\[tool:pytest\]"),
}
_WRITTEN_FOR_PYTEST = re.compile(r"(?m)^\s*(import|from) pytest\b|^(async )?def test")
_MAX_READ = 200


def test_command(tree: Tree, config: TestConfig) -> tuple[str, ...]:
    """The words of the command that runs the tests; empty where the tree seems to have none."""
    if config.command:
        return tuple(shlex.split(config.command))
    paths = tree.paths()
    if _suggests_pytest(tree, paths):
        return ("python", "-m", "pytest")
    tests = [path for path in paths if PurePosixPath(path).match("test*.py")]
    return ("python", "-m", "unittest", *_discovery(tests, frozenset(paths))) if tests else ()


test_command.__test__ = False  # type: ignore[attr-defined] # nothing for pytest to collect


def _suggests_pytest(tree: Tree, paths: tuple[str, ...]) -> bool:
    if any(path in paths for path in _PYTEST_FILES):
        return True
    for path, section in _PYTEST_SECTIONS.items():
        if section.search(tree.read(path) or ""):
            return True
    names = [PurePosixPath(path) for path in paths]
    if any(path.name == "conftest.py" for path in names):
        return True
    tests = [path for path in names if path.match("test_*.py") or path.match("*_test.py")]
    return any(_WRITTEN_FOR_PYTEST.search(tree.read(str(path)) or "") for path in tests[:_MAX_READ])


def _discovery(tests: list[str], paths: frozenset[str]) -> tuple[str, ...]:
    """Where unittest is to look: by itself it enters packages only."""
    for test in tests:
        folders = [folder for folder in PurePosixPath(test).parents if folder.name]
        if all(str(folder / "__init__.py") in paths for folder in folders):
            return ()
    for folder in ("tests", "test"):
        if any(test.startswith(f"{folder}/") for test in tests):
            return ("discover", "-s", folder)
    return ()


# ---------------------------------------------------------------------------------------- the run


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """How the tests of a repository are run, the same for its base and for each proposal.

    `junit` is a git-style pattern of the JUnit XML files that the command writes, or empty.
    """

    command: tuple[str, ...]
    toolchain: Toolchain
    isolation: Isolation
    limits: Limits
    junit: str = ""


def run_tests(
    workspace: Workspace, suite: Suite, commit: Sha, change: Change, only: tuple[str, ...] = ()
) -> TestRun:
    """Run the tests of `commit`, which is checked out in the workspace.

    `change` says which files to ask about, and which of their lines, as they are in this commit; no
    lines, and none are measured. With `only`, pytest and unittest run just the tests with these
    ids; other commands run whole. Either way the result holds no other tests.
    """
    key = secrets.token_hex(16)
    library = provide_recorders(workspace.tools, with_coverage=bool(change.lines))
    own = surroundings(workspace, suite)
    places, toolchain = own.places, own.toolchain
    environment = {
        **dict(own.environment),
        **_recorder_settings(suite, places, change, only, key, toolchain),
    }
    job = Job(
        argv=_recorded(suite.command),
        environment=tuple(sorted(item for item in environment.items() if item[0] not in _UNSET)),
        limits=suite.limits,
        visible=(*toolchain.visible, *library),
    )
    reports = ReportFiles.watch(workspace.tree, suite.junit) if suite.junit else None
    finished = run(job, workspace, suite.isolation)
    recorded = parse_events(finished.events, key)
    return _test_run(commit, finished, recorded, reports, _Asked(places.tree, change, only))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the tests of a workspace run, and with what."""

    places: Inside
    toolchain: Toolchain
    environment: tuple[tuple[str, str], ...]


def surroundings(workspace: Workspace, suite: Suite) -> Surroundings:
    """What any program needs that is to run the suite's tests as `run_tests` does."""
    places = inside(workspace, suite.isolation)
    toolchain = suite.toolchain.completed(workspace.tools, places.tools)
    environment = {
        **dict(toolchain.environment),
        **_python_settings(workspace.tree, places, dict(toolchain.environment)),
        "HOME": places.home,
        "TMPDIR": places.tmp,
        "PATH": toolchain.path,
    }
    kept = sorted(item for item in environment.items() if item[0] not in _UNSET)
    return Surroundings(places, toolchain, tuple(kept))


@dataclass(frozen=True, slots=True)
class _Asked:
    tree: str
    change: Change
    only: tuple[str, ...]


def _test_run(
    commit: Sha,
    finished: Finished,
    recorded: Recorded,
    reports: ReportFiles | None,
    asked: _Asked,
) -> TestRun:
    tests, complete, problems = recorded.tests, recorded.complete, tuple[str, ...]()
    if tests is None:
        tests, problems = reports.tests() if reports else (None, ())
        complete = finished.ended is Ended.FINISHED and (reports is None or tests is not None)
    failed = any(test.outcome is TestOutcome.FAILED for test in tests or ())
    if failed and finished.exit_code == 0:
        complete = False  # whoever made that exit code does not speak for the tests
    imported, elsewhere = _imported(recorded, asked)
    output = "\n".join((finished.output[-10 * MAX_OUTPUT_CHARS :], *problems)).strip("\n")
    return TestRun(
        commit=commit,
        ended=finished.ended,
        exit_code=finished.exit_code,
        seconds=finished.seconds,
        tests=_just(tests, asked.only),
        complete=complete,
        imported=imported,
        elsewhere=elsewhere,
        ran_lines=_ran_lines(recorded, asked),
        output=redact(visible(output))[-MAX_OUTPUT_CHARS:],
        reason=finished.reason,
    )


def _just(
    tests: tuple[TestResult, ...] | None, only: tuple[str, ...]
) -> tuple[TestResult, ...] | None:
    if tests is None or not only:
        return tests
    wanted = frozenset(only)
    return tuple(test for test in tests if test.id in wanted)


def _imported(
    recorded: Recorded, asked: _Asked
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """The changed files that were loaded from the tree, and the files that stood in for some."""
    if not recorded.python:
        return None, None
    tree = os.path.realpath(asked.tree)
    of_tree = {f"{tree}/{path}": path for path in asked.change.modules}
    # Lines that ran prove as much, also of a file that is executed without being imported.
    ran = {lines.path for lines in recorded.lines or () if lines.numbers}
    loaded = {of_tree[path] for path in recorded.imported if path in of_tree}
    loaded |= ran & set(asked.change.modules)
    elsewhere = {one_line(path) for path in recorded.imported if path not in of_tree}
    return tuple(sorted(loaded)), tuple(sorted(elsewhere))


def _ran_lines(recorded: Recorded, asked: _Asked) -> tuple[Lines, ...] | None:
    if recorded.lines is None or not asked.change.lines:
        return None
    ran = {lines.path: frozenset(lines.numbers) for lines in recorded.lines}
    return tuple(
        Lines(lines.path, tuple(n for n in lines.numbers if n in ran.get(lines.path, ())))
        for lines in asked.change.lines
    )


# -------------------------------------------------------------------------------- its environment


def _recorded(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command with unittest's place taken by the recorder that runs it."""
    for at in range(1, len(command) - 1):
        if command[at : at + 2] == ("-m", "unittest") and not _ignores_environment(command):
            return (*command[: at + 1], "amendbot_unittest", *command[at + 2 :])
    return command


_FLAGS = re.compile(r"-[A-Za-z]+\Z")


def _ignores_environment(command: tuple[str, ...]) -> bool:
    """Whether a Python is started so that it will not find what PYTHONPATH leads to."""
    if not PurePosixPath(command[0]).name.startswith("python"):
        return False
    for word in command[1:]:
        if not _FLAGS.match(word) or word in ("-m", "-c"):
            return False
        if "I" in word or "E" in word:
            return True
    return False


def _recorder_settings(
    suite: Suite,
    places: Inside,
    change: Change,
    only: tuple[str, ...],
    key: str,
    toolchain: Toolchain,
) -> dict[str, str]:
    settings = {
        "AMENDBOT_REPORT": places.report,
        "AMENDBOT_KEY": key,
        "AMENDBOT_TREE": places.tree,
        "AMENDBOT_CHANGED": _changed(change),
    }
    if change.lines:
        settings["AMENDBOT_LINES"] = "1"
    names = json.dumps(only)
    if only and len(names) <= _MAX_VARIABLE:
        settings["AMENDBOT_ONLY"] = names
    if not _ignores_environment(suite.command):
        own = dict(toolchain.environment).get("PYTEST_ADDOPTS", "")
        settings["PYTEST_ADDOPTS"] = f"{own} {shlex.join(_PLUGIN)}".strip()
    return settings


def _changed(change: Change) -> str:
    """What `amendbot_events.changed_lines` reads."""
    numbers = {entry.path: ",".join(map(str, entry.numbers)) for entry in change.lines}
    paths = [path for path in change.modules if "\n" not in path]
    text = "\n".join(f"{numbers.get(path, '')} {path}" for path in paths)
    if len(text.encode()) > _MAX_VARIABLE:
        text = "\n".join(f" {path}" for path in paths)
    return text if len(text.encode()) <= _MAX_VARIABLE else ""


def _python_settings(tree: Path, places: Inside, given: dict[str, str]) -> dict[str, str]:
    path = [places.tools, *_import_folders(tree, places.tree), given.get("PYTHONPATH", "")]
    return {
        # Ahead of everything installed, or an editable install of another tree answers for it.
        "PYTHONPATH": ":".join(folder for folder in path if folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        # The order of sets, and with it the names and the order of tests, must not differ by run.
        "PYTHONHASHSEED": "0",
        "USER": "sandbox",
        "LOGNAME": "sandbox",
    }


def _import_folders(tree: Path, shown_as: str) -> Iterator[str]:
    if (tree / "src").is_dir() and not (tree / "src").is_symlink():
        yield f"{shown_as}/src"
    # A top-level module named like one of Python's own would keep every interpreter from starting.
    modules = (*tree.glob("*.py"), *(file.parent for file in tree.glob("*/__init__.py")))
    if not {module.stem for module in modules} & _NEEDED_TO_START:
        yield shown_as


_NEEDED_TO_START = sys.stdlib_module_names - {"test", "this"}


def provide_recorders(tools: Path, *, with_coverage: bool) -> tuple[str, ...]:
    """Put the recorders where the program finds them, as its user cannot read the bot's folder.

    Returns what has to be visible besides: the library that counts lines, under its own path.
    """
    for file in sorted(_RECORDERS.glob("*.py")):
        if not (tools / file.name).exists():
            shutil.copy2(file, tools / file.name)
    spec = find_spec("coverage") if with_coverage else None
    if spec is None or spec.origin is None:
        return ()
    coverage, link = Path(spec.origin).resolve().parent, tools / "library" / "coverage"
    if not link.is_symlink():
        link.parent.mkdir()
        link.symlink_to(coverage)
    return (str(coverage),)
