"""Python source as vetting reads it: parsed once, walked without recursion, compared by shape.

A patch may be written to break whoever reads it, so nothing here recurses over a syntax tree.
"""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.model import Tree

MAX_SCANNED_FILES = 2_000
"""So many other files are searched for users of a name; the nearest ones first."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def words(text: str) -> frozenset[str]:
    """The words of a table that is easier to read as a text."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class NewText:
    """What a file will hold once the edits are made."""

    path: str
    mode: str
    text: str


@dataclass(frozen=True, slots=True)
class After:
    """The tree as the patch leaves it, and as it was."""

    files: tuple[NewText, ...]
    tree: Tree

    def read(self, path: str) -> str | None:
        made = next((file.text for file in self.files if file.path == path), None)
        return self.tree.read(path) if made is None else made

    def paths(self) -> tuple[str, ...]:
        return tuple(sorted({*self.tree.paths(), *(file.path for file in self.files)}))

    def before(self, file: NewText) -> str:
        """The file's text at the base; empty where it is new."""
        return self.tree.read(file.path) or ""

    def mentioning(self, word: str, beside: str) -> Iterator[tuple[str, str]]:
        """Other Python files that hold the word, with their new text, those near `beside` first."""
        near = beside.split("/")[:-1]
        others = [path for path in self.paths() if path.endswith(".py") and path != beside]

        def distance(path: str) -> tuple[int, str]:
            pairs = zip(near, path.split("/"), strict=False)
            shared = next((n for n, (a, b) in enumerate(pairs) if a != b), len(near))
            return -shared, path

        for path in sorted(others, key=distance)[:MAX_SCANNED_FILES]:
            text = self.read(path)
            if text is not None and word in text:
                yield path, text


def is_python(path: str, text: str) -> bool:
    """By its suffix, or by the interpreter that its first line names."""
    if path.endswith((".py", ".pyi", ".pyw")):
        return True
    name = path.rsplit("/", 1)[-1]
    return "." not in name and text.startswith("#!") and "python" in text.split("\n", 1)[0]


@lru_cache(maxsize=32)
def parse(text: str) -> ast.Module | None:
    """A file's syntax, None where it has none. What Python warns of is nobody's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text.removeprefix("\ufeff"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


@lru_cache(maxsize=16)
def nodes(module: ast.Module) -> tuple[ast.AST, ...]:
    """Every node of a module, outer ones first."""
    return tuple(ast.walk(module))


def shape(*roots: ast.AST) -> str:
    """A text that two pieces of syntax share if they differ only in layout and comments."""
    parts: list[str] = []
    pending: deque[ast.AST] = deque(roots)
    while pending:
        node = pending.popleft()
        parts.append(type(node).__name__)
        for name, value in ast.iter_fields(node):
            values: Sequence[object] = value if isinstance(value, list) else (value,)
            parts.append(f"{name}{len(values)}")
            for item in values:
                if isinstance(item, ast.AST):
                    pending.append(item)
                elif not isinstance(item, int) or isinstance(item, bool):
                    parts.append(repr(item))
                else:
                    parts.append(hex(item))  # unlike decimals, of any length
    return "\n".join(parts)


def docstring_free(body: list[ast.stmt]) -> list[ast.stmt]:
    """A body without its docstring."""
    first = body[0] if body else None
    is_docstring = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return body[1:] if is_docstring else body


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain on a name; empty for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def is_ellipsis(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and node.value.value is ...
    )


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module or class body, those under `if`, `try` and the like included.

    What stands under `if __name__ == "__main__"` is not: nobody can import it.
    """
    pending = list(reversed(body))
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, ast.If) and "__main__" in shape(node.test):
            continue
        inner: list[ast.stmt] = []
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                inner.append(child)
            elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                inner.extend(child.body)
        pending.extend(reversed(inner))


@dataclass(frozen=True, slots=True)
class Defined:
    """A function with its dotted name and the class it stands in directly, if any."""

    name: str
    node: Function
    owner: ast.ClassDef | None


def functions(module: ast.Module) -> dict[str, Defined]:
    """Every function of a module or of its classes, by dotted name; of several, the last."""
    found: dict[str, Defined] = {}
    pending: list[tuple[str, ast.ClassDef | None, list[ast.stmt]]] = [("", None, module.body)]
    while pending:
        prefix, owner, body = pending.pop()
        for node in statements(body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found[prefix + node.name] = Defined(prefix + node.name, node, owner)
            elif isinstance(node, ast.ClassDef):
                pending.append((f"{prefix}{node.name}.", node, node.body))
    return found


def classes(module: ast.Module) -> dict[str, ast.ClassDef]:
    """Every class of a module or of its classes, by dotted name."""
    found: dict[str, ast.ClassDef] = {}
    pending: list[tuple[str, list[ast.stmt]]] = [("", module.body)]
    while pending:
        prefix, body = pending.pop()
        for node in statements(body):
            if isinstance(node, ast.ClassDef):
                found[prefix + node.name] = node
                pending.append((f"{prefix}{node.name}.", node.body))
    return found


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment's text with its `#`; `alone` if nothing else stands in its line."""

    text: str
    alone: bool


def comments(text: str) -> Counter[Comment]:
    """The comments of Python source; what no tokenizer can read has none after that point."""
    found: Counter[Comment] = Counter()
    for token in tokens(text):
        if token.type == tokenize.COMMENT:
            alone = not token.line[: token.start[1]].strip()
            found[Comment(token.string, alone)] += 1
    return found


def tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """Python's tokens, as far as they go."""
    lines = iter(re.findall(r"[^\n]*\n|[^\n]+", text.removeprefix("\ufeff")))
    try:
        yield from tokenize.generate_tokens(lines.__next__)
    except (tokenize.TokenError, SyntaxError):
        return


@lru_cache(maxsize=8)
def added_lines(before: str, after: str) -> tuple[str, ...]:
    """The lines of `after` that `before` does not have as often."""
    left = Counter(before.splitlines())
    added = []
    for line in after.splitlines():
        if left[line] > 0:
            left[line] -= 1
        else:
            added.append(line)
    return tuple(added)
