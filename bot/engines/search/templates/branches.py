"""Branches: swapped, the wrong one, `elif` for `if`, a missing or needless `else`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search.templates.site import Edit, Site, Template, Variant
from bot.engines.search.templates.writing import LAMBDA, OR, level_of


def swapped(node: ast.If, site: Site) -> Iterator[Variant]:
    """The contents of `if` and `else` exchanged; the tests of `if` and `elif` too."""
    source = site.source
    text = source.text
    if not node.orelse:
        return
    is_elif = text.startswith("elif", source.start(node.orelse[0]))
    one = source.statement_start(node.body[0]), source.statement_end(node.body[-1])
    other = node.orelse[0] if is_elif else None
    inner = other.body if isinstance(other, ast.If) else node.orelse
    two = source.statement_start(inner[0]), source.statement_end(inner[-1])
    bodies = Edit(*one, text[slice(*two)]), Edit(*two, text[slice(*one)])
    yield Variant(bodies, 1.0, "exchange the two branches")
    if isinstance(other, ast.If):
        first, second = source.outer_span(node.test), source.outer_span(other.test)
        tests = Edit(*first, text[slice(*second)]), Edit(*second, text[slice(*first)])
        yield Variant(tests, 0.4, "exchange the two conditions")
        edits = tuple(sorted((*tests, *bodies)))
        yield Variant(edits, 0.6, "ask the second condition first")


def chain(node: ast.If, site: Site) -> Iterator[Variant]:
    """`if` after another `if` as `elif`; `elif` as `if`; `else` dropped."""
    source = site.source
    start = source.start(node)
    if source.text.startswith("elif", start):
        yield site.change(start, start + 4, "if", 1.0, "test it in any case")
        return
    block = site.block(node)
    at = block.index(node)
    before = block[at - 1] if at else None
    if isinstance(before, ast.If) and not before.orelse and source.indent_of(node) is not None:
        yield site.change(start, start, "el", 1.0, "test it only if the one before did not hold")
    orelse = node.orelse
    if orelse and not source.text.startswith("elif", source.start(orelse[0])):
        indent, inner = source.indent_of(node), source.indent_of(orelse[0])
        if indent is not None and inner is not None:
            low = source.statement_end(node.body[-1])
            first, high = source.statement_start(orelse[0]), source.statement_end(orelse[-1])
            text = site.shifted_back(source.text[first:high], inner, indent)
            new = f"{source.newline}{indent}{text}"
            yield site.change(low, high, new, 1.0, "do always what is in `else`")
            yield site.change(low, high, "", 0.4, "do nothing else")


def into_else(node: ast.If, site: Site) -> Iterator[Variant]:
    """The statement after the `if` only otherwise."""
    source = site.source
    block = site.block(node)
    at = block.index(node)
    if node.orelse or at + 1 >= len(block) or source.text.startswith("elif", source.start(node)):
        return
    following = block[at + 1]
    indent = source.indent_of(node)
    if indent is None or not source.stands_alone(following):
        return
    start, end = source.statement_start(following), source.statement_end(following)
    text = site.shifted(source.text[start:end], source.step)
    new = f"else:{source.newline}{indent}{source.step}{text}"
    yield site.change(start, end, new, 1.0, "do the next thing only otherwise")


def of_loop(node: ast.For | ast.While, site: Site) -> Iterator[Variant]:
    """A loop's `else` dropped."""
    source = site.source
    if node.orelse:
        indent, inner = source.indent_of(node), source.indent_of(node.orelse[0])
        if indent is not None and inner is not None:
            low = source.statement_end(node.body[-1])
            first, high = source.statement_start(node.orelse[0]), source.end(node)
            text = site.shifted_back(source.text[first:high], inner, indent)
            yield site.change(low, high, f"{source.newline}{indent}{text}", 1.0, "drop `else`")


def chosen(node: ast.IfExp, site: Site) -> Iterator[Variant]:
    """`a if t else b`: exchanged, negated, one of them always."""
    source, text = site.source, site.source.text
    one, two = source.outer_span(node.body), source.outer_span(node.orelse)
    edits = (Edit(*one, text[slice(*two)]), Edit(*two, text[slice(*one)]))
    yield Variant(edits, 1.0, "exchange the two values")
    for part in (node.body, node.orelse):
        yield site.swap(node, site.text(part), 0.7, level=level_of(part))
    test = source.outer_span(node.test)
    negated, _ = site.negation(node.test)
    yield site.change(*test, negated, 0.5, "negate the condition")


def as_choice(node: ast.BoolOp, site: Site) -> Iterator[Variant]:
    """`a or b` as `a if a is not None else b`; one of them alone."""
    if len(node.values) != 2 or site.is_tested(node):
        return
    one, two = node.values
    if isinstance(node.op, ast.Or):
        text = site.operand(one, OR)
        new = f"{text} if {site.operand(one, 6)} is not None else {site.operand(two, LAMBDA)}"
        yield site.swap(node, new, 1.0, level=LAMBDA)
    edits = (
        Edit(*site.source.outer_span(one), site.operand(two, level_of(node) + 1)),
        Edit(*site.source.outer_span(two), site.operand(one, level_of(node) + 1)),
    )
    yield Variant(edits, 0.8, "exchange the two values")


def loop_kind(node: ast.If | ast.While, site: Site) -> Iterator[Variant]:
    """`if` as `while` and back."""
    start = site.source.start(node)
    if isinstance(node, ast.If) and not node.orelse:
        if not site.source.text.startswith("elif", start):
            yield site.change(start, start + 2, "while", 1.0, "repeat it as long as it holds")
    elif isinstance(node, ast.While):
        yield site.change(start, start + 5, "if", 0.6, "do it once only")


TEMPLATES = (
    Template("branch-swapped", (ast.If,), swapped),
    Template("branch-chain", (ast.If,), chain),
    Template("branch-else", (ast.If,), into_else),
    Template("branch-loop-else", (ast.For, ast.While), of_loop),
    Template("branch-value", (ast.IfExp,), chosen),
    Template("branch-or", (ast.BoolOp,), as_choice),
    Template("branch-loop", (ast.If, ast.While), loop_kind),
)
