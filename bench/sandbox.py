"""What the sandbox costs next to running the same tests bare, and what a killed bot leaves behind.

`ARGS="7 100"` are the numbers of rounds and of aborted runs. A tick's first commit is charged with
all that is prepared once: finding out what isolates, the toolchain, and the base's own run. The
second commit of the tick only runs its own tests.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.config import Config, SandboxConfig
from bot.model import Sha
from bot.repository import Repository
from bot.sandbox import Job, processes
from bot.sandbox.isolation import Isolation, probe, without_bubblewrap
from bot.sandbox.running import run
from bot.sandbox.workspace import Workspace, sweep
from bot.verifying import Verifier
from tests.scratch import Scratch, git

MODULES = 5
TESTS = 20
BARE = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
WORD = "294.25"
"""How long what the aborted runs start would sleep, in seconds, and what it is known by."""
LATEST_KILL = 0.4


def main() -> None:
    """Print medians and their ratios to the bare run, then what is left of aborted runs."""
    if sys.argv[1:2] == ["tick"]:
        print(json.dumps(tick(Path(sys.argv[2]), sys.argv[3:])))
        return
    rounds, aborted = (*map(int, sys.argv[1:]), *(7, 100)[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # other users, as whom the tests run, must be able to pass
        os.environ["TMPDIR"] = tempfile.tempdir = name
        compare(folder, rounds)
        for isolation in isolations():
            print(f"{aborted} runs aborted, {isolation.kind}: {left_by(isolation, aborted)}")


def isolations() -> list[Isolation]:
    found = probe()
    if found.kind != "bubblewrap":
        print(f"Without bubblewrap only: {found.reason}.")
        return [found]
    return [found, without_bubblewrap("as asked")]


# ------------------------------------------------------------------------------ what it costs


def compare(folder: Path, rounds: int) -> None:
    (folder / "world").mkdir()
    scratch = Scratch.make(folder / "world")
    heads = [str(head) for head in prepare(scratch)]
    paths = {"bubblewrap": os.environ["PATH"], "none": str(_without_bubblewrap(folder))}
    wanted = [isolation.kind for isolation in isolations()]
    seen: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        figures = {"bare": _wall(lambda: _bare(scratch.clone))}
        for kind in wanted:
            first, second = _tick(scratch.clone, heads, paths[kind])
            figures[f"{kind}, first commit of a tick"] = first
            figures[f"{kind}, second commit"] = second
        for name, wall in figures.items() if number else ():  # the first round warms up
            seen.setdefault(name, []).append(wall)
    medians = {name: statistics.median(walls) for name, walls in seen.items()}
    width = max(map(len, medians))
    print(f"{MODULES * TESTS} tests under pytest, medians of {rounds} interleaved rounds.")
    for name, wall in medians.items():
        print(f"{name:<{width}}  {wall * 1000:5.0f} ms  {wall / medians['bare']:5.2f}")


def prepare(scratch: Scratch) -> tuple[Sha, Sha, Sha]:
    """A base with its tests, and two commits on top of it that change a line each."""
    files: dict[str, str | bytes | None] = {}
    for number in range(MODULES):
        files[f"part_{number}.py"] = "def twice(value):\n    return value * 2\n"
        files[f"test_part_{number}.py"] = f"from part_{number} import twice\n" + "".join(
            f"\n\ndef test_{case}():\n    assert twice({case}) == {2 * case}\n"
            for case in range(TESTS)
        )
    base = scratch.commit(files, "Base")
    heads = []
    for text in ("def twice(value):\n    return 2 * value\n", "def twice(v):\n    return v + v\n"):
        git(scratch.clone, "checkout", "-q", "--detach", base)
        (scratch.clone / "part_0.py").write_text(text)
        git(scratch.clone, "commit", "-q", "-a", "-m", "Change")
        heads.append(Sha(git(scratch.clone, "rev-parse", "HEAD")))
    return base, heads[0], heads[1]


def _without_bubblewrap(folder: Path) -> Path:
    """A PATH with what the bot needs and no bubblewrap."""
    path = folder / "bin"
    path.mkdir()
    for name in ("git", "chown"):
        (path / name).symlink_to(str(shutil.which(name)))
    return path


def _bare(folder: Path) -> None:
    subprocess.run(BARE, cwd=folder, stdout=subprocess.DEVNULL, check=True)


def _wall(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _tick(clone: Path, shas: Sequence[str], path: str) -> list[float]:
    """What a bot of its own takes for two commits; its start is not counted."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.sandbox", "tick", str(clone), *shas],
        env={**os.environ, "PATH": path, "VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"A tick failed: {done.stdout}{done.stderr}")
    found: list[float] = json.loads(done.stdout)
    return found


def tick(clone: Path, shas: Sequence[str]) -> list[float]:
    base, *heads = map(Sha, shas)
    config = Config(sandbox=SandboxConfig(allow_unisolated=True))
    walls = []
    with Repository(clone) as repository:
        verifier = Verifier(repository, base, config, os.environ)
        with verifier:
            for head in heads:
                commit = repository.commit(head)
                start = time.perf_counter()
                evidence = verifier.verify(commit)
                walls.append(time.perf_counter() - start)
                if evidence is None or not evidence.keeps_all:
                    sys.exit(str(evidence or verifier.notices))
    return walls


# ------------------------------------------------------------------------- what it leaves behind


def left_by(isolation: Isolation, count: int) -> str:
    """Kill a bot that runs something, at any moment, again and again; then sweep once."""
    moments = random.Random(4)
    for _ in range(count):
        bot = os.fork()
        if bot == 0:
            _run_for_long(isolation)
        time.sleep(moments.uniform(0, LATEST_KILL))
        os.kill(bot, processes.SIGKILL)
        os.waitpid(bot, 0)
    swept = sweep()
    folders = list(Path(tempfile.gettempdir()).glob("amendbot-*/*"))
    return (
        f"{len(folders)} folders and {len(_sleeping())} processes left; {swept} in the last sweep"
    )


def _run_for_long(isolation: Isolation) -> None:
    script = f"for each in 1 2 3; do echo {WORD} >$each; setsid sleep {WORD} & done; wait"
    job = Job(argv=("sh", "-c", script), environment=(("PATH", "/usr/bin:/bin"),))
    try:
        with Workspace(isolation) as workspace:
            run(job, workspace, isolation)
    finally:
        os._exit(1)


def _sleeping() -> list[int]:
    found = []
    for pid in processes.all_processes():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if WORD.encode() in words:
            found.append(pid)
    return found


if __name__ == "__main__":
    main()
