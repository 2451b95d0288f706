"""Where the nodes of a Python file stand, and how its text is changed there, byte by byte."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Change:
    """New text for a span of a file, in bytes, as Python's AST counts them."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Source:
    """A file, and where its nodes stand. `within` is where a mistake is to be made."""

    text: str
    module: ast.Module
    within: Function | ast.Module
    drawn: random.Random

    @cached_property
    def raw(self) -> bytes:
        return self.text.encode()

    @cached_property
    def starts(self) -> list[int]:
        starts = [0]
        for line in self.raw.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def span(self, node: ast.AST) -> tuple[int, int]:
        start = self.starts[getattr(node, "lineno") - 1] + getattr(node, "col_offset")  # noqa: B009 # mypy: not every node has a place
        end = self.starts[getattr(node, "end_lineno") - 1] + getattr(node, "end_col_offset")  # noqa: B009 # the same
        return start, end

    def of(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.raw[start:end].decode()

    def nodes(self, kind: type[Node]) -> list[Node]:
        """The nodes of a kind, a function's own head aside, in an order that is drawn."""
        inside = (node for part in self.within.body for node in ast.walk(part))
        found = [node for node in inside if isinstance(node, kind)]
        self.drawn.shuffle(found)
        return found

    def replace(self, node: ast.AST, new: str) -> Change:
        return Change(*self.span(node), new)

    def between(self, left: ast.AST, right: ast.AST, old: str, new: str) -> Change | None:
        """Replace the operator that stands between two nodes."""
        start, end = self.span(left)[1], self.span(right)[0]
        middle = self.raw[start:end].decode()
        at = middle.find(old)
        if at < 0 or "#" in middle:
            return None
        return Change(start, end, middle[:at] + new + middle[at + len(old) :])

    def without(self, statement: ast.stmt, body: list[ast.stmt]) -> Change:
        """Take a whole statement away; a body that it was alone in gets a `pass`."""
        start, end = self.span(statement)
        if len(body) == 1:
            return Change(start, end, "pass")
        first = self.starts[statement.lineno - 1]
        after = self.starts[statement.end_lineno or statement.lineno]
        alone = not self.raw[first:start].strip() and not self.raw[end:after].strip()
        return Change(first, after, "") if alone else Change(start, end, "pass")

    def bodies(self) -> Iterator[list[ast.stmt]]:
        """The lists of statements, also nested ones."""
        for node in ast.walk(self.within):
            for name in ("body", "orelse", "finalbody"):
                body = getattr(node, name, None)
                if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                    yield body


def applied(source: Source, change: Change) -> str:
    """The file with the change made."""
    raw = source.raw
    return (raw[: change.start] + change.new.encode() + raw[change.end :]).decode()
