"""Every test of a run is reported as it ended, whatever the tests do to the recorder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.evidence import Lines
from bot.sandbox.reports import MAX_ID
from tests.sandbox.recording import RECORDERS, Ran, record, write

MODULE = """\
def add(a, b):
    return (
        a
        + b
    )


def unused():
    return 1
"""
PYTEST_SUITE = """\
import subprocess, sys, unittest
import pytest
from pkg.mod import add

def test_passes(): assert add(1, 2) == 3
def test_fails(): assert add(1, 2) == 4
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_fails_as_expected(): assert 0
@pytest.mark.xfail(strict=False)
def test_passes_unexpectedly(): pass
@pytest.mark.xfail(strict=True)
def test_must_not_pass(): pass
@pytest.fixture
def broken(): raise RuntimeError
@pytest.fixture
def broken_at_end():
    yield
    raise RuntimeError
def test_setup(broken): pass
def test_teardown(broken_at_end): pass
@pytest.mark.parametrize("x", ["a b", "é\\n", "]::[", "\\u202e"])
def test_strange(x): pass
def test_subtests(subtests):
    with subtests.test("one"): assert 0
    with subtests.test("two"): pass
def test_skips_subtest(subtests):
    with subtests.test("one"): pytest.skip("so")
class TestCase(unittest.TestCase):
    def test_subtests(self):
        with self.subTest("one"): self.fail()
def test_runs_pytest(tmp_path):
    (tmp_path / "test_inner.py").write_text("def test_inner(): pass")
    assert pytest.main(["-q", str(tmp_path)]) == 0
    done = subprocess.run([sys.executable, "-m", "pytest", str(tmp_path)], env={})
    assert done.returncode == 0
"""
LONG = "test_" + "long" * 200
EXPECTED = {
    "tests/test_broken.py": "failed",
    "tests/test_optional.py": "skipped",
    "tests/test_a.py::test_passes": "passed",
    "tests/test_a.py::test_fails": "failed",
    "tests/test_a.py::test_skipped": "skipped",
    "tests/test_a.py::test_fails_as_expected": "skipped",
    "tests/test_a.py::test_passes_unexpectedly": "passed",
    "tests/test_a.py::test_must_not_pass": "failed",
    "tests/test_a.py::test_setup": "failed",
    "tests/test_a.py::test_teardown": "failed",
    "tests/test_a.py::test_strange[a b]": "passed",
    "tests/test_a.py::test_strange[\\xe9\\n]": "passed",
    "tests/test_a.py::test_strange[]::[]": "passed",
    "tests/test_a.py::test_strange[\\u202e]": "passed",
    "tests/test_a.py::test_subtests": "failed",
    "tests/test_a.py::test_skips_subtest": "passed",
    "tests/test_a.py::TestCase::test_subtests": "failed",
    "tests/test_a.py::test_runs_pytest": "passed",
}


@pytest.fixture(scope="module")
def pytest_run(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run that most claims about pytest are read from; `-x` must not end it early."""
    folder = tmp_path_factory.mktemp("pytest")
    write(
        folder,
        {
            "tree/pkg/mod.py": MODULE,
            "tree/src/used/copied.py": "",
            "tree/tests/conftest.py": f"import sys; sys.path.insert(0, {str(folder / 'other')!r})",
            "tree/tests/test_a.py": PYTEST_SUITE,
            "tree/tests/test_b.py": f"import used.copied\ndef {LONG}(): pass",
            "tree/tests/test_broken.py": "import nowhere",
            "tree/tests/test_optional.py": "import pytest; pytest.importorskip('nowhere')",
            "other/used/copied.py": "",
        },
    )
    return record(
        folder / "tree",
        *("-m", "pytest", "-x", "tests"),
        changed={"pkg/mod.py": [1, 2, 4, 8, 9], "src/used/copied.py": [], "pkg/missing.py": [1]},
        lines=True,
    )


def test_every_pytest_outcome_is_reported_once(pytest_run: Ran) -> None:
    outcomes = pytest_run.outcomes()
    (long,) = (name for name in outcomes if name.startswith(f"tests/test_b.py::{LONG[:200]}"))
    assert len(long) <= MAX_ID
    assert outcomes == {**EXPECTED, long: "passed"}
    assert pytest_run.recorded.complete
    assert pytest_run.exit_code == 1


def test_durations_are_seconds(pytest_run: Ran) -> None:
    seconds = {test.id: test.seconds for test in pytest_run.recorded.tests or ()}
    assert 0.1 < seconds["tests/test_a.py::test_runs_pytest"] < 60
    assert seconds["tests/test_a.py::test_passes"] < 0.1


def test_what_was_imported_is_named_wherever_it_lies(pytest_run: Ran) -> None:
    names = ["/".join(Path(path).parts[-3:]) for path in pytest_run.recorded.imported]
    assert sorted(names) == ["other/used/copied.py", "tree/pkg/mod.py"]


