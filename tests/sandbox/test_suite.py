"""The tests of a commit run in the sandbox, and what is said of them is what happened."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import SandboxConfig, TestConfig
from bot.evidence import Change, Ended, Lines, TestOutcome, TestRun
from bot.model import Sha
from bot.sandbox import MIB, Limits
from bot.sandbox.isolation import Isolation, probe
from bot.sandbox.report_files import ReportFiles
from bot.sandbox.suite import Suite, run_tests, test_command
from bot.sandbox.toolchain import Toolchain, find_toolchain
from bot.sandbox.workspace import Workspace
from tests.sandbox.recording import write
from tests.scratch import MemoryTree

COMMIT = Sha("1" * 40)
LIMITS = Limits(seconds=30, memory=512 * MIB, processes=32, file=8 * MIB, disk=32 * MIB)
CASE = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({}, ""),
        ({"README.md": "", "src/a.py": ""}, ""),
        ({"pytest.ini": "", "test_a.py": CASE}, "python -m pytest"),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "python -m pytest"),
        ({"pyproject.toml": "[tool.pytest]\n"}, "python -m pytest"),
        ({"pyproject.toml": "[tool.ruff]\n# [tool.pytest]\n"}, ""),
        ({"tox.ini": "[tox]\n[pytest]\n"}, "python -m pytest"),
        ({"setup.cfg": "[tool:pytest]\n"}, "python -m pytest"),
        ({"a/conftest.py": ""}, "python -m pytest"),
        ({"tests/test_a.py": "import os\nimport pytest\n"}, "python -m pytest"),
        ({"tests/a_test.py": "from pytest import raises\n"}, "python -m pytest"),
        ({"test_a.py": "def test_a(): pass\n"}, "python -m pytest"),
        ({"test_a.py": CASE}, "python -m unittest"),
        ({"tests/__init__.py": "", "tests/test_a.py": CASE}, "python -m unittest"),
        ({"tests/test_a.py": CASE}, "python -m unittest discover -s tests"),
        ({"a/test/test_a.py": CASE}, "python -m unittest"),
    ],
)
def test_the_command_is_what_the_files_suggest(files: dict[str, str], command: str) -> None:
    assert test_command(MemoryTree(files), TestConfig()) == tuple(command.split())
    asked = TestConfig(command="make 'unit tests'")
    assert test_command(MemoryTree(files), asked) == ("make", "unit tests")


# ---------------------------------------------------------------------------------------- the run


@pytest.fixture(scope="module")
def toolchain(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    folder = tmp_path_factory.mktemp("project")
    no_plugins = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"  # they take longer to load than the tests
    environ = {"HOME": str(folder), "VIRTUAL_ENV": sys.prefix, "CI": "true", no_plugins: "1"}
    return find_toolchain(folder, SandboxConfig(environment=("CI", no_plugins)), environ)


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    with Workspace(probe()) as made:
        write(made.tree, FILES)
        yield made


FILES = {
    "src/pkg/__init__.py": "",
    "src/pkg/mod.py": "def one():\n    return 1\n\n\ndef two():\n    return 2\n",
    "top.py": "",
    "tests/test_a.py": """\
import os, sys, unittest
import pkg.mod, top

class A(unittest.TestCase):
    def test_passes(self): self.assertEqual(pkg.mod.one(), 1)
    def test_fails(self):
        print("the log says AKIA" + "IOSFODNN7EXAMPLE")
        self.fail()
    def test_environment(self):
        self.assertNotIn("CI", os.environ)
        self.assertNotIn("AMENDBOT_KEY", os.environ)
        self.assertTrue(os.access(os.environ["HOME"], os.W_OK))
        self.assertTrue(os.access(os.environ["TMPDIR"], os.W_OK))
        self.assertFalse(os.access(os.environ["AMENDBOT_REPORT"], os.R_OK) and os.getuid() != 0)
        self.assertFalse(sys.flags.hash_randomization)
