"""Variables that begin empty and are read, and never get anything: the update was forgotten."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from bot.engines.search import kinds
from bot.engines.search.source import Function
from bot.engines.search.templates.site import Site, Template, Variant, remembered

MOST_VALUES = 6
_PLACES = (
    ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Raise, ast.Delete,
    ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Continue, ast.Break,
)  # fmt: skip
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_GROWING = frozenset({
    "append", "appendleft", "extend", "extendleft", "insert",
    "add", "update", "setdefault", "push", "put", "send",
})  # fmt: skip
_UNDONE = {"append": "pop()", "push": "pop()", "add": "remove({})"}
_CONTAINERS = ("list", "set", "dict")
_OPPOSITE = {"False": "True", "True": "False"}
_FORMS = {
    "list": "{name}.append({value})",
    "set": "{name}.add({value})",
    "dict": "{name}[{value}] = {other}",
    "": "{name} = {value}",
}
_FIRST = (None, 0, 1, -1, 0.0, "", b"")


class _Begun(NamedTuple):
    """A variable with its first value: an empty container of a kind, a truth, or plain (empty)."""

    name: str
    function: Function
    line: int
    kind: str


def updated(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """An update of such a variable before the statement, or after the last of a block."""
    if isinstance(site.names.home_of(node), ast.Module | ast.ClassDef):
        return
    is_last = node is site.block(node)[-1] and not isinstance(node, _LEAVING)
    for weight, text in _updates(node, site):
        made = [site.insert_before(node, [text], weight)]
        if is_last:
            made.append(site.insert_after(node, [text], weight))
        yield from (one for one in made if one is not None)


def undone(node: ast.Expr, site: Site) -> Iterator[Variant]:
    """`xs.pop()` at the end of the block that begins with `xs.append(x)`, where a function calls
    itself in between; `xs.remove(x)` for `xs.add(x)`."""
    function = site.source.function_of(node)
    match node.value:
        case ast.Call(func=ast.Attribute(value=holder, attr=done), args=[given]):
            pass
        case _:
            return
    if function is None or done not in _UNDONE or isinstance(given, ast.Starred):
        return
    calls = [inner.func for inner in ast.walk(function) if isinstance(inner, ast.Call)]
    names = {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls}
    if function.name not in names or names & {"pop", "remove", "discard"}:
        return
    text = f"{site.text(holder)}.{_UNDONE[done].format(site.text(given))}"
    last = site.block(node)[-1]
    place = site.insert_before if isinstance(last, _LEAVING) else site.insert_after
    made = place(last, [text], 1.0)
    if made is not None and last is not node:
        yield made


def _updates(node: ast.stmt, site: Site) -> Iterator[tuple[float, str]]:
    own = site.names.home_of(node)
    near = site.names_near(node)
    for name, home, line, kind in _forgotten(site):
        is_seen = own is home or (kind in _CONTAINERS and home in site.source.ancestors(own))
        if not is_seen or node.lineno <= line:
            continue
        if kind in _OPPOSITE:
            yield 1.0, f"{name} = {_OPPOSITE[kind]}"
            continue
        values = [
            (weight, one) for weight, one in near if one != name and _is_value(one, node, site)
        ]
        for weight, value in values[:MOST_VALUES]:
            others = [one for _, one in values if one != value][:2] if kind == "dict" else [""]
            for other in others:
                yield weight, _FORMS[kind].format(name=name, value=value, other=other)
        if kind == "" and site.visible(node).kinds.get(name) in ("int", "float"):
            yield 1.0, f"{name} += 1"


def _is_value(name: str, node: ast.stmt, site: Site) -> bool:
    visible = site.visible(node)
    has = visible.kinds.get(name, "")
    known = name in visible.local or name in visible.outer
    return known and name != visible.owner and has not in ("function", "class", "module")


@remembered
def _forgotten(site: Site) -> list[_Begun]:
    """All such variables of the file."""
    functions = (node for node in site.source.nodes if isinstance(node, Function))
    return [begun for function in functions for begun in _of_function(function)]


def _of_function(function: Function) -> Iterator[_Begun]:
    bound: Counter[str] = Counter()
    read: set[str] = set()
    begun: list[_Begun] = []
    grown: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                read.add(node.id)
            else:
                bound[node.id] += 1
        elif isinstance(node, ast.arg):
            bound[node.arg] += 1
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            kind = _beginning(node.value)
            if kind is not None:
                begun.append(_Begun(node.targets[0].id, function, node.lineno, kind))
        grown.update(_grows(node))
    for one in begun:
        if bound[one.name] == 1 and one.name in read:
            contains = one.kind in _CONTAINERS
            if one.name not in grown if contains else _is_read_in_a_loop(one.name, function):
                yield one


def _beginning(value: ast.expr) -> str | None:
    """The kind of a first value, None where it is none."""
    constant = value.operand if isinstance(value, ast.UnaryOp) else value
    if isinstance(constant, ast.Constant):
        if isinstance(constant.value, bool):
            return str(constant.value) if constant is value else None
        return "" if constant.value in _FIRST else None
    kind = kinds.of(value, {})
    empty = not any(getattr(value, part, None) for part in ("elts", "keys", "args", "generators"))
    return kind if empty and kind in _CONTAINERS else None


def _grows(node: ast.AST) -> Iterator[str]:
    """The names that something is put into here, or that somebody else gets hold of."""
    if isinstance(node, ast.Global | ast.Nonlocal):
        yield from node.names
    for held in _held(node):
        if isinstance(held, ast.Name):
            yield held.id


def _held(node: ast.AST) -> Iterator[ast.AST | None]:
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _GROWING:
            yield node.func.value
        if not _only_reads(node):
            yield from node.args
            yield from (keyword.value for keyword in node.keywords)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
        yield node.value
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        yield from node.elts
    elif isinstance(node, ast.Dict):
        yield from node.values
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.value


def _only_reads(call: ast.Call) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    return name in kinds.CALLS or name in ("print", "min", "max")


def _is_read_in_a_loop(name: str, function: Function) -> bool:
    return any(
        isinstance(inner, ast.Name) and inner.id == name and isinstance(inner.ctx, ast.Load)
        for node in ast.walk(function)
        if isinstance(node, ast.For | ast.While | ast.AsyncFor)
        for inner in ast.walk(node)
    )


TEMPLATES = (
    Template("update-forgotten", _PLACES, updated),
    Template("update-undone", (ast.Expr,), undone),
)