def test_changed_lines_that_ran_are_named_by_their_statement(pytest_run: Ran) -> None:
    assert pytest_run.recorded.lines == (
        Lines("pkg/missing.py", ()),
        Lines("pkg/mod.py", (1, 2, 4, 8)),  # 4 lies in the statement that starts in 2
    )


def test_with_xdist_each_test_is_reported_once_and_a_crash_is_a_failure(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "mod.py": "def one():\n    return 1\n",
            "test_a.py": "import os, mod\n"
            "def test_passes(): assert mod.one()\n"
            "def test_crashes(): os._exit(0)\n"
            "def test_left_out(): pass\n"
            "def test_bare(): assert not any(name in os.environ for name in"
            " ('AMENDBOT_KEY', 'AMENDBOT_ONLY', 'PYTEST_ADDOPTS'))\n",
        },
    )
    ran = record(
        tmp_path,
        *("-m", "pytest", "-p", "xdist", "-n", "1"),
        changed={"mod.py": [1, 2]},
        only=("test_a.py::test_passes", "test_a.py::test_crashes", "test_a.py::test_bare"),
        lines=True,
        PYTEST_ADDOPTS="-p amendbot_pytest",
    )
    assert ran.outcomes() == {
        "test_a.py::test_passes": "passed",
        "test_a.py::test_crashes": "failed",
        "test_a.py::test_bare": "passed",
    }
    assert ran.recorded.complete
    assert [Path(path).name for path in ran.recorded.imported] == ["mod.py"]
    assert ran.recorded.lines is not None  # of the worker that lived; a crash takes its lines along


SAYS = """import json, os
def say(**event):
    with open(os.environ["AMENDBOT_REPORT"], "w") as report:
        report.write(json.dumps(event) + "\\n")
"""
FORGES = """say(e="begin", key=os.environ.get("AMENDBOT_KEY"), run="1")
say(e="test", key=os.environ.get("AMENDBOT_KEY"), run="1", id="t", outcome="passed", s=0)
say(e="done", key=os.environ.get("AMENDBOT_KEY"), run="1", exit=0, left=0)
"""


@pytest.mark.parametrize(
    ("conftest", "failed"),
    [
        ("os._exit(0)", {}),
        (FORGES, {"test_a.py::test_a": "passed"}),
        ("def pytest_runtest_call(): os._exit(0)", {"test_a.py::test_a": "failed"}),
        ("def pytest_runtest_setup(): pytest.exit('so', returncode=0)\nimport pytest", None),
    ],
)
def test_a_run_that_ends_or_speaks_for_itself_is_not_complete(
    tmp_path: Path, conftest: str, failed: dict[str, str] | None
) -> None:
    write(tmp_path, {"conftest.py": SAYS + conftest, "test_a.py": "def test_a(): pass"})
    ran = record(tmp_path, "-m", "pytest")
    assert ran.exit_code == 0
    assert not ran.recorded.complete
    assert failed is None or ran.outcomes() == failed


def test_the_users_own_options_stay_and_ours_do_not_show(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pytest.ini": "[pytest]\naddopts = --maxfail=1 --lf --strict-config\n"
            "filterwarnings = error\n",
            "named.py": "import pytest\n@pytest.fixture\ndef named(): return 1\n",
            "test_a.py": "import os\n"
            "def test_fails(): assert 0\n"
            "def test_own(named): assert os.environ['PYTEST_ADDOPTS'] == \"-p named -k 'not x'\"\n"
            "def test_x(): pass\n",
        },
    )
    options = "-p named -k 'not x' -p amendbot_pytest"
    for _ in range(2):  # what failed last time is not all that is run the next time
        ran = record(tmp_path, "-m", "pytest", PYTEST_ADDOPTS=options)
        assert ran.outcomes() == {
            "test_a.py::test_fails": "failed",
            "test_a.py::test_own": "passed",
        }
        assert ran.recorded.complete


def test_a_program_that_measures_itself_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"mod.py": "x = 1\n", "test_a.py": "import mod\ndef test_a(): pass\n"})
    coverage = ("-m", "coverage", "run", "--data-file=own")
    ran = record(tmp_path, *coverage, "-m", "pytest", changed={"mod.py": [1]}, lines=True)
    assert ran.outcomes() == {"test_a.py::test_a": "passed"}
    assert ran.recorded.lines is None
    assert (tmp_path / "own").stat().st_size > 0


UNITTEST_SUITE = """import unittest, os
import mod
class A(unittest.TestCase):
    def test_passes(self): mod.one()
    def test_fails(self): self.fail()
    @unittest.skip("so")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_fails_as_expected(self): self.fail()
    @unittest.expectedFailure
    def test_passes_unexpectedly(self): pass
    def test_subtests(self):
        for i in range(3):
            with self.subTest(i=i): self.assertNotEqual(i, 1)
    def test_skips_subtest(self):
        with self.subTest("one"): self.skipTest("so")
    def test_cleanup(self): self.addCleanup(self.fail)
class B(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError
    def test_one(self): pass
    def test_two(self): pass
class C(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise unittest.SkipTest
    def test_one(self): pass
class D(unittest.TestCase):
    @classmethod
    def tearDownClass(cls): raise RuntimeError
    def test_one(self): pass
"""


