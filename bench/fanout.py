"""Fan many incidents out over jobs, kill jobs at random, and say what became of them.

`python -m bench.fanout [INCIDENTS] [SEED] [--killed SHARE] [--per-tick LIMIT]`: each job is a
process of its own with the environment that it would have in a workflow, against the loopback
GitHub and a scripted model. The job that writes is killed too, in every other tick, right after a
write. Ticks go on until every incident has its pull request. Ends with 1 if anything was lost or
done twice, or a limit was passed.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

from tests.scenarios.fanout import counted, fill
from tests.scenarios.jobs import Command, Jobs
from tests.scenarios.started import Started
from tests.scenarios.world import World, build_world

WORKERS = 2
MAX_TICKS = 50


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("incidents", type=int, nargs="?", default=100)
    arguments.add_argument("seed", type=int, nargs="?", default=7)
    arguments.add_argument("--killed", type=float, default=0.4)
    arguments.add_argument("--per-tick", type=int, default=40)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, build_world(Path(folder)) as world:
        fill(world, given.incidents)
        bench = Bench(world, random.Random(given.seed), given.killed, given.per_tick)
        return 0 if bench.run(given.incidents) else 1


class Bench:
    """Ticks in one world; `limit` is how many incidents the job that writes may take up in one."""

    def __init__(self, world: World, chance: random.Random, share: float, limit: int) -> None:
        self._world = world
        self._chance = chance
        self._share = share
        self._limit = limit
        self._seconds = 1.0
        self._runs = 0

    def run(self, incidents: int) -> bool:
        started, jobs, killed, over = time.monotonic(), 0, 0, 0
        print("tick  listed  jobs killed  pull requests  the writing job")
        for tick in range(1, MAX_TICKS):
            before, pushed = counted(self._world).pulls, self._pushed()
            if before == incidents:
                break
            fan = Jobs(
                self._world,
                self._world.folder / f"tick-{tick}",
                BOT_LIMITS_INCIDENTS_PER_TICK="",
            )
            fan.observe()
            codes = self._all(fan)
            lost = sum(code != 0 for code in codes)
            said = self._apply(fan, kill=tick % 2 == 1)
            opened = counted(self._world).pulls - before
            over += self._pushed() - pushed > self._limit
            jobs, killed = jobs + len(codes), killed + lost
            print(f"{tick:4}  {len(codes):6}  {lost:11}  {opened:13}  {said}", flush=True)
        took = time.monotonic() - started
        asked = len(self._world.model.requests)
        last = Jobs(self._world, self._world.folder / "last")
        last.observe()
        quiet = not last.incidents and len(self._world.model.requests) == asked
        found = counted(self._world)
        spent = self._world.repo.git("log", "--format=%s", "refs/bot/ledger").count("spent ")
        print(
            f"{incidents} incidents, {jobs} jobs, {killed} killed, {found.pulls} pull requests, "
            f"{found.doubled} duplicates, {incidents - found.pulls} lost, {over} ticks over the "
            f"limit of {self._limit}, {asked} answers paid and {spent} written down, "
            f"{'nothing' if quiet else 'something'} left to do, {took:.0f} s"
        )
        return quiet and not over and not found.doubled and found.pulls == incidents

    def _pushed(self) -> int:
        """How many branches there are: one for each incident that was ever taken up."""
        return sum(branch.startswith("bot/") for branch in self._world.branches())

    def _all(self, fan: Jobs) -> list[int]:
        with ThreadPoolExecutor(WORKERS) as pool:
            chosen = [(one, self._chance.random() < self._share) for one in fan.incidents]
            delays = [self._chance.uniform(0, 1) for _ in chosen]
            return list(
                pool.map(
                    lambda one, delay: self._job(fan.proposing("openai", one[0]), one[1], delay),
                    chosen,
                    delays,
                )
            )

    def _job(self, command: Command, dies: bool, delay: float) -> int:
        began = time.monotonic()
        process = self._start(command)
        process.go()
        with _killed(process, delay * self._seconds if dies else None):
            code = process.wait()
        if code == 0:
            self._seconds = time.monotonic() - began
        return code

    def _apply(self, fan: Jobs, *, kill: bool) -> str:
        """Let the writing job take up what there is; it may die right after one of its writes."""
        command = fan.applying()
        command.environment["BOT_LIMITS_INCIDENTS_PER_TICK"] = str(self._limit)
        process = self._start(command)
        if kill:
            writes = self._chance.randrange(1, 2 * self._limit)
            self._kill_at_write(process, writes)
        process.go()
        code = process.wait(300)
        self._world.github.on_write = None
        assert code in (0, -signal.SIGKILL), process.said()
        return "killed" if code else "done"

    def _kill_at_write(self, process: Started, writes: int) -> None:
        left = writes

        def count(_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self._world.github.on_write = None
                os.killpg(process.pid, signal.SIGKILL)

        self._world.github.on_write = count

    def _start(self, command: Command) -> Started:
        self._runs += 1
        said = self._world.folder / f"said-by-{self._runs}.txt"
        return Started(command.args, command.folder, command.environment, said)


@contextmanager
def _killed(process: Started, after: float | None) -> Iterator[None]:
    """Kill the process and all that it has started, so many seconds from now."""
    if after is None:
        yield
        return
    timer = Timer(after, _kill, (process.pid,))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _kill(group: int) -> None:
    for kill in (os.killpg, os.kill):  # it leads a group of its own as soon as it runs
        with suppress(ProcessLookupError):  # it was done already
            kill(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