""",
    "old.xml": "<testsuite><testcase name='old'/></testsuite>",
}
CHANGE = Change(
    modules=("src/pkg/mod.py", "tests/never.py"), lines=(Lines("src/pkg/mod.py", (2, 6)),)
)


@pytest.fixture
def suite(toolchain: Toolchain) -> Suite:
    command = ("python", "-m", "unittest", "discover", "-s", "tests")
    return Suite(command=command, toolchain=toolchain, isolation=probe(), limits=LIMITS)


def outcomes(run: TestRun) -> dict[str, str]:
    return {test.id: test.outcome.value for test in run.tests or ()}


@pytest.mark.parametrize("kind", ["bubblewrap", "none"])
def test_each_test_and_what_it_imported_is_recorded(suite: Suite, kind: str) -> None:
    if kind == "none":
        unisolated = Isolation(kind="none", drops_uid=suite.isolation.drops_uid)
        suite = replace(suite, isolation=unisolated)
    elif suite.isolation.kind != kind:
        pytest.skip(suite.isolation.reason)
    with Workspace(suite.isolation) as workspace:
        write(workspace.tree, FILES)
        run = run_tests(workspace, suite, COMMIT, CHANGE)
        only = ("test_a.A.test_passes",)
        again = run_tests(workspace, suite, COMMIT, Change(), only)
    assert outcomes(run) == {
        "test_a.A.test_environment": "passed",
        "test_a.A.test_fails": "failed",
        "test_a.A.test_passes": "passed",
    }, run.output
    assert (run.commit, run.ended, run.exit_code) == (COMMIT, Ended.FINISHED, 1)
    assert run.complete
    assert (run.imported, run.elsewhere) == (("src/pkg/mod.py",), ())
    assert run.ran_lines == (Lines("src/pkg/mod.py", (2,)),)
    assert "FAILED (failures=1)" in run.output
    assert "AKIA" not in run.output

    assert outcomes(again) == {"test_a.A.test_passes": "passed"}
    assert (again.exit_code, again.complete, again.ran_lines) == (0, True, None)


def test_pytest_is_recorded_by_whatever_name_it_is_called(
    workspace: Workspace, suite: Suite
) -> None:
    suite = replace(suite, command=("sh", "-c", "pytest -q tests; exit 0"))
    run = run_tests(workspace, suite, COMMIT, Change(modules=("top.py",)))
    assert outcomes(run) == {
        "tests/test_a.py::A::test_environment": "passed",
        "tests/test_a.py::A::test_fails": "failed",
        "tests/test_a.py::A::test_passes": "passed",
    }, run.output
    assert run.imported == ("top.py",)
    assert not run.complete  # its exit code denies what its tests say


def script(text: str) -> tuple[str, ...]:
    return ("python", "-c", text)


def test_a_file_that_answers_for_a_changed_one_is_named(workspace: Workspace, suite: Suite) -> None:
    text = (
        "import os, sys; home = os.environ['HOME']; os.mkdir(home + '/other');"
        "open(home + '/other/mod.py', 'w').close(); sys.path.insert(0, home); import other.mod;"
        "print(other.mod.__file__)"
    )
    change = Change(modules=("src/other/mod.py",))
    run = run_tests(workspace, replace(suite, command=script(text)), COMMIT, change)
    assert (run.imported, run.elsewhere) == ((), (run.output.strip(),))
    assert (run.tests, run.exit_code, run.complete) == (None, 0, True)
    assert run.passed


@pytest.mark.parametrize(
    ("flags", "report", "expected", "complete"),
    [
        ("", "<testsuite><testcase name='a'/></testsuite>", {"a": "passed"}, True),
        (
            "",
            "<testsuite><testcase name='a'><error/></testcase></testsuite>",
            {"a": "failed"},
            False,
        ),
        ("-I", "<testsuite/>", {}, True),
        ("", "<testsuite>", {}, False),
    ],
)
def test_other_commands_count_by_the_reports_that_they_write(
    workspace: Workspace,
    suite: Suite,
    flags: str,
    report: str,
    expected: dict[str, str],
    complete: bool,
) -> None:
    text = f"import os; os.makedirs('out', exist_ok=True); open('out/r.xml', 'w').write({report!r})"
    command = ("python", *shlex.split(flags), "-c", text)
    run = run_tests(workspace, replace(suite, command=command, junit="*.xml"), COMMIT, Change())
    assert (outcomes(run), run.complete) == (expected, complete)
    assert run.exit_code == 0
    assert ("not well-formed" in run.output) == (run.tests is None)


def test_a_test_that_never_ends_has_failed(suite: Suite) -> None:
    suite = replace(suite, command=("python", "-m", "unittest"), limits=replace(LIMITS, seconds=2))
    text = CASE + "    def test_b(self): __import__('threading').Event().wait()\n"
    with Workspace(suite.isolation) as workspace:
        write(workspace.tree, {"test_a.py": text})
        run = run_tests(workspace, suite, COMMIT, Change())
    assert run.ended is Ended.TIMED_OUT
    assert outcomes(run) == {"test_a.A.test_a": "passed", "test_a.A.test_b": "failed"}
    assert not run.complete


def test_a_tree_with_a_module_named_like_pythons_own_still_runs(suite: Suite) -> None:
    command = ("python", "-P", "-m", "unittest", "discover", "-s", "tests")
    with Workspace(suite.isolation) as workspace:
        write(workspace.tree, {"types.py": "raise RuntimeError", "tests/test_a.py": CASE})
        run = run_tests(workspace, replace(suite, command=command), COMMIT, Change())
    assert outcomes(run) == {"test_a.A.test_a": "passed"}, run.output


def test_report_files_are_read_only_where_they_are_new_and_plain_files(tmp_path: Path) -> None:
    report = "<testsuite><testcase name={}/></testsuite>"
    write(
        tmp_path,
        {"outside.xml": report.format("'outside'"), "tree/old.xml": report.format("'old'")},
    )
    tree = tmp_path / "tree"
    (tree / "out").mkdir()
    files = ReportFiles.watch(tree, "*.xml")
    assert files.tests() == (None, ())
    (tree / "link.xml").symlink_to(tmp_path / "outside.xml")
    (tree / "folder").symlink_to(tmp_path)
    (tree / "folder.xml").mkdir()
    os.mkfifo(tree / "pipe.xml")
    write(
        tree, {".git/a.xml": report.format("'git'"), "/".join("d" * 30) + "/a.xml": "<testsuite/>"}
    )
    assert files.tests() == (None, ())
    write(tree, {"out/a.xml": report.format("'new'"), "out/b.xml": "<testsuite>"})
    tests, problems = files.tests()
    assert [(test.id, test.outcome) for test in tests or ()] == [("new", TestOutcome.PASSED)]
    assert len(problems) == 1
