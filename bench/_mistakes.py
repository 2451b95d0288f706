"""Mistakes as people make them: each turns right Python into wrong Python at one place.

They are told apart by kind so that a collection can hold a few of each. They know nothing of how
the search repairs: what it undoes and what it does not is for the measurement to show.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from bench._places import Change, Source

Mistake = Callable[[Source], Iterator[Change | None]]

# ------------------------------------------------------------------------------------- operators

_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">")),
    ast.LtE: ("<=", ("<", ">=")),
    ast.Gt: (">", (">=", "<")),
    ast.GtE: (">=", (">", "<=")),
    ast.Eq: ("==", ("!=", "is")),
    ast.NotEq: ("!=", ("==",)),
    ast.In: ("in", ("not in", "==")),
    ast.NotIn: ("not in", ("in",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-",)),
    ast.Sub: ("-", ("+",)),
    ast.Mult: ("*", ("+", "//")),
    ast.Div: ("/", ("//", "*")),
    ast.FloorDiv: ("//", ("/", "%")),
    ast.Mod: ("%", ("//",)),
    ast.BitAnd: ("&", ("|",)),
    ast.BitOr: ("|", ("&", "^")),
}


def wrong_comparison(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.Compare):
        if len(node.ops) == 1:
            old, new = _COMPARISONS[type(node.ops[0])]
            yield source.between(node.left, node.comparators[0], old, source.drawn.choice(new))


def wrong_arithmetic(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.BinOp):
        if type(node.op) in _ARITHMETIC and not isinstance(node.left, ast.Constant):
            old, new = _ARITHMETIC[type(node.op)]
            yield source.between(node.left, node.right, old, source.drawn.choice(new))


def wrong_update(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.AugAssign):
        old = _ARITHMETIC.get(type(node.op), ("", ()))[0]
        if old:
            yield source.between(node.target, node.value, f"{old}=", "=")
            yield source.between(node.target, node.value, f"{old}=", "-=" if old == "+" else "+=")


def and_or(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.BoolOp):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        if len(node.values) == 2:
            yield source.between(node.values[0], node.values[1], old, new)


# ------------------------------------------------------------------------------------ conditions


def wrong_condition(source: Source) -> Iterator[Change | None]:
    """The opposite of a condition, or a test for None done as a test for truth."""
    for node in source.nodes(ast.If):
        test = node.test
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            yield source.replace(test, source.of(test.operand))
        elif isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.IsNot):
            yield source.replace(test, source.of(test.left))
        elif isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is):
            yield source.replace(test, f"not {source.of(test.left)}")
        elif isinstance(test, ast.Name | ast.Attribute | ast.Call):
            yield source.replace(test, f"not {source.of(test)}")


def missing_conjunct(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.BoolOp):
        kept = source.drawn.choice(node.values[:-1] if len(node.values) > 2 else node.values)
        yield source.replace(node, source.of(kept))


def missing_guard(source: Source) -> Iterator[Change | None]:
    """An early return, raise or continue that somebody forgot."""
    leaves = (ast.Return, ast.Raise, ast.Continue, ast.Break)
    for body in source.bodies():
        for statement in body:
            if not isinstance(statement, ast.If) or statement.orelse:
                continue
            if isinstance(statement.body[-1], leaves) and not _is_elif(source, statement):
                yield source.without(statement, body)


def missing_condition(source: Source) -> Iterator[Change | None]:
    """What should happen only sometimes, always: `if x: y` becomes `y`."""
    for node in source.nodes(ast.If):
        alone = not node.orelse and len(node.body) == 1 and not _is_elif(source, node)
        if alone and node.body[0].lineno > node.lineno:
            yield source.replace(node, source.of(node.body[0]))
    for choice in source.nodes(ast.IfExp):
        yield source.replace(choice, source.of(choice.body))


def if_for_elif(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.If):
        if _is_elif(source, node):
            start = source.span(node)[0]
            yield Change(start, start + 4, "if")


def missing_else(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.If):
        rest = node.orelse
        if rest and not _is_elif(source, rest[0]) and rest[0].lineno > node.body[-1].lineno:
            start = source.starts[node.body[-1].end_lineno or 0]
            end = source.starts[rest[-1].end_lineno or 0]
            yield Change(start, end, "")


def _is_elif(source: Source, node: ast.stmt) -> bool:
    start = source.span(node)[0]
    return source.raw[start : start + 4] == b"elif"


# ---------------------------------------------------------------------------- values and variables


def wrong_constant(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.Constant):
        if isinstance(node.value, bool):
            yield source.replace(node, str(not node.value))
        elif isinstance(node.value, int) and abs(node.value) < 10_000:
            yield source.replace(node, str(abs(node.value + source.drawn.choice((1, -1)))))


def wrong_text(source: Source) -> Iterator[Change | None]:
    """A letter too few, a blank too many, or the other case in a literal."""
    for node in source.nodes(ast.Constant):
        old = source.of(node) if isinstance(node.value, str) else ""
        if not re.fullmatch(r"'[^'\\\n]{1,40}'|\"[^\"\\\n]{1,40}\"", old):
            continue
        quote, inner = old[0], old[1:-1]
        at = source.drawn.randrange(len(inner))
        other_case = inner.swapcase() if inner.isalpha() else inner
        ways = (inner[:at] + inner[at + 1 :], f"{inner} ", other_case, inner.strip())
        new = source.drawn.choice([way for way in ways if way != inner])
        yield source.replace(node, f"{quote}{new}{quote}")


def wrong_variable(source: Source) -> Iterator[Change | None]:
    known = {one.arg for one in ast.walk(source.within) if isinstance(one, ast.arg)}
    used = source.nodes(ast.Name)
    known |= {node.id for node in used if isinstance(node.ctx, ast.Store)}
    for node in used:
        others = sorted(known - {node.id, "self", "cls"})
        if isinstance(node.ctx, ast.Load) and node.id in known and others:
            yield source.replace(node, source.drawn.choice(others))


def wrong_attribute(source: Source) -> Iterator[Change | None]:
    of_self = [node for node in ast.walk(source.module) if _of_self(node)]
    names = sorted({node.attr for node in of_self if isinstance(node, ast.Attribute)})
    for node in source.nodes(ast.Attribute):
        if _of_self(node) and isinstance(node.ctx, ast.Load) and len(names) > 1:
            new = source.drawn.choice([name for name in names if name != node.attr])
            yield source.replace(node, f"self.{new}")


def _of_self(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


def off_by_one(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.Subscript):
        index = node.slice
        parts = [index.lower, index.upper] if isinstance(index, ast.Slice) else [index]
        for part in parts:
            if part is not None and not isinstance(part, ast.Constant | ast.Tuple):
                yield source.replace(part, f"{source.of(part)} {source.drawn.choice('+-')} 1")
    for call in source.nodes(ast.Call):
        if isinstance(call.func, ast.Name) and call.func.id == "range":
            last = call.args[-1] if len(call.args) < 3 else call.args[1]
            yield source.replace(last, f"{source.of(last)} {source.drawn.choice('+-')} 1")


# ----------------------------------------------------------------------------------------- calls

_CONFUSED = dict(
    pair
    for one, other in (
        ("startswith", "endswith"), ("strip", "lstrip"), ("rstrip", "strip"), ("find", "rfind"),
        ("split", "rsplit"), ("append", "extend"), ("min", "max"), ("any", "all"),
        ("keys", "values"), ("upper", "lower"), ("ljust", "rjust"), ("update", "setdefault"),
        ("match", "search"), ("isdigit", "isalpha"), ("floor", "ceil"), ("appendleft", "append"),
        ("pop", "get"), ("sorted", "list"), ("fullmatch", "match"), ("partition", "rpartition"),
        ("isinstance", "issubclass"), ("insert", "append"), ("add", "discard"), ("str", "repr"),
    )
    for pair in ((one, other), (other, one))
)  # fmt: skip


def wrong_function(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.Call):
        function = node.func
        if isinstance(function, ast.Name) and function.id in _CONFUSED:
            yield source.replace(function, _CONFUSED[function.id])
        if isinstance(function, ast.Attribute) and function.attr in _CONFUSED:
            owner = source.of(function.value)
            yield source.replace(function, f"{owner}.{_CONFUSED[function.attr]}")


def swapped_arguments(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.Call):
        for one, other in pairwise(node.args):
            start, end = source.span(one)[0], source.span(other)[1]
            middle = source.raw[source.span(one)[1] : source.span(other)[0]].decode()
            if source.of(one) != source.of(other) and not isinstance(other, ast.Starred):
                yield Change(start, end, f"{source.of(other)}{middle}{source.of(one)}")


def missing_argument(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.Call):
        given = [*node.args, *node.keywords]
        if len(given) > 1:
            start, end = source.span(given[-2])[1], source.span(given[-1])[1]
            yield Change(start, end, "")


def wrong_argument(source: Source) -> Iterator[Change | None]:
    """An argument that is another of the function's own parameters, or None."""
    known = (one.arg for one in ast.walk(source.within) if isinstance(one, ast.arg))
    own = [name for name in known if name not in ("self", "cls")]
    for node in source.nodes(ast.Call):
        for argument in node.args:
            text = source.of(argument)
            if isinstance(argument, ast.Name | ast.Attribute | ast.Constant):
                others = [name for name in (*own, "None") if name != text]
                yield source.replace(argument, source.drawn.choice(others or ["0"]))


