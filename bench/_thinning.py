"""Thin tests: what is left of a test file when only a few of its tests are kept.

Which ones is drawn by a seed, so that a collection made twice is the same. Each function yields one
draw after another, for the caller to take the first in which a test fails.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Collection, Iterator
from typing import TypeGuard

KEPT = 3
DRAWS = 12


def thin_lines(text: str, seed: str) -> Iterator[str]:
    """A file of one case a line, with KEPT of them; the whole file comes last."""
    lines = text.splitlines(keepends=True)
    drawn = random.Random(seed)
    for _ in range(DRAWS):
        kept = sorted(drawn.sample(range(len(lines)), min(KEPT, len(lines))))
        yield "".join(lines[at].rstrip("\n") + "\n" for at in kept)
    yield text


def thin_functions(text: str, seed: str) -> Iterator[str]:
    """A test file with KEPT of its test functions; the whole file comes last."""
    found = sorted(test_functions(text))
    drawn = random.Random(seed)
    for _ in range(DRAWS):
        yield with_tests(text, drawn.sample(found, min(KEPT, len(found))))
    yield text


def test_functions(text: str) -> dict[str, ast.stmt]:
    """The tests of a file by name, `Class.test_name` in a class."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(text).body:
        if _is_test(node):
            found[node.name] = node
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}": one for one in node.body if _is_test(one)}
    return found


test_functions.__test__ = False  # type: ignore[attr-defined] # nothing for pytest to collect


def _is_test(node: ast.stmt) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")


def with_tests(text: str, kept: Collection[str]) -> str:
    """The file without the test functions that are not kept; everything else stays as it is."""
    lines = text.splitlines(keepends=True)
    gone = [node for name, node in test_functions(text).items() if name not in kept]
    for node in sorted(gone, key=_first_line, reverse=True):
        indent = " " * node.col_offset
        lines[_first_line(node) - 1 : node.end_lineno] = [f"{indent}pass\n"] if indent else []
    return "".join(lines)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])
