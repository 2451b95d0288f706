"""The collection QuixBugs from a clone of it: forty small programs with one bug each.

Thirty-one are tested by cases in JSON and nine by functions; both are laid out as the clone has
them. With `thin`, `src/` keeps a few of the tests, one that fails among them, and all of them go to
`hidden/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench._collections import Bug, write_bug
from bench._running import Runner
from bench._thinning import thin_functions, thin_lines
from bot.errors import UserError

BUGGY, CORRECT, TESTS, CASES = (
    "python_programs",
    "correct_python_programs",
    "python_testcases",
    "json_testcases",
)
SHARED = ("conftest.py", f"{TESTS}/load_testdata.py", f"{TESTS}/node.py", f"{BUGGY}/node.py")
SECONDS = 10.0
"""Some of the programs never end, and their tests with them."""


def names(clone: Path) -> tuple[str, ...]:
    """The programs that have tests."""
    if not all((clone / part).is_dir() for part in (BUGGY, CORRECT, TESTS, CASES)):
        raise UserError(f"{clone} is no clone of QuixBugs: it has no {BUGGY}, {TESTS}, …")
    found = (path.stem.removeprefix("test_") for path in (clone / TESTS).glob("test_*.py"))
    return tuple(sorted(name for name in found if (clone / BUGGY / f"{name}.py").is_file()))


def collect(clone: Path, folder: Path, *, thin: bool) -> Iterator[Bug]:
    """Write one bug for each program that has tests."""
    runner = Runner(SECONDS)
    with TemporaryDirectory() as empty:
        for name in names(clone):
            program = f"{BUGGY}/{name}.py"
            paths = [*SHARED, f"{TESTS}/test_{name}.py", f"{CASES}/{name}.json"]
            files = {path: (clone / path).read_text() for path in paths if (clone / path).exists()}
            buggy = {**files, program: (clone / program).read_text()}
            fixed = {**files, program: (clone / CORRECT / f"{name}.py").read_text()}
            visible = _thinned(name, buggy, runner) if thin else {}
            hidden = {path: files[path] for path in visible}
            if hidden:  # the tests themselves, also where only their cases were cut
                hidden[f"{TESTS}/test_{name}.py"] = files[f"{TESTS}/test_{name}.py"]
            yield write_bug(
                folder / name,
                Path(empty),
                src={**buggy, **visible},
                fixed={**fixed, **visible},
                hidden=hidden,
                origin={"kind": "written", "program": name},
            )


def _thinned(name: str, files: Mapping[str, str], runner: Runner) -> dict[str, str]:
    """The tests' files with few of their tests, at least one of which fails."""
    cases, tests = f"{CASES}/{name}.json", f"{TESTS}/test_{name}.py"
    path = cases if cases in files else tests
    thinner = thin_lines if path == cases else thin_functions
    with TemporaryDirectory() as empty:
        for text in thinner(files[path], name):
            ran = runner.run(Path(empty), files={**files, path: text})
            if ran.failed or ran.trouble:
                return {path: text}
    raise UserError(f"No test of {name} fails.")
