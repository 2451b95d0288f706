"""Whether a change parses, and whether it is a change: judged on the smallest piece around it.

Parsing a whole file for each of thousands of candidates would cost more than running them. The
smallest statement around an edit is enough, or the smallest run of them: its shape (the syntax tree
without positions) tells a change from a reformatting, and two candidates of one shape at one place
are the same.
"""

from __future__ import annotations

import ast
import itertools
import re
import warnings
from collections.abc import Iterator, Sequence

from bot.engines.search.source import Function, Source, Span
from bot.engines.search.templates.site import Edit

_NEEDS_COMPILING = re.compile(
    r"\b(?:return|break|continue|await|async|yield|nonlocal|global|lambda|super|def|import)\b|:="
)
_IGNORED = frozenset({"ctx", "type_comment", "kind", "type_ignores"})
Shape = tuple[int, int]
"""Where a piece starts, and a hash of what it says."""
_Piece = tuple[int, int, ast.stmt | None, str]
"""Where it starts and ends, a statement in it, and what has to follow for it to be whole."""


class Shapes:
    """Judges edits of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._before: dict[Span, int] = {}

    def judge(self, edits: Sequence[Edit], near: ast.AST) -> Shape | None:
        """What the edits make of the piece around them; None if nothing new or nothing valid."""
        ordered = sorted(edits)
        if any(one.end > two.start for one, two in itertools.pairwise(ordered)):
            return None
        for piece in self._pieces(ordered, near):
            try:
                return self._judged(piece, ordered)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                pass  # it may be whole with more of what is around
        return None

    def _judged(self, piece: _Piece, edits: Sequence[Edit]) -> Shape | None:
        start, end, statement, tail = piece
        tree = self._parse(_edited(self.source.text, start, end, edits), start, tail)
        shape = _shape(tree)
        if shape == self._shape_before(start, end, tail):
            return None
        if statement is not None and any(_NEEDS_COMPILING.search(e.new) for e in edits):
            self._compile(tree, statement)
        return start, shape

    def _pieces(self, edits: Sequence[Edit], near: ast.AST) -> Iterator[_Piece]:
        """The smallest piece around the edits; before it a run of statements, if that does."""
        source = self.source
        low, high = edits[0].start, edits[-1].end
        chained = self._is_about_chain(edits[0])
        statement = source.statement_of(near)
        while statement is not None:
            start = source.statement_start(statement)
            end = max(source.end(statement), min(high, source.statement_end(statement)))
            chained = chained and start >= low
            if start <= low and high <= end and not chained:
                yield self._whole(statement, start, end, high)
                return
            if not chained and (run := self._run(statement, low, high)) is not None:
                yield *run, statement, ""
            up = source.parents.get(statement)
            statement = source.statement_of(up) if up is not None else None
        yield 0, len(source.text), None, ""

    def _whole(self, statement: ast.stmt, start: int, end: int, high: int) -> _Piece:
        """The statement, or its header where no edit goes beyond it."""
        body = getattr(statement, "body", None)
        if body and not isinstance(statement, ast.Match):
            inner = self.source.statement_start(body[0])
            if high < inner:
                return start, inner, statement, "pass"
        return start, end, statement, ""

    def _run(self, statement: ast.stmt, low: int, high: int) -> Span | None:
        """From a statement of its block that starts before the edits to one that has their end."""
        source = self.source
        block = source.block_of(statement)
        first = next((one for one in reversed(block) if source.statement_start(one) < low), None)
        last = next((one for one in block if high <= source.statement_end(one)), None)
        if first is None or last is None or not all(map(source.stands_alone, (first, last))):
            return None
        start, end = source.statement_start(first), source.statement_end(last)
        return (start, end) if start < end else None

    def _is_about_chain(self, edit: Edit) -> bool:
        """Whether `if` becomes `elif` or the other way round, which only what is around shows."""
        old = self.source.text[edit.start : edit.end]
        return (old, edit.new) in (("", "el"), ("elif", "if"))

    def _parse(self, text: str, start: int, tail: str) -> ast.Module:
        source = self.source
        line = source.line_start(start)
        before = source.text[line:start]
        indent = before[: len(before) - len(before.lstrip(" \t"))]
        if tail:
            is_try = text.startswith("try")
            text = f"{text.rstrip()}\n{indent} pass"
            if is_try:
                text += f"\n{indent}finally: pass"
        if text.startswith("elif") and source.text.startswith("elif", start):
            text = text[2:]
        if indent and start:
            text = f"if 1:\n{indent}{text}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.removeprefix("\ufeff"))

    def _shape_before(self, start: int, end: int, tail: str) -> int:
        found = self._before.get((start, end))
        if found is None:
            tree = self._parse(self.source.text[start:end], start, tail)
            found = self._before[start, end] = _shape(tree)
        return found

    def _compile(self, tree: ast.Module, statement: ast.stmt) -> None:
        """Raises SyntaxError for a `break` outside of loops, an `await` where none can be, ..."""
        body: list[ast.stmt] = tree.body
        if self.source.loop_of(statement) is not None:
            body = [ast.While(test=ast.Constant(value=True), body=body, orelse=[])]
        function = self.source.function_of(statement)
        if function is not None:
            made: Function = type(function)(
                name="_", args=_no_arguments(), body=body, decorator_list=[], returns=None
            )
            body = [made]
        module = ast.fix_missing_locations(ast.Module(body=body, type_ignores=[]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(module, "<candidate>", "exec", dont_inherit=True)


def _no_arguments() -> ast.arguments:
    return ast.arguments(
        posonlyargs=[], args=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[]
    )


def _edited(text: str, start: int, end: int, edits: Sequence[Edit]) -> str:
    pieces = []
    at = start
    for edit in edits:
        pieces += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*pieces, text[at : max(at, end)]])


def _shape(tree: ast.AST) -> int:
    return hash(_form(tree))


def _form(node: object) -> object:
    """A hashable picture of a tree without its positions."""
    if isinstance(node, ast.AST):
        values = node.__dict__
        fields = [_form(values.get(name)) for name in node._fields if name not in _IGNORED]
        return (node.__class__, *fields)
    if node.__class__ is list:
        return tuple([_form(item) for item in node])
    return node if node.__class__ is str else (node.__class__, repr(node))
