"""Candidates a second: a process for each, a fork that imports anew, and forks with new code.

`ARGS="3 60"` are the numbers of rounds and of candidates in each; of those that share a fork there
are ten times as many. All ways try the same wrong candidates, two at a time, on a small project and
on one of 100,000 lines, which is made for it. The pytest processes run bare; the forks run where
the search has them, in the sandbox. On a machine that others use, the processor time of a candidate
says more than how many there are in a second.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

from bot.engines.search import staging
from bot.engines.search.evaluating import Until
from bot.engines.search.laboratory import Laboratory
from bot.engines.search.model import Candidate, Outcome, Replacement, Spectrum
from bot.sandbox import processes
from bot.sandbox.isolation import probe
from tests.engines.search.workbench import SMALL, change, workbench
from tests.scratch import Scratch

BOTH = 2
_FUNCTIONS = 22
_MODULE_LINES = 200
_PART = "def part_{n}(value, limit={n}):\n" + (
    '    """What part {n} makes of a value."""\n'
    "    if value > limit:\n"
    "        return value - limit\n"
    "    total = value * 2\n"
    "    total += limit\n"
    "    return total\n\n\n"
)
_WRONG = "return value + 2"
_SOURCE = f"def following(value):\n    {_WRONG}\n"
_TEST = (
    "from {package}.first import following\n\n\n"
    "def test_following():\n    assert following(1) == 2\n"
)


@dataclass(frozen=True)
class Project:
    name: str
    files: Mapping[str, str]
    path: str


@dataclass(frozen=True)
class Figures:
    """Candidates a second, and seconds of processor time for each."""

    rate: float
    cpu: float


def main() -> None:
    """Print, for each project, candidates a second and their ratio to a process for each."""
    rounds, count = (*map(int, sys.argv[1:]), *(3, 60)[len(sys.argv) - 1 :])
    print(f"medians of {rounds} rounds of {count} candidates, {BOTH} at a time, {probe().kind}")
    with tempfile.TemporaryDirectory() as name:
        for number, project in enumerate((small(), large())):
            folder = Path(name, str(number))
            folder.mkdir()
            show(project, measure(project, folder, rounds, count))


def small() -> Project:
    files = {f"small/part_{n}.py": _module(n, 3) for n in range(5)}
    for n in range(5):
        test = (
            f"from small.part_{n} import part_0\n\n\ndef test_part():\n    assert part_0(0) == 0\n"
        )
        files[f"tests/test_part_{n}.py"] = test
    return _project("small", files)


def large() -> Project:
    """500 modules of 200 lines, half of them with tests."""
    files = {f"large/part_{n}.py": _module(n, _FUNCTIONS) for n in range(500)}
    for n in range(250):
        text = f"from large import part_{n}, part_{n + 250}\n\n\n"
        text += (
            f"def test_part():\n    assert part_{n}.part_0(0) == part_{n + 250}.part_0(0) == 0\n"
        )
        files[f"tests/test_part_{n}.py"] = text
    return _project("large", files)


def _project(name: str, files: dict[str, str]) -> Project:
    files |= {f"{name}/__init__.py": "", f"{name}/first.py": _SOURCE}
    files["tests/test_first.py"] = _TEST.format(package=name)
    lines = sum(text.count("\n") for text in files.values())
    return Project(f"{name} project, {lines:,} lines", files, f"{name}/first.py")


def _module(number: int, functions: int) -> str:
    text = "".join(_PART.format(n=n) for n in range(functions))
    fill = _MODULE_LINES - text.count("\n") if functions == _FUNCTIONS else 0
    return text + "".join(f"VALUE_{n} = {number + n}\n" for n in range(fill))


def candidates(project: Project) -> Iterator[Candidate]:
    """As many as are asked for, none of them right."""
    for number in itertools.count(3):
        yield change(project.files, project.path, _WRONG, f"return value + {number}")


def measure(project: Project, folder: Path, rounds: int, count: int) -> dict[str, list[Figures]]:
    """What each way took in each round, after one of each that warms up."""
    found: dict[str, list[Figures]] = {}
    scratch = Scratch.make(folder)
    with (
        workbench(scratch, project.files, workers=BOTH, sandbox=SMALL) as tried,
        _Bare(project, folder) as bare,
    ):
        spectrum = tried.laboratory.spectrum()
        assert len(spectrum.failing) == 1, spectrum.failing
        laboratory = tried.laboratory
        quick = partial(_try_all, laboratory, project, spectrum, quick=True)
        ways: dict[str, tuple[Callable[[int], None], int]] = {
            "a pytest process": (bare.try_all, 1),
            "fork, imports anew": (
                partial(_try_all, laboratory, project, spectrum, quick=False),
                1,
            ),
            "fork, new code": (partial(_alone, quick), 1),
            "several in a fork": (quick, 10),
        }
        for number in range(rounds + 1):
            for name, (try_all, times) in ways.items():
                used, began = _cpu(), time.perf_counter()
                try_all(count * times if number else BOTH * 2)
                each = Figures(
                    rate=count * times / (time.perf_counter() - began),
                    cpu=(_cpu() - used) / (count * times),
                )
                if number:
                    found.setdefault(name, []).append(each)
    return found


def _try_all(
    laboratory: Laboratory, project: Project, spectrum: Spectrum, count: int, *, quick: bool
) -> None:
    until = Until(most=count)
    tried = laboratory.evaluate(candidates(project), spectrum, until=until, quick=quick)
    outcomes = [judged.outcome for judged in tried]
    assert outcomes == [Outcome.FAILED] * count, outcomes


def _alone(try_all: Callable[[int], None], count: int) -> None:
    with patch.object(staging, "MOST_AT_ONCE", 1):
        try_all(count)


def _cpu() -> float:
    """Seconds of processor time that this process and all below it have used by now."""
    ticks = 0
    for pid in (os.getpid(), *processes.descendants(os.getpid())):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # its own, and its children's that it awaited
    return ticks / os.sysconf("SC_CLK_TCK")


class _Bare:
    """Two copies of the project, for a pytest process in each."""

    def __init__(self, project: Project, folder: Path) -> None:
        self._project = project
        self._copies = [folder / f"copy-{number}" for number in range(BOTH)]

    def __enter__(self) -> _Bare:
        for copy in self._copies:
            for path, text in self._project.files.items():
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                (copy / path).write_text(text)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def try_all(self, count: int) -> None:
        chosen = list(itertools.islice(candidates(self._project), count))
        with ThreadPoolExecutor(BOTH) as pool:
            parts = [chosen[number::BOTH] for number in range(BOTH)]
            list(pool.map(self._try, self._copies, parts))

    def _try(self, copy: Path, chosen: list[Candidate]) -> None:
        text = self._project.files[self._project.path]
        for candidate in chosen:
            (edit,) = candidate.replacements
            (copy / edit.path).write_text(_applied(text, edit))
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
            done = subprocess.run(
                [*command, "tests/test_first.py"],
                cwd=copy,
                env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
                stdout=subprocess.DEVNULL,
                check=False,
            )
            assert done.returncode == 1, done.returncode


def _applied(text: str, edit: Replacement) -> str:
    return text[: edit.start] + edit.new + text[edit.end :]


def show(project: Project, figures: Mapping[str, list[Figures]]) -> None:
    print(f"\n{project.name}")
    medians = {
        name: Figures(
            statistics.median(each.rate for each in all_),
            statistics.median(each.cpu for each in all_),
        )
        for name, all_ in figures.items()
    }
    base = medians["a pytest process"]
    width = max(map(len, medians))
    for name, each in medians.items():
        print(
            f"{name:<{width}}  {each.rate:6.1f} candidates/s {each.rate / base.rate:7.2f}"
            f"   {each.cpu * 1000:7.1f} ms of processor time each {each.cpu / base.cpu:7.3f}"
        )


if __name__ == "__main__":
    main()
