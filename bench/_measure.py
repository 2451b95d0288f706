"""Whole processes measured from outside: wall time and peak memory, runs interleaved.

A child's peak on Linux starts from what its parent held when it was made, so each command is
started by a launcher that holds next to nothing.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = """\
import os, sys, time
quiet = os.open(os.devnull, os.O_WRONLY)
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ,
                        file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1)])
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - start
code = os.waitstatus_to_exitcode(status)
cpu = used.ru_utime + used.ru_stime
print('{"code": %d, "wall": %f, "cpu": %f, "peak": %d}' % (code, wall, cpu, used.ru_maxrss))
"""


@dataclass(frozen=True)
class Command:
    """One command line to measure, where and in which environment it runs."""

    name: str
    argv: Sequence[str]
    folder: Path | None = None
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Figures:
    """Medians: wall and processor time in seconds, peak resident memory in MiB, children included
    (the largest single process counts for the peak)."""

    wall: float
    cpu: float
    peak: float


def measure(
    commands: Sequence[Command], runs: int, before_each: Callable[[], None] = lambda: None
) -> dict[str, Figures]:
    """The medians of `runs` rounds; each round runs every command once, after one that warms up."""
    seen: dict[str, list[Figures]] = {command.name: [] for command in commands}
    for number in range(runs + 1):
        for command in commands:
            before_each()
            figures = _once(command)
            if number:
                seen[command.name].append(figures)
    return {
        name: Figures(
            wall=statistics.median(f.wall for f in all_),
            cpu=statistics.median(f.cpu for f in all_),
            peak=statistics.median(f.peak for f in all_),
        )
        for name, all_ in seen.items()
    }


def table(figures: Mapping[str, Figures], baseline: str) -> str:
    """The medians and how many times the baseline's they are."""
    width = max(map(len, figures))
    base = figures[baseline]
    lines = [f"{'':<{width}}      wall  ratio       cpu  ratio       peak  ratio"]
    for name, f in figures.items():
        lines.append(
            f"{name:<{width}}  {f.wall * 1000:5.0f} ms  {f.wall / base.wall:5.2f}  "
            f"{f.cpu * 1000:5.0f} ms  {f.cpu / base.cpu:5.2f}  "
            f"{f.peak:5.1f} MiB  {f.peak / base.peak:5.2f}"
        )
    return "\n".join(lines)


def _once(command: Command) -> Figures:
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command.argv],
        cwd=command.folder,
        env=command.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if ran.returncode:
        sys.exit(f"{command.name} could not be started: {ran.stderr}")
    answer = json.loads(ran.stdout)
    if answer["code"]:
        sys.exit(f"{command.name} ended with {answer['code']}: {ran.stderr}")
    return Figures(wall=answer["wall"], cpu=answer["cpu"], peak=answer["peak"] / 1024)
