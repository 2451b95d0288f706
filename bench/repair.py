"""How much of a collection of bugs the engine `search` repairs, how well, and how fast.

    python bench/repair.py COLLECTION [--limit-s 30] [--json FILE] [--only NAME] [--jobs N]

Each bug is put into a git repository of its own and handed to the engine as the bot does it, with
its `reflection.json` or one made from its failing test. `fixed/` and `hidden/` only judge what
comes back. `bench/collect.py` makes collections; none is part of this repository.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from difflib import unified_diff
from multiprocessing import get_context
from pathlib import Path
from typing import Any

if not __package__:  # started as a file: then this folder, which has a `requests`, leads the path
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench import _summing
from bench._collections import Bug, changed_files, read_collection
from bench._judging import Baseline, baseline, judge, same_as_repair
from bench._reflecting import incident_of
from bench._running import Runner
from bench._summing import Result
from bot.config import Config
from bot.context import excerpts
from bot.engines import Budget, Engine, Task
from bot.errors import UserError
from bot.model import Answer, Incident, NotActionable, Sha, Tree
from bot.repository import Repository
from bot.secrets import cleaned, without_secrets_in
from bot.verifying import Verifier
from bot.vet import vet_edits

DATE = "1767603600 +0000"
LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A bug in a repository of its own, as the bot finds it."""

    bug: Bug
    repository: Repository
    verifier: Verifier
    tree: Tree


EngineMaker = Callable[[Scene, float], Engine]


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each bug and the totals. Returns the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        bugs = _wanted(read_collection(asked.collection), asked.only)
        results = []
        for result in _results(bugs, asked.limit_s, asked.jobs):
            results.append(result)
            print(_summing.line(result), flush=True)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    print(_summing.totals(results))
    if asked.json:
        shown = {"collection": asked.collection.name, "limit_s": asked.limit_s}
        found = {**shown, **_summing.figures(results), "bugs": [asdict(one) for one in results]}
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("collection", type=Path, metavar="COLLECTION")
    parser.add_argument("--limit-s", type=float, default=LIMIT_S, help="seconds to search a bug")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was found there")
    parser.add_argument("--only", metavar="NAME", action="append", help="this bug; may be repeated")
    parser.add_argument("--jobs", type=int, default=1, help="so many bugs at a time")
    return parser


def _wanted(bugs: tuple[Bug, ...], only: list[str] | None) -> tuple[Bug, ...]:
    known = {bug.name for bug in bugs}
    for name in only or ():
        if name not in known:
            raise UserError(f"The collection has no bug named {name!r}.")
    return tuple(bug for bug in bugs if not only or bug.name in only)


def _results(bugs: tuple[Bug, ...], limit_s: float, jobs: int) -> Iterator[Result]:
    if jobs < 2:
        for bug in bugs:
            yield repair(bug, limit_s)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(repair, bugs, [limit_s] * len(bugs))


# ---------------------------------------------------------------------------------------- one bug


def repair(bug: Bug, limit_s: float, make: EngineMaker | None = None) -> Result:
    """Hand one bug to the engine and judge what it answers."""
    runner = Runner()
    result = Result(name=bug.name, kind=bug.kind, repair=_diff_of_repair(bug))
    try:
        base = baseline(bug, runner)
    except UserError as error:
        return replace(result, reason=f"unusable: {error}", unusable=True)
    with _scene(bug) as scene:
        incident = incident_of(bug, base, scene.tree, runner)
        if isinstance(incident, str):
            return replace(result, reason=incident)
        engine = (make or search)(scene, limit_s)
        started = time.monotonic()
        try:
            answer = engine.solve(_task(incident, scene.tree), Budget(tokens=0))
        except Exception as error:  # noqa: BLE001 # a crash counts against it; the rest goes on
            traceback.print_exc()
            return replace(result, reason=f"the engine failed: {type(error).__name__}: {error}")
        result = replace(result, seconds=round(time.monotonic() - started, 3))
        result = replace(result, **_told_by(engine, bug))
        return _judged(result, answer, scene, base, runner)


