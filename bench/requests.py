"""How many requests one tick sends, by how many pull requests of the bot's own there are.

Every pull request is opened by real ticks, one per incident, so the ledger knows them all. A quiet
tick is one over an unchanged world. The baseline is the quiet tick of a repository in which the
bot has no pull request.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.loopback_openai import Message, Request, calls
from tests.scenarios.world import World, build_world

SIZES = (0, 10, 100)
CONFIG = """\
engine.order = ["openai"]
[limits]
incidents_per_tick = 1000
open_pulls = 1000
pulls_per_hour = 1000
pulls_per_day = 1000
patches_per_file_per_week = 1000
tokens_per_tick = 100000000
tokens_per_day = 100000000
"""


@dataclass(frozen=True)
class Count:
    """The requests of one tick by kind, its wall time in seconds and what it did."""

    rest: int
    graphql: int
    git: int
    wall: float
    actions: int

    @property
    def all(self) -> int:
        return self.rest + self.graphql + self.git


def main() -> None:
    """Open the pull requests, settle them, and count a quiet tick after each."""
    counts: dict[str, Count] = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder, build_world(Path(folder)) as world:
            prepare(world, size)
            if size:
                opened = tick(world)
                counts[f"a tick that opens {size}"] = opened
                if len(world.repo.pulls) != size:
                    sys.exit(f"{len(world.repo.pulls)} pull requests were opened, not {size}")
            if size:
                counts[f"a tick that writes {size} on the dashboard"] = tick(world)
            counts[f"quiet, {size} open"] = quiet(world)
            if size == SIZES[-1]:
                settle(world)
                counts[f"a tick after {size} were merged or closed"] = tick(world)
                counts[f"quiet, {size} merged or closed"] = quiet(world)
            if size == SIZES[0]:
                counts["quiet, with issues as a source"] = with_issues(world, trust=False)
                counts["quiet, with issues as a trusted source"] = with_issues(world, trust=True)
            for said in world.github.violations + world.model.violations:
                sys.exit(f"The stand-ins object: {said}")
    show(counts)


def prepare(world: World, size: int) -> None:
    """As many modules with one defect each, and a reflection about every one of them."""
    files: dict[str, str | None] = {
        f"part_{number:03}.py": f"def first_{number:03}(words):\n    return words[0]\n"
        for number in range(size)
    }
    world.repo.push_commit("main", {**files, ".github/bot.toml": CONFIG}, by="alice")
    world.repo.run_workflows()
    world.write_reflections(
        [
            {
                "timestamp": "2025-07-01T00:00:00Z",
                "task_summary": "Read a list",
                "outcome": "failure",
                "reflection": f"first_{number:03} in part_{number:03}.py fails on an empty list.",
            }
            for number in range(size)
        ]
    )
    world.model.default = repair


def repair(request: Request) -> Message:
    """What the model answers: a fix for the module that the request shows."""
    name = request.text.split('<file path="', 1)[1].split('"', 1)[0]
    number = name.removesuffix(".py").removeprefix("part_")
    edit = {
        "filename": name,
        "old": "    return words[0]\n",
        "new": "    return words[0] if words else None\n",
    }
    report = {
        "filename": name,
        "function": f"first_{number}",
        "summary": "it fails on an empty list",
        "severity": "low",
    }
    explanation = f"Answer None in first_{number} where there is nothing."
    return calls(
        ("log_bug_report", report),
        ("propose_code_patch", {"edits": [edit], "explanation": explanation}),
    )


def settle(world: World) -> None:
    """A person merges every second pull request and closes the others, branches and all."""
    for pull in list(world.repo.pulls):
        if pull.number % 2:
            world.repo.set_check(pull.head_sha, "test")
            world.repo.merge(pull.number, by="alice")
        else:
            world.repo.close(pull.number, by="alice")
            world.repo.delete_branch(pull.head_ref, by="alice")


def with_issues(world: World, *, trust: bool) -> Count:
    """A quiet tick where people hand the bot work by labelled issues, and two wait for words."""
    source = f'[[source]]\nname = "issues"\nkind = "issues"\ntrust = {str(trust).lower()}\n'
    world.repo.push_commit("main", {".github/bot.toml": f"{CONFIG}{source}"}, by="alice")
    world.repo.run_workflows()
    if not world.repo.issues:
        for author in ("alice", "alice"):
            world.repo.open_issue("It fails", author, "Somewhere.", ("bot:fix",))
        tick(world)
    tick(world)
    return quiet(world)


def tick(world: World) -> Count:
    """One real tick in a process of its own, and what the stand-in for GitHub saw of it."""
    before, start = len(world.github.requests), time.perf_counter()
    ran = subprocess.run(
        world.command("run", "--json"),
        cwd=world.clone,
        env=world.environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    wall = time.perf_counter() - start
    if ran.returncode:
        sys.exit(f"A tick ended with {ran.returncode}: {ran.stderr}")
    kinds = Counter(request.kind for request in world.github.requests[before:])
    done = len(json.loads(ran.stdout)["actions"])
    return Count(kinds["rest"], kinds["graphql"], kinds["git"], wall, done)


def quiet(world: World) -> Count:
    """A tick that must find nothing to do and ask nobody."""
    asked = len(world.model.requests)
    count = tick(world)
    if count.actions or len(world.model.requests) != asked:
        sys.exit(f"A quiet tick planned {count.actions} actions.")
    return count


def show(counts: dict[str, Count]) -> None:
    """One line per tick."""
    width = max(map(len, counts))
    baseline = counts[f"quiet, {SIZES[0]} open"]
    print(f"{'':<{width}}  REST  GraphQL  git HTTP   all  ratio  actions    wall")
    for name, count in counts.items():
        print(
            f"{name:<{width}}  {count.rest:4}  {count.graphql:7}  {count.git:8}  {count.all:4}  "
            f"{count.all / baseline.all:5.2f}  {count.actions:7}  {count.wall:5.1f} s"
        )


if __name__ == "__main__":
    main()
