"""Exceptions: too narrow, too broad, of the wrong kind, raised or caught in the wrong place."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from bot.engines.search.scope import plain_name
from bot.engines.search.templates.guards import raised_nearby, return_values
from bot.engines.search.templates.refusals import awaited_at, raising
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.writing import short

_COMMON = [
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "OSError",
    "RuntimeError",
    "OverflowError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "ImportError",
    "NotImplementedError",
    "ZeroDivisionError",
    "StopIteration",
    "FileNotFoundError",
    "LookupError",
    "ArithmeticError",
    "AssertionError",
    "PermissionError",
    "NameError",
    "RecursionError",
    "UnicodeError",
    "EOFError",
    "TimeoutError",
    "ConnectionError",
    "Exception",
]
_BROADER = {
    "KeyError": "LookupError",
    "IndexError": "LookupError",
    "FileNotFoundError": "OSError",
    "PermissionError": "OSError",
    "UnicodeDecodeError": "ValueError",
    "UnicodeEncodeError": "ValueError",
    "ZeroDivisionError": "ArithmeticError",
    "OverflowError": "ArithmeticError",
}


def _known(site: Site, node: ast.AST) -> list[tuple[float, str]]:
    """Exceptions that could be meant: those the file names and the errors mention first."""
    found: dict[str, float] = {}
    said = " ".join(site.hints.errors)
    for n in site.source.nodes:
        name = plain_name(n) if isinstance(n, ast.Name | ast.Attribute) else ""
        last = name.rsplit(".", 1)[-1]
        if last.endswith(("Error", "Exception", "Warning", "Interrupt")) and name:
            found.setdefault(name, 0.8)
    visible = site.visible(node)
    for name in visible.module:
        if name.endswith(("Error", "Exception")):
            found.setdefault(name, 0.8)
    for rank, name in enumerate(_COMMON):
        found.setdefault(name, 0.7 * 0.93**rank)
    for name in dir(builtins):
        if name in said and name.endswith("Error"):
            found[name] = 1.2
    heads = [(w, n) for n, w in found.items()]
    usable = [(w, n) for w, n in heads if site.usable([n.split(".")[0]], visible)]
    return sorted(usable, key=lambda pair: -pair[0])


def caught(node: ast.ExceptHandler, site: Site) -> Iterator[Variant]:
    if node.type is None:
        return
    own = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    names = [site.text(item) for item in own]
    for weight, name in _known(site, node):
        if name not in names:
            several = ", ".join([*names, name])
            yield site.swap(node.type, f"({several})", weight, said=f"catch {name} too")
            broader = 1.0 if name == _BROADER.get(names[0]) else 0.5
            if len(names) == 1:
                yield site.swap(node.type, name, weight * broader, said=f"catch {name} instead")
    if len(names) > 1:
        for name in names:
            rest = [other for other in names if other != name]
            new = f"({', '.join(rest)})" if len(rest) > 1 else rest[0]
            yield site.swap(node.type, new, 0.5, said=f"do not catch {name}")


def raised(node: ast.Raise, site: Site) -> Iterator[Variant]:
    """Another exception raised; a value returned instead; raised again."""
    exc = node.exc
    if exc is None:
        return
    what = exc.func if isinstance(exc, ast.Call) else exc
    for weight, name in _known(site, node):
        if name != site.text(what):
            yield site.swap(what, name, weight, said=f"raise {name} instead")
    function = site.source.function_of(node)
    if function is not None:
        for weight, value in return_values(site, function)[:4]:
            yield site.rewrite(node, f"return {value}".rstrip(), weight * 0.5)
    if isinstance(site.parent(node), ast.ExceptHandler):
        yield site.rewrite(node, "raise", 0.5)
        if node.cause is None:
            end = site.source.end(node)
            yield site.change(end, end, " from None", 0.3, "hide the first exception")


def returned_error(node: ast.Return | ast.Expr | ast.Assign, site: Site) -> Iterator[Variant]:
    """An exception made but not raised; a value returned where one should be raised."""
    value = node.value
    if isinstance(value, ast.Call) and plain_name(value.func).endswith(("Error", "Exception")):
        yield site.rewrite(node, f"raise {site.text(value)}", 1.0)
    in_handler = isinstance(site.parent(node), ast.ExceptHandler)
    if isinstance(node, ast.Return) and (in_handler or isinstance(site.parent(node), ast.If)):
        if in_handler:
            yield site.rewrite(node, "raise", 0.5)
        for rank, (weight, name) in enumerate(_known(site, node)[:5]):
            yield site.rewrite(node, f"raise {name}", 0.3 * weight * 0.8**rank)


def swallowed(node: ast.Pass | ast.Continue, site: Site) -> Iterator[Variant]:
    """`pass` in a handler: raise, return, go on instead."""
    if not isinstance(site.parent(node), ast.ExceptHandler):
        return
    for new, weight in (
        ("raise", 1.0),
        ("return None", 0.6),
        ("continue", 0.5),
        ("return False", 0.4),
    ):
        yield site.rewrite(node, new, weight)


def protected(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """The statement in `try`, for the errors that the failing tests show."""
    indent = site.source.indent_of(node)
    if indent is None or not site.source.stands_alone(node):
        return
    said = " ".join(site.hints.errors)
    named = [n for n in _COMMON if n in said][:2]
    step, newline = site.source.step, site.source.newline
    text = site.shifted(site.text(node), step)
    error = _free_name(node, site)
    leaves = list(_leaves(node, error, site))
    for name in named or ("ValueError", "TypeError", "KeyError", "AttributeError"):
        for rank, leave in enumerate(leaves):
            caught = f"{name} as {error}" if leave.endswith(f" from {error}") else name
            lines = [f"try:{newline}{indent}{step}{text}", f"except {caught}:", f"{step}{leave}"]
            new = f"{newline}{indent}".join(lines)
            weight = (1.0 if named else 0.2) * 0.8**rank
            yield site.rewrite(node, new, weight, f"{short(leave)} on {name}")


def _free_name(node: ast.stmt, site: Site) -> str:
    """What to call the error that is caught: nothing that its function has a use for."""
    used = site.uses(site.names.home_of(node))
    names = ("error", "exc", "caught", "caught_error")
    return next((name for name in names if name not in used), "error_that_was_caught")


def _leaves(node: ast.stmt, caught: str, site: Site) -> Iterator[str]:
    """What to do about an error: another one that a test waits for, nothing, or leave."""
    function = site.source.function_of(node)
    for error, text in awaited_at(node, site):
        yield f"{raising(error, text, site)} from {caught}"
    yield "pass"
    if function is not None:
        for raised_there in raised_nearby(site, function)[:2]:
            if raised_there.exc is not None:
                yield f"raise {site.text(raised_there.exc)} from {caught}"
        yield from (f"return {value}".rstrip() for _, value in return_values(site, function)[:4])
    if site.source.loop_of(node) is not None:
        yield "continue"


TEMPLATES = (
    Template("exception-caught", (ast.ExceptHandler,), caught),
    Template("exception-raised", (ast.Raise,), raised),
    Template("exception-returned", (ast.Return, ast.Expr, ast.Assign), returned_error),
    Template("exception-swallowed", (ast.Pass, ast.Continue), swallowed),
    Template("exception-protected", (ast.Assign, ast.Expr, ast.Return, ast.AugAssign), protected),
)
