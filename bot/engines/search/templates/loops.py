"""Loops and comprehensions: the wrong thing iterated, variables exchanged, lists and generators."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from bot.engines.search.scope import plain_name
from bot.engines.search.templates.site import Edit, Site, Template, Variant
from bot.engines.search.templates.writing import LAMBDA, OR, joined

Loop = ast.For | ast.comprehension


def iterated(node: Loop, site: Site) -> Iterator[Variant]:
    """Another thing to iterate over, or the same in another way."""
    over = node.iter
    text = site.text(over)
    plain = isinstance(over, ast.Name | ast.Attribute | ast.Subscript)
    if not isinstance(over, ast.Call) or plain:
        for form, weight in (
            ("enumerate({})", 0.4),
            ("reversed({})", 0.6),
            ("sorted({})", 0.7),
            ("list({})", 0.8),
            ("range(len({}))", 0.4),
            ("set({})", 0.3),
            ("{}.items()", 0.6),
            ("{}.values()", 0.6),
            ("{}.keys()", 0.2),
            ("{}[:]", 0.4),
            ("{}.copy()", 0.4),
        ):
            yield site.swap(over, form.format(site.operand(over)), weight)
    else:
        for form, weight in (("list({})", 0.8), ("sorted({})", 0.6), ("reversed({})", 0.4)):
            yield site.swap(over, form.format(text), weight)
        if isinstance(over.func, ast.Name) and len(over.args) == 1:
            yield site.swap(over, site.text(over.args[0]), 0.6)
    for weight, name in site.names_near(over):
        if name != text:
            yield site.swap(over, name, weight * 0.7)
    for weight, seen in site.borrowable(over):
        if seen.text != text and isinstance(seen.node, ast.Attribute | ast.Call | ast.Subscript):
            yield site.swap(over, seen.text, weight * 0.5)


def numbered(node: Loop, site: Site) -> Iterator[Variant]:
    """`for i in range(len(x))` over the items, and `enumerate` dropped."""
    over, target = node.iter, node.target
    if isinstance(target, ast.Tuple) and len(target.elts) == 2:
        if isinstance(over, ast.Call) and plain_name(over.func) == "enumerate" and over.args:
            edits = (
                Edit(*site.source.span(target), site.text(target.elts[1])),
                Edit(*site.source.span(over), site.text(over.args[0])),
            )
            yield Variant(edits, 0.4, "iterate over the items alone")
        one, two = (site.source.span(item) for item in target.elts)
        text = site.source.text
        edits = (Edit(*one, text[slice(*two)]), Edit(*two, text[slice(*one)]))
        yield Variant(edits, 0.6, "exchange the loop's variables")


def filtered(node: ast.comprehension, site: Site) -> Iterator[Variant]:
    """A condition added to a comprehension, or dropped."""
    source = site.source
    before = node.iter
    for test in node.ifs:
        start, end = source.outer_span(before)[1], source.outer_span(test)[1]
        yield site.change(start, end, "", 0.6, "drop the condition")
        before = test
    if node.ifs:
        return
    end = source.outer_span(node.iter)[1]
    names = [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)]
    tests: list[tuple[float, str, int]] = []
    for name in names:
        tests += [(1.0, name, 15), (0.8, f"{name} is not None", 5), (0.4, f"not {name}", 4)]
        tests += [(0.3, f"{name}.strip()", 15)]
        for attribute, _ in site.names.attributes_on.get(name, Counter()).most_common(6):
            tests += [(0.4, f"{name}.{attribute}", 15), (0.4, f"not {name}.{attribute}", 4)]
        tests += [(0.3, f"{name} != {other}", 5) for _, other in site.names_near(node.iter)[:4]]
    visible = site.visible(node.iter)
    count = 0
    for weight, seen in site.borrowable(node.iter, far=True):
        is_test = isinstance(seen.node, ast.Compare) or site.is_tested(seen.node)
        if is_test and seen.names <= visible.all | set(names) and count < 15:
            count += 1
            tests.append((weight * 0.6, seen.text, seen.level))
    for weight, text, level in tests:
        said = f"only if `{text}`"
        yield site.change(end, end, f" if {joined(text, level, OR)}", weight, said)


def produced(node: ast.ListComp | ast.SetComp | ast.GeneratorExp, site: Site) -> Iterator[Variant]:
    """Another element: the loop's own variable, or one of several."""
    names = [n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)]
    old = site.text(node.elt)
    for name in names:
        if name != old:
            yield site.swap(node.elt, name, 0.7)
    if len(node.generators) == 2:
        one, two = node.generators
        spans = [
            (site.source.start(g.target), site.source.outer_span((g.ifs or [g.iter])[-1])[1])
            for g in (one, two)
        ]
        text = site.source.text
        edits = (Edit(*spans[0], text[slice(*spans[1])]), Edit(*spans[1], text[slice(*spans[0])]))
        yield Variant(edits, 0.8, "exchange the two loops")


def kind(node: ast.ListComp | ast.GeneratorExp | ast.SetComp, site: Site) -> Iterator[Variant]:
    """A list where a generator or a set was, and back."""
    inside = site.text(node)[1:-1]
    start, end = site.source.span(node)
    shapes = {"list": f"[{inside}]", "generator": f"({inside})", "set": "{" + inside + "}"}
    parent = site.parent(node)
    only = isinstance(parent, ast.Call) and site.source.end(parent) == end
    for name, new in shapes.items():
        if only and isinstance(node, ast.GeneratorExp):
            if name != "generator":
                yield site.change(start, end, f"({new})", 0.5, f"make it a {name}")
        else:
            yield site.change(start, end, new, 0.5, f"make it a {name}")
    if isinstance(parent, ast.Return | ast.Assign):
        for wrap in ("sorted", "tuple", "sum", "list", "any", "all"):
            yield site.swap(node, f"{wrap}({inside})", 0.3)


def exchanged(node: ast.For, site: Site) -> Iterator[Variant]:
    """Two nested loops exchanged."""
    inner = node.body[0]
    if isinstance(inner, ast.For) and len(node.body) == 1:
        heads = [
            (site.source.start(f.target), site.source.outer_span(f.iter)[1]) for f in (node, inner)
        ]
        text = site.source.text
        edits = (Edit(*heads[0], text[slice(*heads[1])]), Edit(*heads[1], text[slice(*heads[0])]))
        yield Variant(edits, 1.0, "exchange the two loops")


def captured(node: ast.Lambda, site: Site) -> Iterator[Variant]:
    """`lambda: x` made to keep the `x` of its own turn; arguments added."""
    free = sorted({n.id for n in ast.walk(node.body) if isinstance(n, ast.Name)})
    own = {arg.arg for arg in node.args.args}
    visible = site.visible(node)
    body = site.text(node.body)
    given = [site.text(arg) for arg in node.args.args]
    for name in free:
        if name in visible.local and name not in own and not node.args.defaults:
            new = f"lambda {', '.join([*given, f'{name}={name}'])}: {body}"
            yield site.swap(node, new, 0.8, level=LAMBDA)


TEMPLATES = (
    Template("loop-over", (ast.For, ast.comprehension), iterated),
    Template("loop-variables", (ast.For, ast.comprehension), numbered),
    Template("loop-filter", (ast.comprehension,), filtered),
    Template("loop-element", (ast.ListComp, ast.SetComp, ast.GeneratorExp), produced),
    Template("loop-result", (ast.ListComp, ast.GeneratorExp, ast.SetComp), kind),
    Template("loop-nesting", (ast.For,), exchanged),
    Template("lambda-captured", (ast.Lambda,), captured),
)