def search(scene: Scene, limit_s: float) -> Engine:
    """The engine `search` as the bot makes it, with so many seconds for an incident."""
    from bot.actions.registry import load
    from bot.config import EngineConfig
    from bot.engines.recording import Tape
    from bot.engines.registry import ENGINES, Means

    if "search" not in ENGINES:
        raise UserError(
            "bot/engines/registry.py names no engine 'search'; there is none to measure."
        )
    config = EngineConfig.model_validate({"search": {"seconds": limit_s}})
    means = Means(config, load(), scene.verifier, Tape(), lambda _: None)
    return ENGINES["search"](means)


@contextmanager
def _scene(bug: Bug) -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name) / "repository"
        sha = _committed(bug.src, folder)
        with Repository(folder) as repository:
            repository.fetch(["refs/heads/main"])
            config = Config()
            with Verifier(repository, sha, config, os.environ) as verifier:
                yield Scene(bug, repository, verifier, repository.tree(sha))


def _committed(src: Path, folder: Path) -> Sha:
    """A repository whose branch `main` has these files. The user's git settings do not count."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "Bench" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "bench@example.invalid" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_DATE": DATE for who in ("AUTHOR", "COMMITTER")},
    }

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), "--work-tree", str(src), *arguments]
        return subprocess.check_output(command, env=environment, text=True).strip()

    subprocess.run(
        ["git", "init", "-q", "--initial-branch=main", str(folder)], check=True, env=environment
    )
    git("--git-dir", str(folder / ".git"), "add", "-A", "-f")
    git("--git-dir", str(folder / ".git"), "commit", "-q", "-m", "As found")
    return Sha(git("--git-dir", str(folder / ".git"), "rev-parse", "HEAD"))


def _task(incident: Incident, tree: Tree) -> Task:
    return Task(
        cleaned(incident),
        without_secrets_in(excerpts(incident.places, tree), tree),
        tree,
        review=lambda patch: vet_edits(patch, tree).refused,
    )


def _judged(result: Result, answer: Answer, scene: Scene, base: Baseline, runner: Runner) -> Result:
    if answer.patch is None:
        reason = answer.reason
        if isinstance(answer.diagnosis, NotActionable):
            reason = answer.diagnosis.reason
        return replace(result, reason=reason)
    vetted = vet_edits(answer.patch, scene.tree)
    if vetted.refused:
        return replace(result, reason=f"refused by vetting: {vetted.refused[0].sentence}")
    files = {file.path: file.text for file in vetted.files}
    verdict = judge(scene.bug, files, base, runner)
    return replace(
        result,
        proposed=True,
        plausible=verdict.plausible,
        right=verdict.right,
        by=verdict.by,
        confidence=answer.confidence,
        patch="".join(
            _diff(path, scene.tree.read(path) or "", text) for path, text in files.items()
        ),
    )


# ------------------------------------------------------------------- what the engine tells of it


def _told_by(engine: Engine, bug: Bug) -> dict[str, Any]:
    """Figures of an engine that keeps them in `last`, as `search` does; none of any other."""
    last = getattr(engine, "last", None)
    if last is None:
        return {}
    ranked = [weighed.plausible.candidate for weighed in last.choice.ranked]
    right = [_is_repair(candidate, bug) for candidate in ranked]
    return {
        "tried": last.tried,
        "searched_s": round(last.seconds, 3),
        "first_s": None if last.first_after is None else round(last.first_after, 3),
        "template": ranked[0].template if ranked else "",
        "found": len(ranked),
        "repair_at": right.index(True) + 1 if True in right else None,
    }


def _is_repair(candidate: Any, bug: Bug) -> bool:
    texts: dict[str, str] = {}
    for one in sorted(candidate.replacements, key=lambda one: -int(one.start)):
        text = texts.get(one.path)
        if text is None:
            text = (bug.src / one.path).read_bytes().decode()
        texts[one.path] = text[: one.start] + one.new + text[one.end :]
    return same_as_repair(bug, texts)


def _diff_of_repair(bug: Bug) -> str:
    def text(path: Path) -> str:
        return path.read_text() if path.is_file() else ""

    return "".join(
        _diff(path, text(bug.src / path), text(bug.fixed / path)) for path in changed_files(bug)
    )


def _diff(path: str, old: str, new: str) -> str:
    lines = unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), path, path, n=1
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
