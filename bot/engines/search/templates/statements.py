"""Statements in the wrong place: deleted, moved up or down, into a block or out of it, doubled."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search.source import Block, Function
from bot.engines.search.templates.site import Edit, Site, Template, Variant
from bot.engines.search.templates.writing import short

_SIMPLE = (
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Expr,
    ast.Return,
    ast.Raise,
    ast.Break,
    ast.Continue,
    ast.Delete,
    ast.Pass,
    ast.Assert,
)
_COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try)
FARTHEST_MOVE = 4


def _whole(site: Site, statement: ast.stmt) -> tuple[int, int]:
    return site.source.statement_start(statement), site.source.statement_end(statement)


def _removal(site: Site, statement: ast.stmt) -> Edit:
    """The statement taken out, with its line where it has one to itself."""
    start, end = _whole(site, statement)
    if len(site.block(statement)) == 1:
        return Edit(start, site.source.end(statement), "pass")
    if not site.source.stands_alone(statement):
        return Edit(start, site.source.end(statement), "pass")
    text = site.source.text
    line = site.source.line_start(start)
    after = site.source.line_start(end)
    next_line = end + (2 if text.startswith("\r\n", end) else 1)
    return Edit(line, min(len(text), max(next_line, after)), "")


def deleted(node: ast.stmt, site: Site) -> Iterator[Variant]:
    if isinstance(node, ast.Pass | ast.Import | ast.ImportFrom | Function | ast.ClassDef):
        return
    weight = 1.0 if isinstance(node, _SIMPLE) else 0.5
    if isinstance(node, ast.Return):
        weight = 0.4
    said = f"remove `{short(site.text(node).splitlines()[0])}`"
    if _is_elif(site, node):
        return
    yield Variant((_removal(site, node),), weight, said)


def _is_elif(site: Site, node: ast.stmt) -> bool:
    return site.source.text.startswith("elif", site.source.start(node))


def moved(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """Past its neighbours in the same block."""
    block = site.block(node)
    at = block.index(node)
    for distance in range(1, FARTHEST_MOVE + 1):
        for other in (at - distance, at + distance):
            if 0 <= other < len(block) and _may_pass(site, block, at, other):
                yield _past(site, block, at, other)


def _may_pass(site: Site, block: Block, at: int, other: int) -> bool:
    passed = block[min(at, other) : max(at, other) + 1]
    if isinstance(block[other], Function | ast.ClassDef | ast.ImportFrom):
        return False
    return all(site.source.stands_alone(statement) for statement in passed)


def _past(site: Site, block: Block, at: int, other: int) -> Variant:
    text = site.source.text
    mine, theirs = _whole(site, block[at]), _whole(site, block[other])
    name = short(text[slice(*mine)].splitlines()[0])
    weight = 0.8 ** (abs(at - other) - 1)
    if abs(at - other) == 1:
        edits = (Edit(*mine, text[slice(*theirs)]), Edit(*theirs, text[slice(*mine)]))
    else:
        indent = site.source.indent_of(block[at]) or ""
        newline = site.source.newline
        moving = text[slice(*mine)]
        if other < at:
            landing = Edit(theirs[0], theirs[0], f"{moving}{newline}{indent}")
        else:
            landing = Edit(theirs[1], theirs[1], f"{newline}{indent}{moving}")
        edits = (_removal(site, block[at]), landing)
    direction = "up" if other < at else "down"
    return Variant(edits, weight, f"move `{name}` {direction}")


def outward(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """Out of its block: the last one to after it, the first one to before it."""
    parent = site.parent(node)
    if not isinstance(parent, _COMPOUND) or not site.source.stands_alone(node):
        return
    block = site.block(node)
    indent, step = site.source.indent_of(node), site.source.indent_of(parent)
    if indent is None or step is None or len(block) == 1 or _is_elif(site, parent):
        return
    text = site.shifted_back(site.source.text[slice(*_whole(site, node))], indent, step)
    newline, said = site.source.newline, f"move `{short(site.text(node))}` out of the block"
    if node is block[-1] or isinstance(node, ast.Return | ast.AugAssign | ast.Assign | ast.Expr):
        end = site.source.statement_end(parent)
        weight = 1.0 if node is block[-1] else 0.4
        if node is block[-1] and end == site.source.statement_end(node):
            line = site.source.line_start(site.source.start(node))
            yield site.change(line, end, step + text, weight, said)
        else:
            landing = Edit(end, end, f"{newline}{step}{text}")
            yield Variant((_removal(site, node), landing), weight, said)
    if node is block[0]:
        start = site.source.statement_start(parent)
        landing = Edit(start, start, f"{text}{newline}{step}")
        yield Variant((_removal(site, node), landing), 0.7, said)


def inward(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """Into the block before or after it."""
    block = site.block(node)
    at = block.index(node)
    indent = site.source.indent_of(node)
    if indent is None or not site.source.stands_alone(node):
        return
    text = site.source.text[slice(*_whole(site, node))]
    said = f"move `{short(text)}` into the block"
    if at and isinstance(block[at - 1], _COMPOUND):
        for last in _last_statements(block[at - 1]):
            deeper = site.source.indent_of(last)
            if deeper is None or not site.source.stands_alone(last):
                continue
            moved_text = site.shifted(text, deeper.removeprefix(indent))
            end = site.source.statement_end(last)
            landing = Edit(end, end, f"{site.source.newline}{deeper}{moved_text}")
            yield Variant((_removal(site, node), landing), 1.0, said)
    if at + 1 < len(block) and isinstance(block[at + 1], _COMPOUND):
        first = block[at + 1].body[0]  # type: ignore[attr-defined]  # compound ones have one
        deeper = site.source.indent_of(first)
        if deeper is not None:
            start = site.source.statement_start(first)
            moved_text = site.shifted(text, deeper.removeprefix(indent))
            landing = Edit(start, start, f"{moved_text}{site.source.newline}{deeper}")
            yield Variant((_removal(site, node), landing), 0.8, said)


def _last_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """The ends of a statement's blocks, the outermost and last one first."""
    for field in ("orelse", "body", "finalbody"):
        inner = getattr(node, field, None)
        if inner:
            yield inner[-1]
            if isinstance(inner[-1], _COMPOUND):
                yield from _last_statements(inner[-1])


