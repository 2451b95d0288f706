"""Arguments of calls: swapped, missing, extra, passed by another name; parameters of functions."""

from __future__ import annotations

import ast
import itertools
from collections import defaultdict
from collections.abc import Iterator

from bot.engines.search.scope import plain_name
from bot.engines.search.source import Span
from bot.engines.search.templates.site import Edit, Site, Template, Variant, remembered
from bot.engines.search.templates.writing import level_of, short

_COMMON = {
    "open": ("encoding='utf-8'", "newline=''"),
    "popitem": ("last=False",),
    "quantize": ("rounding='ROUND_HALF_UP'",),
    "sorted": ("reverse=True", "key=len", "key=str"),
    "sort": ("reverse=True", "key=len", "key=str"),
    "max": ("default=0", "default=None", "key=len"),
    "min": ("default=0", "default=None", "key=len"),
    "split": ("' '", "','", "None, 1"),
    "rsplit": ("None, 1",),
    "sub": ("flags=re.IGNORECASE", "count=1"),
    "compile": ("re.IGNORECASE", "re.MULTILINE", "re.DOTALL", "re.VERBOSE"),
    "search": ("re.IGNORECASE", "re.MULTILINE", "re.DOTALL"),
    "match": ("re.IGNORECASE", "re.MULTILINE", "re.DOTALL"),
    "findall": ("re.IGNORECASE", "re.MULTILINE", "re.DOTALL"),
    "enumerate": ("1", "start=1"),
    "round": ("2", "0"),
    "encode": ("'utf-8'", "errors='replace'", "errors='ignore'"),
    "decode": ("'utf-8'", "errors='replace'", "errors='ignore'"),
    "replace": ("1",),
    "strip": ("' '", "'\\n'", "'/'"),
    "lstrip": ("' '", "'/'", "'0'"),
    "rstrip": ("'\\n'", "'/'", "' '", "'0'"),
    "makedirs": ("exist_ok=True",),
    "mkdir": ("parents=True", "exist_ok=True", "parents=True, exist_ok=True"),
    "dumps": ("sort_keys=True", "indent=2", "ensure_ascii=False", "default=str"),
    "dump": ("sort_keys=True", "indent=2", "ensure_ascii=False", "default=str"),
    "zip": ("strict=True",),
    "get": ("''", "0", "[]", "{}", "False"),
    "pop": ("0", "-1", "None"),
    "getattr": ("None",),
    "next": ("None",),
    "sum": ("[]", "0.0"),
    "print": ("end=''", "file=sys.stderr", "flush=True"),
    "int": ("16", "10", "2"),
    "rmtree": ("ignore_errors=True",),
    "field": ("default_factory=list", "default_factory=dict", "default=None"),
}
"""Optional arguments of the standard library that people leave out."""


