"""The whole life of one fix on this machine: `make demo`.

The commands are the real ones, each in a process of its own; GitHub and the model are stand-ins
that listen on 127.0.0.1. Ends with 0 only if the fix was merged, a second tick had nothing to do
and the stand-ins have nothing to complain of.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.scenarios.world import GOOD_PATCH, World, build_world

IS_TERMINAL = sys.stdout.isatty()
CONSOLE = Console(highlight=False, width=None if IS_TERMINAL else 100)

WHERE_NEXT = """\
The repository above lived in a temporary folder and is gone now; nothing else was written.

  See it again     tests/scenarios/world.py is that repository, with its rules and its reflection;
                   tests/scenarios/test_life.py tells what happens when people say no.
  Read on          README.md: the policy file, what the bot never does, where to change what.
  Try it for real  In a clone of your repository, with GITHUB_TOKEN (reading is enough here) and
                   OPENAI_API_KEY set: 'bot reflect "what failed, and in which file"', then
                   'bot run --dry-run'. Rules go into .github/bot.toml on the base branch;
                   without it the bot asks for review and merges nothing.
"""


def main() -> int:
    """Tell the story, then say whether it was true."""
    with (
        tempfile.TemporaryDirectory(prefix="amendbot-demo-") as folder,
        build_world(Path(folder)) as world,
    ):
        world.model.default = GOOD_PATCH
        wrong = list(play(world))
    if wrong:
        CONSOLE.print()
        for sentence in wrong:
            CONSOLE.print(Text(f"The demo failed: {sentence}", style="bold red"))
        return 1
    heading("Where to look next")
    CONSOLE.print(WHERE_NEXT, end="", markup=False, soft_wrap=True)
    return 0


def play(world: World) -> Iterator[str]:
    """The story, scene by scene; yields what did not go as told."""
    say(
        "GitHub and the model are stand-ins on this machine: the one keeps a repository "
        "acme/agent and runs its CI, the other gives a scripted answer. The bot, git and both API "
        "clients are the real ones."
    )

    heading("1. An agent has written a reflection about its own work")
    say("It is not committed. On main, CI is red: a test knows the bug, nobody has fixed it.")
    yield from shell(world, "cat", "reflections.json")
    CONSOLE.print()
    yield from shell(world, "cat", ".github/bot.toml")

    heading("2. What would the bot do?")
    before = world.origin()
    yield from bot(world, "run", "--dry-run")
    if world.origin() != before:
        yield "the dry run changed something at the forge"
    say("The forge and its refs are as they were, to the byte.")

    heading("3. The bot does it")
    yield from bot(world, "run")
    pulls = world.repo.pulls
    if len(pulls) != 1:
        yield f"there are {len(pulls)} pull requests where there should be one"
        return
    say("This is the pull request that a maintainer finds:")
    show_pull(world)

    heading("4. CI runs on the pull request; the next tick finds it green and merges")
    for check in world.repo.run_workflows():
        say(f"CI: the check “{check.name}” at {check.sha[:9]} ended with {check.conclusion}.")
    yield from bot(world, "run")
    if not world.repo.pull(1).merged:
        yield "the pull request was not merged"

    heading("5. Nothing is left to do, so nothing is asked and nothing is planned")
    asked, before = len(world.model.requests), world.origin()
    yield from bot(world, "run")
    if len(world.model.requests) != asked or world.origin() != before:
        yield "a tick over an unchanged world asked the model or changed something"

    heading("6. What remains: history and a ledger, both in git")
    yield from bot(world, "reflections")
    CONSOLE.print()
    yield from shell(world, "git", "pull", "--quiet")
    yield from shell(world, "git", "log", "--graph", "--oneline", "-3")
    CONSOLE.print()
    yield from shell(world, "git", "show", "HEAD^2")
    CONSOLE.print()
    yield from shell(world, "git", "fetch", "--quiet", "origin", "refs/bot/ledger")
    yield from shell(world, "git", "log", "--format=%s", "FETCH_HEAD")

    yield from (f"the stand-in for GitHub objects: {said}" for said in world.github.violations)
    yield from (f"the stand-in for the model objects: {said}" for said in world.model.violations)


def bot(world: World, *args: str) -> Iterator[str]:
    yield from run(world, ["bot", *args], world.command(*args), world.environment())


def shell(world: World, *args: str) -> Iterator[str]:
    yield from run(world, args, args, world.repo.git_environment() | {"GIT_PAGER": "cat"})


def run(
    world: World, shown: Sequence[str], command: Sequence[str], environment: dict[str, str]
) -> Iterator[str]:
    """Echo a command as it would be typed, run it on this very terminal or pipe, check its end."""
    CONSOLE.print(Text.assemble(("$ ", "bold green"), (shlex.join(shown), "bold")))
    sys.stdout.flush()
    if IS_TERMINAL:
        environment = environment | {"TERM": os.environ.get("TERM", "dumb")}
        environment.pop("COLUMNS", None)  # the terminal knows better
    environment |= {name: os.environ[name] for name in ("NO_COLOR",) if name in os.environ}
    ended = subprocess.run(
        command, cwd=world.clone, env=environment, stdin=subprocess.DEVNULL, timeout=60, check=False
    )
    if ended.returncode:
        yield f"'{shlex.join(shown)}' ended with {ended.returncode}"


def show_pull(world: World) -> None:
    pull = world.repo.pull(1)
    CONSOLE.print()
    CONSOLE.print(Text(f"  #{pull.number}  {pull.title}", style="bold"))
    for line in pull.body.splitlines():
        CONSOLE.print(Text.assemble(("  │ ", "dim"), line), soft_wrap=True)


def heading(text: str) -> None:
    CONSOLE.print()
    CONSOLE.print(Text(text, style="bold underline"))
    if not IS_TERMINAL:
        CONSOLE.print("-" * len(text))


def say(text: str) -> None:
    CONSOLE.print(Text(text, style="italic"))


if __name__ == "__main__":
    sys.exit(main())