def other_keyword(node: ast.Break | ast.Continue | ast.Return, site: Site) -> Iterator[Variant]:
    """`break`, `continue` and a bare `return` exchanged, or nothing instead."""
    if isinstance(node, ast.Return):
        if site.source.loop_of(node) is not None:
            likely = 0.7 if node.value is None else 0.4
            yield site.rewrite(node, "continue", likely)
            yield site.rewrite(node, "break", likely)
        return
    other = "continue" if isinstance(node, ast.Break) else "break"
    for new, weight in ((other, 1.0), ("return", 0.4), ("pass", 0.5)):
        yield site.rewrite(node, new, weight)


def leave_loop(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """`break` or `continue` missing after a statement."""
    text = site.text(node)
    if site.source.loop_of(node) is None or node is not site.block(node)[-1]:
        return
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr) and "\n" not in text:
        for new, weight in (("break", 0.6), ("continue", 0.5)):
            made = site.insert_after(node, [new], weight)
            if made is not None:
                yield made


def unwrapped(
    node: ast.If | ast.For | ast.While | ast.With | ast.Try, site: Site
) -> Iterator[Variant]:
    """The block's content always done: the `if`, loop or `try` around it removed."""
    indent, inner = site.source.indent_of(node), site.source.indent_of(node.body[0])
    if indent is None or inner is None or _is_elif(site, node):
        return
    start = site.source.statement_start(node.body[0])
    end = site.source.statement_end(node.body[-1])
    text = site.shifted_back(site.source.text[start:end], inner, indent)
    whole = site.source.statement_start(node), site.source.statement_end(node)
    weight = 1.0 if isinstance(node, ast.If) and not node.orelse else 0.4
    yield site.change(*whole, text, weight, "do always what is inside the block")
    orelse = getattr(node, "orelse", None)
    if isinstance(node, ast.If) and orelse and not _is_elif(site, orelse[0]):
        start = site.source.statement_start(orelse[0])
        text = site.source.text[start : site.source.statement_end(orelse[-1])]
        text = site.shifted_back(text, site.source.indent_of(orelse[0]) or inner, indent)
        yield site.change(*whole, text, 0.5, "do always what is in the `else` block")


TEMPLATES = (
    Template("statement-deleted", (*_SIMPLE, *_COMPOUND), deleted),
    Template("statement-moved", (*_SIMPLE, *_COMPOUND), moved),
    Template("statement-outward", _SIMPLE, outward),
    Template("statement-inward", _SIMPLE, inward),
    Template("loop-keyword", (ast.Break, ast.Continue, ast.Return), other_keyword),
    Template("loop-exit", _SIMPLE, leave_loop),
    Template("block-unwrapped", _COMPOUND, unwrapped),
)
