"""Chains of `if`: an `else` that should ask something, a branch that is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

from bot.engines.search.templates.conditions import further
from bot.engines.search.templates.elements import alternatives
from bot.engines.search.templates.guards import raised_nearby, return_values
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.writing import short

MOST = 40
LONGEST_BODY = 200


def _is_elif(node: ast.stmt, site: Site) -> bool:
    return site.source.text.startswith("elif", site.source.start(node))


def asked(node: ast.If, site: Site) -> Iterator[Variant]:
    """`else:` as `elif …:`."""
    if not node.orelse or _is_elif(node.orelse[0], site):
        return
    source = site.source
    low, high = source.statement_end(node.body[-1]), source.statement_start(node.orelse[0])
    at = source.text.find("else", low, high)
    colon = source.text.find(":", at, high)
    if at < 0 or colon < 0:
        return
    for weight, text, _ in islice(further(node.test, site), MOST):
        if text != site.text(node.test):
            said = f"ask `{short(text)}` otherwise"
            yield site.change(at, colon, f"elif {text}", weight, said)


def added(node: ast.If, site: Site) -> Iterator[Variant]:
    """One more branch at the end of the chain, like the last one with another constant or name."""
    source = site.source
    indent = source.indent_of(node)
    if _is_elif(node, site) and indent is None:
        indent = source.text[source.line_start(source.start(node)) : source.start(node)]
    if indent is None or indent.strip() or (node.orelse and _is_elif(node.orelse[0], site)):
        return
    end = source.statement_end(node.body[-1])
    low = source.line_start(source.statement_start(node.body[0]))
    body = source.text[low:end]
    if len(body) > LONGEST_BODY or low <= source.start(node):
        return
    for weight, test in _other_tests(node.test, site):
        new = f"{source.newline}{indent}elif {test}:{source.newline}{body}"
        yield site.change(end, end, new, weight, f"do the same if `{short(test)}`")


def _other_tests(test: ast.expr, site: Site) -> Iterator[tuple[float, str]]:
    """The test with one of its constants, attributes or classes replaced."""
    whole, start = site.text(test), site.source.start(test)
    if "\n" in whole:
        return
    for inner in ast.walk(test):
        parent = site.parent(inner)
        compared = isinstance(parent, ast.Compare) and parent.left is not inner
        asked = isinstance(parent, ast.Call) and inner in parent.args
        if not isinstance(inner, ast.Constant | ast.Attribute | ast.Name) or not (
            compared or asked
        ):
            continue
        low, high = (place - start for place in site.source.span(inner))
        for text, weight in islice(alternatives([inner], site), 15):
            if text != whole[low:high]:
                yield weight, whole[:low] + text + whole[high:]


def ended(node: ast.If, site: Site) -> Iterator[Variant]:
    """A missing `else` that raises, or returns, what the function does elsewhere."""
    source = site.source
    function = source.function_of(node)
    indent = source.indent_of(node)
    if function is None or indent is None or _is_elif(node, site):
        return
    last = node
    while len(last.orelse) == 1 and isinstance(last.orelse[0], ast.If):
        last = last.orelse[0]
    if last.orelse or not source.stands_alone(node):
        return
    leaves = [(1.0, site.text(raised)) for raised in raised_nearby(site, function)]
    if not isinstance(last.body[-1], ast.Return):
        values = return_values(site, function)[:4]
        leaves += [(0.6 * weight, f"return {value}".rstrip()) for weight, value in values]
    end = source.statement_end(node)
    for weight, text in leaves:
        new = f"{source.newline}{indent}else:{source.newline}{indent}{source.step}{text}"
        yield site.change(end, end, new, weight, f"{short(text)} otherwise")


TEMPLATES = (
    Template("branch-asked", (ast.If,), asked),
    Template("branch-added", (ast.If,), added),
    Template("branch-ended", (ast.If,), ended),
)
