"""What is defined in a source file, where, and what it calls. Pure.

Python is parsed. Of other languages only what looks like a definition is found, by its line.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

Span = tuple[int, int]
"""First and last line, 1-based and inclusive."""

_OTHER_CODE = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".java", ".kt", ".scala", ".go")
_MORE_CODE = (".rs", ".rb", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".php", ".swift", ".sh")
_OTHER_DEFINITION = re.compile(
    r"^[ \t]*(?:[\w@*&<>\[\],.]{1,40}[ \t]+){0,6}?"
    r"(?:(?:class|interface|struct|enum|trait|fn|func|function|def|module|type|object|const|let|var)"
    r"[ \t]+\*?(?:\([^()\n]{0,80}\)[ \t]*)?(?P<named>[A-Za-z_$][\w$]{0,80})"
    r"|(?P<called>[A-Za-z_$][\w$]{0,80})[ \t]*\([^()\n]{0,200}\)[^;\n]{0,80}\{)",
    re.MULTILINE,
)
_NOT_NAMES = frozenset(
    [
        "if",
        "for",
        "while",
        "switch",
        "catch",
        "return",
        "function",
        "else",
        "do",
        "with",
        "using",
        "lock",
    ]
)


def parse(source: str) -> ast.Module | None:
    """A Python file's syntax, None where it has none. What Python warns of is nobody's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source.removeprefix("\ufeff"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


@dataclass(slots=True)
class Definition:
    """One class or function: its dotted name, its lines with decorators, and the names it uses.

    `head` is the last line of its signature.
    """

    name: str
    first: int
    last: int
    head: int
    uses: set[str] = field(default_factory=set)


def outline(source: str) -> tuple[Definition, ...]:
    """Every class and function of a Python file in the order of their lines.

    Nested names are dotted through what they stand in (`Outer.method.inner`). A name defined twice
    (an overload, a redefinition) comes twice. Source that does not parse has none.
    """
    module = parse(source)
    if module is None:
        return ()
    found: list[Definition] = []
    pending: list[tuple[str, ast.AST, tuple[Definition, ...]]] = [("", module, ())]
    while pending:
        prefix, node, around = pending.pop()
        for child in ast.iter_child_nodes(node):
            inner, inside = prefix, around
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = f"{prefix}{child.name}"
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                last = child.end_lineno or child.lineno
                head = max(child.lineno, _starts(child.body[0]) - 1)
                definition = Definition(name, first, last, min(head, last))
                found.append(definition)
                inner, inside = f"{name}.", (*around, definition)
            elif isinstance(child, (ast.Name, ast.Attribute)):
                used = child.id if isinstance(child, ast.Name) else child.attr
                for definition in around:
                    definition.uses.add(used)
            pending.append((inner, child, inside))
    return tuple(sorted(found, key=lambda one: (one.first, -one.last)))


def _starts(statement: ast.stmt) -> int:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
    return statement.lineno


def definitions(source: str) -> dict[str, list[Span]]:
    """Dotted name of each class and function of a Python file -> its lines, decorators included."""
    found: dict[str, list[Span]] = {}
    for definition in outline(source):
        found.setdefault(definition.name, []).append((definition.first, definition.last))
    return found


def other_definitions(path: str, source: str) -> dict[str, list[Span]]:
    """Names that look defined in a file of another language -> their lines; no end is known."""
    if not path.endswith(_OTHER_CODE + _MORE_CODE):
        return {}
    found: dict[str, list[Span]] = {}
    position, line = 0, 1
    for match in _OTHER_DEFINITION.finditer(source):
        name = match["named"] or match["called"]
        start = match.start("named" if match["named"] else "called")
        line += source.count("\n", position, start)
        position = start
        if name not in _NOT_NAMES:
            found.setdefault(name, []).append((line, line))
    return found


def names_in(path: str, source: str) -> dict[str, list[Span]]:
    """What a file of any known language defines."""
    return (
        definitions(source) if path.endswith((".py", ".pyi")) else other_definitions(path, source)
    )


def enclosing(found: dict[str, list[Span]], line: int) -> Iterator[tuple[str, Span]]:
    """The definitions that hold this line, the innermost first."""
    around = [
        (name, (first, last))
        for name, spans in found.items()
        for first, last in spans
        if first <= line <= last
    ]
    yield from sorted(around, key=lambda one: one[1][1] - one[1][0])
