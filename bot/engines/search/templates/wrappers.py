"""A missing call around a value, or one too many: conversions, copies, `await`, string methods."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from bot.engines.search.scope import BUILTINS
from bot.engines.search.templates.site import Site, Template, Variant, remembered
from bot.engines.search.templates.writing import AWAIT, COMPARE, string

_CALLS: Mapping[str, float] = {
    "str": 1.0,
    "int": 1.0,
    "list": 1.0,
    "len": 0.7,
    "sorted": 0.7,
    "abs": 0.7,
    "set": 0.6,
    "tuple": 0.6,
    "float": 0.6,
    "dict": 0.5,
    "repr": 0.4,
    "bool": 0.4,
    "reversed": 0.4,
    "round": 0.4,
    "sum": 0.3,
    "min": 0.3,
    "max": 0.3,
    "enumerate": 0.3,
    "iter": 0.2,
    "next": 0.2,
    "any": 0.3,
    "all": 0.3,
    "type": 0.2,
    "range": 0.3,
    "bytes": 0.2,
    "ord": 0.15,
    "chr": 0.15,
    "frozenset": 0.1,
}
_FITS: Mapping[str, str] = {
    "str": "int list len repr sorted set tuple float reversed bytes ord enumerate",
    "int": "str float abs range list bool chr",
    "float": "int str abs round",
    "list": "len sorted set tuple reversed list sum any all max min enumerate dict str",
    "dict": "list len sorted dict str",
    "set": "list sorted len tuple str",
    "tuple": "list len sorted str set dict",
    "iterator": "list sorted tuple set dict sum any all next len enumerate reversed",
    "bool": "int str",
    "bytes": "str list len",
}
_CLASHES: Mapping[str, tuple[str, ...]] = {
    "int": ("str",),
    "float": ("str",),
    "bool": ("str",),
    "str": ("int", "float"),
    "tuple": ("list", "str"),
    "list": ("tuple", "str"),
    "iterator": ("list", "tuple"),
    "set": ("list",),
}
"""Kinds that cannot be added to those named, but made one of them."""
_METHODS: Mapping[str, str] = {
    "str": "strip() lower() upper() rstrip() lstrip() split() encode() splitlines() title()",
    "bytes": "decode() strip() lstrip() rstrip() lower() upper() split()",
    "dict": "items() copy() values() keys()",
    "list": "copy()",
    "set": "copy()",
    "": "strip() lower() copy() items() upper() rstrip() lstrip() values() keys() encode() "
    "decode() split()",
}
_BOUNDED = (("max(0, {})", 1.0), ("min({}, 1)", 0.3), ("max(1, {})", 0.6), ("max({}, 0)", 0.8))


def _takes_calls(node: ast.expr, site: Site) -> bool:
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    parent = site.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return False
    if isinstance(parent, ast.Attribute | ast.Starred | ast.FormattedValue | ast.JoinedStr):
        return False
    if isinstance(parent, ast.arg | ast.ExceptHandler | ast.ClassDef | ast.Raise | ast.Expr):
        return False
    return not (isinstance(node, ast.Name) and node.id in ("self", "cls"))


def called(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `str(x)` and the like."""
    if not _takes_calls(node, site):
        return
    kind = site.kind(node)
    if kind in ("function", "class", "module"):
        return
    text = site.text(node)
    likely = 0.15 if isinstance(node, ast.Constant) else 1.0
    names = {name: _CALLS[name] for name in _FITS[kind].split()} if kind in _FITS else _CALLS
    outer = site.parent(node)
    within = getattr(getattr(outer, "func", None), "id", "") if isinstance(outer, ast.Call) else ""
    for name, weight in names.items():
        if name != within:
            yield site.swap(node, f"{name}({text})", weight * likely)


def clashing(node: ast.BinOp, site: Site) -> Iterator[Variant]:
    """`'n: ' + 1` as `'n: ' + str(1)`: two kinds that cannot be added."""
    if not isinstance(node.op, ast.Add):
        return
    for one, other in ((node.right, node.left), (node.left, node.right)):
        has, wanted = site.kind(one), site.kind(other)
        if has != wanted and wanted in _CLASHES.get(has, ()):
            yield site.swap(one, f"{wanted}({site.text(one)})", 1.0)


