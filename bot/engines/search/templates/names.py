"""A wrong variable, attribute, method, function: another in scope, near in place or spelling."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from bot.engines.search import kinds
from bot.engines.search.scope import BUILTINS, Called, plain_name
from bot.engines.search.spelling import is_opposite
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.writing import ATOM

MOST_ATTRIBUTES = 25
_CONFUSED = """
append extend insert add appendleft
add update append
find rfind index rindex search
split rsplit partition rpartition splitlines
strip lstrip rstrip
lstrip removeprefix
rstrip removesuffix
lower upper casefold title capitalize
startswith endswith
isdigit isdecimal isnumeric isalpha isalnum isspace
items keys values
pop popleft popitem remove get
get setdefault pop
match search fullmatch findall finditer
group groups groupdict start end span
update setdefault
discard remove add
union intersection difference symmetric_difference
issubset issuperset isdisjoint
encode decode
min max sum
any all
sorted reversed list set
floor ceil trunc round
ceil int
str repr
load loads
dump dumps
copy deepcopy
seconds total_seconds
ljust rjust center
read readline readlines
isfile exists isdir
join split
basename dirname
write writelines
sort reverse
range len enumerate
islower isupper
quote quote_plus unquote unquote_plus
urlparse urlsplit
chain from_iterable
args kwargs
left right
first last
start stop end
width height
row col column
x y
lower_bound upper_bound
next prev previous
parent child children
key value
name value
before after
head tail
low high
lo hi
src dst
dest source
begin end
min_value max_value
old new
type __class__
debug info warning error
now utcnow today
"""
CONFUSED: dict[str, dict[str, float]] = {}
for _line in _CONFUSED.split("\n"):
    for _rank, _name in enumerate(_line.split()):
        _others = [other for other in _line.split() if other != _name]
        CONFUSED.setdefault(_name, {}).update(dict.fromkeys(_others, 1.0))


_TAKES_ANY = frozenset(["len", "str", "repr", "bool", "print", "type", "format"])
"""Functions that say nothing of the kind of what they are given."""


def _is_read(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Load)


def _is_called(site: Site, node: ast.expr) -> bool:
    parent = site.parent(node)
    return isinstance(parent, ast.Call) and parent.func is node


def variable(node: ast.Name, site: Site) -> Iterator[Variant]:
    """Another variable that is in scope."""
    if not _is_read(node) or _is_called(site, node) or _is_annotation(site, node):
        return
    kind = site.visible(node).kinds.get(node.id, "")
    if kind in ("class", "module") or node.id in BUILTINS:
        return
    parent = site.parent(node)
    if isinstance(parent, ast.Call) and plain_name(parent.func) in _TAKES_ANY:
        kind = ""
    others = set(_names_beside(parent))
    for weight, name in site.names_near(node, kind):
        if name != node.id and name != site.visible(node).owner:
            repeated = 0.5 if name in others else 1.0
            yield site.swap(node, name, weight * site.likeness(name, node.id) * repeated)


def _names_beside(node: ast.AST | None) -> Iterator[str]:
    if node is not None and not isinstance(node, ast.stmt):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Name):
                yield child.id


def _is_annotation(site: Site, node: ast.AST) -> bool:
    child = node
    for up in site.source.ancestors(node):
        if isinstance(up, ast.arg) or getattr(up, "annotation", None) is child:
            return True
        if getattr(up, "returns", None) is child:
            return True
        if isinstance(up, ast.stmt):
            return False
        child = up
    return False


def target(node: ast.Name, site: Site) -> Iterator[Variant]:
    """Another variable to assign to."""
    if not isinstance(node.ctx, ast.Store):
        return
    visible = site.visible(node)
    uses = site.uses(site.names.home_of(node))
    if isinstance(site.parent(node), ast.For | ast.comprehension):
        return
    for name in visible.local:
        if name != node.id:
            weight = site.nearness(uses.get(name, ()), node.lineno)
            yield site.swap(node, name, weight * site.likeness(name, node.id))
    if visible.owner:
        for name in visible.members:
            if name == node.id:
                yield site.swap(node, f"{visible.owner}.{name}", 1.0)


def member(node: ast.Name, site: Site) -> Iterator[Variant]:
    """`x` as `self.x`, and as an attribute that the file reads of `x`."""
    visible = site.visible(node)
    if not _is_read(node) or node.id == visible.owner or _is_annotation(site, node):
        return
    if visible.owner:
        called = _is_called(site, node)
        for name in visible.members:
            is_function = visible.kinds.get(f".{name}") == "function"
            if called == is_function or name == node.id:
                same = 1.0 if name == node.id else 0.3 * site.likeness(name, node.id)
                if same > 0.2:
                    yield site.swap(node, f"{visible.owner}.{name}", same * site.mention(name))
    if isinstance(site.parent(node), ast.Attribute) or _is_called(site, node):
        return
    used = site.names.attributes_on.get(node.id, Counter())
    for name, count in used.most_common(MOST_ATTRIBUTES):
        if visible.kinds.get(f".{name}") != "function":
            weight = 0.3 + 0.1 * min(count, 4)
            yield site.swap(node, f"{node.id}.{name}", weight * site.mention(name))


def attribute(node: ast.Attribute, site: Site) -> Iterator[Variant]:
    """Another attribute of the same object, or of the same spelling."""
    visible = site.visible(node)
    start = site.source.end(node) - len(node.attr)
    if site.source.text[start : start + len(node.attr)] != node.attr:
        return
    called = _is_called(site, node)
    offered = dict.fromkeys(_confused(node.attr, site, called=called), 0.9)
    if isinstance(node.value, ast.Name) and node.value.id == visible.owner:
        for name in visible.members:
            if (visible.kinds.get(f".{name}") == "function") == called:
                offered.setdefault(name, 0.8 * site.likeness(name, node.attr))
    beside = site.names.attributes_on.get(plain_name(node.value), Counter())
    for name, count in beside.most_common(MOST_ATTRIBUTES):
        weight = (0.5 + 0.08 * min(count, 5)) * site.likeness(name, node.attr)
        offered[name] = max(weight, offered.get(name, 0.0))
    for name, count in site.names.attributes.most_common(200):
        likeness = site.likeness(name, node.attr)
        if name not in offered and likeness > 0.6:
            known = 0.9 if is_opposite(name, node.attr) else 0.5 * min(1.0, 0.5 + count / 10)
            offered[name] = known * likeness
    for name, weight in offered.items():
        if name != node.attr:
            said = f"use `.{name}` instead of `.{node.attr}`"
            end = start + len(node.attr)
            yield site.change(start, end, name, weight * site.mention(name), said)


def _confused(name: str, site: Site, *, called: bool) -> Iterator[str]:
    """What is taken for an attribute of that name; a method, where that is not, is called."""
    for other in CONFUSED.get(name, {}):
        if called or site.names.attributes[other]:
            yield other
        if not called and other in kinds.METHODS:
            yield f"{other}()"


def bare(node: ast.Attribute, site: Site) -> Iterator[Variant]:
    """`x.y` as `x`, `y`, or `x.z.y`; `self.x.y` as `self.y`."""
    if not _is_read(node):
        return
    visible = site.visible(node)
    if node.attr in visible.all:
        yield site.swap(node, node.attr, 1.0)
    if isinstance(node.value, ast.Name) and node.value.id in (visible.owner, "cls", "self"):
        for name in visible.members:
            if visible.kinds.get(f".{name}") not in ("function", "int", "str", "bool"):
                yield site.swap(node.value, f"{node.value.id}.{name}", 0.25)
    elif not _is_called(site, node) and kinds.of(node.value, visible.kinds) != "module":
        yield site.swap(node, site.text(node.value), 0.8)
    if isinstance(node.value, ast.Attribute):
        yield site.swap(node, f"{site.operand(node.value.value)}.{node.attr}", 0.8)
    elif plain_name(node.value) not in ("", visible.owner) and node.attr in visible.members:
        yield site.swap(node.value, visible.owner or "self", 0.8)


def object_of(node: ast.Attribute, site: Site) -> Iterator[Variant]:
    """The same attribute of another object that the file reads it from."""
    inner = plain_name(node.value)
    if not inner:
        return
    visible = site.visible(node)
    for other, used in site.names.attributes_on.items():
        head = other.split(".")[0].removesuffix("()")
        if other and other != inner and node.attr in used and head in visible.all:
            weight = 0.6 * site.likeness(other, inner)
            yield site.swap(node.value, other, weight, level=ATOM)


def function(node: ast.Name, site: Site) -> Iterator[Variant]:
    """Another function or class to call or to name."""
    visible = site.visible(node)
    is_function = visible.kinds.get(node.id) in ("function", "class") or node.id in BUILTINS
    if not _is_read(node) or not (is_function or _is_called(site, node)):
        return
    for name in CONFUSED.get(node.id, {}):
        if name in visible.all or name in BUILTINS:
            yield site.swap(node, name, 1.0)
    arity = {
        f.name
        for call in [site.parent(node)]
        if isinstance(call, ast.Call)
        for f in _of(call, site)
    }
    for name in visible.module + visible.local + visible.outer:
        kind = visible.kinds.get(name, "")
        if name != node.id and kind in ("function", "class", ""):
            same = 1.0 if kind == visible.kinds.get(node.id, "") else 0.5
            fits = 1.0 if name in arity or kind == "class" else 0.6
            weight = 0.7 * same * fits * site.likeness(name, node.id) * site.mention(name)
            yield site.swap(node, name, weight)


def _of(call: ast.Call, site: Site) -> Iterator[Called]:
    """The functions of the file that could be called with so many arguments."""
    given = len(call.args) + len(call.keywords)
    for several in site.names.functions.values():
        for called in several:
            if called.required <= given and (called.takes_any or given <= len(called.keywords)):
                yield called


def caught(node: ast.Attribute | ast.Subscript, site: Site) -> Iterator[Variant]:
    """`e.message`, `e.args[0]` of a caught exception as `str(e)`."""
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        inner = inner.value
    if not isinstance(inner, ast.Name) or site.kind(inner) != "exception" or not _is_read(node):
        return
    if not isinstance(site.parent(node), ast.Attribute | ast.Subscript):
        yield site.swap(node, f"str({inner.id})", 1.0)


TEMPLATES = (
    Template("exception-text", (ast.Attribute, ast.Subscript), caught),
    Template("variable", (ast.Name,), variable),
    Template("variable-target", (ast.Name,), target),
    Template("member", (ast.Name,), member),
    Template("attribute", (ast.Attribute,), attribute),
    Template("attribute-dropped", (ast.Attribute,), bare),
    Template("attribute-object", (ast.Attribute,), object_of),
    Template("function", (ast.Name,), function),
)
