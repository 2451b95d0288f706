"""Returned and yielded values: another one, a missing one, too early, or by the wrong keyword."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search.templates.guards import return_values
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.writing import level_of, short


def value(node: ast.Return, site: Site) -> Iterator[Variant]:
    """Another expression from the function, or a plain value, returned."""
    if node.value is None:
        return
    old, kind = site.text(node.value), site.kind(node.value)
    for weight, name in site.names_near(node):
        yield site.swap(node.value, name, weight)
    function = site.source.function_of(node)
    if function is not None:
        for weight, text in return_values(site, function):
            yield site.swap(node.value, text or "None", weight * 0.7)
    for weight, seen in site.borrowable(node):
        if seen.text != old and not isinstance(seen.node, ast.Name):
            fits = 1.0 if not kind or seen.kind == kind else 0.4
            yield site.swap(node.value, seen.text, weight * fits * 0.7, level=seen.level)
    if kind == "bool" or isinstance(node.value, ast.Name):
        said = f"return the opposite of `{short(old)}`"
        new, level = site.negation(node.value)
        likely = 0.7 if kind == "bool" else 0.3
        yield site.swap(node.value, new, likely, level=level, said=said)


def element(node: ast.Return, site: Site) -> Iterator[Variant]:
    """One more, or one fewer, value returned; one of them replaced."""
    if node.value is None:
        return
    if isinstance(node.value, ast.Tuple):
        for item in node.value.elts:
            yield site.swap(node.value, site.text(item), 0.5, level=level_of(item))
        return
    for weight, name in site.names_near(node)[:6]:
        yield site.swap(node.value, f"{site.text(node.value)}, {name}", weight * 0.5, level=15)


def missing(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """`return` before an expression, after the last statement, or after an assignment."""
    function = site.source.function_of(node)
    if function is None:
        return
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Yield | ast.YieldFrom):
        start = site.source.start(node)
        yield site.change(start, start, "return ", 1.0, "return the value")
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Name):
            made = site.insert_after(node, [f"return {target.id}"], 0.4)
            if made is not None:
                yield made
    if node is site.block(node)[-1]:
        yield from _at_end(node, site)


def _at_end(node: ast.stmt, site: Site) -> Iterator[Variant]:
    function = site.source.function_of(node)
    if function is None or isinstance(node, ast.Return | ast.Raise):
        return
    is_last = node is function.body[-1]
    offered = [(w, n) for w, n in site.names_near(node)[:8]]
    offered += [(w * 0.6, text) for w, text in return_values(site, function)]
    for weight, text in offered:
        made = site.insert_after(
            node, [f"return {text}".rstrip()], weight * (1 if is_last else 0.4)
        )
        if made is not None:
            yield made


def otherwise(node: ast.If, site: Site) -> Iterator[Variant]:
    """A missing `else` that returns, or does what another branch does with other names."""
    last = node
    if site.source.text.startswith("elif", site.source.start(node)):
        return
    while len(last.orelse) == 1 and isinstance(last.orelse[0], ast.If):
        last = last.orelse[0]
    indent = site.source.indent_of(node)
    function = site.source.function_of(node)
    if last.orelse or indent is None or not site.source.stands_alone(node):
        return
    offered: list[tuple[float, str]] = []
    if function is not None and isinstance(last.body[-1], ast.Return):
        offered += [(w, f"return {text}".rstrip()) for w, text in return_values(site, function)]
        offered += [(w * 0.7, f"return {name}") for w, name in site.names_near(last.body[-1])]
        offered += [
            (weight * 0.5, f"return {seen.text}")
            for weight, seen in site.borrowable(last.body[-1])
            if not isinstance(seen.node, ast.Name)
        ]
    offered += [(0.5, "continue")] if site.source.loop_of(node) is not None else []
    end, newline, step = site.source.statement_end(node), site.source.newline, site.source.step
    for weight, text in offered:
        new = f"{newline}{indent}else:{newline}{indent}{step}{text}"
        yield site.change(end, end, new, weight, f"{text} otherwise")


def dropped(node: ast.Return, site: Site) -> Iterator[Variant]:
    """The value computed, and not returned; or nothing returned."""
    if node.value is not None:
        start = site.source.start(node)
        first = site.source.outer_span(node.value)[0]
        if isinstance(node.value, ast.Call):
            yield site.change(start, first, "", 0.6, "do not return here")


def yielding(node: ast.Return | ast.Expr, site: Site) -> Iterator[Variant]:
    """`yield` for `return`, `yield from` for `yield`, and back."""
    function = site.source.function_of(node)
    if function is None or node.value is None:
        return
    start, text = site.source.start(node), site.text(node)
    if isinstance(node, ast.Return):
        generates = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(function))
        for new in ("yield", "yield from"):
            said = f"{new} the value instead of returning it"
            yield site.change(start, start + 6, new, 1.0 if generates else 0.1, said)
        if generates:
            loop = f"yield {site.text(node.value)}{site.source.newline}"
            indent = site.source.indent_of(node)
            if indent is not None:
                yield site.rewrite(node, f"{loop}{indent}return", 0.6)
    elif isinstance(node.value, ast.YieldFrom) and text.startswith("yield"):
        first = site.source.outer_span(node.value.value)[0]
        yield site.change(start, first, "yield ", 1.0, "yield it as one item")
    elif isinstance(node.value, ast.Yield) and node.value.value is not None:
        first = site.source.outer_span(node.value.value)[0]
        yield site.change(start, first, "yield from ", 1.0, "yield its items one by one")
        yield site.change(start, first, "return ", 0.3, "return it")
    elif isinstance(node.value, ast.Call):
        generates = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(function))
        if generates:
            yield site.change(start, start, "yield from ", 1.0, "yield its items")
            yield site.change(start, start, "yield ", 0.5, "yield it")


TEMPLATES = (
    Template("return-value", (ast.Return,), value),
    Template("return-element", (ast.Return,), element),
    Template(
        "return-missing", (ast.Expr, ast.Assign, ast.AugAssign, ast.If, ast.For, ast.While), missing
    ),
    Template("return-otherwise", (ast.If,), otherwise),
    Template("return-dropped", (ast.Return,), dropped),
    Template("yield", (ast.Return, ast.Expr), yielding),
)