def missing_call(source: Source) -> Iterator[Change | None]:
    """`list(x)`, `x.strip()`, `str(x)` without the call."""
    for node in source.nodes(ast.Call):
        given = [*node.args, *node.keywords]
        bare = len(given) == 1 and not isinstance(given[0], ast.Starred | ast.GeneratorExp)
        if isinstance(node.func, ast.Name) and bare and node.args:
            yield source.replace(node, source.of(node.args[0]))
        if isinstance(node.func, ast.Attribute) and len(given) < 2:
            yield source.replace(node, source.of(node.func.value))


def missing_default(source: Source) -> Iterator[Change | None]:
    """`x.get(key, …)` as `x[key]`, and a default that is left out."""
    for node in source.nodes(ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
            owner, key = source.of(node.func.value), source.of(node.args[0])
            yield source.replace(node, f"{owner}[{key}]")
    for choice in source.nodes(ast.BoolOp):
        if isinstance(choice.op, ast.Or) and isinstance(choice.values[0], ast.Name):
            yield source.replace(choice, source.of(choice.values[0]))


# ------------------------------------------------------------------------------------ statements


def missing_statement(source: Source) -> Iterator[Change | None]:
    kinds = (ast.Expr, ast.Assign, ast.AugAssign, ast.Break, ast.Continue, ast.Delete)
    found = [(one, body) for body in source.bodies() for one in body if isinstance(one, kinds)]
    source.drawn.shuffle(found)
    for statement, body in found:
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            yield source.without(statement, body)


def swapped_statements(source: Source) -> Iterator[Change | None]:
    simple = (ast.Expr, ast.Assign, ast.AugAssign, ast.If)
    found = [pair for body in source.bodies() for pair in pairwise(body)]
    source.drawn.shuffle(found)
    for one, other in found:
        if isinstance(one, simple) and isinstance(other, simple):
            middle = source.raw[source.span(one)[1] : source.span(other)[0]].decode()
            if "#" not in middle and not _is_elif(source, one):
                yield Change(
                    source.span(one)[0],
                    source.span(other)[1],
                    f"{source.of(other)}{middle}{source.of(one)}",
                )


def moved_out(source: Source) -> Iterator[Change | None]:
    """The last statement of a loop or condition, indented one level too little."""
    nodes: list[ast.For | ast.While | ast.If] = []
    for kind in (ast.For, ast.While, ast.If):
        nodes.extend(source.nodes(kind))
    for node in nodes:
        last = node.body[-1]
        if len(node.body) > 1 and not node.orelse and last.lineno == last.end_lineno:
            start = source.starts[last.lineno - 1]
            yield Change(start, start + last.col_offset, " " * node.col_offset)


def wrong_return(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.Return):
        value = node.value
        if isinstance(value, ast.Tuple) and len(value.elts) == 2:
            yield source.replace(value, ", ".join(source.of(one) for one in value.elts[::-1]))
        elif isinstance(value, ast.Call) and value.args:
            yield source.replace(value, source.of(value.args[0]))
        elif isinstance(value, ast.BinOp):
            yield source.replace(value, source.of(value.left))
        elif value is not None:
            yield source.replace(value, "None")


def break_continue(source: Source) -> Iterator[Change | None]:
    for node in source.nodes(ast.Break):
        yield source.replace(node, "continue")
    for other in source.nodes(ast.Continue):
        yield source.replace(other, source.drawn.choice(("break", "return")))


def wrong_exception(source: Source) -> Iterator[Change | None]:
    near = {"KeyError": "IndexError", "IndexError": "KeyError", "ValueError": "TypeError",
            "TypeError": "ValueError", "AttributeError": "KeyError", "StopIteration": "ValueError",
            "UnicodeDecodeError": "KeyError", "OverflowError": "ValueError"}  # fmt: skip
    for handler in source.nodes(ast.ExceptHandler):
        kind = handler.type
        if isinstance(kind, ast.Tuple):
            yield source.replace(kind, source.of(source.drawn.choice(kind.elts)))
        elif isinstance(kind, ast.Name) and kind.id in near:
            yield source.replace(kind, near[kind.id])
    for raised in source.nodes(ast.Raise):
        made = raised.exc.func if isinstance(raised.exc, ast.Call) else raised.exc
        if isinstance(made, ast.Name) and made.id in near:
            yield source.replace(made, near[made.id])


MISTAKES: tuple[Mistake, ...] = (
    wrong_comparison, wrong_arithmetic, wrong_update, and_or, wrong_condition, missing_conjunct,
    missing_guard, missing_condition, if_for_elif, missing_else, wrong_constant, wrong_text,
    wrong_variable, wrong_attribute, off_by_one, wrong_function, swapped_arguments,
    missing_argument, wrong_argument, missing_call, missing_default, missing_statement,
    swapped_statements, moved_out, wrong_return, break_continue, wrong_exception,
)  # fmt: skip