def bounded(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `max(0, x)`, and as the smaller or larger of it and another name."""
    if not _takes_calls(node, site) or site.kind(node) not in ("int", "float", ""):
        return
    if isinstance(site.parent(node), ast.Compare | ast.BoolOp):
        return
    text = site.text(node)
    known = 1.0 if site.kind(node) else 0.3
    for form, weight in _BOUNDED:
        yield site.swap(node, form.format(text), weight * known)
    for weight, name in site.names_near(node, "int")[:6]:
        if name != text:
            for function in ("min", "max"):
                yield site.swap(node, f"{function}({text}, {name})", weight * known * 0.8)


def methods(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `x.strip()` and the like."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    parent = site.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return
    if isinstance(node, ast.Name) and node.id in ("self", "cls"):
        return
    kind = site.kind(node)
    for rank, method in enumerate(_METHODS.get(kind, "").split()):
        weight = (1.0 if kind else 0.6) * 0.85**rank
        yield site.swap(node, f"{site.operand(node)}.{method}", weight)
    if isinstance(node, ast.Call | ast.Subscript) and kind in ("", "bytes", "str"):
        for method in ("encode", "decode")[kind == "bytes" : 1 if kind == "str" else 2]:
            new = f"{site.operand(node)}.{method}({site.source.quote}utf-8{site.source.quote})"
            yield site.swap(node, new, 0.4)


def trimmed(node: ast.Call | ast.Name, site: Site) -> Iterator[Variant]:
    """`x` without a character that the failing tests' strings begin or end with."""
    if not _takes_calls(node, site) or site.kind(node) not in ("", "str"):
        return
    if isinstance(site.parent(node), ast.Compare | ast.BinOp | ast.Subscript | ast.keyword):
        return
    known = 1.0 if site.kind(node) == "str" else 0.6
    for character, places in _edges(site).items():
        given = f"({string(character, site.source.quote)})"
        both = {"strip"} if len(places) > 1 else set()
        for method in sorted(places | both):
            new = f"{site.operand(node)}.{method}{given}"
            exact = 1.0 if method.startswith("remove") else 0.9 if method != "strip" else 0.8
            yield site.swap(node, new, known * exact * (1.0 if character.isprintable() else 1.3))


def _edges(site: Site) -> dict[str, set[str]]:
    """Characters at the edges of the tests' strings, with what would take them away there."""
    found: dict[str, set[str]] = {}
    for text in sorted(site.hints.literals):
        if len(text) > 1 and not text[0].isalnum():
            found.setdefault(text[0], set()).update(("removeprefix", "lstrip"))
        if len(text) > 1 and not text[-1].isalnum():
            found.setdefault(text[-1], set()).update(("removesuffix", "rstrip"))
    return dict(sorted(found.items(), key=lambda pair: pair[0].isprintable())[:6])


def substituted(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `x.replace(…)`, with what the tests have found in one text where another was."""
    if not site.hints.substitutions or not _takes_calls(node, site):
        return
    if site.kind(node) not in ("", "str") or isinstance(site.parent(node), ast.Compare):
        return
    known = 1.0 if site.kind(node) == "str" else 0.7
    quote = site.source.quote
    for old, new in site.hints.substitutions:
        given = f"{string(old, quote)}, {string(new, quote)}"
        yield site.swap(node, f"{site.operand(node)}.replace({given})", known)


def own_functions(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `f(x)` or `self.f(x)`, with functions of this file that take one value."""
    if not _takes_calls(node, site):
        return
    visible = site.visible(node)
    text = site.text(node)
    here = site.source.function_of(node)
    outer = site.parent(node)
    within = site.text(outer.func) if isinstance(outer, ast.Call) else ""
    for name, several in site.names.functions.items():
        for one in several:
            if one.required > 1 or (not one.positional and not one.takes_any):
                continue
            if name in visible.module and name != within and (not here or name != here.name):
                weight = site.mention(name) * site.nearness(_lines(site, name), node.lineno)
                yield site.swap(node, f"{name}({text})", 0.5 + 0.5 * weight)
            elif name in visible.members and not name.startswith("__"):
                yield site.swap(node, f"{visible.owner}.{name}({text})", 0.8 * site.mention(name))
            break
    for name in visible.module:
        is_imported = visible.kinds.get(name) in ("", "class") and name not in site.names.functions
        count = len(_lines(site, name))
        if is_imported and name in _called_names(site) and name != within:
            yield site.swap(node, f"{name}({text})", 0.4 + 0.04 * min(count, 10))


def as_elsewhere(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `f(x)`, where the file has `f(x)` for a variable or attribute of that name."""
    text = site.text(node)
    calls = _calls_with(site).get(text)
    if not calls or not _takes_calls(node, site):
        return
    outer = site.parent(node)
    within = site.text(outer.func) if isinstance(outer, ast.Call) else ""
    visible = site.visible(node)
    for function, count in calls.items():
        if function != within and function.partition(".")[0] in visible.all:
            yield site.swap(node, f"{function}({text})", 0.4 + 0.2 * min(count, 3))


@remembered
def _calls_with(site: Site) -> dict[str, Counter[str]]:
    """Text of an only argument -> the functions that it is given to, but for built-in ones."""
    found: dict[str, Counter[str]] = {}
    for node in site.source.nodes:
        match node:
            case ast.Call(args=[ast.Name() | ast.Attribute() as given], keywords=[]):
                function = site.text(node.func)
                if _DOTTED.fullmatch(function) and function not in BUILTINS:
                    found.setdefault(site.text(given), Counter())[function] += 1
    return found


@remembered
def _called_names(site: Site) -> set[str]:
    calls = (n.func for n in site.source.nodes if isinstance(n, ast.Call) and len(n.args) == 1)
    return {f.id for f in calls if isinstance(f, ast.Name)}


def _lines(site: Site, name: str) -> list[int]:
    return site.uses(site.source.tree).get(name, [])


def own_methods(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `x.f()`, with methods that the file calls on something without arguments."""
    if not _takes_calls(node, site) or site.kind(node) in ("int", "float", "bool", "function"):
        return
    for method, count in _bare_methods(site).items():
        weight = (0.3 + 0.07 * min(count, 10)) * site.mention(method)
        yield site.swap(node, f"{site.operand(node)}.{method}()", weight)


@remembered
def _bare_methods(site: Site) -> dict[str, int]:
    counted: dict[str, int] = {}
    for n in site.source.nodes:
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and not n.args:
            counted[n.func.attr] = counted.get(n.func.attr, 0) + 1
    return dict(sorted(counted.items(), key=lambda p: -p[1])[:30])


def awaited(node: ast.Call, site: Site) -> Iterator[Variant]:
    function = site.source.function_of(node)
    parent = site.parent(node)
    if isinstance(function, ast.AsyncFunctionDef) and not isinstance(parent, ast.Await):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else site.text(node.func)
        text = f"await {site.text(node)}"
        yield site.swap(node, text, 1.0 if name in _coroutines(site) else 0.5, level=AWAIT)


@remembered
def _coroutines(site: Site) -> frozenset[str]:
    """The last names of what the file defines to be awaited, or awaits."""
    found: set[str] = set()
    for node in site.source.nodes:
        match node:
            case ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Await(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name))):
                found.add(name)
    return frozenset(found)


def not_awaited(node: ast.Await, site: Site) -> Iterator[Variant]:
    yield site.swap(node, site.text(node.value), 1.0)


def compared_loosely(node: ast.Compare, site: Site) -> Iterator[Variant]:
    """Both sides of a comparison brought to one form: `.lower()`, `str()`, `int()`, `set()`."""
    if len(node.ops) != 1:
        return
    left, right = node.left, node.comparators[0]
    operators = site.source.text[site.source.outer_span(left)[1] : site.source.outer_span(right)[0]]
    one, two = site.operand(left), site.operand(right)
    for form in (
        "{}.lower()",
        "str({})",
        "int({})",
        "set({})",
        "sorted({})",
        "{}.strip()",
        "abs({})",
    ):
        text = f"{form.format(one)}{operators}{form.format(two)}"
        yield site.swap(node, text, 0.5, level=COMPARE)


def compared_in_case(node: ast.Compare, site: Site) -> Iterator[Variant]:
    """`x == 'AS'` as `x.upper() == 'AS'`: a value in the case of the words it is compared with."""
    operator = node.ops[0]
    if len(node.ops) != 1 or not isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn):
        return
    left, right = node.left, node.comparators[0]
    for value, words in ((left, _words(right)), (right, _words(left))):
        method = "upper" if words.isupper() else "lower" if words.islower() else ""
        if method and not isinstance(value, ast.Constant) and site.kind(value) in ("", "str"):
            yield site.swap(value, f"{site.operand(value)}.{method}()", 1.0)


