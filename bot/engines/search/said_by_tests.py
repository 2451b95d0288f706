"""What failing tests say in their functions: literals, and the errors they wait for. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.definitions import parse
from bot.engines.search.model import TestRan
from bot.engines.search.scope import plain_name
from bot.tree_index import is_test

Read = Callable[[str], str | None]
_WAITING = ("raises", "assertRaises", "assertRaisesRegex")
MOST_TEXTS = 2
MOST_OTHERS = 6
_MISSING = re.compile(
    r"(?:KeyError: |AssertionError: (?:assert )?)(['\"])([A-Za-z_][\w.-]*)\1"
    r"(?:$|\n| (?:not found )?in ([^\n]*))"
)
_KEY = re.compile(r"'([A-Za-z_][\w.-]*)'")
_NAME = re.compile(r"[A-Za-z_]\w*")
_TEXT = re.compile(r"(?:\\\W|[^\\*+?{\[|()^$])*")


@dataclass(frozen=True, slots=True)
class Missing:
    """A key that was looked for in vain, and some of those that were there."""

    key: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Awaited:
    """An error that a test waits for, by its last name, and a text that it should have, if any."""

    error: str
    text: str = ""


def missing(messages: Sequence[str]) -> tuple[Missing, ...]:
    """What failing tests, or the code that they run, did not find in a container."""
    return tuple(
        Missing(match[2], tuple(_KEY.findall(match[3] or "")[:MOST_OTHERS]))
        for message in messages
        if (match := _MISSING.match(message))
    )


def literals_of(tests: Sequence[TestRan], read: Read) -> frozenset[str]:
    """The literals that stand in the functions of these tests, as Python writes them."""
    inside = (inner for function in _functions(tests, read) for inner in ast.walk(function))
    found = (constants(inner) for inner in inside if isinstance(inner, ast.expr))
    return frozenset(text for each in found for text in each)


def plain(literals: Collection[str]) -> frozenset[str]:
    """What the strings among literals say, and the numbers as they are written."""
    found: set[str] = set()
    for text in literals:
        node = ast.parse(text, mode="eval").body
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Constant | ast.UnaryOp):
            found.add(text)
    return frozenset(found)


def awaited(tests: Sequence[TestRan], read: Read) -> tuple[Awaited, ...]:
    """What they wait for with `raises`, in the order they do; each with the text that it is asked
    to have; without one, also with the first that anything in the test is compared with."""
    found: dict[Awaited, None] = {}
    for function in _functions(tests, read):
        nodes = list(ast.walk(function))
        asked = [node for node in nodes if isinstance(node, ast.Call) and node.args]
        asked.sort(key=lambda node: (node.lineno, node.col_offset))
        texts = list(dict.fromkeys(text for node in nodes for text in _compared(node)))
        for node in asked:
            how = plain_name(node.func).rpartition(".")[2]
            if how in _WAITING:
                for name, text in _awaited(node, how):
                    own = [text] if text else ["", *texts[:MOST_TEXTS]]
                    found.update(dict.fromkeys(Awaited(name, each) for each in own))
    return tuple(found)


def _awaited(node: ast.Call, how: str) -> Iterator[tuple[str, str]]:
    said = [word.value for word in node.keywords if word.arg == "match"]
    if how == "assertRaisesRegex":
        said += node.args[1:2]
    text = _asked_for(said[0]) if said else ""
    first = node.args[0]
    for each in first.elts if isinstance(first, ast.Tuple) else [first]:
        name = plain_name(each).rpartition(".")[2]
        if _NAME.fullmatch(name):
            yield name, text


def _asked_for(node: ast.expr) -> str:
    """The text that a pattern, or `re.escape` of a text, stands for."""
    is_escaped = isinstance(node, ast.Call) and plain_name(node.func) == "re.escape"
    said = node.args[0] if isinstance(node, ast.Call) and is_escaped and node.args else node
    if not isinstance(said, ast.Constant) or not isinstance(said.value, str):
        return ""
    return said.value if is_escaped else text_of_pattern(said.value)


def _compared(node: ast.AST) -> Iterator[str]:
    """The sentences that something is compared with: `str(error) == "not here"`."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
    elif isinstance(node, ast.Call) and plain_name(node.func).startswith("self.assert"):
        sides = node.args
    else:
        return
    for side in sides:
        for inner in [side, *getattr(side, "elts", ())]:
            value = getattr(inner, "value", None) if isinstance(inner, ast.Constant) else None
            if isinstance(value, str) and " " in value.strip() and "\n" not in value:
                yield value


def text_of_pattern(pattern: str) -> str:
    """The text that a regular expression stands for, if it stands for just one; else empty."""
    text = pattern.removeprefix("^")
    text = text[:-1] if _TEXT.fullmatch(text[:-1]) and text.endswith("$") else text
    return re.sub(r"\\(\W)", r"\1", text) if _TEXT.fullmatch(text) else ""


def constants(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant):
        return [repr(node.value)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        return [ast.unparse(node)]
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return [ast.unparse(node), *(text for one in node.elts for text in constants(one))]
    return []


def _functions(
    tests: Sequence[TestRan], read: Read
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for path, names in _by_file(tests).items():
        module = parse(read(path) or "")
        for node in ast.walk(module) if module else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names:
                yield node


def _by_file(tests: Sequence[TestRan]) -> dict[str, set[str]]:
    """The files of tests -> the names of their functions, from ids and from what they executed."""
    found: dict[str, set[str]] = {}
    for test in tests:
        bare = test.id.split("[", 1)[0]
        name = re.split(r"::|\.", bare)[-1]
        paths = {bare.split("::", 1)[0]} if "::" in bare else set()
        paths |= {path for path in (test.lines or {}) if is_test(path)}
        for path in paths:
            found.setdefault(path, set()).add(name)
    return found
