"""One whole `bot run --dry-run`, next to a bare script that does the unavoidable part of it.

Both talk to the same scripted model and the same loopback GitHub. The bare script fetches, sends
the request that the bot would send, applies the answer and commits it with git: no vetting, no
policy, no pull requests read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench._measure import Command, measure, table
from tests.scenarios.world import GOOD_PATCH, World, build_world

RUNS = 7
BARE = """\
import json, os, subprocess, sys
from pathlib import Path
from openai import OpenAI

def git(*args):
    subprocess.run(["git", *args], check=True, stdout=subprocess.DEVNULL)

git("fetch", "--quiet", "origin", "main")
client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], base_url=os.environ["OPENAI_BASE_URL"])
answer = client.chat.completions.create(**json.loads(Path(sys.argv[1]).read_text()))
calls = answer.choices[0].message.tool_calls
patch = next(c for c in calls if c.function.name == "propose_code_patch").function.arguments
for edit in json.loads(patch)["edits"]:
    file = Path(edit["filename"])
    file.write_text(file.read_text().replace(edit["old"], edit["new"], 1))
git("switch", "--quiet", "--detach", "origin/main")
git("commit", "--quiet", "--all", "--message", "Fix it")
"""
IMPORTS = "import git, github, openai, pydantic, rich.table, typer"


def main() -> None:
    """Print medians and their ratios to the bare script."""
    with tempfile.TemporaryDirectory() as folder, build_world(Path(folder)) as world:
        world.model.default = GOOD_PATCH
        commands = _commands(world, Path(folder))
        asked = len(world.github.requests)
        ran = world.bot_process("run", "--dry-run")
        if ran.code:
            sys.exit(ran.err)
        log = world.github.requests[asked:]
        figures = measure(commands, RUNS, before_each=lambda: _reset(world))
        violations = world.github.violations + world.model.violations
    print(f"One dry run of the original's example, medians of {RUNS} interleaved runs.")
    print(table(figures, baseline="bare script"))
    kinds = {kind: sum(r.kind == kind for r in log) for kind in ("rest", "graphql", "git")}
    print(f"Requests to GitHub in one dry run: {kinds}.")
    if violations:
        sys.exit(f"The stand-ins object: {violations}")


def _commands(world: World, folder: Path) -> list[Command]:
    """The dry run, the bare script with the very request of the bot, and the imports alone."""
    if world.bot_process("run", "--dry-run").code:
        sys.exit("The dry run failed.")
    request = folder / "request.json"
    request.write_text(json.dumps(world.model.requests[-1].body))
    bare = folder / "bare.py"
    bare.write_text(BARE)
    names = ("AUTHOR", "COMMITTER")
    identity = {f"GIT_{who}_NAME": "Bare" for who in names}
    identity |= {f"GIT_{who}_EMAIL": "bare@example.invalid" for who in names}
    environment = world.environment() | identity
    python = sys.executable
    return [
        Command("bare script", [python, str(bare), str(request)], world.clone, environment),
        Command("bot's imports", [python, "-c", IMPORTS], world.clone, environment),
        Command("bot run --dry-run", world.command("run", "--dry-run"), world.clone, environment),
    ]


def _reset(world: World) -> None:
    """The clone as it was, before the bare script committed to it."""
    subprocess.run(
        ["git", "switch", "--quiet", "--force", "main"],
        cwd=world.clone,
        env=world.repo.git_environment(),
        check=True,
    )


if __name__ == "__main__":
    main()
