"""Whether a patched tree behaves as the repaired one, where no hidden tests say so.

The functions in which the two differ are called in both trees with the same arguments: those of
the tests, and variations of them. What the repaired tree answers with an error or not at all was
perhaps never meant to be asked, and does not count.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path

from bench._collections import Bug, changed_files, shape
from bench._running import Runner

PLUGIN = "bench_behaviour"
_SOURCE = Path(__file__).with_name("inside") / f"{PLUGIN}.py"
_ANSWER = f"{PLUGIN}.txt"
SECONDS = 120.0
MIN_ALIKE = 5
"""Fewer calls that can be compared tell nothing."""


def alike(bug: Bug, files: Mapping[str, str], runner: Runner) -> str | None:
    """A sentence on the first difference, empty if there is none; None where nothing tells."""
    compared = 0
    for path in sorted({*files, *changed_files(bug)}):
        old, repaired = bug.src / path, bug.fixed / path
        ours = files[path] if path in files else old.read_text()
        theirs = repaired.read_text()
        functions = differing(ours, theirs)
        if not functions:
            continue
        left = _behaviour(bug.src, files, path, functions, runner)
        right = _behaviour(bug.fixed, {}, path, functions, runner)
        for call, answer in right.items():
            if answer.startswith(("!", "?")) or call not in left:
                continue
            if left[call] != answer:
                return f"{call[:60]} gives {left[call][:40]}, not {answer[:40]}"
            compared += 1
    return "" if compared >= MIN_ALIKE else None


def differing(ours: str, theirs: str) -> tuple[str, ...]:
    """The names of the functions in which two files differ; all of them where it is elsewhere."""
    left, right = _functions(ours), _functions(theirs)
    changed = {name for name in left if left[name] != right.get(name)}
    rest_differs = _rest(ours) != _rest(theirs)
    if rest_differs:
        changed = set(left) & set(right)
    return tuple(sorted(name.rsplit(".", 1)[-1] for name in changed))


def _functions(text: str) -> dict[str, str]:
    found: dict[str, str] = {}

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = f"{prefix}{getattr(child, 'name', '')}."
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                found[name[:-1]] = ast.dump(child)
            walk(child, name if isinstance(child, ast.ClassDef | ast.FunctionDef) else prefix)

    walk(ast.parse(text), "")
    return found


def _rest(text: str) -> str:
    """What a file says outside of its functions' bodies."""
    module = ast.parse(text)
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = []
    return shape(ast.unparse(_with_bodies(module)))


def _with_bodies(module: ast.Module) -> ast.Module:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.body:
            node.body = [ast.Pass()]
    return module


def _behaviour(
    tree: Path, files: Mapping[str, str], path: str, functions: tuple[str, ...], runner: Runner
) -> dict[str, str]:
    asked = {"path": path, "functions": functions, "answer": _ANSWER}
    laid = {**files, f"{PLUGIN}.py": _SOURCE.read_text(), f"{PLUGIN}.json": json.dumps(asked)}
    kept = runner.read_after(tree, _ANSWER, files=laid, arguments=("-p", PLUGIN), seconds=SECONDS)
    pairs = (json.loads(line) for line in kept.splitlines())
    return {str(call): str(answer) for call, answer in pairs}
