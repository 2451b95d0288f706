"""Whether a change parses, and whether it is a change: judged on the smallest piece around it.

Parsing a whole file for each of thousands of candidates would cost more than running them. The
smallest statement around an edit is enough: its shape (the syntax tree without positions) tells a
change from a reformatting, and two candidates of one shape at one place are the same.
"""

from __future__ import annotations

import ast
import itertools
import re
import warnings
from collections.abc import Sequence

from bot.engines.search.source import Function, Source, Span
from bot.engines.search.templates.site import Edit

_NEEDS_COMPILING = re.compile(
    r"\b(?:return|break|continue|await|async|yield|nonlocal|global|lambda|super|def|import)\b|:="
)
_IGNORED = frozenset({"ctx", "type_comment", "kind", "type_ignores"})
Shape = tuple[int, int]
"""Where a piece starts, and a hash of what it says."""


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
        start, end, statement, tail = self._piece(ordered, near)
        text = _edited(self.source.text, start, end, ordered)
        try:
            tree = self._parse(text, start, tail)
            shape = _shape(tree)
            if shape == self._shape_before(start, end, tail):
                return None
            if statement is not None and any(_NEEDS_COMPILING.search(e.new) for e in ordered):
                self._compile(tree, statement)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        return start, shape

    def _piece(self, edits: Sequence[Edit], near: ast.AST) -> tuple[int, int, ast.stmt | None, str]:
        source = self.source
        low, high = edits[0].start, edits[-1].end
        chained = self._is_about_chain(edits[0])
        statement = source.statement_of(near)
        while statement is not None:
            start = source.statement_start(statement)
            end = max(source.end(statement), min(high, source.statement_end(statement)))
            chained = chained and start >= low
            if start <= low and high <= end and not chained:
                body = getattr(statement, "body", None)
                if body and not isinstance(statement, ast.Match):
                    inner = source.statement_start(body[0])
                    if high < inner:
                        return start, inner, statement, "pass"
                return start, end, statement, ""
            up = source.parents.get(statement)
            statement = source.statement_of(up) if up is not None else None
        return 0, len(source.text), None, ""

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