def _words(node: ast.expr) -> str:
    """A string literal, or those of a tuple, list or set, together."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    values = [part.value if isinstance(part, ast.Constant) else None for part in parts]
    words = [value for value in values if isinstance(value, str)]
    return " ".join(words) if len(words) == len(values) else ""


def any_all(node: ast.Compare, site: Site) -> Iterator[Variant]:
    """A whole comparison in `any(…)`, `all(…)`, or its result converted."""
    for name in ("all", "any", "bool"):
        yield site.swap(node, f"{name}({site.text(node)})", 0.3)


_DOTTED = re.compile(r"\w+(\.\w+)*")
_VALUES = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)
_WHOLES = (*_VALUES, ast.BinOp, ast.GeneratorExp, ast.ListComp, ast.Constant)
TEMPLATES = (
    Template("wrapper", _WHOLES, called),
    Template("wrapper-clash", (ast.BinOp,), clashing),
    Template("wrapper-bounds", (*_VALUES, ast.BinOp), bounded),
    Template("wrapper-method", (*_VALUES, ast.Constant), methods),
    Template("wrapper-trimmed", (ast.Call, ast.Name), trimmed),
    Template("wrapper-replaced", (*_VALUES, ast.JoinedStr), substituted),
    Template("wrapper-as-elsewhere", (ast.Name, ast.Attribute), as_elsewhere),
    Template("wrapper-own-function", _VALUES, own_functions),
    Template("wrapper-own-method", _VALUES, own_methods),
    Template("await-added", (ast.Call,), awaited),
    Template("await-dropped", (ast.Await,), not_awaited),
    Template("compared-case", (ast.Compare,), compared_in_case),
    Template("compared-loosely", (ast.Compare,), compared_loosely),
    Template("compared-any", (ast.Compare,), any_all),
)