def test_every_unittest_outcome_is_reported_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "mod.py": "def one():\n    return 1\n\ndef two():\n    return 2\n",
            "tests/test_a.py": UNITTEST_SUITE,
            "tests/test_broken.py": "import nowhere",
        },
    )
    argv = ("-m", "amendbot_unittest", "discover", "-s", "tests", "--failfast")
    ran = record(tmp_path, *argv, changed={"mod.py": [1, 2, 5]}, lines=True)
    assert ran.outcomes() == {
        "test_broken": "failed",
        "test_a.A.test_passes": "passed",
        "test_a.A.test_fails": "failed",
        "test_a.A.test_skipped": "skipped",
        "test_a.A.test_fails_as_expected": "skipped",
        "test_a.A.test_passes_unexpectedly": "failed",
        "test_a.A.test_subtests": "failed",
        "test_a.A.test_skips_subtest": "passed",
        "test_a.A.test_cleanup": "failed",
        "setUpClass (test_a.B)": "failed",
        "test_a.B.test_one": "failed",
        "test_a.B.test_two": "failed",
        "test_a.C.test_one": "skipped",
        "test_a.D.test_one": "passed",
        "tearDownClass (test_a.D)": "failed",
    }
    assert ran.recorded.complete
    assert ran.exit_code == 1
    assert ran.recorded.imported == (str(tmp_path / "mod.py"),)
    assert ran.recorded.lines == (Lines("mod.py", (1, 2)),)

    again = record(tmp_path, *argv, only=("test_a.A.test_passes", "test_a.C.test_one"))
    assert again.outcomes() == {"test_a.A.test_passes": "passed", "test_a.C.test_one": "skipped"}
    assert again.recorded.complete
    assert again.exit_code == 0


def test_the_unittest_recorder_takes_what_unittest_takes(tmp_path: Path) -> None:
    text = "import unittest, os\nclass A(unittest.TestCase):\n    def test_a(self): os._exit(0)\n"
    write(tmp_path, {"test_a.py": text})
    ran = record(tmp_path, "-m", "amendbot_unittest", "-v", "test_a.A.test_a")
    assert ran.outcomes() == {"test_a.A.test_a": "failed"}
    assert not ran.recorded.complete
    ran = record(tmp_path, "-m", "amendbot_unittest", "--help")
    assert "usage: python -m unittest" in ran.output


def test_any_python_program_says_what_it_imported_and_behaves_as_ever(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "tree/pkg/__init__.py": "",
            "tree/pkg/__main__.py": "import pkg.mod, types, sitecustomize\n"
            "print(sitecustomize.__file__, pkg.mod.__file__)",
            "tree/tools/types.py": "",
            "site/sitecustomize.py": "",
            "installed/pkg/mod.py": "",
        },
    )
    tree, installed = tmp_path / "tree", tmp_path / "installed"
    (tree / "pkg/__init__.py").write_text(f"__path__.insert(0, {str(installed / 'pkg')!r})")
    ran = record(
        tree,
        *("-m", "pkg"),
        changed={"pkg/__main__.py": [], "pkg/mod.py": [], "tools/types.py": []},
        PYTHONPATH=f"{RECORDERS}:{tree}:{tmp_path / 'site'}",
    )
    hidden, loaded = ran.output.split()
    assert (hidden, loaded) == (
        str(tmp_path / "site/sitecustomize.py"),
        str(installed / "pkg/mod.py"),
    )
    assert sorted(ran.recorded.imported) == [loaded, str(tree / "pkg/__main__.py")]
    assert ran.recorded.tests is None


@pytest.mark.parametrize("report", ["", "/nowhere/report", "unread"])
def test_a_recorder_that_nobody_hears_disturbs_nobody(tmp_path: Path, report: str) -> None:
    if report == "unread":
        report = str(tmp_path / "unread")
        os.mkfifo(report)
    script = "import amendbot_events as e; [e.emit('x', text='y' * 2000) for _ in range(99)]"
    settings = {"PYTHONPATH": str(RECORDERS), "AMENDBOT_REPORT": report}
    subprocess.run([sys.executable, "-c", script], env=settings, timeout=20, check=True)


def test_a_recorder_survives_that_its_descriptor_is_closed_and_reused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    script = (
        "import amendbot_events as e, os; e.emit('imported', path='1'); os.closerange(3, 99);"
        f"files = [open({str(other)!r}, 'w') for _ in range(5)]; e.emit('imported', path='2')"
    )
    ran = record(tmp_path, "-c", script)
    assert ran.recorded.imported == ("1", "2")
    assert other.read_text() == ""
