"""How new text is written so that it means what was meant: parentheses, quotes, blocks."""

from __future__ import annotations

import ast

LOWEST, LAMBDA, OR, AND, NOT, COMPARE, BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, TERM, SIGN, POWER = (
    range(14)
)
AWAIT, ATOM = 14, 15

_OPERATORS: dict[type[ast.AST], int] = {
    ast.BitOr: BIT_OR,
    ast.BitXor: BIT_XOR,
    ast.BitAnd: BIT_AND,
    ast.LShift: SHIFT,
    ast.RShift: SHIFT,
    ast.Add: SUM,
    ast.Sub: SUM,
    ast.Pow: POWER,
}
_EXPRESSIONS: dict[type[ast.AST], int] = {
    ast.NamedExpr: LOWEST,
    ast.Yield: LOWEST,
    ast.YieldFrom: LOWEST,
    ast.Starred: LOWEST,
    ast.Lambda: LAMBDA,
    ast.IfExp: LAMBDA,
    ast.Compare: COMPARE,
    ast.Await: AWAIT,
}
_WANTED: dict[type, int] = {
    ast.Compare: BIT_OR,
    ast.Starred: BIT_OR,
    ast.comprehension: OR,
    ast.Attribute: ATOM,
    ast.Await: ATOM,
}


def level_of(node: ast.AST) -> int:
    """How tightly the node's own operator binds."""
    if isinstance(node, ast.BoolOp):
        return OR if isinstance(node.op, ast.Or) else AND
    if isinstance(node, ast.UnaryOp):
        return NOT if isinstance(node.op, ast.Not) else SIGN
    if isinstance(node, ast.BinOp):
        return _OPERATORS.get(type(node.op), TERM)
    return _EXPRESSIONS.get(type(node), ATOM)


def level_wanted(parent: ast.AST | None, node: ast.AST) -> int:
    """How tightly an expression must bind to stand unparenthesised where `node` stands."""
    if isinstance(parent, ast.BinOp):
        own = level_of(parent)
        tight = parent.right is node
        return own + (1 if tight != isinstance(parent.op, ast.Pow) else 0)
    if isinstance(parent, ast.BoolOp):
        return level_of(parent) + 1
    if isinstance(parent, ast.UnaryOp):
        return level_of(parent)
    if isinstance(parent, ast.IfExp):
        return LAMBDA if parent.orelse is node else OR
    if isinstance(parent, ast.Subscript | ast.Call) and _heads(parent, node):
        return ATOM
    return _WANTED.get(type(parent), LAMBDA)


def _heads(parent: ast.Subscript | ast.Call, node: ast.AST) -> bool:
    return node is (parent.value if isinstance(parent, ast.Subscript) else parent.func)


def joined(text: str, level: int, wanted: int) -> str:
    """The text, in parentheses where its operator would bind too loosely."""
    return f"({text})" if level < wanted else text


def string(value: str, quote: str, *, raw: bool = False) -> str:
    """A string literal of this value, in these quotes if they fit."""
    if raw and "\n" not in value and not value.endswith("\\"):
        for mark in (quote, "'" if quote == '"' else '"'):
            if mark not in value:
                return f"r{mark}{value}{mark}"
    body = repr(value)
    if body[0] == quote or quote in value:
        return body
    return quote + body[1:-1].replace("\\'", "'") + quote


def short(text: str, most: int = 60) -> str:
    """The text on one line, cut short, to be quoted in a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