def _all(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def _span(site: Site, node: ast.Call, at: int) -> Span:
    """The span of the whole argument, with its name or stars."""
    if at < len(node.args):
        return site.source.outer_span(node.args[at])
    keyword = node.keywords[at - len(node.args)]
    return site.source.start(keyword), site.source.outer_span(keyword.value)[1]


def swapped(node: ast.Call, site: Site) -> Iterator[Variant]:
    """Two arguments exchanged, or the receiver with the only argument."""
    text = site.source.text
    spans = [site.source.outer_span(arg) for arg in _all(node)]
    for one in range(len(spans)):
        for two in range(one + 1, len(spans)):
            edits = (
                Edit(*spans[one], text[slice(*spans[two])]),
                Edit(*spans[two], text[slice(*spans[one])]),
            )
            weight = (1.0 if two < len(node.args) else 0.4) * 0.8 ** (two - one - 1)
            said = f"exchange `{short(edits[0].new, 30)}` and `{short(edits[1].new, 30)}`"
            yield Variant(edits, weight, said)
    if isinstance(node.func, ast.Attribute) and len(spans) == 1 and node.args:
        owner, arg = node.func.value, node.args[0]
        edits = (
            Edit(*site.source.outer_span(owner), site.operand(arg)),
            Edit(*spans[0], site.text(owner)),
        )
        yield Variant(edits, 0.4, f"exchange `{site.text(owner)}` and `{site.text(arg)}`")


def dropped(node: ast.Call, site: Site) -> Iterator[Variant]:
    count = len(node.args) + len(node.keywords)
    for at in range(count):
        start, end = _span(site, node, at)
        if at:
            start = _span(site, node, at - 1)[1]
        elif count > 1:
            end = _span(site, node, 1)[0]
        weight = 1.0 if at == count - 1 else 0.5
        if isinstance(node.func, ast.Name) and count == 1:
            weight = 0.3
        said = f"leave out the argument `{short(site.source.text[slice(*_span(site, node, at))])}`"
        yield site.change(start, end, "", weight, said)


def added(node: ast.Call, site: Site) -> Iterator[Variant]:
    """An argument that the function takes, that other calls give, or that people forget."""
    if any(isinstance(arg, ast.Starred) for arg in node.args):
        return
    offered: dict[str, float] = {}
    for text, weight in (*_declared(node, site), *_elsewhere(node, site), *_common(node, site)):
        offered[text] = max(weight, offered.get(text, 0.0))
    given = {keyword.arg for keyword in node.keywords}
    for text, weight in offered.items():
        if text.partition("=")[0] not in given:
            yield _with(node, site, text, weight)


def _with(node: ast.Call, site: Site, text: str, weight: float) -> Variant:
    """The call with one more argument, last, in the style of the others."""
    said = f"pass `{short(text)}` too"
    count = len(node.args) + len(node.keywords)
    keyword_like = "=" in text.split("(")[0].split("'")[0]
    if node.args and node.keywords and not keyword_like:
        at = _span(site, node, len(node.args) - 1)[1]
    elif not count:
        at = site.source.end(node) - 1
        return site.change(at, at, text, weight, said)
    else:
        at = max(_span(site, node, index)[1] for index in range(count))
    if keyword_like and count > 1 and node.keywords and node.keywords[-1].arg is None:
        at = _span(site, node, count - 2)[1]  # `**more` stays last
    first = node.args[0] if node.args else None
    if isinstance(first, ast.GeneratorExp) and site.source.end(first) == site.source.end(node):
        start, end = site.source.span(first)
        return site.change(start, end, f"({site.text(first)}, {text})", weight, said)
    return site.change(at, at, f", {text}", weight, said)


def _declared(node: ast.Call, site: Site) -> Iterator[tuple[str, float]]:
    """By the function's own parameters: what is in scope under the same name, or near."""
    called = site.names.signature(node)
    visible = site.visible(node)
    if called is None:
        yield from _undeclared(node, site)
        return
    names = called.positional[len(node.args) :] + called.keyword_only
    for place, name in enumerate(names):
        if name in visible.all:
            yield f"{name}={name}", 1.0
            if place == 0 and not node.keywords:
                yield name, 1.0
        if name in visible.members:
            yield f"{name}={visible.owner}.{name}", 0.8
            if place == 0:
                yield f"{visible.owner}.{name}", 0.6
        yield from ((f"{name}={value}", 0.35) for value in ("True", "False", "None"))
    if called.positional[len(node.args) :] or called.takes_any:
        for weight, name in site.names_near(node)[:12]:
            yield name, 0.6 * weight


def _undeclared(node: ast.Call, site: Site) -> Iterator[tuple[str, float]]:
    visible = site.visible(node)
    unread = site.unread(site.names.home_of(node))
    for name in visible.parameters:
        if name not in (visible.owner, "args", "kwargs"):
            yield f"{name}={name}", 1.0 if name in unread else 0.25
    for name in visible.local:
        if name in unread and name not in visible.parameters:
            yield f"{name}={name}", 0.6
    if "kwargs" in visible.parameters:
        yield "**kwargs", 0.35
    for weight, name in site.names_near(node)[:8]:
        yield name, 0.3 * weight


def _elsewhere(node: ast.Call, site: Site) -> Iterator[tuple[str, float]]:
    """Arguments that other calls of the same function in this file have, and this one has not."""
    name = _last(node.func)
    visible = site.visible(node)
    for other in _calls(site).get(name, ()):
        if other is node:
            continue
        for keyword in other.keywords:
            text = site.source.text[
                site.source.start(keyword) : site.source.outer_span(keyword.value)[1]
            ]
            if "\n" not in text and site.usable(_names(keyword.value), visible):
                yield text, 0.7
        for arg in other.args[len(node.args) :]:
            if len(site.text(arg)) < 40 and site.usable(_names(arg), visible):
                yield site.text(arg), 0.6


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else plain_name(node)


@remembered
def _calls(site: Site) -> dict[str, list[ast.Call]]:
    found: dict[str, list[ast.Call]] = defaultdict(list)
    for node in site.source.nodes:
        if isinstance(node, ast.Call):
            found[_last(node.func)].append(node)
    return found


def _common(node: ast.Call, site: Site) -> Iterator[tuple[str, float]]:
    for text in _COMMON.get(_last(node.func), ()):
        if text.startswith("re.") and "re" not in site.visible(node).all:
            continue
        yield text.replace("'", site.source.quote), 0.8


def replaced(node: ast.Call, site: Site) -> Iterator[Variant]:
    """One argument replaced by an expression from nearby."""
    for arg in _all(node):
        old, kind = site.text(arg), site.kind(arg)
        if isinstance(arg, ast.Starred | ast.GeneratorExp | ast.Lambda):
            continue
        for weight, seen in site.borrowable(arg):
            if seen.text != old and not isinstance(seen.node, ast.Name | ast.Compare):
                likely = weight if not kind or seen.kind == kind or not seen.kind else weight * 0.3
                yield site.swap(arg, seen.text, likely * 0.7, level=seen.level)


def keyword_name(node: ast.keyword, site: Site) -> Iterator[Variant]:
    """Another keyword for the same value, and another constant flag."""
    call = site.parent(node)
    if not isinstance(call, ast.Call) or node.arg is None:
        return
    called = site.names.signature(call)
    given = {keyword.arg for keyword in call.keywords}
    start = site.source.start(node)
    known = called.keywords if called else ()
    for other in (*known, *(k.arg for c in _calls(site)[_last(call.func)] for k in c.keywords)):
        if other and other not in given:
            weight = site.likeness(other, node.arg)
            said = f"pass it as `{other}` instead of `{node.arg}`"
            yield site.change(start, start + len(node.arg), other, weight, said)


def defaults(node: ast.arguments, site: Site) -> Iterator[Variant]:
    """Another default; one where there was none; `None` for a mutable one with its guard."""
    function = site.parent(node)
    placed = [*node.posonlyargs, *node.args]
    with_default = placed[len(placed) - len(node.defaults) :]
    pairs = [*zip(with_default, node.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True) if d]
    for arg, default in pairs:
        for new in ("None", "True", "False", "0", "1", "''", "()", "-1"):
            weight = 1.0 if new == "None" or {new, site.text(default)} == {"True", "False"} else 0.3
            said = f"let `{arg.arg}` default to {new}"
            yield site.swap(default, new, weight, said=said)
        if _is_mutable(default) and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _guarded(function, arg, default, site)
    bare = placed[: len(placed) - len(node.defaults)]
    if bare and bare[-1].arg not in ("self", "cls"):
        end = site.source.end(bare[-1])
        equals = " = " if bare[-1].annotation else "="
        for new, weight in (("None", 1.0), ("False", 0.4), ("True", 0.4), ("()", 0.2), ("0", 0.3)):
            said = f"let `{bare[-1].arg}` default to {new}"
            yield site.change(end, end, f"{equals}{new}", weight, said)


def _is_mutable(node: ast.expr) -> bool:
    made = isinstance(node, ast.Call) and not node.args
    return isinstance(node, ast.List | ast.Dict | ast.Set) or made


def _guarded(
    function: ast.FunctionDef | ast.AsyncFunctionDef, arg: ast.arg, default: ast.expr, site: Site
) -> Iterator[Variant]:
    body = function.body
    first = body[0]
    if ast.get_docstring(function, clean=False) is not None and len(body) > 1:
        first = body[1]
    lines = [f"if {arg.arg} is None:", f"{site.source.step}{arg.arg} = {site.text(default)}"]
    guard = site.insert_before(first, lines, 1.0)
    if guard is not None:
        edits = (Edit(*site.source.span(default), "None"), *guard.edits)
        yield Variant(edits, 1.0, f"make a new `{site.text(default)}` for each call")


def parameters(node: ast.arguments, site: Site) -> Iterator[Variant]:
    """Two parameters exchanged; `**kwargs` and `*args` added."""
    args = [arg for arg in (*node.posonlyargs, *node.args) if arg.arg not in ("self", "cls")]
    for one, two in itertools.pairwise(args):
        spans = site.source.span(one), site.source.span(two)
        edits = (Edit(*spans[0], site.text(two)), Edit(*spans[1], site.text(one)))
        yield Variant(edits, 0.5, f"exchange the parameters `{one.arg}` and `{two.arg}`")
    everything = [*node.posonlyargs, *node.args, *node.kwonlyargs]
    if everything and node.kwarg is None and isinstance(site.parent(node), ast.FunctionDef):
        ends = [site.source.end(arg) for arg in everything]
        ends += [site.source.outer_span(d)[1] for d in (*node.defaults, *node.kw_defaults) if d]
        end = max(ends)
        yield site.change(end, end, ", **kwargs", 0.4, "take any further keywords")


def called(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x.y` as `x.y()`."""
    if not isinstance(getattr(node, "ctx", None), ast.Load):
        return
    parent = site.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return
    name = node.attr if isinstance(node, ast.Attribute) else plain_name(node)
    is_function = site.visible(node).kinds.get(name) in ("function", "class")
    is_method = isinstance(node, ast.Attribute) and name in site.names.functions
    if isinstance(node, ast.Attribute) or is_function:
        weight = 1.0 if is_function or is_method else 0.4
        yield site.swap(node, f"{site.text(node)}()", weight)


def uncalled(node: ast.Call, site: Site) -> Iterator[Variant]:
    """`f()` as `f`; `f(x)` as `x`. A statement stays one that does something."""
    for weight, new in _inner(node):
        if not isinstance(site.parent(node), ast.Expr) or isinstance(new, ast.Call | ast.Await):
            yield site.swap(node, site.text(new), weight, level=level_of(new))


def _inner(node: ast.Call) -> Iterator[tuple[float, ast.expr]]:
    if not node.args and not node.keywords:
        yield 0.7, node.func
    if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Constant):
        yield 0.7, node.func.value
    for place, arg in enumerate(node.args):
        if not isinstance(arg, ast.Starred | ast.GeneratorExp):
            yield (1.0 if len(node.args) == 1 else 0.5) * 0.8**place, arg


def starred(node: ast.Call, site: Site) -> Iterator[Variant]:
    """`f(xs)` as `f(*xs)`, `f(**xs)`, and back."""
    for arg in node.args:
        start = site.source.outer_span(arg)[0]
        if isinstance(arg, ast.Starred):
            yield site.change(start, start + 1, "", 1.0, "pass it as one argument")
        elif isinstance(arg, ast.Name | ast.Attribute):
            kind = site.kind(arg)
            if kind in ("", "list", "tuple", "iterator"):
                yield site.change(start, start, "*", 1.0, "pass its items as arguments")
            if kind in ("", "dict"):
                weight = 1.0 if kind else 0.3
                yield site.change(start, start, "**", weight, "pass its items as keywords")


TEMPLATES = (
    Template("argument-swapped", (ast.Call,), swapped),
    Template("argument-dropped", (ast.Call,), dropped),
    Template("argument-added", (ast.Call,), added),
    Template("argument-replaced", (ast.Call,), replaced),
    Template("argument-keyword", (ast.keyword,), keyword_name),
    Template("argument-starred", (ast.Call,), starred),
    Template("default", (ast.arguments,), defaults),
    Template("parameters", (ast.arguments,), parameters),
    Template("call-added", (ast.Attribute, ast.Name), called),
    Template("call-dropped", (ast.Call,), uncalled),
)
