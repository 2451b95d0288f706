"""Wrong operators: comparison, arithmetic, boolean, augmented, unary, and their operands' order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from bot.engines.search.templates.effects import does_nothing
from bot.engines.search.templates.site import Edit, Site, Template, Variant
from bot.engines.search.templates.writing import (
    AND,
    COMPARE,
    NOT,
    OR,
    SIGN,
    level_of,
)

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_INSTEAD = {
    "<": "<=|>|>=|!=|==",
    "<=": "<|>=|>|==|!=",
    ">": ">=|<|<=|!=|==",
    ">=": ">|<=|<|==|!=",
    "==": "!=|in|is|<=|>=|not in|<|>",
    "!=": "==|not in|is not|<|>|in|<=|>=",
    "is": "is not|==|in|not in|!=",
    "is not": "is|!=|not in|==|in",
    "in": "not in|==|!=|is",
    "not in": "in|!=|==|is not",
}
_OTHER_END = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.MatMult: "@",
}
_OPERATORS = {sign: operator for operator, sign in ARITHMETIC.items()}
_ARITHMETIC_INSTEAD = {
    "+": "- * / // | %",
    "-": "+ * / // % &",
    "*": "+ / // ** - @",
    "/": "// * - + %",
    "//": "/ * % - +",
    "%": "// / * - +",
    "**": "* // / ^",
    "&": "| ^ + >>",
    "|": "& ^ + <<",
    "^": "| & + **",
    "<<": ">> * **",
    ">>": "<< // /",
    "@": "*",
}


def _between(site: Site, left: ast.expr, right: ast.expr, operator: str) -> tuple[int, int] | None:
    """The span of the operator's own text between two operands."""
    low, high = site.source.outer_span(left)[1], site.source.outer_span(right)[0]
    pattern = r"\s+".join(map(re.escape, operator.split()))
    between = re.sub(r"#[^\r\n]*", lambda m: " " * len(m.group()), site.source.text[low:high])
    match = re.search(pattern, between)
    return (low + match.start(), low + match.end()) if match else None


def comparison(node: ast.Compare, site: Site) -> Iterator[Variant]:
    operands = [node.left, *node.comparators]
    for at, operator in enumerate(node.ops):
        old = COMPARISONS[type(operator)]
        span = _between(site, operands[at], operands[at + 1], old)
        if span is None:
            continue
        for rank, new in enumerate(_INSTEAD[old].split("|")):
            weight = 0.75**rank * _fits(operands[at + 1], old, new)
            yield site.change(*span, new, weight, f"compare with `{new}` instead of `{old}`")
    if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn | ast.Lt | ast.Gt):
        yield _exchanged(site, node.left, node.comparators[0], 0.2)


def _fits(right: ast.expr, old: str, new: str) -> float:
    """Identity with None, equality with other constants, membership in containers."""
    is_none = isinstance(right, ast.Constant) and right.value is None
    if is_none:
        return 1.0 if new in ("is", "is not") else 0.1
    if new in ("is", "is not"):
        return 1.0 if isinstance(right, ast.Name | ast.Attribute) else 0.1
    if new in ("in", "not in") and old not in ("in", "not in"):
        if isinstance(right, ast.List | ast.Tuple | ast.Set | ast.Dict):
            return 1.0
        is_text = isinstance(right, ast.Constant) and isinstance(right.value, str | bytes)
        return 0.4 if is_text or isinstance(right, ast.Name | ast.Attribute) else 0.05
    if isinstance(right, ast.Constant) and isinstance(right.value, str):
        return 1.0 if new in ("==", "!=", "in", "not in") else 0.15
    return 1.0


def _exchanged(site: Site, left: ast.expr, right: ast.expr, weight: float) -> Variant:
    one, two = site.source.outer_span(left), site.source.outer_span(right)
    text = site.source.text
    edits = (Edit(*one, text[slice(*two)]), Edit(*two, text[slice(*one)]))
    return Variant(edits, weight, "exchange the two sides")


def chained(node: ast.Compare, site: Site) -> Iterator[Variant]:
    """`a < b` made `0 <= a < b`, and a chain cut short."""
    operands = [node.left, *node.comparators]
    if len(node.ops) == 1 and isinstance(node.ops[0], ast.Lt | ast.LtE):
        start = site.source.outer_span(node.left)[0]
        for low in ("0 <= ", "0 < "):
            yield site.change(start, start, low, 0.6, f"compare with `{low.strip()}` too")
    elif len(node.ops) == 2:
        first, last = site.source.outer_span(operands[0]), site.source.outer_span(operands[2])
        middle = site.source.outer_span(operands[1])
        yield site.change(first[0], middle[0], "", 0.5, "drop the first comparison")
        yield site.change(middle[1], last[1], "", 0.5, "drop the second comparison")


