"""A value brought into form before it is used: a default for None, a list for a single item."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.engines.search.templates.guards import header_of
from bot.engines.search.templates.site import Site, Template, Variant, remembered

MOST_NAMES = 4
MOST_PAIRS = 12
_PLACES = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.For, ast.If, ast.While, ast.With)
_FORMS: tuple[tuple[float, str, str], ...] = (
    (1.0, "isinstance({0}, str)", "[{0}]"),
    (0.6, "isinstance({0}, str)", "({0},)"),
    (0.9, "isinstance({0}, bytes)", "{0}.decode()"),
    (0.6, "isinstance({0}, str)", "{0}.encode()"),
    (0.7, "not isinstance({0}, str)", "str({0})"),
    (0.6, "not isinstance({0}, list)", "[{0}]"),
    (0.5, "not isinstance({0}, list)", "list({0})"),
    (0.5, "callable({0})", "{0}()"),
    (0.4, "isinstance({0}, tuple)", "list({0})"),
)
"""When a value has the wrong form, and what to make of it."""
_ALWAYS: tuple[tuple[float, str, str], ...] = (
    (0.6, "list", " tuple set dict iterator "),
    (0.4, "str", " int float bytes "),
    (0.25, "tuple", " list set iterator "),
    (0.25, "dict", " list "),
    (0.2, "int", " str float "),
)
"""What to make of a value, of these kinds or of one that is not known: an iterator can be gone
through only once."""


def brought(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """`if isinstance(x, str): x = [x]`, `if x is None: x = …` before what uses `x`."""
    if site.source.indent_of(node) is None:
        return
    for weight, name in _used(node, site):
        kind = site.visible(node).kinds.get(name, "")
        forms = [*_of_form(name, kind, site.source.quote), *_of_missing(name, kind, node, site)]
        for likely, test, value in forms:
            lines = [f"if {test}:", f"{site.source.step}{name} = {value}"]
            made = site.insert_before(node, lines, weight * likely)
            if made is not None:
                yield made
        for likely, new, kinds in _ALWAYS:
            fits = not kind or f" {kind} " in kinds
            made = site.insert_before(node, [f"{name} = {new}({name})"], weight * likely)
            if made is not None and fits:
                yield made
        for function in _functions(site):
            made = site.insert_before(node, [f"{name} = {function}({name})"], weight * 0.6)
            if made is not None:
                yield made


def _of_form(name: str, kind: str, quote: str) -> Iterator[tuple[float, str, str]]:
    if kind in ("", "str", "list", "tuple"):
        for likely, test, form in _FORMS:
            known = 1.0 if not kind or kind in test else 0.4
            new = form.format(name).replace("'", quote)
            yield likely * known, test.format(name), new


def _of_missing(
    name: str, kind: str, node: ast.stmt, site: Site
) -> Iterator[tuple[float, str, str]]:
    for likely, value in _instead(name, kind, node, site):
        yield likely, f"{name} is None", value
        yield likely * 0.7, f"not {name}", value


def _used(node: ast.stmt, site: Site) -> list[tuple[float, str]]:
    """The variables that the statement reads, the likeliest first."""
    visible = site.visible(node)
    own = {
        inner.id
        for inner in header_of(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    }
    found = [
        (weight, name)
        for weight, name in site.names_near(node)
        if name in own and name in visible.local and name != visible.owner
    ]
    return found[:MOST_NAMES]


def _instead(name: str, kind: str, node: ast.stmt, site: Site) -> list[tuple[float, str]]:
    """What could stand for a missing value: an empty one, or another variable."""
    visible = site.visible(node)
    empty = {"str": "''", "list": "[]", "dict": "{}", "int": "0", "tuple": "()"}
    values = [empty[kind]] if kind in empty else ["[]", "{}", "''", "0", "()"]
    found = [(0.6 * 0.8**rank, value) for rank, value in enumerate(values)]
    if name in visible.members and visible.owner:
        found.append((1.0, f"{visible.owner}.{name}"))
    near = [(w, other) for w, other in site.names_near(node, kind) if other != name]
    found += [(0.4 * w, other) for w, other in near[:3] if other != visible.owner]
    return [(w, value.replace("'", site.source.quote)) for w, value in found]


def _functions(site: Site) -> Iterator[str]:
    """The file's functions of one value that sound as if they brought values into form."""
    for function, several in site.names.functions.items():
        sounds = function.lstrip("_").startswith(_SOUNDS)
        if sounds and any(one.required == 1 for one in several) and function in site.names.module:
            yield function


def unwrapped(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """`if is_p(x): x = f(x)` before what uses `x`, as elsewhere `f(y)` is called if `is_p(y)`."""
    if site.source.indent_of(node) is None:
        return
    for weight, name in _used(node, site):
        for test, value in _pairs(site):
            lines = [f"if {test(name)}:", f"{site.source.step}{name} = {value(name)}"]
            made = site.insert_before(node, lines, weight)
            if made is not None:
                yield made


@remembered
def _pairs(site: Site) -> list[tuple[_Asking, _Asking]]:
    """What is asked of a variable with what is called for it then, each for any variable."""
    found: dict[tuple[_Asking, _Asking], None] = {}
    for node in site.source.nodes:
        if isinstance(node, ast.If) and (asked := _of_one(node.test)) is not None:
            name, test = asked
            for inner in (part for statement in node.body for part in ast.walk(statement)):
                called = None if isinstance(site.parent(inner), ast.Expr) else _of_one(inner)
                if called is not None and called[0] == name and not called[1].kind:
                    found[test, called[1]] = None
    return list(found)[:MOST_PAIRS]


@dataclass(frozen=True, slots=True)
class _Asking:
    """A function that is called for one variable, `isinstance` with a kind beside it."""

    function: str
    kind: str = ""

    def __call__(self, name: str) -> str:
        return f"{self.function}({name}, {self.kind})" if self.kind else f"{self.function}({name})"


def _of_one(node: ast.AST) -> tuple[str, _Asking] | None:
    """The variable in `f(x)` or `isinstance(x, T)`, and what is asked of it."""
    match node:
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name)], keywords=[]):
            return name, _Asking(function)
        case ast.Call(func=ast.Name("isinstance"), args=[ast.Name(id=name), ast.Name(id=kind)]):
            return name, _Asking("isinstance", kind)
    return None


_SOUNDS = (
    "to_",
    "normal",
    "ensure",
    "make_",
    "clean",
    "parse",
    "as_",
    "strip",
    "escape",
    "unescape",
)
TEMPLATES = (
    Template("value-normalised", _PLACES, brought),
    Template("value-unwrapped", _PLACES, unwrapped),
)
