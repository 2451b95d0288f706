"""Functions and classes themselves: a missing decorator, `self`, `async`, a base class."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from bot.engines.search.source import Function
from bot.engines.search.templates.site import Edit, Site, Template, Variant, remembered


def decorated(node: Function, site: Site) -> Iterator[Variant]:
    """A decorator that the file or the class uses, added or removed."""
    indent = site.source.indent_of(node)
    if indent is None:
        return
    in_class = isinstance(site.parent(node), ast.ClassDef)
    own = {site.text(decorator) for decorator in node.decorator_list}
    first = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)][:1]
    offered: dict[str, float] = {}
    if in_class:
        offered = {"staticmethod": 0.4, "classmethod": 0.4, "property": 0.5}
        if first == ["cls"]:
            offered["classmethod"] = 1.0
        if not first or first not in (["self"], ["cls"]):
            offered["staticmethod"] = 1.0
    for text, count in _decorators(site).items():
        if site.usable([text.split(".")[0].split("(")[0]], site.visible(node)):
            offered.setdefault(text, min(0.6, 0.2 + count / 10))
    start = site.source.statement_start(node)
    for text, weight in offered.items():
        if text not in own:
            new = f"@{text}{site.source.newline}{indent}"
            yield site.change(start, start, new, weight, f"decorate it with `@{text}`")
    for decorator in node.decorator_list:
        low = site.source.text.rfind("@", 0, site.source.start(decorator))
        high = site.source.end(decorator) + len(site.source.newline) + len(indent)
        said = f"remove the decorator `@{site.text(decorator)}`"
        yield site.change(low, high, "", 0.5, said)


@remembered
def _decorators(site: Site) -> Counter[str]:
    texts = (
        site.text(decorator)
        for n in site.source.nodes
        if isinstance(n, Function)
        for decorator in n.decorator_list
    )
    return Counter(dict(Counter(text for text in texts if len(text) < 60).most_common(12)))


def receiver(node: Function, site: Site) -> Iterator[Variant]:
    """`self` missing among a method's parameters."""
    if not isinstance(site.parent(node), ast.ClassDef):
        return
    names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    if names[:1] in (["self"], ["cls"]):
        return
    text = site.source.text
    opening = text.find("(", site.source.start(node) + len("def ") + len(node.name))
    for name in ("self", "cls"):
        more = ", " if names or node.args.vararg or node.args.kwarg else ""
        weight = 1.0 if name == "self" else 0.3
        yield site.change(opening + 1, opening + 1, name + more, weight, f"take `{name}` first")


def asynchronous(node: Function, site: Site) -> Iterator[Variant]:
    start = site.source.start(node)
    if isinstance(node, ast.AsyncFunctionDef):
        end = site.source.text.find("def", start)
        yield site.change(start, end, "", 1.0, "make it a plain function")
    elif any(isinstance(n, ast.AsyncFunctionDef) for n in site.source.nodes):
        yield site.change(start, start, "async ", 1.0, "make it asynchronous")


def bases(node: ast.ClassDef, site: Site) -> Iterator[Variant]:
    """Another base class."""
    visible = site.visible(node)
    for base in node.bases:
        for name in visible.module:
            if visible.kinds.get(name) == "class" and name not in (node.name, site.text(base)):
                yield site.swap(base, name, site.likeness(name, site.text(base)) * 0.7)
    for one, two in zip(node.bases, node.bases[1:], strict=False):
        edits = (
            Edit(*site.source.span(one), site.text(two)),
            Edit(*site.source.span(two), site.text(one)),
        )
        yield Variant(edits, 0.6, "exchange two base classes")


def superclass(node: ast.Call, site: Site) -> Iterator[Variant]:
    """`super().f(x)` with other parameters of the function passed on."""
    func = node.func
    if not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Call):
        return
    if getattr(func.value.func, "id", "") != "super":
        return
    parameters = [p for p in site.visible(node).parameters if p not in ("self", "cls")]
    function = site.source.function_of(node)
    if function is None:
        return
    given = [
        f"*{p}"
        if function.args.vararg and p == function.args.vararg.arg
        else f"**{p}"
        if function.args.kwarg and p == function.args.kwarg.arg
        else p
        for p in parameters
    ]
    yield site.swap(node, f"super().{func.attr}({', '.join(given)})", 1.0)
    if func.attr != function.name:
        start = site.source.end(func) - len(func.attr)
        said = f"call the base's `{function.name}`"
        yield site.change(start, start + len(func.attr), function.name, 1.0, said)


TEMPLATES = (
    Template("decorator", (ast.FunctionDef, ast.AsyncFunctionDef), decorated),
    Template("receiver", (ast.FunctionDef, ast.AsyncFunctionDef), receiver),
    Template("asynchronous", (ast.FunctionDef, ast.AsyncFunctionDef), asynchronous),
    Template("base-class", (ast.ClassDef,), bases),
    Template("super-arguments", (ast.Call,), superclass),
)