def both_ends(node: ast.Compare | ast.BoolOp, site: Site) -> Iterator[Variant]:
    """`a <= b and c <= d` as `a < b and c < d`, `a < b < c` as `a <= b <= c`, and back."""
    compared = [node] if isinstance(node, ast.Compare) else node.values
    edits: list[Edit] = []
    for each in compared:
        if not isinstance(each, ast.Compare):
            return
        operands = [each.left, *each.comparators]
        for at, operator in enumerate(each.ops):
            old = COMPARISONS[type(operator)]
            span = _between(site, operands[at], operands[at + 1], old)
            if span is None or old not in _OTHER_END:
                return
            edits.append(Edit(*span, _OTHER_END[old]))
    if len(edits) > 1 and len({len(edit.new) for edit in edits}) == 1:
        ends = "take the ends in" if len(edits[0].new) > 1 else "leave the ends out"
        yield Variant(tuple(edits), 1.0, ends)


def arithmetic(node: ast.BinOp, site: Site) -> Iterator[Variant]:
    old = ARITHMETIC[type(node.op)]
    if old == "%" and site.kind(node.left) in ("str", "bytes"):
        return
    span = _between(site, node.left, node.right, old)
    if span is None:
        return
    kind = site.kind(node)
    for rank, new in enumerate(_ARITHMETIC_INSTEAD[old].split()):
        if kind in ("str", "list", "tuple", "bytes") and new not in ("+", "*"):
            continue
        if does_nothing(node, _OPERATORS[new]):
            continue
        weight = 0.7**rank
        yield site.change(*span, new, weight, f"calculate with `{new}` instead of `{old}`")


def operands(node: ast.BinOp, site: Site) -> Iterator[Variant]:
    """One operand dropped, or both exchanged."""
    left, right = site.source.outer_span(node.left), site.source.outer_span(node.right)
    text = site.source.text
    if not isinstance(node.op, ast.Mod) or site.kind(node.left) != "str":
        yield _kept(site, node, node.left, 0.9 if isinstance(node.right, ast.Constant) else 0.5)
        yield _kept(site, node, node.right, 0.9 if isinstance(node.left, ast.Constant) else 0.35)
    commutes = isinstance(node.op, ast.Mult | ast.BitAnd | ast.BitOr | ast.BitXor)
    if not commutes and text[slice(*left)] != text[slice(*right)]:
        plus = isinstance(node.op, ast.Add) and site.kind(node) in ("int", "float")
        yield _exchanged(site, node.left, node.right, 0.1 if plus else 0.8)
    if isinstance(node.left, ast.BinOp):
        yield from _regrouped(node, node.left, site)


def _kept(site: Site, whole: ast.expr, part: ast.expr, weight: float) -> Variant:
    said = f"use only `{site.text(part)}`"
    return site.swap(whole, site.text(part), weight, level=level_of(part), said=said)


def _regrouped(node: ast.BinOp, inner: ast.BinOp, site: Site) -> Iterator[Variant]:
    """`a + b * c` as `(a + b) * c` and the like, by the text's own operators."""
    source = site.source
    if source.outer_span(inner) == source.span(inner):
        at = source.outer_span(inner.right)[0]
        end = source.end(node)
        edits = (Edit(at, at, "("), Edit(end, end, ")"))
        yield Variant(edits, 0.4, "calculate the right part first")
    else:
        start, end = source.outer_span(inner)
        yield site.change(start, end, site.text(inner), 0.4, "remove the parentheses")


def parentheses(node: ast.BinOp, site: Site) -> Iterator[Variant]:
    """`a + b * c` as `(a + b) * c`; `a + (b - c)` as `a + b - c`."""
    right = node.right
    if not isinstance(right, ast.BinOp):
        return
    source = site.source
    if source.outer_span(right) != source.span(right):
        start, end = source.outer_span(right)
        yield site.change(start, end, site.text(right), 1.0, "remove the parentheses")
    else:
        start, end = source.outer_span(node.left)[0], source.outer_span(right.left)[1]
        edits = (Edit(start, start, "("), Edit(end, end, ")"))
        yield Variant(edits, 1.0, "calculate the left part first")


def boolean(node: ast.BoolOp, site: Site) -> Iterator[Variant]:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for one, two in zip(node.values, node.values[1:], strict=False):
        span = _between(site, one, two, old)
        if span is not None:
            said = f"combine with `{new}` instead of `{old}`"
            yield site.change(*span, new, 1.0 if len(node.values) == 2 else 0.7, said)


