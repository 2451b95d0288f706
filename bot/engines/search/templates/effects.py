"""Arithmetic that would have no effect, which other templates say plainly by dropping it."""

from __future__ import annotations

import ast

_NEUTRAL: tuple[tuple[tuple[type[ast.operator], ...], int], ...] = (
    ((ast.Add, ast.Sub), 0),
    ((ast.Mult, ast.Div, ast.FloorDiv, ast.Pow), 1),
)


def neutral(parent: ast.AST | None, node: ast.AST) -> int | None:
    """The number that changes nothing where the node stands, as in `0 + x` and `x * 1`."""
    if not isinstance(parent, ast.BinOp):
        return None
    counts = parent.right is node or isinstance(parent.op, ast.Add | ast.Mult)
    return _neutral(type(parent.op)) if counts else None


def does_nothing(node: ast.BinOp, operator: type[ast.operator]) -> bool:
    """Whether this operator between the operands would leave one of them as it is."""
    number = _neutral(operator)
    commutes = operator in (ast.Add, ast.Mult)
    return _is(node.right, number) or (commutes and _is(node.left, number))


def cancels(parent: ast.AST | None, node: ast.expr) -> str:
    """The sign with which one more would take back what is there: `-` for the sum in `1 + x`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _is(node.left, 1):
        return "-"
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
        if parent.right is node:
            return "-" if _is(parent.left, 1) and isinstance(parent.op, ast.Add) else ""
        if _is(parent.right, 1):
            return "-" if isinstance(parent.op, ast.Add) else "+"
    return ""


def _neutral(operator: type[ast.operator]) -> int | None:
    return next((number for operators, number in _NEUTRAL if operator in operators), None)


def _is(node: ast.AST, number: int | None) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value == number
