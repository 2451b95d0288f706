"""What a change does to the tests that judge it: removed, skipped or weakened. Pure."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from bot.model import Finding
from bot.vetting.source import (
    Defined,
    NewText,
    added_lines,
    dotted,
    functions,
    nodes,
    parse,
    shape,
)

_SKIPS = re.compile(
    r"(^|\.)(skip|skipif|skipIf|skipUnless|xfail|skipTest|SkipTest|importorskip|expectedFailure|"
    r"pytestmark|collect_ignore|collect_ignore_glob|pytest_collection_modifyitems|"
    r"pytest_ignore_collect|pytest_runtest_\w+|pytest_pyfunc_call|pytest_collect_file|__test__|"
    r"pytest_sessionfinish|pytest_deselected)$"
)
_TEXTUAL_SKIPS = re.compile(
    r"\.(skip|only|todo|failing)\b|\bx(it|test|describe)\(|\bf(it|describe)\(|\bt\.Skip|#\[ignore\]|"
    r"@(Ignore|Disabled)\b|--(deselect|ignore|ignore-glob)\b|\bnorecursedirs\b|\bcollect_ignore|"
    r"addopts.*\s-[km]\b|testPathIgnorePatterns|passWithNoTests|\bomit\s*="
)
_TEXTUAL_CHECKS = re.compile(r"\b(expect|assert\w*|require\.\w+|t\.(Error|Fatal)\w*)\s*[(!]")


def python_test_risks(file: NewText, before: str) -> Iterator[Finding]:
    """What becomes of the tests of one Python file."""
    old, new = parse(before), parse(file.text)
    if old is None or new is None:
        return
    path = file.path
    was = {name: each for name, each in functions(old).items() if _is_test(name)}
    now = functions(new)
    for name in sorted(set(was) - set(now)):
        yield Finding("tests removed", path, f"the test {name} of {path} is gone")
    for what in sorted(_skips(new) - _skips(old)):
        yield Finding("tests skipped", path, f"{path} newly has {what}")
    for name, each in was.items():
        if name in now:
            said = _weakened(each, now[name])
            if said:
                yield Finding("tests weakened", path, f"the test {name} of {path} {said}")


def _is_test(name: str) -> bool:
    return name.rpartition(".")[2].startswith("test")


def _skips(module: ast.Module) -> Counter[str]:
    found: Counter[str] = Counter()
    for node in nodes(module):
        name = ""
        if isinstance(node, (ast.Attribute, ast.Name)):
            name = dotted(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.alias)):
            name = node.name
        if name and _SKIPS.search(name):
            found[name] += 1
    return found


def _weakened(was: Defined, now: Defined) -> str:
    """What a test no longer checks as it did; empty if it checks at least what it checked."""
    gone = _checks(was.node) - _checks(now.node)
    if gone:
        return "no longer has all of its assertions as they were"
    if _parametrized(was.node) - _parametrized(now.node):
        return "is no longer run with all of its values"
    if _count(now.node, ast.Return) > _count(was.node, ast.Return):
        return "newly returns early"
    return ""


def _checks(function: ast.AST) -> Counter[str]:
    """Each assertion with the statements it stands under, inside this function."""
    found: Counter[str] = Counter()
    pending: list[tuple[str, ast.AST]] = [("", function)]
    while pending:
        under, node = pending.pop()
        for child in ast.iter_child_nodes(node):
            inside = under
            if isinstance(child, ast.Assert) or (
                isinstance(child, ast.Call) and _is_check(dotted(child.func))
            ):
                found[f"{under} {shape(child)}"] += 1
            elif isinstance(child, (ast.If, ast.While, ast.Match)):
                header = child.subject if isinstance(child, ast.Match) else child.test
                inside = f"{under}/{type(child).__name__} {shape(header)}"
            elif isinstance(child, (ast.Try, ast.For, ast.ExceptHandler, ast.FunctionDef)):
                inside = f"{under}/{type(child).__name__}"
            pending.append((inside, child))
    return found


def _is_check(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last.startswith("assert") or name in ("pytest.raises", "pytest.warns", "pytest.fail")


def _parametrized(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Counter[str]:
    found: Counter[str] = Counter()
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and dotted(decorator.func).endswith("parametrize"):
            for value in decorator.args[1:2]:
                items = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
                found.update(shape(item) for item in items)
    return found


def _count(node: ast.AST, kind: type[ast.AST]) -> int:
    return sum(isinstance(each, kind) for each in ast.walk(node))


def textual_test_risks(file: NewText, before: str) -> Iterator[Finding]:
    """The same for files that are not parsed, and for what configures the tests' runner."""
    path = file.path
    for line in added_lines(before, file.text):
        if _TEXTUAL_SKIPS.search(line):
            yield Finding("tests skipped", path, f"{path} gets {line.strip()[:80]!r}")
    gone = [line for line in added_lines(file.text, before) if _TEXTUAL_CHECKS.search(line)]
    if gone:
        said = f"{path} no longer has {gone[0].strip()[:80]!r} as it was"
        yield Finding("tests weakened", path, said)
