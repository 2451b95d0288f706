"""A Python file as text and as syntax tree at once, so that a change is an exact span of text.

The tree says what may change; the text is what changes, so that comments, quotes and line breaks
survive. Columns of `ast` count UTF-8 bytes; everything here counts characters.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Block = list[ast.stmt]
Span = tuple[int, int]

MAX_CHARACTERS = 2_000_000
"""Longer files are generated ones; nothing in them is worth a search."""
_LINE = re.compile(r"\r\n|\r|\n")
_BLANK = " \t\r\n\\\f"


class Source:
    """One file that parses. Raises SyntaxError where it does not."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.tree = _parse(text)
        self._starts = [0, *(match.end() for match in _LINE.finditer(text))]
        self._shift = 1 if text.startswith("\ufeff") else 0
        self.parents: dict[ast.AST, ast.AST] = {}
        self.nodes: list[ast.AST] = []
        self._spans: dict[ast.AST, Span] = {}
        self._indents: dict[ast.stmt, str | None] = {}
        self._ascii = text.isascii()
        self._walk()

    def _walk(self) -> None:
        """Every node, parents first, in the order of the text as far as `ast` keeps it."""
        todo: list[ast.AST] = [self.tree]
        while todo:
            node = todo.pop()
            self.nodes.append(node)
            children = list(ast.iter_child_nodes(node))
            for child in children:
                if not isinstance(child, ast.expr_context | ast.operator | ast.cmpop):
                    self.parents[child] = node
            todo.extend(reversed(children))

    # -- positions

    def offset(self, line: int, column: int) -> int:
        """The character at `line` (from 1) and `column` (UTF-8 bytes from 0)."""
        start = self._starts[line - 1]
        if self._ascii:
            return start + column
        if line == 1:
            start += self._shift
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        row = self.text[start:end]
        if row.isascii():
            return start + column
        return start + len(row.encode()[:column].decode(errors="replace"))

    def line_of(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def start(self, node: ast.AST) -> int:
        return self.span(node)[0]

    def end(self, node: ast.AST) -> int:
        return self.span(node)[1]

    def span(self, node: ast.AST) -> Span:
        found = self._spans.get(node)
        if found is None:
            low = self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]  # placed
            high = self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
            found = self._spans[node] = low, high
        return found

    def segment(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def line_end(self, offset: int) -> int:
        """Where the line around `offset` ends, before its line break."""
        match = _LINE.search(self.text, offset)
        return match.start() if match else len(self.text)

    def line_start(self, offset: int) -> int:
        return self._starts[self.line_of(offset) - 1]

    def outer_span(self, node: ast.expr) -> Span:
        """The expression with the parentheses that are its own."""
        start, end = self.span(node)
        parent = self.parents.get(node)
        spare = 1 if _brings_parentheses(parent, node) else 0
        low = self.start(parent) if parent is not None and hasattr(parent, "lineno") else 0
        pairs = [(start, end)]
        while True:
            left, right = start - 1, end
            while left >= low and self.text[left] in _BLANK:
                left -= 1
            while right < len(self.text) and self.text[right] in _BLANK:
                right += 1
            closed = right < len(self.text) and self.text[right] == ")"
            if left < low or self.text[left] != "(" or not closed:
                break
            start, end = left, right + 1
            pairs.append((start, end))
        return pairs[max(0, len(pairs) - 1 - spare)]

    # -- where a node stands

    def statement_of(self, node: ast.AST) -> ast.stmt | None:
        at: ast.AST | None = node
        while at is not None and not isinstance(at, ast.stmt):
            at = self.parents.get(at)
        return at

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        at = self.parents.get(node)
        while at is not None:
            yield at
            at = self.parents.get(at)

    def function_of(self, node: ast.AST) -> Function | None:
        """The innermost function around the node; not the node itself."""
        found = (up for up in self.ancestors(node) if isinstance(up, Function))
        return next(found, None)

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        return next((up for up in self.ancestors(node) if isinstance(up, ast.ClassDef)), None)

    def loop_of(self, node: ast.AST) -> ast.For | ast.AsyncFor | ast.While | None:
        """The innermost loop around the node, in the same function."""
        child = node
        for up in self.ancestors(node):
            if isinstance(up, Scope):
                return None
            if isinstance(up, ast.For | ast.AsyncFor | ast.While) and child not in up.orelse:
                return up
            child = up
        return None

    def symbol_of(self, node: ast.AST) -> str:
        """The dotted name of what surrounds the node; a definition belongs to itself."""
        around = [node, *self.ancestors(node)]
        return ".".join(reversed([up.name for up in around if isinstance(up, Scope)]))

    def block_of(self, statement: ast.stmt) -> Block:
        """The list of statements that this one is in."""
        parent = self.parents.get(statement)
        for field in ("body", "orelse", "finalbody"):
            block = getattr(parent, field, None)
            if isinstance(block, list) and statement in block:
                return block
        return [statement]

    # -- statements as text

    def indent_of(self, statement: ast.stmt) -> str | None:
        """What stands before the statement on its line; None if that is not only blank."""
        if statement not in self._indents:
            self._indents[statement] = self._indent_of(statement)
        return self._indents[statement]

    def _indent_of(self, statement: ast.stmt) -> str | None:
        start = self.statement_start(statement)
        before = self.text[self.line_start(start) : start]
        return before if not before.strip(" \t\f") else None

    def statement_start(self, statement: ast.stmt) -> int:
        """Where the statement starts, decorators included."""
        decorators = getattr(statement, "decorator_list", None)
        if not decorators:
            return self.start(statement)
        return self.text.rfind("@", 0, self.start(decorators[0]))

    def statement_end(self, statement: ast.stmt) -> int:
        """The end of the statement's last line, so that its comment stays with it."""
        end = self.end(statement)
        line_end = self.line_end(end)
        rest = self.text[end:line_end].strip(" \t\f")
        return line_end if not rest or rest.startswith("#") else end

    def stands_alone(self, statement: ast.stmt) -> bool:
        """Nothing else is on the statement's lines, but a comment."""
        if self.indent_of(statement) is None:
            return False
        return self.statement_end(statement) == self.line_end(self.end(statement))

    @cached_property
    def newline(self) -> str:
        found = _LINE.search(self.text)
        return found.group() if found else "\n"

    @cached_property
    def step(self) -> str:
        """One level of indentation, as the file has it."""
        for node in self.nodes:
            if isinstance(node, Function | ast.ClassDef | ast.If | ast.For):
                outer, inner = self.indent_of(node), self.indent_of(node.body[0])
                if outer is not None and inner and inner.startswith(outer) and inner != outer:
                    return inner[len(outer) :]
        return "    "

    @cached_property
    def quote(self) -> str:
        return '"' if self.text.count('"') >= self.text.count("'") else "'"


def _parse(text: str) -> ast.Module:
    if len(text) > MAX_CHARACTERS or "\x00" in text:
        raise SyntaxError("not a source file to search in")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the file's own escapes
        try:
            return ast.parse(text.removeprefix("\ufeff"))
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error)) from error


def _brings_parentheses(parent: ast.AST | None, node: ast.expr) -> bool:
    """Whether one pair of parentheses around the node belongs to its parent."""
    if isinstance(parent, ast.Call):
        return parent.func is not node and len(parent.args) + len(parent.keywords) == 1
    if isinstance(parent, ast.keyword):
        return False
    return isinstance(parent, ast.ClassDef) and len(parent.bases) == 1
