"""Bugs seeded into well-tested packages: a few of every kind of mistake, each in its own function.

Kept is a mistake that makes at least one test fail, the same ones twice, and that leaves most of
them passing: what breaks everything is found by looking.
"""

from __future__ import annotations

import ast
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bench._collections import Bug, python_files, same_program, write_bug
from bench._mistakes import MISTAKES
from bench._places import Function, Source, applied
from bench._regex_mistakes import wrong_regex
from bench._running import Ran, Runner
from bench._thinned import thin as thin_out
from bench._trees import Files, check_out, git, without_coverage, without_failing
from bot.errors import UserError
from bot.tree_index import is_test

SECONDS = 60.0
MAX_BROKEN = 0.2
"""So large a share of the tests may fail."""
MAX_TRIES = 40
"""So many mistakes are run for one bug that is kept, before the package is given up."""
PER_KIND = 6
"""So many places are looked at for one kind of mistake before the next kind has its turn."""
_ELSEWHERE = {"docs", "doc", "examples", "example", "benchmarks", "benchmark", "scripts", "misc"}


@dataclass(frozen=True)
class Seed:
    """One mistake: the whole text of the file that has it."""

    kind: str
    path: str
    symbol: str
    text: str


def collect(clones: list[Path], folder: Path, *, bugs: int, seed: int, thin: bool) -> Iterator[Bug]:
    """Write so many bugs of each clone's newest commit."""
    runner = Runner(SECONDS)
    for clone in clones:
        with TemporaryDirectory() as name:
            tree = Path(name)
            check_out(clone, "HEAD", tree)
            passing = _made_fit(tree, clone.name, runner)
            found = _bugs(tree, passing, random.Random(f"{clone.name} {seed}"), runner)
            for number, (made, ran) in enumerate(islice(found, bugs), 1):
                bug = folder / f"{clone.name}-{number:02}-{made.kind}"
                origin = {
                    "kind": made.kind,
                    "clone": clone.name,
                    "commit": git(clone, "rev-parse", "HEAD").strip(),
                    "symbol": made.symbol,
                    "tests": sorted(ran.failed),
                }
                written = write_bug(bug, tree, src={made.path: made.text}, fixed={}, origin=origin)
                if not thin or thin_out(written, ran.failed, runner):
                    yield written


def _made_fit(tree: Path, name: str, runner: Runner) -> frozenset[str]:
    """Take out of the tree what fails here; the names of the tests that are left."""
    files: Files = without_coverage(tree)
    ran = runner.run(tree, files=files)
    if ran.failed:
        files |= without_failing(tree, ran)
        ran = runner.run(tree, files=files)
    if ran.failed or ran.trouble or not ran.passed:
        raise UserError(f"The tests of {name} do not all pass here: {ran.trouble or ran.output}")
    for path, text in files.items():
        (tree / path).unlink() if text is None else (tree / path).write_text(text)
    return ran.passed


def _bugs(
    tree: Path, passing: frozenset[str], drawn: random.Random, runner: Runner
) -> Iterator[tuple[Seed, Ran]]:
    used: set[tuple[str, str]] = set()
    seen: set[str] = set()
    tries = 0
    for made in seeds(tree, drawn):
        if (made.path, made.symbol) in used or made.text in seen:
            continue
        seen.add(made.text)
        tries += 1
        if tries > MAX_TRIES:
            return
        files: Files = {made.path: made.text}
        near = _tests_of(made.path, tree)
        if not runner.run(tree, files=files, arguments=("-x", *near)).failed:
            continue
        ran = runner.run(tree, files=files)
        if ran.trouble or not 0 < len(ran.failed) <= MAX_BROKEN * len(passing):
            continue
        again = runner.run(tree, files=files, only=tuple(ran.failed)).failed
        if not ran.failed <= passing or again != ran.failed:
            continue
        used.add((made.path, made.symbol))
        tries = 0
        yield made, ran


def _tests_of(path: str, tree: Path) -> tuple[str, ...]:
    """The test files named after a module; empty where there are none, which stands for all."""
    stem = Path(path).stem
    return tuple(one for one in python_files(tree) if Path(one).name == f"test_{stem}.py")


def seeds(tree: Path, drawn: random.Random) -> Iterator[Seed]:
    """Mistakes of one kind after the other, again and again, each at a place that is drawn."""
    paths = [path for path in python_files(tree) if _is_code(path)]
    texts = {path: (tree / path).read_text() for path in paths}
    modules = {path: ast.parse(text) for path, text in texts.items()}
    functions = [
        (path, node)
        for path, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(ast.dump(node)) > 400
    ]
    whole = list(modules.items())
    kinds = [*MISTAKES, wrong_regex, wrong_regex]
    drawn.shuffle(kinds)
    for mistake in islice(cycle(kinds), 5000):
        places = whole if mistake is wrong_regex else functions
        for path, node in drawn.sample(places, min(len(places), PER_KIND * 3)):
            source = Source(texts[path], modules[path], node, drawn)
            symbol = node.name if isinstance(node, Function) else ""
            kind = mistake.__name__.replace("_", "-")
            made = next(filter(None, mistake(source)), None)
            if made is None:
                continue
            text = applied(source, made)
            if _compiles(text) and not same_program(text, texts[path]):
                yield Seed(kind, path, symbol or text, text)
                break


def _is_code(path: str) -> bool:
    parts = set(Path(path).parts)
    return not is_test(path) and not parts & _ELSEWHERE and Path(path).name != "setup.py"


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "seeded", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