def regrouped(node: ast.BoolOp, site: Site) -> Iterator[Variant]:
    """`a or b and c` as `(a or b) and c`."""
    source = site.source
    inner = node.values[-1]
    if isinstance(node.op, ast.Or) and isinstance(inner, ast.BoolOp):
        start, end = source.start(node), source.outer_span(inner.values[0])[1]
        if source.outer_span(inner) == source.span(inner):
            edits = (Edit(start, start, "("), Edit(end, end, ")"))
            yield Variant(edits, 1.0, "let `or` bind first")
    inner = node.values[0]
    if isinstance(node.op, ast.Or) and isinstance(inner, ast.BoolOp):
        start, end = source.outer_span(inner.values[-1])[0], source.end(node)
        if source.outer_span(inner) == source.span(inner):
            edits = (Edit(start, start, "("), Edit(end, end, ")"))
            yield Variant(edits, 1.0, "let `or` bind first")
    for value in node.values:
        if isinstance(value, ast.BoolOp) and source.outer_span(value) != source.span(value):
            start, end = source.outer_span(value)
            yield site.change(start, end, site.text(value), 0.6, "remove the parentheses")


def augmented(node: ast.AugAssign, site: Site) -> Iterator[Variant]:
    old = ARITHMETIC[type(node.op)]
    target, value = site.text(node.target), site.source.outer_span(node.value)
    span = _between(site, node.target, node.value, old + "=")
    if span is None:
        return
    for rank, new in enumerate(["", *_ARITHMETIC_INSTEAD[old].split()]):
        said = f"update with `{new}=` instead of `{old}=`"
        yield site.change(*span, f"{new}=", 0.85**rank, said)
    if isinstance(node.op, ast.Add) and site.kind(node.target) != "int":
        text = site.source.text[slice(*value)]
        yield site.change(span[0], value[1], f"= {text} + {target}", 0.4, f"put `{text}` first")


def assigned(node: ast.Assign, site: Site) -> Iterator[Variant]:
    """`x = y` made an update, `x = x + y` and the like exchanged."""
    target = node.targets[0]
    if len(node.targets) != 1 or not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return
    span = _between(site, target, node.value, "=")
    if span is None:
        return
    nested = site.source.loop_of(node) is not None
    kind = site.kind(node.value)
    for new, base in (("+=", 1.0), ("-=", 0.5), ("|=", 0.4), ("*=", 0.3)):
        if kind in ("", "int", "float") or (new == "+=" and kind != "dict"):
            weight = base * (1.0 if nested else 0.3)
            yield site.change(*span, new, weight, f"update with `{new}` instead of setting")


def unary(node: ast.UnaryOp, site: Site) -> Iterator[Variant]:
    text = site.text(node.operand)
    yield site.swap(node, text, 1.0, level=level_of(node.operand))
    if isinstance(node.op, ast.USub):
        yield site.swap(node, f"~{site.operand(node.operand, SIGN)}", 0.1, level=SIGN)
    elif isinstance(node.op, ast.Not) and not isinstance(node.operand, ast.BoolOp):
        said = f"compare `{text}` with None"
        none = f"{site.operand(node.operand, COMPARE + 1)} is None"
        yield site.swap(node, none, 0.7, level=COMPARE, said=said)
    elif isinstance(node.op, ast.Not) and isinstance(node.operand, ast.BoolOp):
        first = node.operand.values[0]
        rest = site.source.text[site.source.outer_span(first)[1] : site.source.end(node.operand)]
        level = OR if isinstance(node.operand.op, ast.Or) else AND
        text = f"not {site.operand(first, NOT)}{rest}"
        yield site.swap(node, text, 0.6, level=level)


def negated_number(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `-x`, where a number is returned, added or passed on."""
    parent = site.parent(node)
    if isinstance(parent, ast.UnaryOp) or site.kind(node) not in ("", "int", "float"):
        return
    if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del) or _heads(parent, node):
        return
    places = (ast.BinOp, ast.Return, ast.Call, ast.Assign, ast.Tuple, ast.AugAssign)
    if isinstance(parent, places):
        known = site.kind(node) in ("int", "float")
        yield site.swap(node, f"-{site.text(node)}", 0.6 if known else 0.2, level=SIGN)


def _heads(parent: ast.AST | None, node: ast.AST) -> bool:
    return isinstance(parent, ast.Call) and parent.func is node


TEMPLATES = (
    Template("comparison", (ast.Compare,), comparison),
    Template("comparison-ends", (ast.Compare, ast.BoolOp), both_ends),
    Template("comparison-chain", (ast.Compare,), chained),
    Template("arithmetic", (ast.BinOp,), arithmetic),
    Template("arithmetic-operand", (ast.BinOp,), operands),
    Template("arithmetic-grouping", (ast.BinOp,), parentheses),
    Template("boolean", (ast.BoolOp,), boolean),
    Template("boolean-grouping", (ast.BoolOp,), regrouped),
    Template("augmented", (ast.AugAssign,), augmented),
    Template("assignment-operator", (ast.Assign,), assigned),
    Template("unary", (ast.UnaryOp,), unary),
    Template("negated-number", (ast.Name, ast.Attribute, ast.Call), negated_number),
)
